"""Two at once, the same twice, too late, too old: one effect, and an answer that says how things stand."""

import asyncio
import json

import pytest
import pytest_asyncio

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from playground.slack import Message, SlackPerson, View
from playground.slack.payloads import actions_on_view, on_submission
from playground.slack.screen import tells
from playground.walkthrough import ready
from playground.walkthrough import said as wording
from tests.bot.workplace import STEPS, Workplace

EN = Texts("en")
GONE = EN("refused.gone")

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLICKS = (Act.OPEN_FORM, Act.TASK, Act.APPROVE, Act.REQUEST_CHANGES, Act.REJECT, Act.CLAIM, Act.SNOOZE, Act.STUCK, Act.SHOW)


async def value(office: Workplace, onboarding: str, step: str, **more: str) -> ButtonValue:
    record = (await office.snapshot(onboarding)).steps[step]
    return ButtonValue(onboarding=onboarding, step=step, revision=record.revision, digest=record.digest[:16], **more)


def thread(office: Workplace, onboarding: str, kind: str, step: str) -> list[str]:
    """What was posted under a step's message or review card, oldest first."""
    channel = office.support if kind == "review" else office.acme
    root = next(m for m in channel.messages if f"{onboarding}:{kind}:{step}" in json.dumps(m.metadata))
    return [m.text for m in channel.messages if m.thread_ts == root.ts and m.ts != root.ts]


def review_card(office: Workplace, onboarding: str, step: str) -> Message:
    return next(m for m in office.support.messages if f"{onboarding}:review:{step}" in json.dumps(m.metadata))


async def opened(office: Workplace, person: SlackPerson, act: Act, of: ButtonValue) -> View:
    await office.press(person, office.support if person in (office.sam, office.kim) else office.acme, act, of)
    await office.bot.background.drain()
    assert ready(person.view), office.shown(person) or office.answers(person)
    assert person.view is not None
    return person.view


async def test_a_double_click_on_approve_approves_once_and_says_so(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    of = await value(office, onboarding, "planning")
    said = len(office.answers(office.sam))
    await asyncio.gather(*(office.press(office.sam, office.support, Act.APPROVE, of) for _ in range(2)))
    await office.settled()
    assert await office.state(onboarding, "planning") == "fulfilling"
    assert [d.user_id for d in (await office.snapshot(onboarding)).decisions] == [office.sam.id]
    assert sum(tells(text, wording("say.approved")) for text in thread(office, onboarding, "step", "planning")) == 1
    assert sum("approved version 1" in text for text in thread(office, onboarding, "review", "planning")) == 1
    assert len(office.answers(office.sam)) == said + 1
    assert f"<@{office.sam.id}>" in office.answers(office.sam)[-1]


async def test_of_two_approvers_at_once_the_second_hears_who_was_first(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    of = await value(office, onboarding, "planning")
    heard = {person.id: len(office.answers(person)) for person in (office.sam, office.kim)}
    await asyncio.gather(*(office.press(p, office.support, Act.APPROVE, of) for p in (office.sam, office.kim)))
    await office.settled()
    (decision,) = (await office.snapshot(onboarding)).decisions
    late = office.kim if decision.user_id == office.sam.id else office.sam
    first = office.sam if late is office.kim else office.kim
    assert f"<@{first.id}>" in office.answers(late)[-1]
    assert len(office.answers(late)) == heard[late.id] + 1
    assert len(office.answers(first)) == heard[first.id]


async def test_where_two_must_approve_two_at_once_are_enough_and_one_twice_is_not(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "authentication")
    of = await value(office, onboarding, "authentication")
    await asyncio.gather(*(office.press(office.sam, office.support, Act.APPROVE, of) for _ in range(2)))
    await office.settled()
    assert await office.state(onboarding, "authentication") == "submitted"
    assert "1 of 2 approvals" in office.answers(office.sam)[-1]
    await asyncio.gather(*(office.press(p, office.support, Act.APPROVE, of) for p in (office.sam, office.kim)))
    await office.settled()
    assert await office.state(onboarding, "authentication") == "fulfilling"
    assert {d.user_id for d in (await office.snapshot(onboarding)).decisions} == {office.sam.id, office.kim.id}
    assert sum(tells(text, wording("say.approved")) for text in thread(office, onboarding, "step", "authentication")) == 1


async def test_two_different_approvers_at_the_same_moment(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "authentication")
    of = await value(office, onboarding, "authentication")
    await asyncio.gather(*(office.press(p, office.support, Act.APPROVE, of) for p in (office.kim, office.sam)))
    await office.settled()
    assert await office.state(onboarding, "authentication") == "fulfilling"
    assert len((await office.snapshot(onboarding)).decisions) == 2


async def test_approval_against_request_for_changes_at_once(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    of = await value(office, onboarding, "planning")
    view = await opened(office, office.kim, Act.REQUEST_CHANGES, of)
    await office.journey.type_in(office.kim, view, {"reason": "The goals are missing."})
    _, sent = await asyncio.gather(office.press(office.sam, office.support, Act.APPROVE, of), office.kim.submit())
    await office.settled()
    state = await office.state(onboarding, "planning")
    said = thread(office, onboarding, "step", "planning")
    (decision,) = (await office.snapshot(onboarding)).decisions
    if state == "changes_requested":
        assert decision.verdict == "request_changes"
        assert not any(tells(text, wording("say.approved")) for text in said)
        assert f"<@{office.kim.id}>" in office.answers(office.sam)[-1]
    else:
        assert (state, decision.verdict) == ("fulfilling", "approve")
        assert not any("The goals are missing." in text for text in said)
        assert sent.view is not None
        assert f"<@{office.sam.id}>" in office.shown(office.kim)


async def test_an_old_review_card_decides_nothing_on_a_newer_revision(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    old = await value(office, onboarding, "planning")
    await office.send(onboarding, "planning", goals="Other goals than before.")
    await office.press(office.sam, office.support, Act.APPROVE, old)
    await office.settled()
    assert await office.state(onboarding, "planning") == "submitted"
    assert "version 2" in office.answers(office.sam)[-1]
    view = await opened(office, office.kim, Act.REJECT, old)
    await office.journey.send_page(office.kim, view, {"reason": "*Both* goals contradict <the plan>."})
    assert await office.state(onboarding, "planning") == "submitted"
    assert "2" in office.shown(office.kim)
    assert "*Both* goals contradict <the plan>." in office.shown(office.kim)  # to be copied
    assert (await office.snapshot(onboarding)).decisions == []


async def test_a_resubmission_after_one_of_two_approvals_needs_both_again(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "authentication")
    first = await value(office, onboarding, "authentication")
    await office.press(office.sam, office.support, Act.APPROVE, first)
    await office.send(onboarding, "authentication", city="Campinas")
    second = await value(office, onboarding, "authentication")
    assert second.revision == 2
    await office.press(office.kim, office.support, Act.APPROVE, second)
    await office.settled()
    assert await office.state(onboarding, "authentication") == "submitted"
    await office.press(office.sam, office.support, Act.APPROVE, second)
    assert await office.state(onboarding, "authentication") == "fulfilling"


async def test_a_redelivered_press_is_the_same_press(office: Workplace, onboarding: str) -> None:
    """Claim is a toggle: done twice it would undo itself."""
    await office.send(onboarding, "planning")
    of = await value(office, onboarding, "planning")
    card = review_card(office, onboarding, "planning")
    said = len(office.answers(office.sam))
    for _ in range(3):
        await office.press(office.sam, office.support, Act.CLAIM, of, message=card, action_ts="1763852400.000100")
    await office.settled()
    assert (await office.snapshot(onboarding)).steps["planning"].claimer_id == office.sam.id
    assert len(office.answers(office.sam)) == said
    await office.press(office.sam, office.support, Act.CLAIM, of, message=card)
    assert (await office.snapshot(onboarding)).steps["planning"].claimer_id == ""


async def test_of_two_who_claim_at_once_one_gets_it(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    of = await value(office, onboarding, "planning")
    await asyncio.gather(*(office.press(p, office.support, Act.CLAIM, of) for p in (office.sam, office.kim)))
    await office.settled()
    claimer = (await office.snapshot(onboarding)).steps["planning"].claimer_id
    assert claimer in (office.sam.id, office.kim.id)
    late = office.kim if claimer == office.sam.id else office.sam
    assert f"<@{claimer}>" in office.answers(late)[-1]


async def test_a_redelivered_submission_is_carried_out_once_and_leaves_no_draft(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    await office.approve(onboarding, "planning")
    view = await opened(office, office.sam, Act.TASK, await value(office, onboarding, "planning", task="schedule_session"))
    form = STEPS["planning"].task("schedule_session").form
    assert form is not None
    await office.journey.type_in(office.sam, view, form.example)
    payload = on_submission(office.slack, "view_submission", office.sam.user, view)
    answers = [(await office.deliver(office.sam, payload)).body for _ in range(3)]
    await office.settled()
    assert answers == [{"response_action": "clear"}] * 3
    snapshot = await office.snapshot(onboarding)
    assert [t.task_id for t in snapshot.tasks] == ["schedule_session"]
    async with office.bot.store.read() as unit:
        assert await unit.drafts(onboarding) == []


async def test_two_who_send_the_same_form_at_once_send_it_once(office: Workplace, onboarding: str) -> None:
    """Both are on the last page of one draft."""
    await office.open_step(onboarding, "organization")
    of = await value(office, onboarding, "organization")
    form = STEPS["organization"].form
    for _ in form.pages:
        view = await opened(office, office.ana, Act.OPEN_FORM, of)
        await office.journey.send_page(office.ana, view, form.example)
    theirs = await opened(office, office.bruno, Act.OPEN_FORM, of)
    assert json.loads(theirs.data["private_metadata"])["slot"] == -1
    outcomes = await asyncio.gather(office.ana.submit(), office.bruno.submit())
    await office.settled()
    record = (await office.snapshot(onboarding)).steps["organization"]
    assert record.revision == 1
    assert len(thread(office, onboarding, "step", "organization")) == 1
    assert [outcome.ok for outcome in outcomes] == [True, True]
    late = office.bruno if record.submitted_by == office.ana.id else office.ana
    assert "already sent or discarded" in office.shown(late)


async def test_a_form_left_open_while_the_step_moved_on_says_how_things_stand(office: Workplace, onboarding: str) -> None:
    of = await value(office, onboarding, "planning")
    view = await opened(office, office.ana, Act.OPEN_FORM, of)
    await office.send(onboarding, "planning", office.bruno)
    await office.approve(onboarding, "planning")
    for task in ("schedule_session", "hold_session", "close_planning"):
        await _do_planning(office, onboarding, task)
    assert await office.state(onboarding, "planning") == "done"
    await office.journey.send_page(office.ana, view, STEPS["planning"].form.example)
    assert tells(office.shown(office.ana), wording("refused.moved_on"))
    assert str(STEPS["planning"].form.example["goals"]) in office.shown(office.ana)
    assert (await office.snapshot(onboarding)).steps["planning"].revision == 1


async def test_nothing_is_taken_for_a_closed_onboarding(office: Workplace, onboarding: str) -> None:
    of = await value(office, onboarding, "planning")
    view = await opened(office, office.ana, Act.OPEN_FORM, of)
    await office.close(onboarding)
    await office.settled()
    await office.journey.send_page(office.ana, view, STEPS["planning"].form.example)
    assert f"closed by <@{office.sam.id}>" in office.shown(office.ana)
    office.ana.user.stack.clear()
    before = office.rows()
    for act in (Act.OPEN_FORM, Act.STUCK, Act.SNOOZE):
        await office.press(office.ana, office.acme, act, of)
        await office.bot.background.drain()
        assert "was closed by" in office.answers(office.ana)[-1]
    for act in (Act.APPROVE, Act.CLAIM, Act.REJECT):
        await office.press(office.sam, office.support, act, of)
        await office.bot.background.drain()
        assert "was closed by" in office.answers(office.sam)[-1]
    assert office.rows() == before


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing(office: Workplace) -> str:
    """An onboarding that is looked at but not changed."""
    slack = office.slack
    channel = slack.add_channel(
        "standing_pismo", slack.world.teams[0], [office.sam, office.bruno], shared_with=slack.world.teams[1:2]
    )
    return await office.begin(channel, office.bruno)


async def nothing_comes_of(office: Workplace, act: str, pressed: ButtonValue | str, *, by: SlackPerson | None = None) -> str:
    """Press what leads nowhere; returns the answer."""
    by = by or office.sam
    by.user.stack.clear()
    before, said = office.rows(), len(office.answers(by))
    outcome = await office.press(by, office.support if by is office.sam else office.acme, act, pressed)
    await office.bot.background.drain()
    assert outcome.ok, (act, pressed, outcome.error)
    assert office.rows() == before, (act, pressed)
    assert by.view is None, (act, pressed)
    return "\n".join(office.answers(by)[said:])


GARBLED = (
    *("", "{", "[]", '"text"', '{"v": 99}', '{"onboarding": 5}', "nul\x00", '{"step": "\U0001f600"}'),
    '{"onboarding": "' + "x" * 900 + '"}',
)


@pytest.mark.parametrize("act", CLICKS)
async def test_a_value_that_is_not_understood_is_answered(office: Workplace, standing: str, act: Act) -> None:
    for garbled in GARBLED:
        assert GONE in await nothing_comes_of(office, act, garbled), garbled


@pytest.mark.parametrize("act", CLICKS)
async def test_what_this_journey_does_not_have_is_answered(office: Workplace, standing: str, act: Act) -> None:
    by = office.ana if act is Act.STUCK else office.sam
    strange = [
        ButtonValue(onboarding=standing, step="paperwork", task="paperwork"),
        ButtonValue(onboarding=standing),
        ButtonValue(onboarding="onb_0", step="planning", task="close_planning"),
    ]
    if act is Act.TASK:
        strange.append(ButtonValue(onboarding=standing, step="planning", task="paperwork"))
    for pressed in strange:
        assert GONE in await nothing_comes_of(office, act, pressed, by=by), pressed


@pytest.mark.parametrize("name", ["dance", "", ":", "approve_all", "link:docs", "back", "page", "b" * 255])
async def test_a_button_of_another_time_does_nothing(office: Workplace, standing: str, name: str) -> None:
    words = await nothing_comes_of(office, name, await value(office, standing, "planning"))
    assert (GONE in words) == (name != "link:docs")


WINDOWS = (
    *("", "{", "{}", '{"form": "paperwork"}', '{"v": 9, "form": "planning", "step": "planning"}'),
    '{"form": "planning.paperwork", "step": "planning"}',
)


@pytest.mark.parametrize("metadata", WINDOWS)
async def test_a_window_of_another_time_is_answered(office: Workplace, standing: str, metadata: str) -> None:
    """Sent, paged back, searched."""
    if metadata.endswith('"}'):
        metadata = json.dumps(json.loads(metadata) | {"onboarding": standing})
    block = {"type": "input", "block_id": "goals~goals", "element": {"type": "plain_text_input"}}
    view = View("V1", office.sam.user, {"type": "modal", "private_metadata": metadata, "blocks": [block]}, "1.1", "V1")
    office.sam.user.stack[:] = [view]
    sent = await office.deliver(office.sam, on_submission(office.slack, "view_submission", office.sam.user, view))
    assert sent.ok, sent.error
    assert sent.body["response_action"] == "update"
    assert GONE in json.dumps(sent.body)
    around = actions_on_view(office.slack, office.sam.user, view)
    suggestion = around | {"type": "block_suggestion", "block_id": "goals~goals", "action_id": "value", "value": ""}
    searched = await office.deliver(office.sam, suggestion)
    assert (searched.ok, searched.body) == (True, {"options": []})
    action = {"type": "button", "block_id": "b", "action_id": "back", "value": "{}", "action_ts": "1.1"}
    assert (await office.deliver(office.sam, around | {"actions": [action]})).ok
    await office.bot.background.drain()
    assert GONE in office.shown(office.sam)


async def test_two_starts_in_one_channel_make_one_onboarding(office: Workplace) -> None:
    slack = office.slack
    channel = slack.add_channel(
        "new_pismo", slack.world.teams[0], [office.sam, office.kim, office.olga], shared_with=[slack.world.teams[2]]
    )
    values = {"customer": "New Coop", "channel": channel.id, "lead": office.olga, "owner": office.sam, "language": "en"}
    for person in (office.sam, office.kim):
        await office.deliver_command(person, "start", channel)
        await office.bot.background.drain()
        assert person.view is not None
        await office.journey.type_in(person, person.view, values)
    sent = await asyncio.gather(office.sam.submit(), office.kim.submit())
    await office.settled()
    async with office.bot.store.read() as unit:
        assert len([o for o in await unit.onboardings() if o.channel_id == channel.id]) == 1
    (refused,) = (outcome.body["errors"] for outcome in sent if not outcome.closed)
    assert "New Coop" in refused["channel~start"]


async def _do_planning(office: Workplace, onboarding: str, task: str) -> None:
    form = STEPS["planning"].task(task).form
    answers = dict(form.example) if form else {}
    if task == "schedule_session":
        answers["starts"] = 1  # it is over
    if task == "hold_session":
        answers["session"] = next(t.item for t in (await office.snapshot(onboarding)).tasks if t.task_id == "schedule_session")
    await office.do(onboarding, "planning", task, answers)
