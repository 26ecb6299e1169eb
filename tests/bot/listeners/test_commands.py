"""Support's commands: which onboarding they mean, what they answer, and what they open."""

import codecs
import contextlib
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from bot.messages.buttons import Act
from bot.messages.texts import Texts
from bot.slack.no_tables import TABLES
from flows.model import RefusedBlocks
from flows.outbox import PostReport
from flows.ports import Unit
from playground.slack import Channel, Message, Outcome
from playground.slack.screen import tells
from playground.walkthrough import ready
from playground.walkthrough import said as wording
from storage.archive import unzipped
from storage.verify_pack import verify_pack
from tests.bot.messages.slack_reader import read, read_mrkdwn
from tests.bot.workplace import Workplace

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office() -> AsyncIterator[Workplace]:
    """Two customers with similar names: Ácme Bank waits for support, Acme Pay for its own people."""
    async with Workplace() as place:
        first = await place.begin(customer="Ácme Bank")
        await place.begin(place.blue, place.olga, "Acme Pay")
        await place.send(first, "planning")
        yield place


async def typed(office: Workplace, line: str, channel: Channel | None = None) -> str:
    """What Sam reads after a command, in the support channel unless another is given."""
    return shown(await answered(office, await office.sam.command(f"/onboarding {line}", channel or office.support)))


async def answered(office: Workplace, outcome: Outcome) -> Outcome:
    """Once the answer is there, in the acknowledgement or after it."""
    await office.slack.until(lambda: outcome.link is not None and outcome.link.replies)
    return outcome


def shown(outcome: Outcome) -> str:
    assert outcome.ok, outcome.error
    assert outcome.link is not None
    message = outcome.link.replies[-1]
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


async def test_status_of_all_of_one_and_of_the_channel_it_is_typed_in(office: Workplace) -> None:
    everyone = await typed(office, "status")
    assert "Ácme Bank" in everyone
    assert "Acme Pay" in everyone
    assert "Acme Pay's turn" in everyone
    assert "your company" not in everyone
    for line in ("status acme bank", f"find <#{office.acme.id}>"):
        one = await typed(office, line)
        assert "Ácme Bank" in one
        assert "Acme Pay" not in one
    here = await typed(office, "status", office.blue)
    assert "Acme Pay" in here
    assert "Ácme Bank" not in here


@pytest.mark.parametrize(
    "line", ["status ACME BANK", "status ácme bank", "matrix acme bank", "find bank", "STATUS acme bank", "  status   acme bank "]
)
async def test_a_name_is_found_as_people_type_it(office: Workplace, line: str) -> None:
    words = await typed(office, line)
    assert "No onboarding matches" not in words
    assert "Several onboardings" not in words


async def test_of_several_one_is_pressed_and_the_command_goes_on(office: Workplace) -> None:
    several = await typed(office, "skip acme")
    assert "Several onboardings match" in several
    for name, channel in (("Ácme Bank", office.acme), ("Acme Pay", office.blue)):
        assert f"{name} · <#{channel.id}>" in several
    assert office.sam.view is None
    asked = office.support.messages[-1]
    await office.sam.click(asked, "Choose Acme Pay")
    view = await office.slack.until(lambda: office.sam.view if ready(office.sam.view) else None)
    assert view.title == "Skip a step"
    assert office.blue.id in json.dumps(view.blocks[0])
    await office.sam.close()
    await office.sam.command("/onboarding matrix acme", office.support)
    await office.sam.click(office.support.messages[-1], "Choose Ácme Bank")
    await office.settled()
    assert "Ácme Bank" in office.answers(office.sam)[-1]
    assert "match “acme”" in await typed(office, "report 7 acme")
    await office.sam.click(office.support.messages[-1], "Choose Acme Pay")
    await office.slack.until(lambda: any("Report for Acme Pay: last 7 days" in told for told in office.answers(office.sam)))
    assert "No onboarding matches" in await typed(office, "matrix zebra")


async def test_without_a_name_the_customer_is_chosen_and_the_command_goes_on(office: Workplace) -> None:
    await office.sam.command("/onboarding reopen", office.support)
    view = await office.slack.until(lambda: office.sam.view if ready(office.sam.view) else None)
    assert view.title == "Choose a customer"
    assert await office.sam.search("Customer", "acm") == ["Ácme Bank · #acme_pismo", "Acme Pay · #blue_pismo"]
    await office.sam.fill({"Customer": "Acme Pay"})
    assert (await office.sam.submit()).ok
    assert office.sam.view is not None
    assert office.sam.view.title == "Reopen a step"
    assert office.blue.id in json.dumps(office.sam.view.blocks[0])
    await office.sam.close()
    await office.sam.command("/onboarding parity", office.support)
    await office.slack.until(lambda: ready(office.sam.view))
    await office.sam.fill({"Customer": "Acme Pay"})
    assert (await office.sam.submit()).closed
    await office.settled()
    assert "Test and production: Acme Pay" in office.answers(office.sam)[-1]


async def with_tables(office: Workplace) -> None:
    """As a day after Slack refused them: it takes them by now, and the bot asks again."""
    office.slack.faults.tables = True
    await office.bot.store.transact(forget_refused)


async def forget_refused(unit: Unit) -> None:
    if (row := await unit.get(RefusedBlocks, TABLES)) is not None:
        await unit.delete(row)


async def test_what_is_mistyped_is_asked_back_and_a_channel_stands_for_its_customer(office: Workplace) -> None:
    assert "Did you mean /onboarding status acme pay?" in await typed(office, "stauts acme pay")
    for line in ("acme pay", "acme pay status", "acme pay situação"):
        assert "Did you mean /onboarding status acme pay?" in await typed(office, line)
    assert "Acme Pay's turn" in await typed(office, "status of Acme Pay, please")
    for channel in ("#blue_pismo", "blue_pismo", f"pismo.slack.com/archives/{office.blue.id}", office.blue.id):
        prefix = "https://" if "/" in channel else ""
        assert "Acme Pay" in await typed(office, f"status {prefix}{channel}")
    assert tells(await typed(office, "matrix #onboarding-support"), wording("refused.no_onboarding_there"))
    assert "mentions a person" in await typed(office, "status @Olga")
    assert tells(await typed(office, "¿Ayuda?"), wording("help.title"))


async def test_what_was_typed_cannot_mention_or_link(office: Workplace) -> None:
    line = "/onboarding find &lt;!channel&gt; &lt;https://evil.example|Pismo&gt;"  # as Slack escapes it
    outcome = await office.sam.command(line, office.support)
    assert "evil.example" in shown(outcome)
    assert read(outcome.body["blocks"]).marks == read_mrkdwn(outcome.body["text"]).marks == []


async def test_the_queue_shows_what_waits_for_support(office: Workplace) -> None:
    words = await typed(office, "queue")
    assert "Ácme Bank" in words
    assert "Acme Pay" not in words


async def test_a_list_leads_to_its_cards_and_is_narrowed_down_in_its_place(office: Workplace) -> None:
    """Also where Slack refuses tables: from then on without being refused first, and after a restart."""

    async def listed(line: str) -> Message:
        outcome = await answered(office, await office.sam.command(f"/onboarding {line}", office.support))
        assert outcome.link is not None
        return outcome.link.replies[-1]

    queue = await listed("queue")
    assert [block["type"] for block in queue.blocks] == ["header", "context", "data_table", "actions"]
    async with office.bot.store.read() as unit:
        found = await unit.by_channel(office.acme.id)
        assert found is not None
        review = await unit.posted(found.id, "review", "planning")
    assert review is not None
    assert await office.bot.adapters.slack.permalink(review.channel_id, review.ts) in json.dumps(queue.blocks)
    await office.sam.select(queue, "list:queue-filter", "Stuck")
    await office.slack.until(lambda: "Nothing to show here" in queue.text)
    await office.sam.select(queue, "list:queue-filter", "Planning")
    await office.slack.until(lambda: "Ácme Bank" in queue.text)
    assert tells(await typed(office, "queue zebra"), wording("refused.no_filter"))
    assert "Nothing to show here" in await typed(office, "status Overdue")

    office.slack.faults.tables = False
    for refused in (1, 0):
        before = sum(call.method == "response_url" for call in office.slack.calls)
        shown = await listed("queue mine")
        assert [block["type"] for block in shown.blocks] == ["header", "context", "rich_text", "actions"]
        await office.settled()
        assert sum(call.method == "response_url" for call in office.slack.calls) == before + 1 + refused
        await office.restart()
    await with_tables(office)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("steps", "turn_since", "x"), ("steps", "turn", "zebra:open:0"), ("onboardings", "customer", "v1.nokey.AAAA")],
)
async def test_a_damaged_customer_hides_no_other(office: Workplace, table: str, column: str, value: str) -> None:
    def write(values: Sequence[tuple[str, str]]) -> None:
        with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
            connection.executemany(f"UPDATE {table} SET {column} = ? WHERE id = ?", values)  # noqa: S608  names of ours

    with contextlib.closing(sqlite3.connect(office.file)) as connection:
        (pay,) = connection.execute("SELECT id FROM onboardings WHERE channel_id = ?", (office.blue.id,)).fetchone()
        was = connection.execute(f"SELECT {column}, id FROM {table} WHERE id LIKE ? || '%'", (pay,)).fetchall()  # noqa: S608  as above
    write([(value, row) for _, row in was])
    for line in ("status", "queue", "find acme", "status ácme bank", "repair ácme"):
        assert "Ácme Bank" in await typed(office, line), line
    home = await office.sam.open_home()
    assert home is not None
    assert "Ácme Bank" in json.dumps(home.data, ensure_ascii=False)
    write(was)
    assert "Acme Pay" in await typed(office, "status")
    await office.settled()


async def test_help_and_unknown_words_say_what_there_is(office: Workplace) -> None:
    for line in ("help", "", "danse"):
        assert tells(await typed(office, line), wording("help.title"))
    assert "danse" in await typed(office, "danse")


@pytest.mark.parametrize("verb", ["skip", "reopen", "assign"])
async def test_managing_opens_a_form_about_that_customer(office: Workplace, verb: str) -> None:
    outcome = await office.sam.command(f"/onboarding {verb} pay", office.support)
    assert outcome.ok
    await office.slack.until(lambda: ready(office.sam.view))
    await office.sam.close()


async def test_who_is_mentioned_is_whose_things_are_handed_over(office: Workplace) -> None:
    """Also once the customer is chosen from a list, or in a window."""
    for line in ("hand over @Olga acme pay", "hand-over @Olga acme", "hand-over @Olga"):
        await office.sam.command(f"/onboarding {line}", office.support)
        if line.endswith(" acme"):
            await office.sam.click(office.support.messages[-1], "Choose Acme Pay")
        view = await office.slack.until(lambda: office.sam.view if ready(office.sam.view) else None)
        if view.title == "Choose a customer":
            await office.sam.fill({"Customer": "Acme Pay"})
            await office.sam.submit()
        assert office.sam.view is not None
        assert office.blue.id in json.dumps(office.sam.view.blocks[0])
        assert f'"value": "{office.olga.id}"' in office.shown(office.sam)
        await office.sam.close()


async def test_a_step_is_skipped_with_its_reason_and_opened_again(office: Workplace) -> None:
    async with office.bot.store.read() as unit:
        found = await unit.by_channel(office.blue.id)
    assert found is not None
    for verb, state in (("skip", "skipped"), ("reopen", "open")):
        await office.sam.command(f"/onboarding {verb} pay", office.support)
        await office.slack.until(lambda: ready(office.sam.view))
        assert office.sam.view is not None
        outcome = await office.journey.send_page(office.sam, office.sam.view, {"step": "planning", "reason": f"To {verb} it."})
        assert outcome.closed, outcome.errors
        await office.settled()
        assert await office.state(found.id, "planning") == state
        assert any(f"<@{office.olga.id}>" in m.text and f"To {verb} it." in m.text for m in office.blue.messages)


async def test_a_step_is_given_to_somebody_of_the_customer_or_of_support_alone(office: Workplace) -> None:
    office.slack.add_person("Otto", office.blue.shared_with[0])
    await office.sam.command("/onboarding assign pay", office.support)
    await office.slack.until(lambda: ready(office.sam.view))
    assert office.sam.view is not None
    offered = await office.sam.search("Person", "")
    assert "olga" in offered
    assert {"ana", "pat", "otto"}.isdisjoint(offered)
    assert (await office.journey.send_page(office.sam, office.sam.view, {"step": "planning", "person": "olga"})).closed
    await office.settled()
    assert any(f"<@{office.olga.id}>" in m.text and tells(m.text, wording("say.assigned")) for m in office.blue.messages)


async def test_an_export_comes_to_who_asked_alone_as_one_archive_that_is_signed(office: Workplace) -> None:
    def comes(part: str) -> list[Message]:
        return [m for m in office.sam.direct_messages() if part in m.text and "Ácme Bank" in m.text]

    await office.settled()
    office.slack.faults.add("files.completeUploadExternal", "file_uploads_disabled")
    assert "direct" in (await typed(office, "export acme bank")).casefold()
    await office.slack.until(lambda: comes("Slack rejected the export"))
    assert "pismo-onboarding export onb_" in comes("Slack rejected the export")[0].text

    await typed(office, "export acme bank")
    await office.slack.until(lambda: comes("One signed archive"))
    await office.settled()
    (message,) = comes("One signed archive")
    (file,) = message.files
    assert re.fullmatch(r"acme-bank-\d{4}-\d\d-\d\d\.zip", file.name)
    assert f"pismo-onboarding verify-pack {file.name}" in message.text
    assert {line.outcome for line in verify_pack(file.content)} == {"ok", "note"}
    files = unzipped(file.content)
    assert "Pismo onboarding of Ácme Bank" in files["receipt.txt"].decode()
    assert files["steps.csv"].startswith(codecs.BOM_UTF8)
    assert json.loads(files["manifest.json"])["made_by"].endswith(f"/{office.sam.id}")
    assert not [m for m in office.support.messages + office.acme.messages if m.files]


async def test_a_report_comes_to_who_asked_and_of_another_period_by_its_menu(office: Workplace) -> None:
    async def told(line: str) -> Message:
        assert tells(await typed(office, line), wording("status.report_comes"))
        await office.bot.background.drain()
        return office.support.messages[-1]

    of_all = await told("report 90")
    assert of_all.ephemeral_to == office.sam.id
    assert "last 90 days" in of_all.text
    assert tells(of_all.text, wording("report.no_times"))
    assert "Planning · Customer: 0.0" in (await told("report 90 acme bank")).text
    assert (await office.sam.select(of_all, "report:period", "All time")).ok
    await office.bot.background.drain()
    assert "Report: all time" in office.support.messages[-1].text
    assert (await office.press(office.sam, office.support, Act.REPORT)).ok  # as App Home has it
    await office.bot.background.drain()
    assert "last 30 days" in office.support.messages[-1].text
    office.slack.faults.tables = False
    one = await told("report ácme bank")
    assert "Report for Ácme Bank: last 30 days" in one.text
    assert {"data_table", "data_visualization"}.isdisjoint(block["type"] for block in one.blocks)
    await with_tables(office)
    assert "No onboarding matches" in await typed(office, "report zebra")
    await office.bot.store.transact(ask_for_the_weekly_report)
    await office.settled()
    (posted,) = [message for message in office.support.messages if "Report: last 7 days" in message.text]
    assert posted.ephemeral_to is None


async def ask_for_the_weekly_report(unit: Unit) -> None:
    unit.ask("", PostReport(day="2026-11-30"))


async def test_people_of_another_company_have_no_commands(office: Workplace) -> None:
    outcome = await office.ana.command("/onboarding status", office.acme)
    assert "not a valid command" in outcome.text


async def test_parity_says_what_production_lacks(office: Workplace) -> None:
    said = await typed(office, "parity ácme bank")
    assert "Test and production: Ácme Bank" in said
    assert "Still missing in production, as far as we know: Organization" in said
    assert "Access verification · Test: missing · Production: missing" in said
    assert "Start early" in said
    assert "Acme Pay" not in said


async def test_what_is_over_can_still_be_looked_at_and_taken_along(office: Workplace) -> None:
    channel = office.slack.add_channel("gone_pismo", office.slack.world.teams[0], [office.sam, office.ana])
    over = await office.begin(channel, office.ana, "Gone Bank")
    await office.close(over)
    another = office.slack.add_channel("argentina_pismo", office.slack.world.teams[0], [office.sam, office.ana])
    await office.begin(another, office.ana, "Gone Bank Argentina")
    for verb in ("status", "matrix", "parity"):
        words = await typed(office, f"{verb} gone bank")
        assert "Gone Bank" in words, verb
        assert "Argentina" not in words, verb
    assert tells(await typed(office, "export gone bank"), wording("status.export_comes"))
    await office.sam.command("/onboarding skip gone bank", office.support)
    await office.settled()
    assert any("This onboarding was closed by" in told for told in office.answers(office.sam))
    assert "Argentina" in await typed(office, "status gone")
