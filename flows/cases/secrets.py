"""A secret found in a form or in the channel: refuse it, tell the person what to do, warn support without repeating it.

What could not be looked into is told as well: nobody should take silence for "nothing found".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.cases import limits
from flows.cases.case import Case
from flows.checks import guard
from flows.outbox import DeleteFile

TOLD = "secret_told"
"""What the person is told who posted it: it says nothing of the onboarding."""


@dataclass(frozen=True)
class Look:
    """What was found in a text or a file: each secret as ``<kind>:<keyed digest>``; and why a part was not looked into."""

    found: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Post:
    """A message in the customer's channel, or a file there that was changed. ``ts``: Slack's, empty if unknown; ``looks``: by the
    file's id, the message itself under an empty one; ``by_app``: nobody can be told privately."""

    channel: str
    ts: str
    looks: Mapping[str, Look]
    by_app: bool = False


async def refused(case: Case, key: str, where: str, file: str = "") -> None:
    """A secret in a form, which itself tells the person; support is warned, but not of one after the other. ``key``:
    ``secret_<kind>``; ``where``: the form's field; ``file``: the id of the file that held it, which is deleted where Slack lets us.
    """
    kind = key.removeprefix("secret_")
    if await limits.warns(case):
        case.warn("secret_refused", kind=kind, by=case.actor.user_id, customer=case.onboarding.customer, what=_form(where))
    case.log("secret:refuse", facts={"kind": kind, "where": where})
    if file:
        case.ask(DeleteFile(file=file))


async def not_looked_into(case: Case, where: str, why: str) -> None:
    """What was given in a form's field could not be looked into. Support hears of it once a day for each form and cause, and can help."""
    if await case.unit.once(f"unread:{case.id}:{_form(where)}:{why}:{case.now.date()}"):
        case.log("secret:not_looked_into", facts={"where": where, "why": [why]})
        case.warn("unread_form", by=case.actor.user_id, customer=case.onboarding.customer, what=_form(where), unread=[why])


def _form(where: str) -> str:
    """The key of a form's title, by one of its fields."""
    return f"form.{where.rpartition('.')[0]}.title"


async def in_channel(case: Case, post: Post) -> None:
    """What the actor posted in the customer's channel. Neither the same secret, nor that something was not looked into, is told twice of a
    message or of a file that somebody posted, in whatever events Slack tells of it. A file with a secret is deleted in any case, where
    Slack lets us."""
    kinds: set[str] = set()
    reasons: set[str] = set()
    for file, look in post.looks.items():
        place = f"{file}:{case.actor.user_id}" if file else post.ts
        kinds |= {secret.partition(":")[0] for secret in look.found if await _first(case, post, place, secret)}
        if look.unread and await _first(case, post, place, "unread"):
            reasons |= set(look.unread)
        if file and look.found:
            case.ask(DeleteFile(file=file))
    at = int(float(post.ts or case.now.timestamp()))
    told: dict[str, Any] = {"by": case.actor.user_id, "customer": case.onboarding.customer, "channel": post.channel, "at": at}
    if kinds:
        kind = next(kind.value for kind in guard.SecretKind if kind in kinds)  # the most serious
        case.log("secret:in_channel", facts={"kind": kind, "ts": post.ts})
        if not post.by_app:
            case.tell(case.actor, TOLD, kind=kind, how=kind)
        case.warn("secret_by_app" if post.by_app else "secret_in_channel", kind=kind, **told)
    if reasons:
        unread = sorted(reasons)
        case.log("secret:not_looked_into", facts={"why": unread, "ts": post.ts})
        if not post.by_app and not any(look.found for look in post.looks.values()):
            case.tell(case.actor, "unread_told", unread=unread)
        case.warn("unread_by_app" if post.by_app else "unread_in_channel", unread=unread, **told)


async def _first(case: Case, post: Post, place: str, what: str) -> bool:
    """Whether this is told of the message or file for the first time."""
    return await case.unit.once(f"told:{post.channel}:{place}:{what}")
