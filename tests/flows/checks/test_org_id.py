import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.checks.org_id import OrgId, OrgIdKey, OrgIdProblem, read_org_id

USUAL = "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"


def test_the_usual_shape_is_folded_to_one_spelling_without_what_stands_around_it() -> None:
    plain = (USUAL, USUAL.lower(), USUAL.upper(), f"  {USUAL}\n", f"\ufeff{USUAL}\u200b", f"\u00a0{USUAL}")
    around = (f"“{USUAL}”,", f"Org ID: {USUAL}", f"tenant_id={USUAL}", USUAL.replace("-", "–"))
    for text in (*plain, *around):
        assert read_org_id(text) == OrgId(USUAL, usual_shape=True), text


@pytest.mark.parametrize("text", ["TN-00000000000001", "TN_1234", "tn-1231231-2", USUAL[3:], USUAL + "0"])
def test_another_shape_is_kept_as_it_is_and_waits_for_a_confirmation(text: str) -> None:
    assert read_org_id(text) == OrgId(text, usual_shape=False)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", OrgIdKey.EMPTY),
        (" \u200b ", OrgIdKey.EMPTY),
        ("TN-1 2", OrgIdKey.WHITESPACE),
        ("TN-1\u00a02", OrgIdKey.WHITESPACE),
        ("T" * 65, OrgIdKey.TOO_LONG),
    ],
)
def test_what_cannot_be_an_org_id_is_refused(text: str, key: OrgIdKey) -> None:
    with pytest.raises(OrgIdProblem) as caught:
        read_org_id(text)
    assert caught.value.key == key


@given(st.uuids(), st.booleans())
def test_reading_again_changes_nothing(value: uuid.UUID, upper: bool) -> None:
    text = f"tn-{value}"
    once = read_org_id(text.upper() if upper else text)
    assert read_org_id(once.value) == once
    assert once.usual_shape
