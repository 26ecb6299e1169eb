"""Names in the register where each chain of the audit log is, so that a chain that is put back to an earlier state is found.

A chain that is put back together with its rows and its head holds by itself. Every few minutes one entry of the register names the head of
each chain that moved, for all of them at once: on each commit, it would make customers wait for each other. What the register's head is by
then is to be kept outside the database, since the register can be put back as well.
"""

import asyncio
from collections.abc import Mapping
from itertools import islice

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.people import SYSTEM
from storage import keys
from storage.audit import Altered, Head, entry_of, read_head
from storage.chain import ACCEPT, ANCHOR, OF_ROWS, REGISTER, Flaw, flaw_of_entry, shortened
from storage.columns import unread
from storage.store import Store
from storage.tables import audit_events, audit_heads
from storage.unit import Unit
from storage.verify_chain import verify_chain
from storage.verify_rows import verify_rows

TAIL = 1_000
"""Of the register's entries, how many of the newest are read at a start: those of some days. What they don't name is named again."""
TOGETHER = 1_000
"""Heads that one entry names, at most."""

_HEADS = select(audit_heads.c.onboarding_id, audit_heads.c.events, audit_heads.c.hash)
_NEWER = (
    select(*unread(audit_events))
    .where(audit_events.c.onboarding_id == REGISTER, audit_events.c.seq > bindparam("read"))
    .order_by(audit_events.c.seq.desc())
    .limit(TAIL)
)
_HASH = select(audit_events.c.hash).where(audit_events.c.id == bindparam("entry"))


class Anchors:
    """Remembers which heads are named already: of the register, only what is new is read, and at first its tail. Meanwhile,
    ``store.refuse`` hears of each chain that doesn't hold, and what holds again is no longer refused. One whose key is lacking is left
    to processes that have it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._named: dict[str, Head] = {}
        self._read = 0
        """The number of the register's last entry that was read."""

    async def round(self) -> Head | None:
        """Name what moved. Returns the register's new head; None if nothing moved. Raises Altered if it is the register that doesn't
        hold."""
        async with self._store.read() as unit:
            heads = {row.onboarding_id: Head(row.events, row.hash) for row in await unit.connection.execute(_HEADS)}
            flaws, at_end = await self._look(unit.connection, heads)
        for onboarding_id, flaw in flaws.items():
            if flaw is not Flaw.UNKNOWN_KEY:
                self._store.refuse(Altered(onboarding_id, flaw, at_end=onboarding_id in at_end))
        for onboarding_id in self._store.altered.keys() - flaws.keys():
            del self._store.altered[onboarding_id]
        if flaws.get(REGISTER) is Flaw.UNKNOWN_KEY:
            return None
        if REGISTER in flaws:
            raise Altered(REGISTER, flaws[REGISTER])
        whole = heads.keys() - {one for one, flaw in flaws.items() if flaw not in OF_ROWS}
        moved = {one: heads[one] for one in sorted(whole) if self._moved(one, heads[one])}
        if not moved:
            return None
        head = await self._name(moved)
        self._named |= {**moved, REGISTER: head}
        return head

    async def _look(self, connection: AsyncConnection, heads: Mapping[str, Head]) -> tuple[dict[str, Flaw], set[str]]:
        """By chain, what is wrong with it: of those that moved all, of the others what a look at where they were named last can tell.
        And those of which that shows at their end."""
        flaws, at_end = dict[str, Flaw](), set[str]()
        if not await self._read_register(connection):
            flaws[REGISTER] = Flaw.PUT_BACK
        for onboarding_id in self._named.keys() - heads.keys():
            flaws[onboarding_id] = Flaw.HEAD_MISSING
            at_end.add(onboarding_id)
        for onboarding_id, head in heads.items():
            suspected = onboarding_id == REGISTER or onboarding_id in self._store.altered
            if onboarding_id not in flaws and (suspected or self._moved(onboarding_id, head)):
                _, flaw = await read_head(connection, onboarding_id)
                if flaw is not None:
                    at_end.add(onboarding_id)
                elif not await self._extends(connection, onboarding_id):
                    flaw = Flaw.PUT_BACK
                elif onboarding_id != REGISTER:
                    flaw = await _looked_through(connection, onboarding_id)
                if flaw is not None:
                    flaws[onboarding_id] = flaw
        return flaws, at_end

    async def _read_register(self, connection: AsyncConnection) -> bool:
        """What is new in it. False if it lacks what is known of it, and nobody accepted that: then nothing is learned from it."""
        newest = (await connection.execute(_NEWER, {"read": self._read})).mappings().all()
        genuine = []
        for number, row in enumerate(reversed(newest)):
            if number % 50 == 0:
                await asyncio.sleep(0)  # at a start there may be many, and others wait for their answers
            if flaw_of_entry(entry := entry_of(row)) is None:
                genuine.append(entry)
        if not await self._extends(connection, REGISTER) and not any(entry["tag"] == ACCEPT for entry in genuine):
            return False
        for entry in genuine:
            self._read = entry["seq"]
            self._named[REGISTER] = Head(entry["seq"], entry["hash"])
            self._named |= {one: Head(count, hashed) for one, (count, hashed) in entry["facts"].get("heads", {}).items()}
        return True

    def _moved(self, onboarding_id: str, head: Head) -> bool:
        named = self._named.get(onboarding_id)
        return onboarding_id != REGISTER and (named is None or head.named != named.named)

    async def _extends(self, connection: AsyncConnection, onboarding_id: str) -> bool:
        """Whether the chain has the entry that was named last."""
        named = self._named.get(onboarding_id)
        if named is None:
            return True
        found = await connection.scalar(_HASH, {"entry": f"{onboarding_id}:{named.count}"})
        return found is not None and shortened(found) == shortened(named.hash)

    async def _name(self, moved: Mapping[str, Head]) -> Head:
        async def work(unit: Unit) -> Unit:
            left = iter(moved.items())
            while some := {onboarding_id: head.named for onboarding_id, head in islice(left, TOGETHER)}:
                unit.record(REGISTER, ANCHOR, SYSTEM, facts={"heads": some})
            return unit

        return (await self._store.transact(work)).appended[REGISTER]


async def _looked_through(connection: AsyncConnection, onboarding_id: str) -> Flaw | None:
    """What is wrong within a chain whose head holds, or with the rows that it answers for."""
    chain = await verify_chain(connection, onboarding_id, await keys.listed(connection))
    flaws = [flaw for flaw, _ in chain.flaws if flaw is not Flaw.UNKNOWN_KEY]
    if chain.holds:
        flaws += [Flaw.ROW_WAS_CHANGED] if chain.surprises else []
        flaws += [flaw for flaw, _ in await verify_rows(connection, chain) if flaw is not Flaw.UNKNOWN_KEY]
    return flaws[0] if flaws else None
