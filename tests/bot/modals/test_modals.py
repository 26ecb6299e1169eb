"""Forms as people use them: at once, page by page, resumed, searched, sent; and everything `start` checks."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from bot.modals.subject import FormMeta
from flows.outbox import Remind
from playground.slack import Channel, FileUpload, Outcome, SlackPerson, View
from playground.slack.screen import tells
from playground.walkthrough import action_id, ready, said
from tests.bot.workplace import STEPS, Workplace

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORGANIZATION = STEPS["organization"].form.example


async def open_form(office: Workplace, person: SlackPerson, onboarding: str, step: str = "planning") -> None:
    person.user.stack.clear()
    await office.press(person, office.acme, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step=step))
    await office.bot.background.drain()


async def send(office: Workplace, person: SlackPerson, values: dict[str, Any]) -> Outcome:
    assert person.view is not None, office.answers(person)
    assert ready(person.view), office.shown(person)
    return await office.journey.send_page(person, person.view, values)


async def back(office: Workplace, person: SlackPerson) -> None:
    assert person.view is not None
    await person.click(person.view, action_id=Act.BACK)
    await office.bot.background.drain()


def typed(person: SlackPerson) -> dict[str, Any]:
    """What the form's fields contain, by field name."""
    assert person.view is not None
    found = {}
    for block, states in person.view.inputs.items():
        for state in states.values():
            found[block.partition("~")[0]] = next((v for k, v in state.items() if k != "type"), None)
    return found


async def test_a_form_whose_data_is_late_shows_that_it_is_loading_and_then_itself(office: Workplace, onboarding: str) -> None:
    """Every read connection is in use for a while."""
    office.ana.user.stack.clear()
    async with contextlib.AsyncExitStack() as held:
        for _ in range(4):
            await held.enter_async_context(office.bot.store._reading.connect())
        press = office.press(office.ana, office.acme, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step="planning"))
        assert (await press).ok
        await office.slack.until(lambda: office.ana.view)
        assert not ready(office.ana.view)
    await office.slack.until(lambda: ready(office.ana.view))
    assert len(office.ana.views) == 1


async def test_a_trigger_that_expired_is_told(office: Workplace, onboarding: str) -> None:
    office.slack.trigger_seconds = 0.0
    await open_form(office, office.ana, onboarding)
    assert office.ana.view is None
    assert "Press the button again" in office.answers(office.ana)[-1]


async def test_slack_in_trouble_while_a_form_opens_is_told(office: Workplace, onboarding: str) -> None:
    office.slack.faults.add("views.open", "5xx")
    await open_form(office, office.bruno, onboarding)
    assert office.bruno.view is None
    assert office.answers(office.bruno)[-1] == Texts("en")("refused.no_answer")


async def test_a_form_closed_half_way_is_continued_by_a_colleague_after_a_restart(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "organization")
    await open_form(office, office.ana, onboarding, "organization")
    assert (await send(office, office.ana, {**ORGANIZATION, "official_name": "Halfway Bank S.A."})).ok
    assert (await send(office, office.ana, ORGANIZATION)).ok
    await office.ana.close()
    await office.restart()
    await open_form(office, office.bruno, onboarding, "organization")
    assert json.loads(office.shown(office.bruno))["private_metadata"].count('"slot":2')
    await back(office, office.bruno)
    await back(office, office.bruno)
    assert typed(office.bruno)["official_name"] == "Halfway Bank S.A."


async def test_back_keeps_what_stands_on_the_page_even_where_it_is_wrong(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "organization")
    await open_form(office, office.ana, onboarding, "organization")
    await send(office, office.ana, ORGANIZATION)
    assert office.ana.view is not None
    await office.journey.type_in(office.ana, office.ana.view, {"city": "Recife", "state": "Q"})
    await back(office, office.ana)
    assert typed(office.ana)["official_name"] == ORGANIZATION["official_name"]
    await send(office, office.ana, ORGANIZATION)
    assert typed(office.ana)["city"] == "Recife"
    await office.journey.type_in(office.ana, office.ana.view, {"city": "Olinda"})
    await office.close(onboarding)
    await back(office, office.ana)
    assert "This onboarding was closed" in office.shown(office.ana)
    assert "Olinda" in office.shown(office.ana)


async def test_the_last_page_shows_all_answers_and_lets_each_page_be_changed(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "organization")
    await open_form(office, office.ana, onboarding, "organization")
    for _ in STEPS["organization"].form.pages:
        outcome = await send(office, office.ana, ORGANIZATION)
        assert outcome.ok, outcome.errors or outcome.client_errors
    shown = office.shown(office.ana)
    for name in ("official_name", "city", "responsible"):
        assert str(ORGANIZATION[name]) in shown
    assert office.ana.view is not None
    await office.ana.click(office.ana.view, action_id=f"{Act.PAGE}:1")
    await office.bot.background.drain()
    assert typed(office.ana)["city"] == ORGANIZATION["city"]
    assert (await send(office, office.ana, {"city": "Recife"})).ok
    while office.ana.view is not None:
        assert (await send(office, office.ana, {})).ok
    await office.settled()
    sent = (await office.snapshot(onboarding)).last("organization")
    assert sent is not None
    assert (sent.answers["city"], sent.answers["official_name"]) == ("Recife", ORGANIZATION["official_name"])


async def test_a_submitted_step_opens_with_what_was_submitted(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "organization", official_name="Sent Bank S.A.")
    await open_form(office, office.bruno, onboarding, "organization")
    assert typed(office.bruno)["official_name"] == "Sent Bank S.A."


async def test_what_is_known_from_earlier_steps_is_filled_in(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "organization", city="Recife")
    await office.approve(onboarding, "organization")
    await office.open_step(onboarding, "authentication")
    await open_form(office, office.ana, onboarding, "authentication")
    example = STEPS["authentication"].form.example
    shown = office.shown(office.ana)
    assert ("*City*: Recife" in shown, "city" in typed(office.ana), Texts("en")("form_ui.back") in shown) == (True, False, False)
    assert office.ana.view is not None
    await office.journey.type_in(office.ana, office.ana.view, {"method": "basic"})
    await office.ana.click(office.ana.view, action_id=f"{Act.PAGE}:1")  # what is known isn't asked, but can be changed
    await office.bot.background.drain()
    assert typed(office.ana)["city"] == "Recife"
    assert (await send(office, office.ana, {"city": "Olinda"})).ok
    assert typed(office.ana)["method"]["value"] == "basic"  # the page on which something is still to be chosen
    assert (await send(office, office.ana, example)).ok
    assert "Olinda" in office.shown(office.ana)
    assert (await office.ana.submit()).closed


@pytest_asyncio.fixture(loop_scope="module")
async def portuguese(office: Workplace) -> AsyncIterator[str]:
    """An onboarding in Portuguese, whose lead has Slack in English, of which Slack tells nothing."""
    yield await office.begin(office.new_channel(), language="pt_BR")
    await office.tidy()


def reads(office: Workplace, person: SlackPerson, words: str) -> bool:
    return words in office.shown(person)


async def test_a_customer_reads_the_onboardings_language_and_support_their_own(office: Workplace, portuguese: str) -> None:
    await open_form(office, office.ana, portuguese)
    assert "Planejamento" in office.shown(office.ana)
    for person, language in ((office.sam, "en"), (office.kim, "pt_BR")):
        await person.command("/onboarding note", channel=office.acme)
        await office.slack.until(partial(reads, office, person, Texts(language)("page.note.note.title")))
        await person.close()


async def test_an_error_stands_at_its_field_in_the_language_of_who_typed(office: Workplace, portuguese: str) -> None:
    past = {**STEPS["planning"].form.example, "go_live": "2020-01-01"}
    await open_form(office, office.ana, portuguese)
    outcome = await send(office, office.ana, past)
    assert list(outcome.errors.values()) == [Texts("pt_BR")("error.date_past")]


@pytest.mark.parametrize(
    ("language", "query", "found"),
    [
        ("en", "BRAZIL", "Brazil"),
        ("en", "cote d'iv", "Côte d"),
        ("pt_BR", "alemanha", "Alemanha"),
        ("pt_BR", "africa do s", "África do Sul"),
    ],
)
async def test_choices_are_searched_without_accents_in_the_readers_language(
    office: Workplace, language: str, query: str, found: str
) -> None:
    onboarding = await office.begin(office.new_channel(), language=language)
    await office.open_step(onboarding, "organization")
    await open_form(office, office.ana, onboarding, "organization")
    assert office.ana.view is not None
    block = next(block["block_id"] for block in office.ana.view.blocks if block.get("block_id", "").startswith("country~"))
    assert any(found in text for text in await office.ana.search(block, query))


async def test_a_private_key_typed_into_a_form_is_refused_and_kept_nowhere(office: Workplace, onboarding: str) -> None:
    secret = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 8 + "\n-----END PRIVATE KEY-----"
    await open_form(office, office.ana, onboarding)
    outcome = await send(office, office.ana, {**STEPS["planning"].form.example, "goals": f"Goals\n{secret}"})
    assert "private key" in next(iter(outcome.errors.values()))
    await office.settled()
    assert any("tried to send a secret" in message.text for message in office.support.messages)
    assert not [
        path for path in office.path.iterdir() if path.is_file() and b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCMIIEv" in path.read_bytes()
    ]
    await open_form(office, office.bruno, onboarding)
    assert "MIIEvQ" not in office.shown(office.bruno)


@pytest.mark.parametrize("way", ["typed", "attached"])
async def test_a_private_key_is_refused_on_the_way_back_too(office: Workplace, onboarding: str, way: str) -> None:
    """The person and support are told as when going on; the key is gone from the page, everything else is kept."""
    secret = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 8 + "\n-----END PRIVATE KEY-----"
    example = STEPS["authentication"].form.example
    await office.open_step(onboarding, "authentication")
    await open_form(office, office.ana, onboarding, "authentication")
    assert (await send(office, office.ana, {**example, "method": "oidc"})).ok
    warned = len([m for m in office.support.messages if "tried to send a secret" in m.text])
    wrong: dict[str, Any] = (
        {"public_key": secret} if way == "typed" else {"public_key_file": FileUpload("k.pem", secret.encode())}
    )
    assert office.ana.view is not None
    await office.journey.type_in(office.ana, office.ana.view, wrong)
    await back(office, office.ana)
    await office.settled()
    assert tells(office.shown(office.ana), said("error.secret_private_key"))
    assert "MIIEvQ" not in office.shown(office.ana) + json.dumps(typed(office.ana))
    assert len([m for m in office.support.messages if "tried to send a secret" in m.text]) == warned + 1
    async with office.bot.store.read() as unit:
        assert "PRIVATE" not in json.dumps([draft.answers for draft in await unit.drafts(onboarding)])
    outcome = await send(office, office.ana, {"public_key": example["public_key"]})
    assert outcome.ok, outcome.errors
    await back(office, office.ana)
    assert typed(office.ana)["public_key"] == example["public_key"]
    await back(office, office.ana)
    assert typed(office.ana)["method"]["value"] == "oidc"


# -- start


@pytest.fixture
def fresh(office: Workplace) -> Channel:
    pismo, blue = office.slack.world.teams[0], office.slack.world.teams[2]
    return office.slack.add_channel("fresh_pismo", pismo, [office.sam, office.olga], shared_with=[blue])


async def opened(office: Workplace, typed_in: Channel) -> View:
    """The form, with what it proposes."""
    office.sam.user.stack.clear()
    await office.sam.command("/onboarding start", typed_in)
    return await shown(office)


async def shown(office: Workplace) -> View:
    await office.bot.background.drain()
    assert office.sam.view is not None
    return office.sam.view


async def choose_channel(office: Workplace, channel: Channel) -> View:
    await shown(office)
    await pick_channel(office, channel)
    return await shown(office)


async def pick_channel(office: Workplace, channel: Channel) -> None:
    assert office.sam.view is not None
    (block,) = (block["block_id"] for block in office.sam.view.blocks if block.get("block_id", "").startswith("channel~"))
    await office.sam.fill({block: channel.id})


async def start(office: Workplace, typed_in: Channel, **changed: Any) -> Outcome:
    await opened(office, typed_in)
    values = {"customer": "Blue Coop", "lead": office.olga, "owner": office.sam, "language": "en", "go_live": "2099-01-15"}
    return await send(office, office.sam, values | changed)


async def begun_in(office: Workplace, channel: Channel) -> bool:
    async with office.bot.store.read() as unit:
        return await unit.by_channel(channel.id) is not None


async def test_start_posts_the_card_and_opens_the_first_step(office: Workplace, fresh: Channel) -> None:
    """Another customer has the name: that is told before it is taken a second time."""
    other = office.slack.add_channel("other_pismo", fresh.team, [office.sam, office.olga], shared_with=fresh.shared_with)
    await office.begin(other, office.olga, "Twin – Coop")
    await start(office, fresh, customer="Twin Coop")
    assert f"Another open onboarding is named Twin Coop: <#{other.id}>" in office.shown(office.sam)
    before = typed(office.sam)
    await office.sam.submit()  # once more is no confirmation
    assert tells(office.shown(office.sam), said("error.name_taken"))
    assert typed(office.sam) == before
    await office.sam.fill({"Same name": [EN("choice.same_name.yes")]})
    assert (await office.sam.submit()).closed
    await office.slack.until(lambda: office.olga.find(fresh, "Onboarding of Twin Coop"))
    await office.slack.until(lambda: office.olga.find(fresh, "1. Planning"))
    await office.slack.until(lambda: fresh.bookmarks)
    await office.settled()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("the bot is not in the channel", "The bot"),
        ("the owner is not of support", EN("error.owner_not_support")),
        ("Slack is down", EN("error.slack_did_not_answer")),
        ("Slack is slow", EN("error.slack_did_not_answer")),
        ("the lead left meanwhile", EN("error.lead_not_in_channel")),
        ("the date is past", ""),
    ],
)
async def test_start_says_at_the_field_what_is_wrong_and_begins_nothing(
    office: Workplace, fresh: Channel, wrong: str, says: str
) -> None:
    view = await opened(office, fresh)
    values: dict[str, Any] = {
        "customer": "Blue Coop",
        "lead": office.olga,
        "owner": office.sam,
        "language": "en",
        "go_live": "2099-01-15",
    }
    if wrong == "the owner is not of support":
        values["owner"] = office.olga
    elif wrong == "the date is past":
        values["go_live"] = "2020-01-01"
    await office.journey.type_in(office.sam, view, values)
    match wrong:
        case "the bot is not in the channel":
            office.slack.remove_bot_from(fresh)
        case "the lead left meanwhile":
            office.slack.remove(office.olga, fresh)
        case "Slack is down":
            office.slack.faults.add("conversations.info", "5xx")
        case "Slack is slow":
            office.slack.faults.add("conversations.info", "slow", seconds=2.5)
        case _:
            pass
    outcome = await office.sam.submit()
    office.slack.faults.clear()
    assert not outcome.ok
    (error,) = outcome.errors.values()
    assert says in error
    assert not await begun_in(office, fresh)
    assert typed(office.sam)["customer"] == "Blue Coop"


async def test_start_proposes_the_channel_its_customer_and_who_of_it_can_lead(office: Workplace, fresh: Channel) -> None:
    """Typed where support talks, in a customer's channel, and where one is chosen that will not do."""
    await office.deliver_command(office.sam, f"start <#{office.blue.id}|blue_pismo>", office.support)
    await shown(office)
    assert (typed(office.sam)["channel"], typed(office.sam)["customer"]) == (office.blue.id, "Blue")
    await office.sam.close()
    fresh.created += 3600  # later than all others
    view = await opened(office, office.support)
    assert (typed(office.sam)["channel"], typed(office.sam)["customer"]) == (fresh.id, "Fresh")
    assert await office.sam.search(EN("field.start.lead.label"), "") == ["olga"]
    view = await choose_channel(office, office.support)
    assert "This is the support channel" in office.shown(office.sam)
    fresh.private = True
    office.slack.remove_bot_from(fresh)
    view = await choose_channel(office, fresh)
    assert tells(office.shown(office.sam), said("error.channel_not_found"))
    assert await office.sam.search(EN("field.start.lead.label"), "") == []
    fresh.private = False
    view = await choose_channel(office, office.blue)
    assert not tells(office.shown(office.sam), said("error.channel_not_found"))
    assert typed(office.sam)["customer"] == "Blue"
    await office.journey.type_in(office.sam, view, {"customer": "Blue Coop & Co", "lead": office.olga})
    await choose_channel(office, fresh)
    assert (typed(office.sam)["customer"], typed(office.sam)["lead"]["value"]) == ("Blue Coop & Co", office.olga.id)
    drawn = asyncio.Event()
    office.slack.faults.add("conversations.info", "slow", times=None, until=drawn)
    await pick_channel(office, office.acme)
    await pick_channel(office, office.blue)  # before the form was drawn for the other one
    await pick_channel(office, office.acme)
    await office.sam.fill({"Target go-live date": "2099-01-15"})  # and this, too
    drawn.set()
    view = await shown(office)
    wanted = {"channel": office.acme.id, "lead": None, "customer": "Blue Coop & Co", "go_live": "2099-01-15"}
    assert typed(office.sam) == typed(office.sam) | wanted
    assert FormMeta.model_validate_json(view.data["private_metadata"]).item == office.acme.id
    await office.journey.type_in(office.sam, view, {"customer": ""})
    drawn.clear()
    await pick_channel(office, office.blue)
    await office.sam.fill({EN("field.start.owner.label"): office.kim.id})
    drawn.set()
    await shown(office)
    office.slack.faults.clear()
    assert (typed(office.sam)["customer"], typed(office.sam)["owner"]) == ("Blue", office.kim.id)


async def test_start_in_a_channel_that_is_taken_names_the_customer_and_works_after_that_one_is_closed(
    office: Workplace, fresh: Channel
) -> None:
    view = await opened(office, fresh)
    values = {"customer": "Blue Coop", "lead": office.olga, "owner": office.sam, "language": "en"}
    first = await office.begin(fresh, office.olga, "Blue Coop the First")
    outcome = await office.journey.send_page(office.sam, view, values)
    assert "Blue Coop the First" in str(outcome.errors)
    await office.close(first)
    await office.settled()
    assert (await office.sam.submit()).closed
    await office.settled()
    async with office.bot.store.read() as unit:
        found = await unit.by_channel(fresh.id)
    assert found is not None
    assert (found.id != first, found.customer) == (True, "Blue Coop")
    assert len(fresh.bookmarks) == 1


async def test_who_is_stuck_again_at_once_reads_when_support_was_told_and_loses_nothing(
    office: Workplace, onboarding: str
) -> None:
    async def stuck(reason: str) -> Outcome:
        await office.press(office.ana, office.acme, Act.STUCK, ButtonValue(onboarding=onboarding, step="planning"))
        await office.bot.background.drain()
        outcome = await send(office, office.ana, {"reason": reason})
        await office.settled()
        return outcome

    assert (await stuck("Who attends?")).closed
    again = await stuck("And from which company?")
    assert "Pismo support was notified 1 min ago" in str(again.errors)
    assert "from which company" not in str([message.text for message in office.support.messages])
    office.ana.user.stack.clear()
    await office.press(office.ana, office.acme, Act.STUCK, ButtonValue(onboarding=onboarding, step="planning"))
    await office.bot.background.drain()
    assert typed(office.ana)["reason"] == "And from which company?"


async def test_of_two_who_answer_a_call_for_help_the_second_reads_who_did_and_keeps_what_they_typed(
    office: Workplace, onboarding: str
) -> None:
    await office.press(office.ana, office.acme, Act.STUCK, ButtonValue(onboarding=onboarding, step="planning"))
    await office.bot.background.drain()
    await send(office, office.ana, {"reason": "Who joins?"})
    await office.settled()
    (call,) = [message for message in office.support.messages if "Who joins?" in message.text]
    assert call.broadcast  # in the step's thread, and in the channel too
    for person in (office.sam, office.kim):
        await person.click(call, action_id=Act.ANSWER_CALL)
        await office.bot.background.drain()
        assert "Who joins?" in office.shown(person)
    await office.settled()
    assert f"<@{office.sam.id}> has been answering since" in call.text
    assert f"<@{office.sam.id}> está respondendo desde" in office.shown(office.kim)
    over = office.kim.view
    assert over is not None
    await office.kim.click(over, action_id=Act.TAKE_CALL)
    await office.settled()
    assert f"<@{office.kim.id}> has been answering since" in call.text
    assert tells(office.shown(office.kim), said("call.yours"))
    assert f"<@{office.kim.id}> took over from you" in office.told(office.sam)[-1]
    assert (await send(office, office.sam, {"answer": "Whoever decides on products."})).closed
    await office.slack.until(lambda: office.told(office.sam)[-1].startswith((EN("list.nothing_next"), "Next: ")))
    late = await send(office, office.kim, {"answer": "Anyone."})
    assert "sam, do suporte da Pismo, já respondeu há 1 min" in str(late.errors)
    await office.settled()
    told = [message.text for message in office.journey.thread("step", "planning")]
    assert any("Whoever decides on products." in text and f"<@{office.ana.id}>" in text for text in told)
    assert "Anyone." not in str(told)
    assert "Answered by" in call.text
    assert "actions" not in [block["type"] for block in call.blocks]
    await office.press(office.kim, office.support, Act.ANSWER_CALL, await answered(office, onboarding))
    await office.bot.background.drain()
    assert f"<@{office.sam.id}> já cuidou disto" in office.answers(office.kim)[-1]
    await office.kim.click(over, action_id=Act.TAKE_CALL)  # in the window that is still open
    await office.bot.background.drain()
    assert f"<@{office.sam.id}> já cuidou disto" in office.shown(office.kim)


async def answered(office: Workplace, onboarding: str) -> ButtonValue:
    (call,) = (await office.snapshot(onboarding)).calls
    return ButtonValue(onboarding=onboarding, step=call.step_id, item=call.id)


async def test_nobody_snoozes_for_ever_nor_for_the_other_side(office: Workplace, onboarding: str) -> None:
    step = ButtonValue(onboarding=onboarding, step="planning")

    async def snooze(date: str) -> Outcome:
        await office.press(office.ana, office.acme, Act.SNOOZE, step)
        await office.bot.background.drain()
        return await send(office, office.ana, {"until": "date", "date": date})

    assert "within the next 30 days" in str((await snooze("2099-01-01")).errors)
    office.ana.user.stack.clear()
    today = datetime.now(UTC).date()
    saturday = today + timedelta(days=7 + (5 - today.weekday()) % 7)
    off = await snooze(saturday.isoformat())
    assert "Saturday, " in str(off.errors)
    assert "The reminder would come on " in str(off.errors)
    assert office.ana.view is not None
    assert (await send(office, office.ana, {"until": "date", "date": saturday.isoformat()})).closed  # meant so
    await office.settled()
    assert [message for message in office.journey.thread("step", "planning") if "snoozed the reminders" in message.text]
    remind = Remind(where="customer", user=office.ana.id, steps=("planning",), count=(1,))
    await office.act(onboarding, lambda case: case.ask(remind))
    await office.settled()
    await office.act(onboarding, lambda case: case.ask(remind))
    await office.settled()
    replaced = said("reminder.replaced")
    earlier, reminder = [one for one in office.acme.messages if "[Snooze]" in one.text or tells(one.text, replaced)]
    assert tells(earlier.text, replaced)
    assert not tells(earlier.text, said("reminder.passed"))  # it still waits for them
    assert EN("state.open") not in earlier.text  # which nobody would change once it isn't
    assert [action_id(message.blocks, Act.SNOOZE) is None for message in (earlier, reminder)] == [True, False]
    await office.send(onboarding, "planning")
    await office.settled()
    assert f"✓ 1. Planning – sent by <@{office.ana.id}>" in reminder.text
    assert "actions" not in [block["type"] for block in reminder.blocks]
    assert (await office.snapshot(onboarding)).reminders == []
    await office.act(onboarding, lambda case: case.ask(Remind(where="support", user=office.sam.id, steps=("planning",))))
    await office.settled()
    (ours,) = [message for message in office.journey.thread("review", "planning") if "[Snooze]" in message.text]
    card = next(one for block in ours.blocks if block["type"] == "actions" for one in block["elements"] if "url" in one)
    assert card["url"].endswith(f"/{office.support.id}/p{office.journey.lasting('review', 'planning').ts.replace('.', '')}")
    await office.press(office.sam, office.support, Act.SHOW, step)  # of a reminder from before there was a card
    await office.bot.background.drain()
    shown = EN("review.show", step="Planning", state=EN("state.submitted"), link="http")
    assert shown in office.answers(office.sam)[-1]
    await office.press(office.ana, office.acme, Act.SNOOZE, step)  # of an old reminder
    await office.bot.background.drain()
    theirs = said("refused.snooze_with_support", step="step.planning.title", state="state.submitted")
    assert tells(office.answers(office.ana)[-1], theirs)
    assert "snoozed" not in str([message.text for message in office.journey.thread("review", "planning")])
