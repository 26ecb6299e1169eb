"""Somebody with the database's password makes something else of what the bot was asked to post."""

import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator

import pytest

from flows.cases import calls
from tests.bot.workplace import Workplace

AGAIN = "state = 'waiting', attempts = 0, due = 0"


@pytest.fixture
async def office() -> AsyncIterator[Workplace]:
    async with Workplace() as place:
        yield place


def write(office: Workplace, statement: str, *values: str) -> None:
    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        assert connection.execute(statement, values).rowcount


async def test_nothing_is_posted_for_another_customer_and_a_damaged_effect_holds_up_nobody(office: Workplace) -> None:
    acme = await office.begin()
    await office.send(acme, "planning")
    await office.act(acme, lambda case: calls.stuck(case, "planning", "Our vault lost a key."), office.ana)
    await office.settled()
    office.new_channel()
    other = await office.begin(customer="Blue Coop")
    write(
        office,
        f"UPDATE effects SET onboarding_id = ?1, queue = ?1, pace = ?1, {AGAIN} WHERE kind = 'say' AND onboarding_id = ?2",  # noqa: S608
        other,
        acme,
    )
    write(office, f"UPDATE effects SET kind = 'tell', pace = '', {AGAIN} WHERE kind = 'draw' AND onboarding_id = ?", acme)  # noqa: S608
    seen = [len(channel.messages) for channel in (office.acme, office.support)]
    office.bot.runner.wake()
    await office.settled()
    new = [m.text for m in (*office.acme.messages[seen[0] :], *office.support.messages[seen[1] :])]
    assert not any("vault" in text for text in new)

    write(office, f"UPDATE effects SET created_at = 'x', result = '', {AGAIN} WHERE kind = 'draw' AND onboarding_id = ?", other)  # noqa: S608
    await office.act(other, lambda case: calls.stuck(case, "planning", "Who attends?"), office.ana)
    await office.settled()
    assert any("Who attends?" in m.text for m in office.support.messages)
    told = [m.text for m in office.support.messages if "For Blue Coop, this failed: " in m.text]
    assert told
    assert all(re.search(r"Reference: \w+", text) for text in told)
