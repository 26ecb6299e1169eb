"""The set-up of a product: by when each item must begin, what is not needed, and what ends the step."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.messages.card import next_button
from bot.messages.step import step_message
from bot.messages.texts import Texts
from flows.business_time import is_open
from flows.cases import setup_check
from flows.cases.case import Case
from flows.cases.settle import calendar_of
from flows.forms.fields import Answers, inputs
from flows.forms.pages import collect
from flows.forms.step import Form
from flows.journey import JOURNEYS
from flows.outbox import RunSetupCheck
from flows.people import Side
from flows.problems import Refused
from flows.steps import products
from flows.steps.planning import PRODUCTS
from flows.steps.products.items import ItemStanding
from tests.flows.cases.casework import LEAD, CaseBook, case_book

EN = Texts("en")
CARDS, BANKING, DEPOSITS, SELLERS = (
    f"setup_{product}" for product in ("card_issuing", "transaction_banking", "demand_deposit_accounts", "seller_management")
)
NOW = datetime(2026, 3, 10, 13, tzinfo=UTC)


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    """A Brazilian customer who goes live on 2026-05-29, with all products."""
    async with case_book(tmp_path) as one:
        await one.start()
        await one.send("planning", products=list(PRODUCTS), go_live="2026-05-29")
        await one.approve("planning")
        await one.skip("planning")
        await one.send("organization")
        await one.approve("organization")
        await one.task("organization", "record_org_id", {"org_id": "TN-00000000-0000-4000-8000-000000000001"})
        one.now = NOW
        yield one


async def facts(one: CaseBook, step: str) -> list[str]:
    """What the step's message says of each item."""
    return await one.act(lambda case: [_worded(fact) for fact in case.step(step).facts(case.situation)])  # type: ignore[no-any-return]


async def notes(one: CaseBook, step: str, answers: Answers) -> list[str]:
    """What the form says before it is sent."""
    return await one.act(  # type: ignore[no-any-return]
        lambda case: [_worded(note) for note in case.step(step).form.notes(answers, case.situation)]
    )


def _worded(note: Any) -> str:
    return EN(f"note.{note.key}", **note.params)


async def refused(one: CaseBook, step: str, task: str, answers: Answers) -> set[tuple[str, str]]:
    def look(case: Case) -> set[tuple[str, str]]:
        form: Form | None = case.step(step).task(task).form if task else case.step(step).form
        assert form is not None
        return {(problem.field, problem.key) for _, problem in collect(form, answers, case.situation)[1]}

    return await one.act(look)  # type: ignore[no-any-return]


def everything(step: str, **changed: str) -> Answers:
    """Done with all, but for what is said."""
    form = JOURNEYS.latest.steps[step].form
    return {name: "done" for name, _, item in inputs(form.pages[0].model) if item.options} | changed


# -- by when work must begin


async def test_each_item_says_by_when_it_must_begin(acme: CaseBook) -> None:
    """In business days of Brazil: 1 May is none, nor are the days on which its banks are closed."""
    certification, key_ceremony, embosser, webhook = (await facts(acme, CARDS))[1:]
    assert certification.startswith(f"Card network certification: not started, and late. {EN('setup_owner.you_and_network')};")
    assert "about 130 business days, so it should have started by Nov 18, 2025." in certification
    assert key_ceremony.endswith("allow 22 business days and start by Apr 28, 2026.")
    assert "about 60 business days, so it should have started by Mar 3, 2026" in embosser
    assert webhook.endswith("start by Apr 30, 2026.")


async def test_a_day_that_is_near_is_warned_of(acme: CaseBook) -> None:
    acme.now = datetime(2026, 4, 16, 13, tzinfo=UTC)
    assert "Key ceremony: not started, and it must start soon." in (await facts(acme, CARDS))[2]
    told = await notes(acme, CARDS, everything(CARDS, key_ceremony="not_started", certification="not_started", webhook="in_hand"))
    assert told == [
        EN("note.setup_late", item="Card network certification", date="2025-11-18"),
        EN("note.setup_soon", item="Key ceremony", date="2026-04-28"),
    ]


async def test_what_is_in_hand_is_not_warned_of(acme: CaseBook) -> None:
    await acme.send(CARDS, certification="in_hand", embosser="not_needed", reason="Virtual cards alone.")
    told = await facts(acme, CARDS)
    assert "Card network certification: in progress." in told
    assert "Contract with an embosser: not needed." in told


async def test_a_later_go_live_moves_it(acme: CaseBook) -> None:
    await acme.act(lambda case: setattr(case.onboarding, "go_live", date(2027, 7, 1)))
    assert "start by Dec 22, 2026" in (await facts(acme, CARDS))[1]


async def test_holidays_of_the_customers_state_count(acme: CaseBook) -> None:
    """Thursday 2026-07-09 is none of Brazil, but one of São Paulo; nobody is reminded then."""
    await acme.act(lambda case: setattr(case.onboarding, "go_live", date(2026, 7, 10)))
    assert (await facts(acme, CARDS))[4].endswith("allow 20 business days and start by Jun 11, 2026.")
    assert not is_open(calendar_of(Side.CUSTOMER, await acme.snapshot(), acme.rules), datetime(2026, 7, 9, 15, tzinfo=UTC))


async def test_the_customer_is_reminded_when_the_day_to_start_comes_near_and_when_it_is_there(acme: CaseBook) -> None:
    """Long after the usual reminders have ended, and only of what has not begun."""
    await acme.send(
        CARDS, program="done", certification="in_hand", embosser="in_hand", key_ceremony="in_hand", webhook="not_started"
    )
    await acme.approve(CARDS)
    for day in range(11, 32):
        await acme.sweep(datetime(2026, 3, day, 15, tzinfo=UTC))
    sent = [one for day in range(1, 31) for one in await acme.sweep(datetime(2026, 4, day, 15, tzinfo=UTC))]
    assert [(one.at.day, one.where) for one in sent if CARDS in one.steps] == [(16, "customer"), (30, "customer")]
    assert "Authorization and anti-fraud webhook: not started, and it must start soon." in (await facts(acme, CARDS))[4]


async def test_the_day_to_start_moves_with_go_live_and_goes_once_work_has_begun(acme: CaseBook) -> None:
    """Also when the usual reminders have ended."""
    left: Answers = {name: "in_hand" for name, said in everything(CARDS).items() if said == "done"} | {"webhook": "not_started"}
    await acme.send(CARDS, LEAD, **left)
    await acme.approve(CARDS)

    async def told_on(first: date, days: int) -> list[date]:
        moments = [datetime(first.year, first.month, first.day, 15, tzinfo=UTC) + timedelta(days=day) for day in range(days)]
        sent = [one for moment in moments for one in await acme.sweep(moment)]
        return [one.at.date() for one in sent if CARDS in one.steps]

    await told_on(date(2026, 3, 11), 20)
    await acme.act(lambda case: setattr(case.onboarding, "go_live", date(2026, 6, 30)))
    assert await told_on(date(2026, 4, 1), 40) == []
    assert await told_on(date(2026, 5, 11), 25) == [date(2026, 5, 18), date(2026, 6, 1)]
    await acme.act(lambda case: setattr(case.onboarding, "go_live", date(2026, 9, 30)))
    await acme.task(CARDS, "update_setup", everything(CARDS, certification="in_hand"), LEAD)
    assert await told_on(date(2026, 6, 5), 100) == []


async def test_until_the_first_day_to_start_comes_near_it_is_nobodys_turn(acme: CaseBook) -> None:
    await acme.send(CARDS, **everything(CARDS, webhook="not_started", key_ceremony="in_hand"))
    await acme.approve(CARDS)
    assert (await acme.step(CARDS)).turn.startswith("customer")  # when it will be there, nobody knows
    await acme.task(CARDS, "update_setup", everything(CARDS, webhook="not_started"), LEAD)
    assert (await acme.step(CARDS)).turn.startswith(":")
    await acme.skip(*(step for step in (await acme.snapshot()).steps if step not in ("planning", "organization", CARDS)))
    offered = partial(acme.act, lambda case: next_button(case.snapshot, case.journey, Texts("en"), case.situation))
    assert await offered() is None
    message = await acme.act(
        lambda case: step_message(
            case.snapshot, case.journey, CARDS, Texts("en"), case.situation, case.rules.reminders.support_first
        )
    )
    assert "Update progress" in message.text
    assert "primary" not in str(message.blocks)
    await acme.sweep(datetime(2026, 4, 15, 15, tzinfo=UTC))
    assert (await acme.step(CARDS)).turn.startswith(":")
    await acme.sweep(datetime(2026, 4, 16, 15, tzinfo=UTC))
    assert (await acme.step(CARDS)).turn.startswith("customer")
    assert "Update progress" in str(await offered())


# -- what is not needed


async def test_what_is_not_needed_takes_a_reason(acme: CaseBook) -> None:
    assert await refused(acme, CARDS, "", everything(CARDS, embosser="not_needed")) == {("reason", "missing")}
    assert await refused(acme, CARDS, "", everything(CARDS, embosser="not_needed", reason="Virtual cards alone.")) == set()


async def test_only_support_agrees_that_something_is_not_needed(acme: CaseBook) -> None:
    """What is optional can be left by word; the rest goes with the form, which support approves."""
    await acme.send(DEPOSITS)
    await acme.approve(DEPOSITS)
    left = everything(DEPOSITS, division="not_needed", holidays="not_needed", reason="One branch.")
    assert await refused(acme, DEPOSITS, "update_setup", left) == {("division", "setup_not_needed_by_form")}
    await acme.send(DEPOSITS, **left)
    await acme.approve(DEPOSITS)
    assert (await acme.step(DEPOSITS)).state == "done"
    assert "Division: not needed." in await facts(acme, DEPOSITS)


# -- what ends the step


async def test_it_is_the_customers_turn_until_all_is_done_by_word(acme: CaseBook) -> None:
    await acme.send(CARDS, certification="in_hand", embosser="not_started")
    await acme.approve(CARDS)
    step = await acme.step(CARDS)
    assert (step.state, step.turn.partition(":")[0]) == ("fulfilling", "customer")
    await acme.task(CARDS, "update_setup", everything(CARDS, certification="in_hand"), LEAD)
    assert (await acme.step(CARDS)).state == "fulfilling"
    assert "Contract with an embosser: done." in await facts(acme, CARDS)
    await acme.task(CARDS, "update_setup", everything(CARDS), LEAD)
    assert (await acme.step(CARDS)).state == "done"


async def test_what_is_optional_is_not_waited_for(acme: CaseBook) -> None:
    await acme.send(DEPOSITS, **everything(DEPOSITS, holidays="not_started", schema_validation="not_started"))
    await acme.approve(DEPOSITS)
    assert (await acme.step(DEPOSITS)).state == "done"


async def checked(one: CaseBook, step: str, item: str, number: str = "", **outcomes: str) -> None:
    """A minute later a check runs, and finds this. ``number``: of the marketplace."""
    one.now += timedelta(minutes=1)
    await one.act(lambda case: _begin(case, step, item), LEAD)
    effect = RunSetupCheck(step=step, task="check_setup", item=item)
    params = {"number": number} if number else {}
    lines = [
        {"check": name, "outcome": outcome, "reason": "", "params": params, "x_cid": ""} for name, outcome in outcomes.items()
    ]
    await one.act(lambda case: setup_check.finish(case, effect, lines))


async def _begin(case: Case, step: str, item: str) -> None:
    from flows.cases import tasks  # noqa: PLC0415

    await tasks.do_task(case, step, "check_setup", {"environment": "test"}, item=item)


async def test_what_a_check_found_counts_as_done_from_then_on(acme: CaseBook) -> None:
    await acme.skip("first_programs", "authentication")
    await acme.send(BANKING, **everything(BANKING, hierarchy="not_started", divisions="in_hand", holidays="in_hand"))
    await acme.approve(BANKING)
    await checked(acme, BANKING, "one", programs="missing", hierarchy="done", divisions="not_allowed", holidays="missing")
    assert "Hierarchy: done, found at Pismo." in await facts(acme, BANKING)
    assert (await acme.step(BANKING)).state == "fulfilling"
    await checked(acme, BANKING, "two", hierarchy="not_checked", divisions="done", holidays="done")
    assert (await acme.step(BANKING)).state == "done"
    assert await refused(acme, BANKING, "check_setup", {}) == {("token", "missing")}  # it can run again


async def test_a_check_that_tells_nothing_does_not_count(acme: CaseBook) -> None:
    await acme.skip("first_programs", "authentication")
    await acme.send(BANKING, hierarchy="in_hand")
    await acme.approve(BANKING)
    await checked(acme, BANKING, "one", hierarchy="not_allowed", divisions="not_checked")
    records = [one for one in (await acme.snapshot()).tasks if one.task_id == "check_setup"]
    assert [one.state for one in records] == ["failed"]
    assert "Hierarchy: in progress." in await facts(acme, BANKING)


async def test_what_a_later_check_misses_is_no_longer_found(acme: CaseBook) -> None:
    await acme.skip("first_programs", "authentication")
    await acme.send(BANKING, hierarchy="in_hand", divisions="in_hand")
    await acme.approve(BANKING)
    await checked(acme, BANKING, "one", hierarchy="done", divisions="done")
    await checked(acme, BANKING, "two", hierarchy="missing", divisions="not_allowed")
    told = await facts(acme, BANKING)
    assert "Hierarchy: in progress." in told
    assert "Divisions: done, found at Pismo." in told
    await checked(acme, BANKING, "three", hierarchy="done")
    assert "Hierarchy: done, found at Pismo." in await facts(acme, BANKING)


async def test_what_was_said_to_be_done_and_is_not_at_pismo_is_told(acme: CaseBook) -> None:
    await acme.skip("first_programs", "authentication")
    await acme.send(BANKING, dormancy="in_hand")
    await acme.approve(BANKING)
    await checked(acme, BANKING, "one", hierarchy="missing", divisions="not_allowed")
    told = await facts(acme, BANKING)
    assert told[1:3] == [EN("note.setup_is_missed", item="Hierarchy"), "Divisions: done."]
    acme.now += timedelta(minutes=1)
    await acme.task(BANKING, "update_setup", everything(BANKING, dormancy="in_hand"), LEAD)  # it was made since
    assert (await facts(acme, BANKING))[1] == "Hierarchy: done."
    await checked(acme, BANKING, "two", hierarchy="done")
    assert (await facts(acme, BANKING))[1] == "Hierarchy: done, found at Pismo."


async def test_another_marketplace_is_checked_anew(acme: CaseBook) -> None:
    await acme.skip("first_programs", "authentication")
    await acme.send(SELLERS, marketplace="in_hand")
    await acme.approve(SELLERS)
    await checked(acme, SELLERS, "one", marketplace="done")
    assert "Marketplace: done, found at Pismo." in await facts(acme, SELLERS)
    await acme.send(SELLERS, marketplace="in_hand", marketplace_id="2")
    assert "Marketplace: in progress." in await facts(acme, SELLERS)


async def test_a_marketplace_that_is_named_with_an_update_is_checked_anew(acme: CaseBook) -> None:
    await acme.skip("first_programs", "authentication")
    await acme.send(SELLERS, marketplace="in_hand", merchants="in_hand")
    await acme.approve(SELLERS)
    await checked(acme, SELLERS, "one", number="1", marketplace="done")
    assert "Marketplace: done, found at Pismo." in await facts(acme, SELLERS)
    left = everything(SELLERS, marketplace="in_hand", merchants="in_hand")
    await acme.task(SELLERS, "update_setup", {**left, "marketplace_id": 2}, LEAD)
    assert "Marketplace: in progress." in await facts(acme, SELLERS)
    await checked(acme, SELLERS, "two", number="2", marketplace="done")
    assert "Marketplace: done, found at Pismo." in await facts(acme, SELLERS)


async def test_the_check_waits_for_the_access(acme: CaseBook) -> None:
    await acme.send(BANKING)
    await acme.approve(BANKING)
    with pytest.raises(Refused, match="task_waits"):
        await acme.act(lambda case: _begin(case, BANKING, "one"), LEAD)


# -- the products


@pytest.mark.parametrize("step", products.STEPS, ids=lambda step: step.id)
def test_each_product_asks_where_every_item_stands(step: Any) -> None:
    asked: Mapping[str, Any] = {name: item for name, _, item in inputs(step.form.pages[0].model) if item.options}
    assert [str(one) for one in ItemStanding] == list(next(iter(asked.values())).options)
    (update,) = [task for task in step.tasks if task.id == "update_setup"]
    assert update.stale_with == tuple(asked)
    assert [step.id for step in products.STEPS] == [f"setup_{product}" for product in PRODUCTS]
