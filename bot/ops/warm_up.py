"""What takes long the first time is done once right after the start, so that nobody who presses something waits for it: reading texts,
naming countries and time zones, building the statements of support's lists."""

import asyncio
from contextlib import suppress
from typing import get_args

from bot.messages.texts import Texts, languages
from bot.telemetry.acks import in_flight
from flows.checks import catalog, emails, iso_codes
from flows.desk import Only, Wanted
from flows.journey import Journeys
from storage.store import Store, Unavailable


async def warm_up(store: Store, journeys: Journeys) -> None:
    """Beside what people do: in a thread, and then between their requests."""
    await asyncio.to_thread(_load, journeys)
    with suppress(Unavailable):  # then the first who asks waits
        for only in Only:
            await in_flight.passed()
            async with store.read() as unit:
                await unit.waiting(Wanted(only), limit=1)


def _load(journeys: Journeys) -> None:
    for language in languages():
        for version in journeys.versions:
            Texts(language, version)
        for kind in get_args(iso_codes.Catalog):
            catalog.search(kind, "-", language)
    emails.examine("somebody@example.com")
