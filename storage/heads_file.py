"""Where each chain of the audit log is, as a text to be kept outside the database.

A database that is put back as a whole, register and all, holds by itself. Only what is kept elsewhere tells that it had gone further.
"""

import json
from datetime import UTC, datetime

from sqlalchemy import select

from storage.columns import canonical, loads
from storage.sealing import current
from storage.store import Store
from storage.tables import audit_heads
from storage.verify import Heads

VERSION = 1
PURPOSE = "audit-heads-file"


class HeadsFileError(ValueError):
    """The text can't be compared with. Says why."""


async def read_heads(store: Store) -> Heads:
    async with store.read() as unit:
        columns = audit_heads.c
        found = await unit.connection.execute(select(columns.onboarding_id, columns.events, columns.hash))
        return {chain: (count, hashed) for chain, count, hashed in found}


def dump(heads: Heads, at: datetime | None = None) -> str:
    """As JSON: ``version``, ``at``, by chain its number of entries and last hash, and a MAC over all that."""
    content = {"version": VERSION, "at": (at or datetime.now(UTC)).isoformat(timespec="seconds"), "heads": dict(heads)}
    return json.dumps({**content, "mac": current().mac(PURPOSE, canonical(content))}, indent=1) + "\n"


def load(text: str) -> Heads:
    """Raises HeadsFileError."""
    try:
        content = loads(text)
        mac, version = str(content.pop("mac")), content["version"]
        heads = {str(chain): (int(count), str(hashed)) for chain, (count, hashed) in content["heads"].items()}
        covered = canonical(content)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise HeadsFileError("it is not a file that `verify-log --save` wrote") from None
    if version != VERSION:
        raise HeadsFileError("another version of the bot wrote it")
    if not current().knows(mac):
        raise HeadsFileError("it was made with a key that the bot lacks")
    if not current().genuine(PURPOSE, covered, mac):
        raise HeadsFileError("it is not as it was written")
    return heads
