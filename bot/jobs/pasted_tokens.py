"""What the effects that run with a pasted token have in common: where the token is, whose it is, and what a failure that may pass means."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from bot.jobs.errors import EffectError, RetryLater, Unreachable
from bot.jobs.registry import Run
from flows.checks.tokens import UnreadableToken, parse
from pismo.client import Pismo
from pismo.errors import PismoError
from storage.store import Store

ELSEWHERE = timedelta(minutes=2)
"""Where several processes run: for so long what runs with a token that isn't here is left to the one that was given it."""


def wait_for_token(store: Store, run: Run[Any], now: datetime) -> None:
    """A token that isn't here may be with another process. Raises RetryLater while that is likely."""
    if not store.one_writer and run.asked_at is not None and now - run.asked_at < ELSEWHERE:
        raise RetryLater(1.0)


def tenant_of(token: SecretStr) -> str | None:
    """The org ID that an access token names; None if it names none, or is no JWT."""
    try:
        return parse(token.get_secret_value()).tenant
    except UnreadableToken:
        return None


async def belongs_to(org_id: str, token: SecretStr, pismo: Pismo) -> bool:
    """Whether it is this organization's: as the token says, else as the organization does that can be read with it. Raises PismoError."""
    named = tenant_of(token) or (await pismo.get_organization(token, org_id)).id
    return (
        not named or named.casefold() == org_id.casefold()
    )  # without an id in it, the answer is still of this organization's address


def again(error: PismoError, lines: Sequence[Any]) -> EffectError:
    """For a failure that may pass; ``lines``: how far it got."""
    about = {"lines": list(lines)}
    if error.retry_after is not None:
        return RetryLater(error.retry_after, about=about)
    return Unreachable(f"pismo_{error.kind}", about)
