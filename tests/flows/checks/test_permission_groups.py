"""Permission groups as people paste them."""

import pytest
from pydantic_core import PydanticCustomError

from flows.checks.permission_groups import read_groups

ACCOUNTS, CARDS = "pismo-v1:accounts:rw", "pismo-v1:cards:rw"


@pytest.mark.parametrize(
    "pasted",
    [
        f"{ACCOUNTS}, {CARDS}",
        f"{ACCOUNTS} {CARDS}",
        f"- {ACCOUNTS}\n- {CARDS}\n",
        f'["{ACCOUNTS}", "{CARDS}"]',
        f"_{ACCOUNTS}_ and *{CARDS}*",
        f"`{ACCOUNTS}`; “{CARDS}”;",
        f'"pismo": {{"group": "{ACCOUNTS}"}}, "pismo": {{"group": "{CARDS}"}}',
        f"scope={ACCOUNTS}+{CARDS}",
        "Pismo-V1:Accounts:RW, pismo–v1:cards:rw",
        "accounts, cards",
        f"{ACCOUNTS}, {CARDS}, {ACCOUNTS}",
    ],
)
def test_they_are_read_as_meant(pasted: str) -> None:
    assert read_groups(pasted) == (ACCOUNTS, CARDS)


@pytest.mark.parametrize(
    ("pasted", "named"),
    [
        (f"{ACCOUNTS}, collections", "collections"),
        ("pismo-v1:accounts", "pismo-v1:accounts"),
        ("pismo:accounts:rw", "accounts:rw"),
        ("everything please", "everything"),
        (f"{ACCOUNTS}:extra", f"{ACCOUNTS}:extra"),
    ],
)
def test_a_word_that_is_none_is_named(pasted: str, named: str) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        read_groups(pasted)
    assert (refused.value.type, (refused.value.context or {})["found"]) == ("group_form", named)


def test_there_may_be_groups_that_nobody_published_but_not_any_number() -> None:
    assert read_groups("pismo-v2:bankaccounts:rw pismo-v1:debit-orders:rw") == (
        "pismo-v2:bankaccounts:rw",
        "pismo-v1:debit-orders:rw",
    )
    with pytest.raises(PydanticCustomError, match="groups_too_many"):
        read_groups(" ".join(f"pismo-v1:group{number}:rw" for number in range(21)))
    assert read_groups(" ,\n") == ()
