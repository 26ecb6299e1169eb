"""Compares an onboarding's rows with what its log says was written."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.model import Onboarding
from storage.chain import Flaw
from storage.columns import unread
from storage.covered import GONE, UNCOVERED, digest_of_row, name_of, stored_content
from storage.mapping import TABLES
from storage.sealing import UnknownKey
from storage.verify_chain import Chain


def chain_column(table: Table) -> Any:
    """The column of a covered table that names the onboarding."""
    return table.c.id if table is TABLES[Onboarding] else table.c.onboarding_id


_ROWS = {kind: select(*unread(TABLES[kind])).where(chain_column(TABLES[kind]) == bindparam("chain")) for kind in UNCOVERED}


async def verify_rows(connection: AsyncConnection, chain: Chain) -> list[tuple[Flaw, str]]:
    """What the log does not explain: each flaw with the row's name. The chain must hold."""
    found = []
    left = {name: digest for name, digest in chain.explained.items() if digest != GONE}
    for kind, rows in _ROWS.items():
        for row in (await connection.execute(rows, {"chain": chain.id})).mappings():
            name = name_of((kind, row["id"]))
            digest = left.pop(name, None)
            flaw = Flaw.ROW_ADDED if digest is None else _flaw_of_row(chain, kind, name, row, digest)
            if flaw is not None:
                found.append((flaw, name))
    return found + [(Flaw.ROW_MISSING, name) for name in left]


def _flaw_of_row(chain: Chain, kind: type, name: str, row: Mapping[Any, Any], digest: str) -> Flaw | None:
    try:
        content = stored_content(kind, row, chain.listed)
    except UnknownKey:
        return Flaw.UNKNOWN_KEY
    return None if digest_of_row(chain.key, name, content) == digest else Flaw.ROW_CHANGED
