"""The button that plays the next step goes all the way; a fresh demo begins half-way."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from playground.acts import Acts
from playground.examples import FORMS, demo_companies
from playground.next_step import CLOSED, Player
from playground.office import CALM, LIFELIKE, Office
from playground.seed import seed
from playground.walkthrough import Walkthrough, ready

pytestmark = pytest.mark.process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def begun() -> AsyncIterator[Office]:
    """The onboarding has started, and nothing is sent yet."""
    async with Office(policies=CALM) as office:
        await Acts(Walkthrough(office)).start()
        yield office


@pytest_asyncio.fixture(loop_scope="module")
async def office(begun: Office) -> Office:
    """Nobody has a form open initially."""
    for person in begun.everyone.values():
        if person.view:
            await person.close()
    return begun


async def test_press_after_press_two_companies_go_from_the_seed_to_the_closed_onboarding() -> None:
    """The second one without the steps in which it differs from the first by addresses alone (`test_own_answers`)."""
    told: list[str] = []
    async with Office(policies=LIFELIKE) as office:
        for environment in (office.sandbox.test, office.sandbox.production):
            environment.world.transfers.looks = 0
        await seed(office, told.append)
        acme, blue = (Player(office, company) for company in demo_companies(office))
        assert acme.journey.is_now("planning", "done")
        assert acme.journey.is_now("organization", "submitted")
        assert acme.journey.is_now("service_desk", "open")
        assert blue.journey.is_now("planning", "open")
        reminders = [m for m in office.acme.messages if "[Snooze]" in m.text]
        assert len(reminders) == 1
        await goes_to_the_end(acme)
        office.clock.advance(timedelta(days=10).total_seconds())
        sentences = await acme.play_until(never)
        assert "presses “Renew certificate”" in "".join(sentences)
        await office.slack.until(lambda: "The certificate is renewed" in said(acme.journey, "authentication"), timeout=30)
        assert sentences[-1] == CLOSED
        before = [message.text for message in office.acme.messages]
        await blue.play_until(lambda: blue.journey.is_now("organization", "done"))
        for step in ("service_desk", "environments", "control_center", "integration"):
            await skipped(blue, step)
        await goes_to_the_end(blue)
        assert "Transaction banking" in blue.journey.lasting("card").text
        assert [message.text for message in office.acme.messages] == before
        assert list(office.slack.violations) == []
    assert len(told) == 6


async def goes_to_the_end(player: Player) -> None:
    """Nobody is refused anything, access is proved in both environments, and the customer gets the receipt."""
    sentences = await player.play_until(never)
    assert sentences[-1] == CLOSED
    assert [line for line in sentences if "reads:" in line] == []
    assert player.journey.says("card", "", "Closed by")
    for step in ("authentication", "production"):
        assert "all checks passed" in said(player.journey, step)
    await player.slack.until(lambda: receipts(player.journey), timeout=30)
    assert player.company.name in receipts(player.journey)[0]


def never() -> bool:
    return False


def receipts(journey: Walkthrough) -> list[str]:
    """Of the files in the last step's thread."""
    return [file.content.decode() for message in journey.thread("step", "next_steps") for file in message.files]


def said(journey: Walkthrough, step: str) -> str:
    return "".join(message.text for message in journey.thread("step", step))


async def skipped(player: Player, step: str) -> None:
    sam, company = player.office.sam, player.company

    async def opened() -> None:
        await sam.command("/onboarding skip", channel=company.channel)

    values = {**FORMS["skip"].example, "step": step}
    await player.journey.fill_form(sam, opened, values, lambda: player.journey.is_now(step, "skipped"))


def first(office: Office) -> Player:
    return Player(office, demo_companies(office)[0])


@pytest.mark.asyncio(loop_scope="module")
async def test_a_form_that_is_open_is_filled_first_and_sent_by_the_next_press(office: Office) -> None:
    player, ana, bruno = first(office), office.ana, office.bruno
    assert (await player.fill(ana)).sentence == "Ana has no form open."
    assert "Bruno presses “Fill out form”" in (await player.play([bruno])).sentence
    assert ready(bruno.view)
    page = bruno.view
    assert "is filled in for Bruno" in (await player.play([bruno])).sentence
    assert bruno.view is page
    assert page is not None
    assert any(state for fields in page.inputs.values() for part in fields.values() for state in part.values())
    await bruno.fill({"go_live~plan": "2020-01-01"})  # nor is the form over for whoever comes next
    sentence = (await player.play([bruno])).sentence
    assert ("Bruno sends" in sentence, "and reads: " in sentence) == (True, True)
    assert ana.view is None
    await bruno.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_who_has_no_part_in_it_is_given_none_and_every_form_has_answers(office: Office) -> None:
    played = await first(office).play([office.olga, office.pat])
    assert played.person is office.ana
    at_pismo = {form for form in FORMS if form.endswith((".prove_access", ".record_org_id", ".check_setup", ".create_in_test"))}
    for form in FORMS.keys() - at_pismo:
        assert await first(office).examples.answers(form), form


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("command", ["skip", "reopen", "assign"])
async def test_a_dialog_that_offers_the_steps_is_filled_in(office: Office, command: str) -> None:
    async def opened() -> bool:
        """As a person, who types it again where the bot was too busy to open it in time."""
        if office.sam.view:
            await office.sam.close()
        await office.sam.command(f"/onboarding {command}", channel=office.acme)
        return await player.journey.comes(lambda: ready(office.sam.view), 5.0)

    player = first(office)
    await player.journey.insist(lambda: ready(office.sam.view), opened)
    assert "is filled in for Sam" in (await player.fill(office.sam)).sentence
    assert office.sam.view is not None
    assert any(part.get("selected_option") for fields in office.sam.view.inputs.values() for part in fields.values())
