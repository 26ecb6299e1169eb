"""An onboarding's evidence pack: everything stored about it, the receipt, and how to verify that nothing of it was changed."""

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.config.version import VERSION
from bot.messages.pack_readme import PackFacts, readme
from bot.messages.receipt import receipt
from bot.messages.texts import Texts
from flows.cases.case import Case, Cases
from flows.names import folded
from flows.ports import Unit
from flows.problems import Refused
from storage.evidence import Made, packed
from storage.export import Export, export
from storage.sealing import SealError, current
from storage.signing import public_key
from storage.store import Store

PROGRAM = f"pismo-onboarding-bot {VERSION}"
README, RECEIPT = "README.txt", "receipt.txt"
LONGEST = 60
"""Characters of a customer's name in a file's name: Windows takes 255 with the folders before it."""


@dataclass(frozen=True)
class Pack:
    """``name``: of the file."""

    name: str
    content: bytes
    exported: Export

    @property
    def holds(self) -> bool:
        """Whether the log and all values were what was written when it was made."""
        return not self.exported.log.flaws and not self.exported.unreadable


async def pack(store: Store, cases: Cases, onboarding_id: str, *, by: str) -> Pack:
    """``by``: as `storage.evidence.Made`. Raises as `storage.export.export`."""
    exported = await export(store, onboarding_id)
    async with store.read() as unit:
        at = unit.now
        kept = await _receipt(unit, cases, onboarding_id) if exported.erased_at is None else ""
    if kept is None:
        exported = replace(exported, unreadable=[*exported.unreadable, f"{RECEIPT}: too much is missing to write it"])
    name = file_name(exported.customer, onboarding_id, at, cases.rules.support_calendar.timezone)
    files = {README: readme(_facts(exported, name, at)), **({RECEIPT: kept} if kept else {})}
    more = {file: text.encode() for file, text in files.items()}
    content = await asyncio.to_thread(packed, onboarding_id, exported, more, Made(at, by, PROGRAM))
    return Pack(name, content, exported)


def file_name(customer: str, onboarding_id: str, at: datetime, timezone: str) -> str:
    """``Ácme Bank`` -> ``acme-bank-2026-12-02.zip``, the day in this zone. A name without a Latin letter or digit gives way to the id."""
    plain = re.sub("[^a-z0-9]+", "-", folded(customer))[:LONGEST].strip("-")
    return f"{plain or onboarding_id}-{at.astimezone(ZoneInfo(timezone)):%Y-%m-%d}.zip"


async def receipt_of(unit: Unit, case: Case) -> str:
    """The receipt as things stand, in the customer's language."""
    ends = await unit.expiries(onboarding_id=case.id)
    approvers: dict[str, set[str]] = {}
    for one in case.snapshot.decisions:
        approvers.setdefault(one.team_id, set()).add(one.user_id)
    people = [person for team, ids in approvers.items() for person in await unit.people_of(team, ids)]
    names = {person.user_id: person.name for person in people if person.name}
    texts = Texts(case.onboarding.language, case.onboarding.journey)
    return receipt(case.snapshot, case.journey, texts, case.situation, ends=ends, names=names)


async def _receipt(unit: Unit, cases: Cases, onboarding_id: str) -> str | None:
    """None where a row that it needs is damaged, or gone: that keeps nobody from taking the rest along."""
    try:
        return await receipt_of(unit, await cases.look(unit, onboarding_id, closed=True))
    except (LookupError, Refused, SealError):
        return None


def _facts(exported: Export, name: str, at: datetime) -> PackFacts:
    key_id = current().newest
    erased_on = exported.erased_at.date() if exported.erased_at is not None else None
    flawed = bool(exported.log.flaws or exported.unreadable)
    return PackFacts(exported.customer, name, at, key_id, public_key(key_id).fingerprint, erased_on, flawed)
