"""What the effects that run with a pasted token have in common: which process has it, whose it is, what a failure that may pass means.

Where several processes run, a token is in the memory of the one that took the form, and each of them may take the effect. Those without
the token leave it to that one. It shows that it is still there by having the effect; what it can't take for two minutes, though nobody
else has it, was of a process that has ended.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from bot.jobs.errors import EffectError, Pending, RetryLater, Unreachable, meaning
from bot.jobs.registry import Run
from flows.checks.tokens import UnreadableToken, parse
from pismo.client import Pismo
from pismo.errors import PismoError
from storage.store import Store

LOOKS = 65
"""How often in a row processes without the token may take an effect, about 1.8 s apart, until the token is held to be lost."""
_IN_A_ROW = "without_token"


def leave_to_holder(store: Store, run: Run[Any]) -> None:
    """A token isn't here. Raises Pending as long as another process may have it."""
    looks = int(run.result.get(_IN_A_ROW, 0))
    if not store.one_writer and looks < LOOKS:
        later = Pending(1.0, of_channel=False)
        later.kept = {_IN_A_ROW: looks + 1}
        raise later


@contextmanager
def token_here(run: Run[Any]) -> Iterator[None]:
    """Around an attempt with the token: if there is to be another one, those without it begin to count anew."""
    try:
        yield
    except Exception as error:
        why = meaning(error)
        if why is not None and run.result.get(_IN_A_ROW):
            why.kept = {_IN_A_ROW: 0}
            if why is not error:
                raise why from error
        raise


def tenant_of(token: SecretStr) -> str | None:
    """The org ID that an access token names; None if it names none, or is no JWT."""
    try:
        return parse(token.get_secret_value()).tenant
    except UnreadableToken:
        return None


async def belongs_to(org_id: str, token: SecretStr, pismo: Pismo) -> bool:
    """Whether it is this organization's: as the token says, else as the organization does that can be read with it. Raises PismoError."""
    named = tenant_of(token) or (await pismo.get_organization(token, org_id)).id
    # Without an id in it, the answer is still of this organization's address.
    return not named or named.casefold() == org_id.casefold()


def again(error: PismoError, lines: Sequence[Any]) -> EffectError:
    """For a failure that may pass; ``lines``: how far it got."""
    about = {"lines": list(lines)}
    if error.retry_after is not None:
        return RetryLater(error.retry_after, about=about, of_channel=False)
    return Unreachable(f"pismo_{error.kind}", about)
