"""Several people in one draft: nobody overwrites, removes or sends what they haven't seen, and a page shown again says why."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import table
from playground.slack import Outcome, SlackPerson, View
from playground.slack.payloads import actions_on_view, on_submission
from playground.slack.screen import tells
from playground.walkthrough import ready, said
from tests.bot.workplace import STEPS, Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLANNING, ORGANIZATION = (STEPS[step].form.example for step in ("planning", "organization"))
CHANGED = table("en")["form_ui.changed"]


def people(*names: str) -> dict[str, Any]:
    """A pasted list."""
    return {"people": "\n".join(f"{name}; {name}@bank.example; Admin; test; English" for name in names)}


async def opened(office: Workplace, person: SlackPerson, onboarding: str, step: str) -> None:
    person.user.stack.clear()
    await office.press(person, office.acme, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step=step))
    await office.bot.background.drain()
    assert ready(person.view), office.shown(person)


async def type_in(office: Workplace, person: SlackPerson, values: dict[str, Any]) -> View:
    """Into the page on top."""
    assert person.view is not None
    await office.journey.type_in(person, person.view, values)
    return person.view


async def send(office: Workplace, person: SlackPerson, values: dict[str, Any]) -> Outcome:
    await type_in(office, person, values)
    return await person.submit()


async def press(office: Workplace, person: SlackPerson, name: str) -> None:
    assert person.view is not None
    await person.click(person.view, action_id=name)
    await office.bot.background.drain()


def field(person: SlackPerson, name: str) -> Any:
    assert person.view is not None
    states = [state["value"] for block, state in person.view.inputs.items() if block.partition("~")[0] == name]
    return next(value for key, value in states[0].items() if key != "type")


async def names(office: Workplace, onboarding: str) -> list[str]:
    async with office.bot.store.read() as unit:
        return [one["name"] for draft in await unit.drafts(onboarding) for one in draft.answers.get("users", [])]


async def listed(office: Workplace, onboarding: str, *users: str) -> None:
    """Ana has pasted a list of these users and is on the last page."""
    await office.open_step(onboarding, "control_center")
    await opened(office, office.ana, onboarding, "control_center")
    outcome = await send(office, office.ana, people(*users))
    assert outcome.ok, outcome.errors
    assert await names(office, onboarding) == list(users)


def submission(office: Workplace, person: SlackPerson, view: View) -> Any:
    return json.loads(json.dumps(on_submission(office.slack, "view_submission", person.user, view)))


def bodies(outcomes: Sequence[Outcome]) -> list[str]:
    return [json.dumps(outcome.body, sort_keys=True) for outcome in outcomes]


# -- the same page twice


async def test_after_a_removal_the_others_are_shown_before_they_are_sent(office: Workplace, onboarding: str) -> None:
    await listed(office, onboarding, "aa", "bb", "cc")
    await press(office, office.ana, f"{Act.PAGE}:1")
    assert "Person 1 of 3" in office.shown(office.ana)
    await press(office, office.ana, Act.LEAVE_OUT)
    shown = office.shown(office.ana)
    assert ("Person 2 of 2" in shown, "aa@bank.example" in shown) == (True, False)
    assert (await office.ana.submit()).closed
    await office.settled()
    sent = (await office.snapshot(onboarding)).last("control_center")
    assert sent is not None
    assert [one["name"] for one in sent.answers["users"]] == ["bb", "cc"]


async def test_a_redelivered_removal_removes_one(office: Workplace, onboarding: str) -> None:
    await listed(office, onboarding, "aa", "bb", "cc")
    await press(office, office.ana, f"{Act.PAGE}:2")
    assert office.ana.view is not None
    out = {"type": "button", "block_id": "b", "action_id": Act.LEAVE_OUT.value, "value": "{}", "action_ts": "1.1"}
    payload = json.loads(json.dumps(actions_on_view(office.slack, office.ana.user, office.ana.view) | {"actions": [out]}))
    for _ in range(2):
        await office.deliver(office.ana, payload)
        await office.bot.background.drain()
    assert await names(office, onboarding) == ["aa", "cc"]


async def test_a_redelivered_page_is_kept_once_and_answered_alike(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "control_center")
    await opened(office, office.ana, onboarding, "control_center")
    payload = submission(office, office.ana, await type_in(office, office.ana, people("aa")))
    first, *again = bodies([await office.deliver(office.ana, payload) for _ in range(3)])
    assert again == [first, first]
    assert CHANGED not in first
    assert await names(office, onboarding) == ["aa"]


async def test_a_page_that_was_refused_is_corrected_without_hearing_of_others(office: Workplace, onboarding: str) -> None:
    await opened(office, office.ana, onboarding, "planning")
    for past in ("2020-01-01", "2021-01-01"):
        assert "in the past" in str((await send(office, office.ana, {**PLANNING, "go_live": past})).errors)
    assert (await send(office, office.ana, PLANNING)).closed


# -- two at once


async def test_an_entry_that_moved_is_changed_where_it_stands_now(office: Workplace, onboarding: str) -> None:
    await listed(office, onboarding, "aa", "bb", "cc")
    await opened(office, office.bruno, onboarding, "control_center")
    await press(office, office.ana, f"{Act.PAGE}:2")
    await press(office, office.bruno, f"{Act.PAGE}:1")
    await press(office, office.bruno, Act.LEAVE_OUT)
    assert (await send(office, office.ana, {"name": "bb2"})).ok
    assert CHANGED in office.shown(office.ana)
    assert field(office.ana, "name") == "bb2"
    assert await names(office, onboarding) == ["bb", "cc"]
    assert (await office.ana.submit()).ok
    assert await names(office, onboarding) == ["bb2", "cc"]


async def test_an_entry_that_was_removed_is_said_to_be_gone_with_what_was_typed(office: Workplace, onboarding: str) -> None:
    await listed(office, onboarding, "aa", "bb", "cc")
    await opened(office, office.bruno, onboarding, "control_center")
    for person in (office.ana, office.bruno):
        await press(office, person, f"{Act.PAGE}:2")
    await press(office, office.ana, Act.LEAVE_OUT)
    assert (await send(office, office.bruno, {"name": "bb2"})).ok
    assert table("en")["form_ui.gone"] in office.shown(office.bruno)
    assert "bb2" in office.shown(office.bruno)
    assert field(office.bruno, "name") == "cc"
    assert await names(office, onboarding) == ["aa", "cc"]
    assert (await office.bruno.submit()).ok
    assert await names(office, onboarding) == ["aa", "cc"]


async def test_two_who_remove_the_same_entry_remove_one(office: Workplace, onboarding: str) -> None:
    await listed(office, onboarding, "aa", "bb", "cc")
    await opened(office, office.bruno, onboarding, "control_center")
    for person in (office.ana, office.bruno):
        await press(office, person, f"{Act.PAGE}:1")
    for person in (office.ana, office.bruno):
        await press(office, person, Act.LEAVE_OUT)
    assert await names(office, onboarding) == ["bb", "cc"]


async def test_two_who_paste_a_list_add_both(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "control_center")
    for person in (office.ana, office.bruno):
        await opened(office, person, onboarding, "control_center")
    assert (await send(office, office.ana, people("aa", "dd"))).ok
    assert (await send(office, office.bruno, people("ee", "aa"))).ok
    assert await names(office, onboarding) == ["aa", "dd", "ee"]
    assert (await office.ana.submit()).ok
    assert tells(office.shown(office.ana), said("form_ui.changed_review"))
    assert "ee" in office.shown(office.ana)
    assert (await office.ana.submit()).closed
    await office.settled()
    assert await office.state(onboarding, "control_center") == "submitted"


async def test_both_versions_of_a_page_are_shown_before_one_is_kept(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "organization")
    await opened(office, office.ana, onboarding, "organization")
    await opened(office, office.bruno, onboarding, "organization")
    assert (await send(office, office.ana, {**ORGANIZATION, "official_name": "Bank of Ana"})).ok
    assert (await send(office, office.bruno, {**ORGANIZATION, "official_name": "Bank of Bruno"})).ok
    assert CHANGED in office.shown(office.bruno)
    assert "Bank of Ana" in office.shown(office.bruno)
    assert field(office.bruno, "official_name") == "Bank of Bruno"
    assert (await office.bruno.submit()).ok
    assert "city~address" in office.shown(office.bruno)
    await press(office, office.bruno, Act.BACK)
    assert field(office.bruno, "official_name") == "Bank of Bruno"


async def test_back_overwrites_no_colleague_either(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "organization")
    await opened(office, office.ana, onboarding, "organization")
    await send(office, office.ana, ORGANIZATION)
    await opened(office, office.bruno, onboarding, "organization")
    assert (await send(office, office.bruno, {**ORGANIZATION, "city": "Recife"})).ok
    await type_in(office, office.ana, {"city": "Olinda"})
    await press(office, office.ana, Act.BACK)
    assert CHANGED in office.shown(office.ana)
    assert "Recife" in office.shown(office.ana)
    assert field(office.ana, "city") == "Olinda"
    assert field(office.ana, "neighborhood") == ORGANIZATION["neighborhood"]  # his, where she chose nothing
    await press(office, office.ana, Act.BACK)
    assert field(office.ana, "official_name") == ORGANIZATION["official_name"]


async def test_colleagues_on_different_pages_do_not_disturb_each_other(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "organization")
    await opened(office, office.ana, onboarding, "organization")
    await send(office, office.ana, ORGANIZATION)
    await opened(office, office.bruno, onboarding, "organization")
    await press(office, office.bruno, Act.BACK)
    assert (await send(office, office.bruno, {**ORGANIZATION, "official_name": "Bank of Bruno"})).ok
    for _ in range(2):
        assert (await send(office, office.ana, ORGANIZATION)).ok
    assert CHANGED not in office.shown(office.ana)
    assert "Bank of Bruno" in office.shown(office.ana)


async def test_what_is_sent_is_what_was_reviewed(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "organization")
    await opened(office, office.ana, onboarding, "organization")
    for _ in STEPS["organization"].form.pages:
        assert (await send(office, office.ana, ORGANIZATION)).ok
    assert ORGANIZATION["official_name"] in office.shown(office.ana)
    await opened(office, office.bruno, onboarding, "organization")
    await press(office, office.bruno, f"{Act.PAGE}:0")
    assert (await send(office, office.bruno, {"official_name": "Unfinished Bank of Bruno"})).ok
    assert (await office.ana.submit()).ok
    assert tells(office.shown(office.ana), said("form_ui.changed_review"))
    assert "Unfinished Bank of Bruno" in office.shown(office.ana)
    assert await office.state(onboarding, "organization") == "open"
    assert (await office.ana.submit()).closed
    await office.settled()
    sent = (await office.snapshot(onboarding)).last("organization")
    assert sent is not None
    assert (sent.user_id, sent.answers["official_name"]) == (office.ana.id, "Unfinished Bank of Bruno")
