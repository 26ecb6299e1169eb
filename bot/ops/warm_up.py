"""What takes long the first time is done once right after the start, so that nobody who presses something waits for it: reading texts,
naming countries and time zones, holidays, building the statements of support's lists."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import get_args

from bot.messages.texts import Texts, languages
from bot.telemetry.acks import in_flight
from flows.business_time import holiday
from flows.checks import catalog, emails, iso_codes
from flows.desk import Only, Wanted
from flows.rules import Rules
from storage.store import Store, Unavailable


async def warm_up(store: Store, rules: Rules) -> None:
    """Beside what people do: in a thread, and then between their requests."""
    await asyncio.to_thread(read, rules)
    with suppress(Unavailable):  # then the first who asks waits
        for only in Only:
            await in_flight.passed()
            async with store.read() as unit:
                await unit.waiting(Wanted(only), limit=1)


def read(rules: Rules) -> None:
    """Takes a second or two of the processor."""
    for language in languages():
        for version in rules.journeys.versions:
            Texts(language, version)
        for kind in get_args(iso_codes.Catalog):
            catalog.search(kind, "-", language)
    emails.examine("somebody@example.com")
    holiday(rules.support_calendar, datetime.now(UTC).date())  # loads the package, which is what takes long
