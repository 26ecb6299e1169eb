"""A decision is made on one revision of the answers, by people who did not send it, and lapses with the next revision."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.messages import changes
from bot.messages.texts import CLOSE, OPEN, Texts
from flows.cases import manage
from flows.cases.case import need
from flows.forms.fields import Answers
from flows.journey import FIRST, Journeys
from flows.people import SYSTEM, Who
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules
from flows.state import StepState
from storage.erase import erase
from storage.export import export
from storage.store import Conflict
from storage.verify import verify
from tests.flows.cases.casework import COLLEAGUE, KIM, LEAD, LIZ, OWNER, STEPS, CaseBook, case_book, raw_bytes
from tests.flows.steps.filled_forms import sent


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path) as one:
        await one.start()
        yield one


@pytest.fixture
async def first(tmp_path: Path) -> AsyncIterator[CaseBook]:
    """On journey 1, where a task is confirmed by two in a step that a single person approves."""
    async with case_book(tmp_path, Rules(journeys=Journeys.known(FIRST))) as one:
        await one.start()
        yield one


async def events(one: CaseBook) -> list[dict[str, object]]:
    return list(json.loads((await export(one.store, one.id)).json)["events"])


# -- what a decision names


async def test_a_decision_names_the_revision_and_the_digest(acme: CaseBook) -> None:
    await acme.send("planning")
    await acme.approve("planning", KIM)
    snapshot = await acme.snapshot()
    (decision,) = snapshot.decisions
    sent = snapshot.last("planning")
    assert sent is not None
    assert (decision.revision, decision.digest, decision.verdict) == (1, sent.digest, "approve")
    assert Who(decision.team_id, decision.user_id) == KIM
    approved = next(event for event in await events(acme) if event["tag"] == "step:planning:approve")
    assert approved["facts"] == {"revision": 1, "given": 1, "needed": 1}
    assert approved["changes"] == {"digest": sent.digest}


async def test_the_same_answers_have_another_digest_in_another_onboarding(acme: CaseBook, tmp_path: Path) -> None:
    await acme.send("planning")
    first = (await acme.step("planning")).digest
    (tmp_path / "other").mkdir()
    async with case_book(tmp_path / "other") as other:
        await other.start()
        await other.send("planning")
        assert (await other.step("planning")).digest != first


async def test_a_card_of_an_older_revision_decides_nothing(acme: CaseBook) -> None:
    await acme.send("planning")
    shown = await acme.step("planning")
    await acme.send("planning", goals="Other goals")
    with pytest.raises(Refused, match="newer_revision"):
        await acme.approve("planning", shown=shown)
    assert (await acme.step("planning")).state is StepState.SUBMITTED
    await acme.approve("planning")
    assert (await acme.step("planning")).state is StepState.FULFILLING


async def test_a_button_without_a_digest_decides_nothing(acme: CaseBook) -> None:
    await acme.send("planning")
    shown = replace(await acme.step("planning"), digest="")
    with pytest.raises(Refused, match="newer_revision"):
        await acme.approve("planning", shown=shown)


async def test_the_same_answers_sent_twice_are_one_revision(acme: CaseBook) -> None:
    await acme.send("planning")
    await acme.send("planning")
    assert (await acme.step("planning")).revision == 1


async def test_a_change_after_the_approval_needs_it_again(acme: CaseBook) -> None:
    await acme.send("planning")
    await acme.approve("planning")
    await acme.send("planning", goals="Other goals")
    record = await acme.step("planning")
    assert (record.state, record.revision) == (StepState.SUBMITTED, 2)
    assert review_approvals(await acme.snapshot(), "planning") == 0
    await acme.approve("planning")
    assert (await acme.step("planning")).state is StepState.FULFILLING


def review_approvals(snapshot: object, step: str) -> int:
    from flows.cases.review import approvals  # noqa: PLC0415  beside its only use

    return len(approvals(snapshot, step))  # type: ignore[arg-type]


# -- who decides


@pytest.mark.parametrize("step", ["authentication"])
async def test_two_different_people_approve_the_authentication(acme: CaseBook, step: str) -> None:
    await acme.skip("planning", "organization")
    await acme.send(step)
    await acme.approve(step, OWNER)
    assert (await acme.step(step)).state is StepState.SUBMITTED
    with pytest.raises(Refused, match="approved_by_you"):
        await acme.approve(step, OWNER)
    await acme.approve(step, KIM)
    assert (await acme.step(step)).state is StepState.FULFILLING
    with pytest.raises(Refused, match="moved_on") as late:
        await acme.approve(step, LIZ)
    assert late.value.params["by"] == KIM.user_id


async def test_half_an_approval_falls_with_the_revision(acme: CaseBook) -> None:
    await acme.skip("planning", "organization")
    await acme.send("authentication")
    await acme.approve("authentication", OWNER)
    await acme.send("authentication", company="Another Bank S.A.")
    await acme.approve("authentication", KIM)
    assert (await acme.step("authentication")).state is StepState.SUBMITTED
    await acme.approve("authentication", OWNER)
    assert (await acme.step("authentication")).state is StepState.FULFILLING


async def test_nobody_approves_what_they_sent_themselves(acme: CaseBook) -> None:
    await acme.send("planning", actor=KIM)  # support may fill a form for the customer
    with pytest.raises(Refused, match="own_submission"):
        await acme.approve("planning", KIM)
    await acme.approve("planning", OWNER)
    assert (await acme.step("planning")).state is StepState.FULFILLING


async def test_of_two_who_approve_at_once_both_count_or_one_is_told(acme: CaseBook) -> None:
    await acme.skip("planning", "organization")
    await acme.send("authentication")
    answers = await asyncio.gather(
        *(acme.approve("authentication", who) for who in (OWNER, KIM, OWNER, LIZ)), return_exceptions=True
    )
    refused = [answer for answer in answers if answer is not None]
    assert all(isinstance(answer, Refused) for answer in refused)
    assert len(refused) == 2
    assert (await acme.step("authentication")).state is StepState.FULFILLING
    assert len({d.user_id for d in (await acme.snapshot()).decisions}) == 2


async def test_production_takes_the_same_confirmation_from_two_people(first: CaseBook) -> None:
    await first.skip("planning", "organization")
    await first.send("environments")
    await first.approve("environments")
    await first.task("environments", "test_ready", {"base_url": "https://sandbox.pismo.io"})
    ready = {"base_url": "https://pismo.bank.example"}
    await first.task("environments", "production_ready", ready, OWNER)
    with pytest.raises(Refused, match="own_confirmation"):
        await first.task("environments", "production_ready", ready, OWNER)
    other = {"base_url": "https://elsewhere.bank.example"}
    await first.task("environments", "production_ready", other, KIM)  # another address confirms nothing, it waits for one
    assert (await first.step("environments")).state is StepState.FULFILLING
    await first.task("environments", "production_ready", other, OWNER)
    assert (await first.step("environments")).state is StepState.DONE


PRODUCTION = {"base_url": "https://pismo.bank.example"}


@pytest.fixture
async def ready(first: CaseBook) -> CaseBook:
    """Test was set up as asked; production is next."""
    await first.skip("planning", "organization")
    await first.send("environments")
    await first.approve("environments")
    await first.task("environments", "test_ready", {"base_url": "https://sandbox.pismo.io"})
    return first


@pytest.mark.parametrize(
    "changed", [{"production_users": "someone.else@bank.example"}, {"test_users": "one.more@bank.example"}, {}], ids=str
)
async def test_one_confirmation_of_production_lapses_with_its_revision(ready: CaseBook, changed: Answers) -> None:
    await ready.task("environments", "production_ready", PRODUCTION, KIM)
    await ready.send("environments", **changed)
    await ready.approve("environments", LIZ)
    if "test_users" in changed:  # their access is set up again, too
        await ready.task("environments", "test_ready", {"base_url": "https://sandbox.pismo.io"})
    await ready.task("environments", "production_ready", PRODUCTION, LIZ)
    assert (await ready.step("environments")).state is StepState.FULFILLING
    with pytest.raises(Refused, match="own_confirmation"):
        await ready.task("environments", "production_ready", PRODUCTION, LIZ)
    await ready.task("environments", "production_ready", PRODUCTION, KIM)  # Kim must confirm the current revision
    assert (await ready.step("environments")).state is StepState.DONE


async def test_a_word_left_from_an_older_revision_confirms_nothing(ready: CaseBook) -> None:
    """As a version that did not discard it has left it in the store."""
    await ready.task("environments", "production_ready", PRODUCTION, KIM)

    async def revise(unit: Unit) -> None:
        (await need(unit, ready.id)).steps["environments"].revision += 1

    await ready.do(revise)
    await ready.task("environments", "production_ready", PRODUCTION, LIZ)
    assert (await ready.step("environments")).state is StepState.FULFILLING
    await ready.task("environments", "production_ready", PRODUCTION, KIM)
    assert (await ready.step("environments")).state is StepState.DONE


@pytest.mark.parametrize(
    ("changed", "anew"),
    [
        ({"production_users": "someone.else@bank.example"}, ["production_ready"]),
        ({"test": "own", "own_url": "https://test.bank.example", "own_contact": "it@bank.example"}, ["test_ready"]),
        ({"production_from": "2099-03-01", "test_users": "one.more@bank.example"}, ["test_ready", "production_ready"]),
    ],
    ids=str,
)
async def test_what_is_asked_anew_of_environments_that_were_ready_is_set_up_anew(
    ready: CaseBook, changed: Answers, anew: list[str]
) -> None:
    for person in (KIM, LIZ):
        await ready.task("environments", "production_ready", PRODUCTION, person)
    await ready.act(lambda case: manage.reopen(case, "environments", "They need more."), OWNER)
    await ready.send("environments", **changed)
    await ready.approve("environments", LIZ)
    for task in anew:
        assert (await ready.step("environments")).state is StepState.FULFILLING
        for person in (KIM, LIZ)[: 2 if task == "production_ready" else 1]:
            await ready.task("environments", task, PRODUCTION, person)
    assert (await ready.step("environments")).state is StepState.DONE


async def test_a_policy_can_ask_for_more(tmp_path: Path) -> None:
    async with case_book(tmp_path, Rules(approvals={"planning": 3})) as one:
        await one.start()
        await one.send("planning")
        for who in (OWNER, KIM):
            await one.approve("planning", who)
        assert (await one.step("planning")).state is StepState.SUBMITTED
        await one.approve("planning", LIZ)
        assert (await one.step("planning")).state is StepState.FULFILLING


# -- sent back


async def test_changes_are_asked_for_with_a_reason_and_answered_with_a_revision(acme: CaseBook) -> None:
    await acme.send("planning")
    await acme.news("say")
    await acme.send_back("planning", "Which day?")
    told = {effect.arguments["where"]: effect.arguments for effect in await acme.news("say")}
    assert told["customer"]["params"]["reason"] == "Which day?"
    assert told["customer"]["mention"] == [LEAD.user_id]
    with pytest.raises(Refused, match="moved_on"):
        await acme.approve("planning")
    await acme.send("planning", COLLEAGUE, goals="By day")
    (differences,) = await acme.news("differences")
    assert differences.arguments["revision"] == 2


async def test_who_approved_in_part_may_still_ask_for_changes(acme: CaseBook) -> None:
    await acme.skip("planning", "organization")
    await acme.send("authentication")
    await acme.approve("authentication", OWNER)
    await acme.send_back("authentication", "Another key, please.", OWNER)
    (decision,) = (await acme.snapshot()).decisions
    assert (decision.verdict, decision.reason) == ("request_changes", "Another key, please.")


# -- differences


def differ(step: str, old: Answers, new: Answers) -> list[tuple[str, str, str]]:
    """Without the marks around what was typed."""
    changed = changes.diff(old, new, STEPS[step].form, Texts("en"))
    return [(label, was.strip(OPEN + CLOSE), now.strip(OPEN + CLOSE)) for label, was, now in changed]


async def test_each_changed_field_is_shown_old_and_new(acme: CaseBook) -> None:
    await acme.skip("planning")
    await acme.send("organization")
    await acme.send("organization", address="Rua do Comércio", complement="")
    first, second = (await acme.snapshot()).submissions["organization"]
    shown = {label: (was, now) for label, was, now in differ("organization", first.answers, second.answers)}
    assert [pair for pair in shown.values() if pair[1] == "Rua do Comércio"] == [(first.answers["address"], "Rua do Comércio")]
    assert len(shown) == sum(first.answers.get(k) != second.answers.get(k) for k in {**first.answers, **second.answers})
    event = (await events(acme))[-1]
    logged = event["changes"]["answers"]  # type: ignore[index]
    assert logged["address"] == [first.answers["address"], "Rua do Comércio"]
    assert set(logged) == {k for k in {**first.answers, **second.answers} if first.answers.get(k) != second.answers.get(k)}


def test_of_a_list_each_item_is_shown_with_its_number() -> None:
    form = STEPS["control_center"].form
    (user, *_) = sent(form, form.example)["users"]
    second = {**user, "name": "Second", "email": "second@bank.example"}
    changed = differ("control_center", {"users": [user]}, {"users": [{**user, "name": "Renamed"}, second]})
    named = [(label, was, now) for label, was, now in changed if now in ("Renamed", "Second")]
    assert [(label[-1], now) for label, _, now in named] == [("1", "Renamed"), ("2", "Second")]
    assert named[0][1] == user["name"]
    gone = differ("control_center", {"users": [user, second]}, {"users": [user]})
    assert {was for _, was, _ in gone} >= {"Second", "second@bank.example"}
    assert len({now for _, _, now in gone}) == 1


def test_nothing_changed_is_no_difference() -> None:
    example = dict(STEPS["planning"].form.example)
    assert differ("planning", example, example) == []


# -- skip and reopen


async def test_what_is_skipped_opens_what_waits_for_it_and_can_be_opened_again(acme: CaseBook) -> None:
    await acme.send("planning")
    await acme.skip("planning")
    assert (await acme.step("organization")).state is StepState.OPEN
    with pytest.raises(Refused, match="moved_on"):
        await acme.approve("planning")
    await acme.act(lambda case: manage.reopen(case, "planning", "Needed after all."), OWNER)
    record = await acme.step("planning")
    assert (record.state, record.reason) == (StepState.OPEN, "Needed after all.")
    await acme.send("planning", goals="Other goals")
    await acme.approve("planning", KIM)
    assert (await acme.step("planning")).revision == 2


async def test_reopened_answers_sent_again_as_they_were_need_their_own_approval(acme: CaseBook) -> None:
    await acme.send("planning")
    await acme.approve("planning")
    await acme.skip("planning")
    await acme.act(lambda case: manage.reopen(case, "planning", "Needed after all."), OWNER)
    await acme.send("planning")
    record = await acme.step("planning")
    assert (record.state, record.revision) == (StepState.SUBMITTED, 2)
    await acme.approve("planning")


# -- after an erasure


async def test_an_erasure_leaves_no_answers_and_no_digest_of_them(acme: CaseBook) -> None:
    await acme.send("planning", goals="A goal that names Zaphod")
    await acme.send_back("planning", "A reason that names Zaphod")
    await acme.send("planning", goals="Another goal that names Zaphod")
    await acme.approve("planning")
    snapshot = await acme.snapshot()
    digests = {sent.digest for sent in snapshot.submissions["planning"]}
    assert len(digests) == 2
    before = raw_bytes(acme.store)
    assert all(digest in before for digest in digests)
    await erase(acme.store, acme.id, SYSTEM)
    after = raw_bytes(acme.store)
    assert not [digest for digest in digests if digest in after or digest[:16] in after]
    erased = await acme.snapshot()
    assert {sent.digest for sent in erased.submissions["planning"]} == {""}
    assert not any(sent.answers for sent in erased.submissions["planning"])
    taken = (await export(acme.store, acme.id)).json
    assert not [digest for digest in digests if digest in taken]
    assert await verify(acme.store) == []


async def test_a_row_added_twice_is_a_conflict_not_a_second_decision(acme: CaseBook) -> None:
    """What keeps an approval from counting twice when both clicks are carried out at the same moment."""
    await acme.skip("planning", "organization")
    await acme.send("authentication")
    await acme.approve("authentication", OWNER)
    (decision,) = (await acme.snapshot()).decisions
    with pytest.raises(Conflict):
        async with acme.store.write() as unit:
            unit.add(type(decision)(**{name: getattr(decision, name) for name in decision.__dataclass_fields__}))
