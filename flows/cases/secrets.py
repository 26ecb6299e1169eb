"""A secret found in a form or in the channel: refuse it, tell the person what to do, warn support without repeating it."""

from collections.abc import Collection

from flows.cases.case import Case
from flows.checks import guard
from flows.outbox import DeleteFile

TOLD = "secret_told"
"""What the person is told who posted it: it says nothing of the onboarding."""


def refused(case: Case, key: str, where: str, file: str = "") -> None:
    """A secret in a form, which itself tells the person. ``key``: ``secret_<kind>``; ``where``: the form's field; ``file``: the id
    of the file that held it, which is deleted where Slack lets us."""
    kind = key.removeprefix("secret_")
    case.log("secret:refuse", facts={"kind": kind, "where": where})
    _warn(case, kind)
    if file:
        case.ask(DeleteFile(file=file))


def in_channel(case: Case, kinds: Collection[str], ts: str, files: Collection[str]) -> None:
    """A secret the actor posted in the customer's channel. ``files``: ids of the files with it, deleted where Slack allows it."""
    kind = next(kind.value for kind in guard.SecretKind if kind.value in kinds)  # the most serious
    case.log("secret:in_channel", facts={"kind": kind, "ts": ts})
    case.tell(case.actor, TOLD, kind=kind, how=kind)
    _warn(case, kind)
    for file in files:
        case.ask(DeleteFile(file=file))


def _warn(case: Case, kind: str) -> None:
    case.warn("secret_refused", kind=kind, by=case.actor.user_id, customer=case.onboarding.customer)
