"""Somebody with the database's password and a hash function rewrites a customer's log while the bot runs."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.messages.buttons import Act, ButtonValue
from bot.telemetry import metrics
from flows.model import Received
from flows.ports import Unit
from playground.slack.screen import tells
from playground.walkthrough import said
from storage.anchors import Anchors
from storage.audit import Altered, entry_of
from storage.chain import hash_of
from tests.bot.workplace import Workplace, who
from tests.storage.example import raw

HINDER = "CREATE TRIGGER hinder BEFORE INSERT ON seen WHEN NEW.id LIKE 'altered:%' BEGIN SELECT RAISE(ABORT, 'no'); END"


async def asked(url: str) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as web, web.get(url) as answer:
        return answer.status, await answer.json()


@pytest.fixture
async def office() -> AsyncIterator[Workplace]:
    async with Workplace() as place:
        yield place


def last_entry(office: Workplace, onboarding: str) -> dict[str, Any]:
    with contextlib.closing(sqlite3.connect(office.file)) as connection:
        connection.row_factory = sqlite3.Row
        query = "SELECT * FROM audit_events WHERE onboarding_id = ? ORDER BY seq DESC LIMIT 1"
        return dict(connection.execute(query, (onboarding,)).fetchone())


def write_entry(office: Workplace, entry: Mapping[str, Any]) -> None:
    """With a hash that fits, as far as one can without a key."""
    hashed = hash_of(entry_of(entry))
    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        connection.execute("UPDATE audit_events SET user_id = ?, hash = ? WHERE id = ?", (entry["user_id"], hashed, entry["id"]))
        connection.execute("UPDATE audit_heads SET hash = ? WHERE onboarding_id = ?", (hashed, entry["onboarding_id"]))


async def approve_by_press(office: Workplace, onboarding: str) -> None:
    record = (await office.snapshot(onboarding)).steps["planning"]
    of = ButtonValue(onboarding=onboarding, step="planning", revision=record.revision, digest=record.digest[:16])
    await office.press(office.sam, office.support, Act.APPROVE, of)
    await office.settled()


async def test_it_is_refused_and_told_and_goes_on_once_it_is_mended(office: Workplace) -> None:
    forged = await office.begin()
    await office.send(forged, "planning")
    office.new_channel()
    other = await office.begin(customer="Blue Coop")
    await office.send(other, "planning")
    entry = last_entry(office, forged)
    write_entry(office, entry | {"user_id": office.bruno.id})

    for _ in range(2):
        await approve_by_press(office, forged)
    refused = office.answers(office.sam)[-1]
    assert tells(refused, said("refused.altered_log"))
    assert "Nothing is saved" in refused
    assert await office.state(forged, "planning") == "submitted"
    assert (await office.snapshot(forged)).decisions == []
    told = [m.text for m in office.support.messages if tells(m.text, said("say.altered_log")) and not m.ephemeral_to]
    assert len(told) == 1
    assert "Acme Bank" in told[0]
    assert tells(told[0], said("flaw.head_changed"))
    ready, body = await asked(f"{office.url}/readyz")
    assert ready == 200  # or a load balancer takes the bot away from everybody
    assert forged in body["notices"]["audit_log"]
    assert "onboarding_altered_logs 1.0" in metrics.text()[0].decode()

    await approve_by_press(office, other)
    assert await office.state(other, "planning") == "fulfilling"

    write_entry(office, entry)
    await approve_by_press(office, forged)
    assert await office.state(forged, "planning") == "fulfilling"
    assert await asked(f"{office.url}/readyz") == (200, {"ready": True, "reasons": {}, "notices": {}})


async def test_a_forged_approval_is_told_though_the_log_holds_and_until_it_is_gone(office: Workplace) -> None:
    forged = await office.begin()
    await office.send(forged, "planning")
    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        made = "SELECT ?1 || ':x', ?1, 'planning', revision, digest, 'approve', 'THOME', 'UEVIL', submitted_at, reason FROM steps"
        connection.execute(f"INSERT INTO decisions {made} WHERE id = ?1 || ':planning'", (forged,))
    anchors = Anchors(office.bot.store)
    for _ in range(2):
        await approve_by_press(office, forged)
        await anchors.round()
        await office.settled()
    told = [m.text for m in office.support.messages if tells(m.text, said("say.altered_rows"))]
    assert (len(told), "Acme Bank" in told[0], tells(told[0], said("flaw.row_added"))) == (1, True, True)
    ready, body = await asked(f"{office.url}/readyz")
    assert (ready, forged in body["notices"]["audit_log"]) == (200, True)

    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        connection.execute("DELETE FROM decisions WHERE id = ? || ':x'", (forged,))
    await anchors.round()
    assert await asked(f"{office.url}/readyz") == (200, {"ready": True, "reasons": {}, "notices": {}})


async def test_an_entry_that_was_rewritten_further_back_is_found_without_verify_log(office: Workplace) -> None:
    forged = await office.begin()
    await office.send(forged, "planning")
    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        (was,) = connection.execute("SELECT user_id FROM audit_events WHERE id = ? || ':2'", (forged,)).fetchone()
    anchors = Anchors(office.bot.store)
    for user, state in (("UEVIL", "submitted"), (was, "fulfilling")):
        with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
            connection.execute("UPDATE audit_events SET user_id = ? WHERE id = ? || ':2'", (user, forged))
        await anchors.round()
        await approve_by_press(office, forged)
        assert await office.state(forged, "planning") == state
    assert (await asked(f"{office.url}/readyz"))[1]["notices"] == {}


async def test_an_altered_register_concerns_everybody(office: Workplace) -> None:
    await office.begin()
    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        connection.execute("UPDATE audit_heads SET mac = 'x' WHERE onboarding_id = ''")
    office.new_channel()
    with pytest.raises(Altered, match="register"):
        await office.begin(customer="Blue Coop")
    ready, body = await asked(f"{office.url}/readyz")
    assert ready == 503
    assert "register" in body["reasons"]["audit_log"]


async def test_support_is_told_at_the_next_refusal_if_it_could_not_be_told(office: Workplace) -> None:
    forged = await office.begin()
    await office.send(forged, "planning")
    write_entry(office, last_entry(office, forged) | {"user_id": office.bruno.id})

    for hindered in (True, False):
        with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
            connection.execute(HINDER if hindered else "DROP TRIGGER hinder")
        await approve_by_press(office, forged)
        told = [m for m in office.support.messages if tells(m.text, said("say.altered_log")) and not m.ephemeral_to]
        assert len(told) == (0 if hindered else 1)


async def test_events_of_an_altered_customer_wait_and_hold_up_nobody(office: Workplace) -> None:
    forged, channel = await office.begin(), office.acme
    carla, dora = (office.slack.add_person(name, office.slack.world.teams[1]) for name in ("Carla", "Dora"))
    office.new_channel()
    blue = await office.begin(customer="Blue Coop")
    entry = last_entry(office, forged)
    write_entry(office, entry | {"user_id": office.bruno.id})

    deadly = {"event_id": "Ev0DEADLY", "event": {"type": "member_joined_channel", "user": carla.id, "channel": channel.id}}
    assert await office.bot.events.store(deadly)

    async def attempted(unit: Unit) -> None:
        row = await unit.get(Received, "Ev0DEADLY")
        assert row is not None
        row.attempts, row.attempted_at = 2, unit.now - timedelta(minutes=2)

    await office.bot.store.transact(attempted)
    office.slack.invite(carla, channel)
    for _ in range(4):
        await office.bot.events.handle_left()
    await office.settled()
    async with office.bot.store.read() as unit:
        dead, left = await unit.get(Received, "Ev0DEADLY"), await unit.unhandled()
    assert dead is not None
    assert dead.set_aside
    assert [row.type for row in left] == ["member_joined_channel"]  # it was no failure of its own
    office.slack.invite(dora, office.acme)
    await office.slack.until(lambda: office.answers(dora))
    assert await office.bot.events.store({"event_id": "Ev0REVOKED", "event": {"type": "tokens_revoked", "tokens": {}}})
    for _ in range(2):  # of all onboardings; a second time it is handled
        await office.bot.events.handle_left()
    tags = raw(f"sqlite:///{office.file}", "SELECT onboarding_id FROM audit_events WHERE tag = 'slack:tokens_revoked'")
    assert (tags, office.bot.events.lost) == ([(blue,)], "tokens_revoked")

    write_entry(office, entry)
    await office.bot.events.handle_left()
    async with office.bot.store.read() as unit:
        assert await unit.unhandled() == []
    assert str(who(carla)) in {f"{m.team_id}/{m.user_id}" for m in (await office.snapshot(forged)).members}
