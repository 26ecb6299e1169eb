"""Rereads one chain of the audit log, entry by entry: what doesn't hold, and which rows the entries explain."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import entry_of, key_of
from storage.chain import ACCEPT, ERASE, HEADS, REGISTER, Flaw, digest_of, flaw_of_entry, flaw_of_head, hash_fits, standing
from storage.columns import canonical, unread
from storage.covered import GONE, NEW
from storage.sealing import Place, SealError, UnknownKey, current
from storage.tables import audit_events, audit_heads

BATCH = 500
"""Entries in memory at once."""
IN_A_ROW = 50
"""Entries that are read without letting others have their turn: in the bot, they are people who wait for an answer."""
TRIES = 1_000
"""For how many places in all it is tried whether altered entries were written there: `Flaw.SWAPPED`, else `Flaw.CHANGED`. There may be as
many as somebody has put there, and each try takes some 0.03 ms."""

_of_chain = audit_events.c.onboarding_id == bindparam("chain")
_ENTRIES = select(*unread(audit_events)).where(_of_chain).order_by(audit_events.c.seq, audit_events.c.id)
_COUNT = select(func.count()).select_from(audit_events).where(_of_chain)
_HEAD = select(*unread(audit_heads)).where(audit_heads.c.onboarding_id == bindparam("chain"))

Entry = Mapping[str, Any]


@dataclass
class Chain:
    """What was found. ``listed``: ids of keys that may have made it, beside the keyring's.

    ``sound``: whether ``last`` is a hash that was written. ``flaws``: each with the entry's number, 0 for the chain as a whole.
    ``explained``: by name of a row (`storage.covered.name_of`), the digest that the last entry about it has, under ``key``.
    ``surprises``: rows, each with the entry whose commit found them as nobody had written them.
    ``others``: what the chain names of others, each with a number and a shortened hash.
    ``accepted``: flaws with which it goes on. ``lost``: numbers of entries that others may name and that weren't there, or were
    others, by then. ``stands``: by number, `storage.chain.standing` of entries that are flawed. ``tries``: as `TRIES`, those left.
    """

    id: Any
    listed: AbstractSet[str] = frozenset()
    count: int = 0
    last: str = ""
    sound: bool = True
    flaws: list[tuple[Flaw, int]] = field(default_factory=list)
    explained: dict[str, str] = field(default_factory=dict)
    key: str = ""
    surprises: list[tuple[int, str]] = field(default_factory=list)
    others: list[tuple[str, int, str]] = field(default_factory=list)
    accepted: set[tuple[Flaw, int]] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    stands: dict[int, str] = field(default_factory=dict)
    kept: dict[int, str] = field(default_factory=dict)
    tries: int = TRIES

    @property
    def holds(self) -> bool:
        return not self.flaws


async def entries(connection: AsyncConnection, chain_id: Any) -> AsyncIterator[dict[str, Any]]:
    """A chain's entries in order, whatever their rows contain."""
    read = 0
    while True:
        found = (await connection.execute(_ENTRIES.limit(BATCH).offset(read), {"chain": chain_id})).mappings().all()
        for number, row in enumerate(found):
            if number % IN_A_ROW == 0:
                await asyncio.sleep(0)
            yield entry_of(row)
        read += len(found)
        if len(found) < BATCH:
            return


async def verify_chain(connection: AsyncConnection, chain_id: Any, listed: AbstractSet[str]) -> Chain:
    """``listed``: as `Chain`. What a key is needed for is left out where the keyring lacks it; numbers and hashes are compared anyway."""
    chain, total = Chain(chain_id, listed), (await connection.execute(_COUNT, {"chain": chain_id})).scalar_one()
    async for entry in entries(connection, chain_id):
        _verify_entry(chain, entry, total)
    head = (await connection.execute(_HEAD, {"chain": chain_id})).mappings().first()
    if flaw := _flaw_of_head(chain, head):
        chain.flaws.append(flaw)
    return chain


def _verify_entry(chain: Chain, entry: Entry, total: int) -> None:
    seq, flaw = entry["seq"], flaw_of_entry(entry, chain.listed)
    if not isinstance(seq, int):
        chain.flaws.append((Flaw.CHANGED, chain.count + 1))
        return
    linked = _extends(chain, entry, accepts=flaw is None and entry["tag"] == ACCEPT)
    if flaw is Flaw.CHANGED and _is_of_another_place(chain, entry, total):
        flaw = Flaw.SWAPPED
    elif flaw in (None, Flaw.UNKNOWN_KEY) and not linked:
        flaw = Flaw.CHANGED
    elif flaw is None:
        flaw = _flaw_of_changes(entry, chain)
    if flaw is None:
        if entry["tag"] == ERASE:
            chain.flaws += [(Flaw.CHANGES_CHANGED, one) for one in chain.kept]
            chain.stands |= chain.kept
            chain.kept = {}
        for name, said in entry["rows"].items():
            if name.startswith(HEADS):
                count, _, hashed = said.partition(":")
                chain.others.append((name.removeprefix(HEADS), int(count), hashed))
            else:
                was, now = said
                if was != _known(chain, name):
                    chain.surprises.append((seq, name))
                chain.explained[name] = now
    else:
        chain.flaws.append((flaw, seq))
        chain.stands[seq] = standing(entry)
    chain.count, chain.last, chain.sound = seq, entry["hash"], hash_fits(entry)


def _is_of_another_place(chain: Chain, entry: Entry, total: int) -> bool:
    """As far as it is still tried."""
    for other in range(1, min(total, chain.tries) + 1):
        chain.tries -= 1
        if hash_fits(entry, seq=other):
            return True
    return False


def _extends(chain: Chain, entry: Entry, *, accepts: bool) -> bool:
    """Whether an entry extends what is before it; where there is a gap, that is noted, and no more can be said."""
    missing, extends = bool(entry["seq"] != chain.count + 1), bool(entry["previous"] == chain.last)
    if accepts:
        _accept(chain, entry)
        missing = missing and not extends  # it extends what stood then, whatever that is, with a number that was never used
    else:
        extends = extends or not chain.sound
    if missing:
        chain.flaws.append((Flaw.GAP, chain.count + 1))
    return missing or extends


def _accept(chain: Chain, entry: Entry) -> None:
    found = {(Flaw(flaw), seq) for flaw, seq, _ in entry["facts"]["found"]}
    stood = entry["facts"]["stood"]
    chain.surprises = []
    # What was accepted must stand as it stood.
    chain.flaws = [
        (flaw, seq) for flaw, seq in chain.flaws if (flaw, seq) not in found or chain.stands.get(seq) != stood.get(str(seq))
    ]
    chain.accepted |= found
    first = min([chain.count + 1, *entry["facts"]["missed"]])
    chain.lost |= set(range(first, entry["seq"]))
    chain.explained = {}  # it states how all rows are


def _known(chain: Chain, name: str) -> str:
    said = chain.explained.get(name, NEW)
    return NEW if said == GONE else said


def _flaw_of_changes(entry: Entry, chain: Chain) -> Flaw | None:
    """What is wrong with the erasable part: it is what was written, or was erased: then it and its salt are empty, but sealed. Notes
    those that weren't erased."""
    try:
        salt, changes = (current().open(entry[name], Place(audit_events.name, name, entry["id"])) for name in ("salt", "changes"))
    except UnknownKey as error:
        return Flaw.CHANGES_CHANGED if chain.listed.isdisjoint(error.key_ids) else Flaw.UNKNOWN_KEY
    except (SealError, AttributeError, TypeError):
        return Flaw.CHANGES_CHANGED
    if salt and entry["tag"] != ERASE and chain.id != REGISTER:
        chain.kept[entry["seq"]] = standing(entry)
    holds = digest_of(salt, changes) == entry["changes_digest"] if salt else changes == canonical({})
    return None if holds else Flaw.CHANGES_CHANGED


def _flaw_of_head(chain: Chain, head: Mapping[Any, Any] | None) -> tuple[Flaw, int] | None:
    """If the last entry was found flawed, its difference from the head is nothing new."""
    if head is None:
        return (Flaw.HEAD_MISSING, 0)
    chain.key, flaw = key_of(head, chain.listed)
    flaw = flaw_of_head(head, chain.listed) or flaw
    if flaw not in (None, Flaw.UNKNOWN_KEY):
        return (flaw, 0)
    if not isinstance(head["events"], int) or head["events"] < chain.count:
        return (Flaw.HEAD_CHANGED, 0)
    if head["events"] > chain.count:
        return (Flaw.CUT, chain.count + 1)
    known = {seq for found, seq in chain.flaws if found is not Flaw.UNKNOWN_KEY}
    if head["hash"] != chain.last and chain.count not in known:
        return (Flaw.HEAD_CHANGED, 0)
    return (flaw, 0) if flaw else None
