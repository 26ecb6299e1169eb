"""Runs in the worker: what a look at a message or a file returns."""

from collections.abc import Iterable
from hashlib import sha256

from flows.checks.guard import SecretKind, Unread

MAX_MARKS = 20
"""Secrets told apart in one look; the others count as one."""

Result = dict[str, list[str]]


def result(secrets: Iterable[tuple[SecretKind, str]], unread: Iterable[Unread]) -> Result:
    """``secrets``: each with its kind. The kinds ``found``; ``marks``: ``<kind>:<digest>`` of each secret, to tell one from another, which
    the bot keys before it keeps them; why a part is ``unread``."""
    each = list(dict.fromkeys(secrets))
    marks = [f"{kind}:{_digest(secret)}" for kind, secret in each[:MAX_MARKS]]
    if others := each[MAX_MARKS:]:
        marks.append(f"{others[0][0]}:{_digest(chr(0).join(secret for _, secret in others))}")
    return {"found": sorted({kind for kind, _ in each}), "marks": marks, "unread": sorted(set(unread))}


def _digest(secret: str) -> str:
    """However its lines are broken."""
    return sha256("".join(secret.split()).encode(errors="surrogatepass")).hexdigest()
