"""Compares an onboarding's rows with what its log says was written."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.model import Onboarding
from storage import keys
from storage.chain import Flaw
from storage.covered import GONE, digest_of_row, name_of, rows_of, stored_content
from storage.sealing import UnknownKey
from storage.verify_chain import Chain, verify_chain


async def verify_rows(connection: AsyncConnection, chain: Chain) -> list[tuple[Flaw, str]]:
    """What the log does not explain: each flaw with the row's name. The chain must hold."""
    found = []
    left = {name: digest for name, digest in chain.explained.items() if digest != GONE}
    for key, row in await rows_of(connection, chain.id):
        name = name_of(key)
        digest = left.pop(name, None)
        flaw = Flaw.ROW_ADDED if digest is None else _flaw_of_row(chain, key[0], name, row, digest)
        if flaw is not None:
            found.append((flaw, name))
    return found + [(Flaw.ROW_MISSING, name) for name in left]


async def is_explained(connection: AsyncConnection, onboarding_id: str) -> bool:
    """Whether an onboarding has a log that holds, and its own row is as that says it was written; also where the key to tell is lacking."""
    chain = await verify_chain(connection, onboarding_id, await keys.listed(connection))
    if not chain.holds:
        return all(flaw is Flaw.UNKNOWN_KEY for flaw, _ in chain.flaws)
    own = name_of((Onboarding, onboarding_id))
    return {flaw for flaw, name in await verify_rows(connection, chain) if name == own} <= {Flaw.UNKNOWN_KEY}


def _flaw_of_row(chain: Chain, kind: type, name: str, row: Mapping[Any, Any], digest: str) -> Flaw | None:
    try:
        content = stored_content(kind, row, chain.listed)
    except UnknownKey:
        return Flaw.UNKNOWN_KEY
    return None if digest_of_row(chain.key, name, content) == digest else Flaw.ROW_CHANGED
