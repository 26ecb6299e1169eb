"""Reread the audit log and name what doesn't hold: in the log itself, and in the rows that it answers for."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.model import Onboarding
from storage import keys
from storage.chain import REGISTER, Flaw, flaw_of_entry, shortened
from storage.covered import UNCOVERED, chain_column, name_of
from storage.mapping import TABLES
from storage.sealing import printable
from storage.store import Store
from storage.tables import audit_events, audit_heads, onboardings
from storage.verify_chain import BATCH, Chain, entries, verify_chain
from storage.verify_rows import verify_rows

__all__ = ["Examined", "Finding", "Flaw", "Heads", "examine", "verify", "verify_alone"]

Heads = Mapping[str, tuple[int, str]]
"""By chain: its number of entries, and its last hash or the shortened one."""

_HASHES = select(audit_events.c.id, audit_events.c.hash).where(audit_events.c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Finding:
    """``seq``: the entry's (for a gap or cut, the first missing one's; for `Flaw.PUT_BACK`, the one that is named elsewhere); 0 for the
    chain as a whole. ``row``: as `storage.covered.name_of` has it."""

    onboarding_id: str
    flaw: Flaw
    seq: int = 0
    row: str = ""

    def __str__(self) -> str:
        where = self.onboarding_id or "the register of onboardings"
        what = (f" at event {self.seq}" if self.seq else "") + (f": {self.row}" if self.row else "")
        return printable(f"{where}: {self.flaw.value}{what}")


@dataclass(frozen=True)
class Examined:
    """``missed``: by chain, the numbers of entries that are named elsewhere and aren't there, unless that was accepted."""

    findings: list[Finding]
    missed: Mapping[str, AbstractSet[int]]


@dataclass
class _Named:
    """What the register, a file, and the chains say of each other. ``chains``: those that there must be. ``missed``: by chain, the
    numbers of entries that are named and aren't there; ``lost``: as `Chain`."""

    chains: set[str] = field(default_factory=set)
    missed: dict[str, set[int]] = field(default_factory=dict)
    lost: dict[str, set[int]] = field(default_factory=dict)

    def register(self, heads: Heads) -> list[tuple[str, int, str]]:
        """Note that there must be such chains. Returns what to compare."""
        self.chains |= heads.keys()
        return [(chain, *head) for chain, head in heads.items()]

    async def compare(self, connection: AsyncConnection, heads: Iterable[tuple[str, int, str]]) -> None:
        """``heads``: chains, each with a number and a hash."""
        left = iter(heads)
        while some := list(islice(left, BATCH)):
            ids = [f"{chain}:{count}" for chain, count, _ in some]
            there = {row.id: shortened(str(row.hash)) for row in await connection.execute(_HASHES, {"ids": ids})}
            for chain, count, hashed in some:
                if there.get(f"{chain}:{count}") != shortened(hashed):
                    self.missed.setdefault(chain, set()).add(count)


async def verify(store: Store, since: Heads | None = None) -> list[Finding]:
    """Everything that is wrong; empty if the log holds and explains every row. Reads a consistent snapshot, one chain at a time.

    ``since``: heads that were kept elsewhere; every chain must have the entries that they name.
    """
    return (await examine(store, since)).findings


async def examine(store: Store, since: Heads | None = None) -> Examined:
    """As `verify`, with what helps to accept it."""
    async with store.read() as unit:
        connection = unit.connection
        known = set((await connection.execute(select(onboardings.c.id))).scalars())
        chained = await _ids(connection, audit_heads.c.onboarding_id, audit_events.c.onboarding_id)
        others = await _ids(connection, *(chain_column(TABLES[kind]) for kind in UNCOVERED)) - chained
        listed = await keys.listed(connection)
        register = await verify_chain(connection, REGISTER, listed)
        named = await _read_register(connection)
        named.lost[REGISTER] = register.lost
        if since:
            await named.compare(connection, named.register(since))
        found = [Finding(REGISTER, flaw, seq) for flaw, seq in register.flaws] if known | chained else []
        explains = register if register.holds else Chain(REGISTER)  # it has no rows but those that were accepted
        found += [Finding(REGISTER, flaw, row=row) for flaw, row in await verify_rows(connection, explains)]
        for chain_id in sorted((known | chained | others | named.chains) - {REGISTER}, key=str):
            if chain_id in known | chained:
                if chain_id not in named.chains and register.holds:
                    found.append(Finding(chain_id, Flaw.NOT_REGISTERED))
                found += await _findings(connection, chain_id, listed, named, known=chain_id in known)
            elif chain_id in named.chains:
                found.append(Finding(chain_id, Flaw.REMOVED))
            else:
                rows = await verify_rows(connection, Chain(chain_id))
                found += [Finding(chain_id, flaw, row=row) for flaw, row in rows]
        missed = {chain: left for chain, ids in named.missed.items() if (left := ids - named.lost.get(chain, set()))}
        # A chain that doesn't hold lacks what others name anyway.
        flawed = {finding.onboarding_id for finding in found if not finding.row and finding.flaw is not Flaw.UNKNOWN_KEY}
        found += [Finding(chain, Flaw.PUT_BACK, min(missed[chain])) for chain in sorted(missed.keys() - flawed)]
    return Examined(found, missed)


async def verify_alone(connection: AsyncConnection, onboarding_id: str) -> list[Finding]:
    """What is wrong with one onboarding's log and rows, as far as that shows without the register and other logs."""
    return await _findings(connection, onboarding_id, await keys.listed(connection), _Named(), known=True)


async def _findings(
    connection: AsyncConnection, chain_id: Any, listed: AbstractSet[str], named: _Named, *, known: bool
) -> list[Finding]:
    """``known``: its onboarding is there."""
    chain = await verify_chain(connection, chain_id, listed)
    await named.compare(connection, chain.others)
    named.lost[chain.id] = chain.lost
    found = [] if known or (Flaw.ONBOARDING_MISSING, 0) in chain.accepted else [Finding(chain.id, Flaw.ONBOARDING_MISSING)]
    found += [Finding(chain.id, flaw, seq) for flaw, seq in chain.flaws]
    if not chain.holds:
        return found
    found += [Finding(chain.id, Flaw.ROW_WAS_CHANGED, seq, name) for seq, name in chain.surprises]
    gone = name_of((Onboarding, chain.id))
    found += [Finding(chain.id, flaw, row=row) for flaw, row in await verify_rows(connection, chain) if known or row != gone]
    return found


async def _ids(connection: AsyncConnection, *columns: Any) -> set[Any]:
    found: set[Any] = set()
    for column in columns:
        found |= set((await connection.execute(select(column).distinct())).scalars())
    return found


async def _read_register(connection: AsyncConnection) -> _Named:
    named = _Named()
    async for entry in entries(connection, REGISTER):
        if flaw_of_entry(entry) is None and "heads" in entry["facts"]:
            await named.compare(connection, named.register(entry["facts"]["heads"]))
    return named
