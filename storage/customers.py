"""Whom an operator or somebody in support means: onboardings as far as their rows can be read, so that damage to one hides no others."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.model import Onboarding
from storage.columns import unread
from storage.covered import rows_of
from storage.reading import readable_part
from storage.sealing import SealError
from storage.tables import audit_events, onboardings


async def customers(connection: AsyncConnection) -> Sequence[Onboarding]:
    """All that there are rows of, oldest first, for reading only: what can't be read is None, and a sealed value raises SealError."""
    query = select(*unread(onboardings)).order_by(onboardings.c.started_at, onboardings.c.id)
    return [readable_part(Onboarding, row)[0] for row in (await connection.execute(query)).mappings()]


def readable_name(onboarding: Onboarding | None) -> str:
    """A customer's name; empty if it can't be read: support must hear of a failure anyway."""
    try:
        return onboarding.customer if onboarding is not None else ""
    except SealError:
        return ""


def named(known: Iterable[Onboarding]) -> Sequence[Onboarding]:
    """Those with a name that can be read: one that was damaged doesn't hide the others."""
    return [one for one in known if readable_name(one)]


async def has_traces(connection: AsyncConnection, onboarding_id: str) -> bool:
    """Whether anything is stored about it, though its own row may be gone. What has no id is nobody's: the register, for instance."""
    if not onboarding_id:
        return False
    events = select(audit_events.c.id).where(audit_events.c.onboarding_id == onboarding_id).limit(1)
    return bool(await rows_of(connection, onboarding_id)) or await connection.scalar(events) is not None
