"""The index of customers' names: keyed marks of their words, so that a name is found by how its words begin without opening any.

Whoever reads the database sees which names have beginnings of words in common, and not which.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.names import folded, sought_by, words_of
from storage.sealing import current
from storage.tables import name_marks

PURPOSE = "name"
SHORTEST, LONGEST = 2, 20
"""Letters of a word's beginning that have a mark. Of longer words, typed or kept, what comes behind isn't looked at."""

_KEPT = select(name_marks.c.mark).where(name_marks.c.onboarding_id == bindparam("onboarding_id"))
_GONE = delete(name_marks).where(
    name_marks.c.onboarding_id == bindparam("onboarding_id"), name_marks.c.mark.in_(bindparam("marks", expanding=True))
)
_NEW = insert(name_marks)


async def mark_name(connection: AsyncConnection, onboarding_id: str, name: str) -> None:
    """Have an onboarding found by this name, and by none that it had before."""
    wanted = marks_of(name)
    kept = set((await connection.execute(_KEPT, {"onboarding_id": onboarding_id})).scalars())
    if gone := kept - wanted:
        await connection.execute(_GONE, {"onboarding_id": onboarding_id, "marks": sorted(gone)})
    if new := wanted - kept:
        await connection.execute(_NEW, [{"onboarding_id": onboarding_id, "mark": mark} for mark in sorted(new)])


def marks_of(name: str) -> set[str]:
    """All of a name's marks, by the newest key."""
    begun = {word[:length] for word in sought_by(name) for length in range(min(SHORTEST, len(word)), min(LONGEST, len(word)) + 1)}
    return {current().mac(PURPOSE, text) for text in (_whole(name), *begun)}


def marks_of_whole(name: str) -> Sequence[str]:
    """The mark of exactly this name, by every key: until keys were rotated, rows have marks that older ones made."""
    return _by_each_key([_whole(name)])


def marks_of_words(text: str) -> Sequence[Sequence[str]]:
    """Of each word that a name must have, or have one that begins like it: its mark by every key."""
    return [_by_each_key([word[:LONGEST]]) for word in words_of(text)]


def _by_each_key(texts: Iterable[str]) -> Sequence[str]:
    keyring = current()
    return [keyring.mac_of(key_id, PURPOSE, text) for text in texts for key_id in sorted(keyring.ids)]


def _whole(name: str) -> str:
    return f"={' '.join(words_of(name)) or folded(name)}"
