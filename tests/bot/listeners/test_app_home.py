"""App Home as people see it: published once for many openings, and right in the end. A bot of its own, since support's lists the
oldest onboardings alone."""

import contextlib
import json
import sqlite3

import pytest

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from bot.slack.client import SlackError
from playground.acts import example
from playground.slack import SlackPerson
from playground.slack.payloads import actions_on_view
from playground.slack.screen import tells
from playground.walkthrough import ready, said
from tests.bot.workplace import Workplace
from tests.storage.example import onboarding as closed_one

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_home_asked_for_many_times_at_once_is_published_few_times_and_ends_right(
    office: Workplace, onboarding: str
) -> None:
    """Support's shows all onboardings: drawing it for each press of a quick series would hold up everybody's messages."""
    before = len(office.slack.calls)
    office.slack.faults.add("views.publish", "slow", seconds=1.0)
    for _ in range(8):
        office.slack.emit({"type": "app_home_opened", "user": office.sam.id, "tab": "home"})
    await office.slack.until(lambda: sum(sent.kind == "app_home_opened" for sent in office.slack.deliveries) >= 8)
    await office.send(onboarding, "planning")
    office.slack.emit({"type": "app_home_opened", "user": office.sam.id, "tab": "home"})
    await office.settled()
    published = [call for call in office.slack.calls[before:] if call.method == "views.publish"]
    assert 2 <= len(published) < 8
    assert office.sam.home is not None
    home = json.dumps(office.sam.home.data)
    assert tells(home, said("turn.ours"))
    assert "to review" in home


async def test_a_home_shows_what_was_done_in_it_though_the_bot_was_restarted_meanwhile(
    office: Workplace, onboarding: str
) -> None:
    """As if another process had been told of its opening."""
    home = await office.ana.open_home()
    assert home is not None
    shown = home.hash
    await office.restart()
    form = ButtonValue(onboarding=onboarding, step="planning").dump()
    action = {
        "type": "button",
        "block_id": "b",
        "action_id": Act.OPEN_FORM,
        "value": form,
        "action_ts": office.slack.world.new_ts(),
    }
    payload = actions_on_view(office.slack, office.ana.user, home)
    assert (await office.deliver(office.ana, payload | {"actions": [action]})).ok
    await office.slack.until(lambda: ready(office.ana.view))
    await office.restart()
    while office.ana.view is not None:
        assert (await office.journey.send_page(office.ana, office.ana.view, example("planning"))).ok
    await office.slack.until(lambda: office.ana.home and office.ana.home.hash != shown)
    await office.settled()
    office.ana.user.home = None  # for the other tests, whose bot doesn't know of it
    await office.restart()


async def test_a_person_whose_row_was_damaged_is_served_all_the_same(office: Workplace, onboarding: str) -> None:
    await office.stop_bot()
    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        seen = connection.execute("SELECT seen_at, id FROM people").fetchall()
        connection.execute("UPDATE people SET seen_at = 'x' WHERE user_id = ?", (office.bruno.id,))
    await office.start_bot()
    home = await office.bruno.open_home()
    assert home is not None
    assert "Acme Bank" in json.dumps(home.data)
    await office.stop_bot()
    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        connection.executemany("UPDATE people SET seen_at = ? WHERE id = ?", seen)
    await office.start_bot()
    assert (await office.snapshot(onboarding)).onboarding.customer == "Acme Bank"


async def test_it_speaks_to_whoever_opens_it(office: Workplace, onboarding: str) -> None:
    async def opened(person: SlackPerson) -> str:
        person.user.home = None
        home = await person.open_home()
        assert home is not None
        return json.dumps(home.data, ensure_ascii=False)

    await office.send(onboarding, "planning")
    queue = await opened(office.sam)
    assert all(words in queue for words in ("Waiting for support", "Onboardings", "Start an onboarding", "Find a customer"))
    home = office.sam.home
    assert home is not None
    await office.sam.select(home, "list:queue-filter", "Stuck")
    await office.slack.until(lambda: "Nothing to show here" in str(home.data))
    assert "Nothing to show here" in await opened(office.sam)  # the filter is kept
    again = office.sam.home
    assert again is not None
    await office.sam.select(again, "list:queue-filter", "Everything")
    await office.slack.until(lambda: "to review" in str(again.data))

    await office.sam.click(again, "Find a customer")
    for typed, told in (("acme", "Acme Bank"), ("zebra", "No onboarding matches"), ("x", "")):
        await office.slack.until(lambda: office.sam.view)
        await office.sam.fill({"find": typed})
        outcome = await office.sam.submit()
        assert (told in office.shown(office.sam), bool(outcome.errors)) == (True, not told)
    async with office.bot.store.write() as unit:  # closed, so that they are in no other list
        for number in range(25):
            unit.add(closed_one(customer=f"Zeta {number}", closed_at=unit.now))
    await office.sam.fill({"find": "zeta"})
    await office.sam.submit()
    for button, rows in (("after", "Rows 21 to 25 of 25."), ("before", "Rows 1 to 20 of 25.")):
        assert office.sam.view is not None
        assert (await office.sam.click(office.sam.view, action_id=f"list:find-{button}")).ok
        await office.bot.background.drain()
        assert rows in office.shown(office.sam)
    assert (await office.sam.submit()).ok  # what was typed still stands there
    assert "Rows 1 to 20 of 25." in office.shown(office.sam)
    await office.sam.close()

    await office.sam.click(again, "Change people and dates")
    await office.slack.until(lambda: ready(office.sam.view))
    await office.sam.fill({"Customer": "Acme Bank"})
    assert (await office.sam.submit()).ok
    assert office.sam.view is not None
    assert office.sam.view.title == "Change an onboarding"
    await office.sam.close()

    assert tells(await opened(office.pat), said("home.colleague"))
    assert "No onboarding is open to you here" in await opened(office.gus)
    await office.close(onboarding)
    assert "Closed by" in await opened(office.ana)

    office.slack.remove_bot_from(office.support)
    with pytest.raises(SlackError):
        await office.bot.support_people.refresh()  # as every few minutes
    assert EN("setup_home.title") in await opened(office.pat)
    office.slack.add_bot_to(office.support)
    await office.bot.support_people.refresh()
    assert tells(await opened(office.pat), said("home.colleague"))
