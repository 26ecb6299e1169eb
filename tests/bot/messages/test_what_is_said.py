"""What each side sees and can click: the right button, whose turn, who decided, what changed; and what a screen reader hears."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.blocks import Block, Drawing, clip, cut, drawing, fit, long_sections, section, spoken
from bot.messages.board import one
from bot.messages.buttons import Act, ButtonValue, OldButton, parse
from bot.messages.calls import call_message
from bot.messages.card import at_hand, card
from bot.messages.changes import diff, differences
from bot.messages.home import customer_home
from bot.messages.matrix import matrix
from bot.messages.proof import report
from bot.messages.reminder import escalation, reminder
from bot.messages.results import reason_words
from bot.messages.review import answer_sections, review_card
from bot.messages.setup_check import setup_report
from bot.messages.signs import OF_STATE
from bot.messages.step import step_message
from bot.messages.texts import Texts, escape, for_locale, languages, typed
from bot.messages.turns import usually
from flows.business_time import BusinessDuration
from flows.cases.matrix import rows
from flows.model import Call, Snapshot
from flows.outbox import Escalate
from flows.people import Side
from flows.problems import Note
from flows.state import StepState
from flows.steps.control_center_users import MOST
from playground.slack.block_kit import texts as words_of
from playground.slack.checks import check_message, check_view
from storage.columns import canonical, loads
from tests.bot.messages import samples

EN = Texts("en")
PEM = "-----BEGIN PUBLIC KEY-----\nMAMCAQI=\n-----END PUBLIC KEY-----"
in_every_state = pytest.mark.parametrize("state", StepState)


def card_of(made: Snapshot, texts: Texts = EN) -> Drawing:
    return card(made, samples.JOURNEY, texts, samples.at(made), samples.USUAL)


def step_of(made: Snapshot, step: str, texts: Texts = EN) -> Drawing:
    return step_message(made, samples.JOURNEY, step, texts, samples.at(made), samples.USUAL)


MANY = ", ".join(f"person{number}.of.the.operations.team@bank.example" for number in range(150))


def review_of(made: Snapshot, step: str, texts: Texts = EN) -> Drawing:
    return review_card(made, samples.JOURNEY, step, texts, samples.at(made), samples.RULES)


def reminder_of(made: Snapshot, side: str, steps: Sequence[str], waits: Sequence[str] | None = None) -> Drawing:
    return reminder(made, samples.JOURNEY, samples.reminder(side, steps, waits), EN, samples.at(made))


def stand(made: Snapshot, **states: StepState) -> Snapshot:
    """Single steps in another state, on the customer's turn."""
    for step, state in states.items():
        made.steps[step].state, made.steps[step].turn = state, f"{Side.CUSTOMER.value}:{state.value}:1"
    return made


def sent(made: Snapshot, step: str, **answers: Any) -> Snapshot:
    made.submissions[step] = [samples.submission(step, {**samples.sent_answers(step), **answers})]
    return made


def buttons(blocks: Sequence[Block]) -> list[Block]:
    parts = [part for block in blocks for part in (block.get("accessory"), *block.get("elements", ()))]
    return [part for part in parts if part and part["type"] == "button"]


def names(blocks: Sequence[Block]) -> list[str]:
    return [str(button["text"]["text"]) for button in buttons(blocks)]


def acts(blocks: Sequence[Block]) -> list[str]:
    return [str(button["action_id"]).partition(":")[0] for button in buttons(blocks)]


def words(blocks: Sequence[Block]) -> str:
    return "\n".join(words_of(list(blocks)))


# -- the customer's side


def test_the_checklist_opens_the_first_step_that_is_free() -> None:
    button, _ = buttons(card_of(stand(samples.snapshot(StepState.LOCKED), service_desk=StepState.OPEN)).blocks)
    assert button["text"]["text"] == "Fill out step 3: Service Desk access"
    assert parse(button["value"]).step == "service_desk"


def test_what_was_sent_back_comes_before_what_is_new() -> None:
    made = stand(samples.snapshot(StepState.LOCKED), planning=StepState.OPEN, organization=StepState.CHANGES_REQUESTED)
    button, ask = buttons(card_of(made).blocks)
    assert parse(ask["value"]).step == "planning"
    assert parse(button["value"]).step == "organization"


def test_while_pismo_works_the_checklist_says_how_long_that_takes_and_where_to_ask() -> None:
    made = samples.snapshot(StepState.SUBMITTED)
    shown = card_of(made)
    assert names(shown.blocks) == [EN("button.matrix"), EN("button.ask_support")]
    assert f"{EN('card.nothing_to_do')} {EN('turn.usual_hours', n=4)}" in shown.text
    assert EN("turn.usual_hours", n=4) in step_of(made, "planning").text
    assert usually(BusinessDuration(days=1), EN) == EN("turn.usual_days", n=1)
    assert usually(BusinessDuration(seconds=90), EN) == ""  # nobody waits by the clock
    closed = samples.snapshot(StepState.SUBMITTED, closed_at=samples.NOW, closed_by="U_SUE")
    assert EN("button.ask_support") not in names(card_of(closed).blocks)


def test_who_names_no_step_asks_about_the_one_at_hand() -> None:
    made = samples.snapshot(StepState.LOCKED)
    made.steps["planning"].state, made.steps["planning"].turn = StepState.SUBMITTED, "support:submitted:1"
    assert at_hand(made, samples.JOURNEY) == "planning"
    assert at_hand(stand(made, organization=StepState.OPEN), samples.JOURNEY) == "organization"
    assert at_hand(samples.snapshot(StepState.DONE), samples.JOURNEY) == ""


@in_every_state
@pytest.mark.parametrize("language", languages())
def test_the_checklist_is_read_in_words_alone(state: StepState, language: str) -> None:
    texts, made = Texts(language), samples.snapshot(state, language)
    said = card_of(made, texts).text
    assert all(
        f"{OF_STATE[state]} {n}. {texts(f'step.{step}.title')} – {texts(f'state.{state}')}" in said
        for n, step in enumerate(samples.STEPS, 1)
    )
    assert "*" not in said


def test_what_was_skipped_is_counted_apart_and_the_days_until_go_live_are_counted() -> None:
    made = samples.snapshot(StepState.DONE)
    made.steps["integration"].state = StepState.SKIPPED
    assert f"{EN('card.progress', done=15, count=15)}, {EN('card.skipped', n=1)}" in card_of(made).text
    for day, key, n in ((11, "left", 1), (9, "past", 1), (30, "left", 20)):
        made.onboarding.go_live = date(2026, 3, day)
        assert EN(f"card.go_live_{key}", date=f"2026-03-{day:02}", n=n) in card_of(made).text
    made.onboarding.go_live = samples.NOW.date()
    assert EN("card.go_live_today", date="2026-03-10") in card_of(made).text
    made.onboarding.closed_at = samples.NOW
    assert EN("card.go_live", date="2026-03-10") in card_of(made).text


@in_every_state
def test_customers_see_nothing_of_supports_own_talk(state: StepState) -> None:
    made = samples.snapshot(state)
    for record in made.steps.values():
        record.claimer_id = "U_CLAIMER"
    made.notes = samples.notes("U_CLAIMER can do without them.")
    shown = [card_of(made), *(step_of(made, step) for step in samples.STEPS)]
    assert all("U_CLAIMER" not in drawn.text + words(drawn.blocks) for drawn in shown)
    assert {act for drawn in shown for act in acts(drawn.blocks)} <= {"open_form", "task", "stuck", "link", "matrix"}


@in_every_state
def test_a_step_offers_to_fill_to_change_or_neither(state: StepState) -> None:
    fill, change = EN("button.fill_form"), EN("button.change_form")
    offered = [name for name in names(step_of(samples.snapshot(state), "planning").blocks) if name in (fill, change)]
    if state in (StepState.OPEN, StepState.CHANGES_REQUESTED):
        assert offered == [fill]
    else:
        assert offered == ([] if state in (StepState.LOCKED, StepState.DONE, StepState.SKIPPED) else [change])


def test_a_reminder_offers_the_form_help_and_a_rest() -> None:
    made = samples.snapshot(StepState.OPEN)
    assert acts(reminder_of(made, "customer", ["planning"]).blocks) == ["open_form", "stuck", "snooze"]
    assert acts(reminder_of(made, "support", ["planning"]).blocks) == ["show", "snooze"]


def test_a_reminder_of_what_is_done_says_by_whom_and_when_and_offers_the_rest_alone() -> None:
    made = stand(samples.snapshot(StepState.OPEN), organization=StepState.SUBMITTED)
    made.steps["organization"].turn = "support:submitted:1"
    shown = reminder_of(made, "customer", ["planning", "organization"], ["planning"])
    assert {parse(button["value"]).step for button in buttons(shown.blocks)} == {"planning"}
    assert "● 1. Planning – " in shown.text
    assert "✓ 2. Organization – sent by <@U_SUE>, Mar 10, 2026 at 12:00 PM UTC" in shown.text
    made.steps["organization"].turn_since = samples.NOW - timedelta(days=3)
    told = reminder_of(made, "support", ["organization"]).text
    assert EN("reminder.turn_support", n=1, user="<@U_ANA>", customer="Example Bank") in told
    assert EN("age.days", n=3) in told
    assert "Mar 7, 2026" in told
    made.steps["organization"].state, made.steps["organization"].turn = StepState.SKIPPED, ""
    passed = reminder_of(made, "customer", ["organization"], [])
    assert "– 2. Organization – skipped." in passed.text
    assert (buttons(passed.blocks), EN("reminder.passed", user="<@U_ANA>") in passed.text) == ([], True)


def test_an_escalation_names_nobody_who_has_left() -> None:
    made = samples.snapshot(StepState.OPEN)
    slow = Escalate(where="support", step="planning", user="U_ANA", count=3, since=int(samples.NOW.timestamp()))
    said = escalation(made, slow, "", EN).text
    assert said.startswith("<@U_SUE>, Example Bank hasn't made progress on “Planning”")
    assert "despite 3 reminders to <@U_ANA>. Customer lead: <@U_ANA>." in said
    made.calls = [Call(id="1", onboarding_id="", kind="stuck", step_id="planning", user_id="U_ANA", at=samples.NOW, words="Why?")]
    assert "<@U_ANA> has been stuck here since" in escalation(made, slow, "", EN).text
    made.calls = [Call(id=who, onboarding_id="", kind="lead_left", user_id=who, at=samples.NOW) for who in ("U_ANA", "U_SUE")]
    said = escalation(made, slow, "", EN).text
    assert said.startswith("Everyone, Example Bank")
    assert "despite 3 reminders to someone who has left. Customer lead: not chosen yet." in said
    assert (
        "to everyone in the channel. Pismo owner: not chosen yet"
        in escalation(made, replace(slow, where="support_channel", user=""), "", EN).text
    )


def test_a_reminder_of_a_task_offers_the_task() -> None:
    made = samples.snapshot(StepState.FULFILLING)
    created = {"organization.record_org_id": {"org_id": "TN-1"}}
    ready = replace(samples.at(made), done=created, unfinished=frozenset({"authentication"}))
    shown = reminder(made, samples.JOURNEY, samples.reminder("customer", ["authentication"]), EN, ready)
    assert acts(shown.blocks) == ["task", "stuck", "snooze"]


def test_a_result_begins_with_the_verdict_and_what_to_do_and_ends_with_the_ids_of_what_failed() -> None:
    def line(check: str, outcome: str, reason: str, x_cid: str = "") -> dict[str, Any]:
        params = {"code": "x", "status": 401}
        return {
            "check": check,
            "outcome": outcome,
            "reason": reason,
            "params": params,
            "x_cid": x_cid,
            "ms": 1200 if x_cid else 0,
        }

    passed, skipped = line("handshake", "passed", "handshake_done", "a-1"), line("organization", "skipped", "earlier_failed")
    record = replace(samples.looked_into(""), state="failed")
    for check, reason, advice in (
        ("programs", "unauthorized", "token"),
        ("programs", "forbidden", "fix"),
        ("programs", "unavailable", "later"),
        ("handshake", "handshake_handshake_failed", "support"),
    ):
        record = replace(record, answers={"lines": [passed, line(check, "failed", reason, "b-2"), skipped]})
        said = report(EN, record, "test", "Example Bank", support=False).text.split("\n")
        assert said[:2] == [f"! {EN('say.proof_not_verified', environment='Test')}", EN(f"say.proof_next_{advice}")]
        assert [one[0] for one in said[2:5]] == ["✓", "!", "–"]
        assert (said[-1].endswith(" b-2"), "a-1" in str(said), " ms" in str(said)) == (True, False, False)
        ours = report(EN, record, "test", "Example Bank", support=True).text
        assert (EN(f"say.proof_next_{advice}") in ours, "1,200 ms" in ours, "a-1" in ours) == (advice == "support", True, True)
    found = replace(record, answers={"lines": [line("programs", "missing", "setup_check.programs_none", "b-2")]})
    said = setup_report(EN, found, "test", {}, support=False).text.split("\n")
    assert said[-1] == EN("say.result_showed", n=1, ids="b-2")  # the call itself did not fail
    assert EN("fix.proof.forbidden") in reason_words("proof.forbidden", {}, EN, fixes=True)
    record = replace(record, state="done", answers={"lines": [passed]})
    said = report(EN, record, "test", "Example Bank", support=False).text.split("\n")
    assert said[0] == f"✓ {EN('say.proof_passed', environment='Test')}"


# -- support's side


def test_the_status_says_where_it_is_whose_it_is_and_that_it_is_over() -> None:
    made = samples.snapshot(StepState.OPEN)
    said = one(made, samples.JOURNEY, EN, samples.at(made)).text
    assert f"<#{made.onboarding.channel_id}>" in said
    assert "Customer lead: <@U_ANA> · Pismo owner: <@U_SUE>" in said
    assert "Closed by" not in said
    made.onboarding.closed_at, made.onboarding.closed_by = samples.NOW, "U_SUE"
    assert "Closed by <@U_SUE>, " in one(made, samples.JOURNEY, EN, samples.at(made)).text


@in_every_state
def test_a_decision_can_be_taken_while_one_is_asked_and_rejecting_is_asked_twice(state: StepState) -> None:
    shown = review_of(samples.snapshot(state), "organization")
    decide = {"approve", "request_changes", "reject", "claim"}
    assert decide & set(acts(shown.blocks)) == (decide if state is StepState.SUBMITTED else set())
    rejecting = [button for button in buttons(shown.blocks) if button["action_id"] == "reject"]
    assert all(button["style"] == "danger" and button["confirm"]["text"]["text"] for button in rejecting)


def test_a_decision_names_the_revision_it_is_about() -> None:
    shown = review_of(samples.snapshot(StepState.SUBMITTED), "organization")
    values = [parse(button["value"]) for button in buttons(shown.blocks) if button["action_id"] != Act.ADD_NOTE]
    assert {(value.revision, value.digest) for value in values} == {(1, "d" * 16)}
    assert "Digest of version 1: dddddddd" in shown.text


def test_a_review_card_counts_the_approvals_and_says_whose_they_are() -> None:
    said = review_of(samples.snapshot(StepState.SUBMITTED), "authentication").text
    assert "● 1 of 2 approvals: <@U_SUE>, Mar 10, 2026 at 12:00 PM UTC." in said
    assert "Approved by" not in said  # it is said once


def test_support_reads_by_name_whose_turn_it_is_and_the_customer_by_company() -> None:
    made = stand(samples.snapshot(StepState.SUBMITTED), organization=StepState.CHANGES_REQUESTED)
    made.steps["service_desk"].claimer_id = "U_KIM"
    assert "Status: changes requested · Example Bank's turn" in review_of(made, "organization").text
    assert "Status: in review · Pismo support's turn: <@U_KIM>" in review_of(made, "service_desk").text
    left = replace(samples.departures()[4][1], user_id="U_KIM")
    assert "Pismo support's turn: <@U_SUE>" in review_of(replace(made, calls=[left]), "service_desk").text
    said = one(made, samples.JOURNEY, EN, samples.at(made)).text
    assert "! 2. Organization – changes requested · Example Bank's turn" in said
    assert "● 5. Control Center access – in review · Pismo support's turn: <@U_SUE>" in said
    assert "your company" not in said
    assert "! 2. Organization – changes requested · your company's turn" in card_of(made).text


def test_what_is_to_be_checked_comes_first_and_a_list_stands_once_before_the_approval_and_after_it() -> None:
    listed = "Ana <ana@bank.example>; ana@bank.example\nbob@gmail.com\ncarol@@bank.example"
    shown = {}
    for state, title in ((StepState.SUBMITTED, "review.check_first"), (StepState.FULFILLING, "review.to_check")):
        made = sent(samples.snapshot(state), "service_desk", users=listed)
        made.grants = [replace(made.grants[0], id=email, email=email) for email in ("ana@bank.example", "bob@gmail.com")]
        lines = review_of(made, "service_desk").text.split("\n")
        found = lines[lines.index(f"! {EN(title)}") :]
        shown[state] = [line for line in found if not line.startswith(("[", "✓", "Digest"))]
    assert shown[StepState.SUBMITTED][1:] == [
        EN("note.emails_sent_here", n=2, checks=1),
        f"! bob@gmail.com – {EN('reason.email_free_mail')}",
        EN("note.emails_not_sent_here", n=1),
        f"– carol@@bank.example – {EN('reason.email_several_at_here')}",
        "Email addresses of everyone who needs access: ana@bank.example, bob@gmail.com",
        "Also request access to: Status page",
        "Portal language: English",
    ]
    assert shown[StepState.SUBMITTED][1:] == shown[StepState.FULFILLING][1:]


def test_what_only_helps_the_sender_is_not_on_the_review_card_and_support_reads_its_own_words() -> None:
    made = sent(samples.snapshot(StepState.DONE), "integration")
    assert "within 2 seconds" not in review_of(made, "integration").text
    made = sent(made, "planning", products=["card_issuing", "digital_lending"])
    assert "• The customer plans digital lending, but this form has no program for it." in review_of(made, "first_programs").text


def test_after_the_approval_support_sees_who_gave_it_and_what_to_do() -> None:
    shown = review_of(samples.snapshot(StepState.FULFILLING), "organization")
    assert "Approved by <@U_SUE>" in shown.text
    assert names(shown.blocks) == ["Record org ID", "Add note"]


def test_who_is_stuck_is_shown_on_both_sides_and_support_s_message_offers_an_answer_until_there_is_one() -> None:
    made = samples.snapshot(StepState.OPEN)
    made.calls, made.notes = samples.calls("Who *signs*?"), samples.notes("They *change* their bank.")
    for shown in (step_of(made, "planning"), review_of(made, "planning")):
        assert "<@U_ANA> has been stuck here since Mar 10, 2026 at 12:00 PM UTC" in shown.text
        assert "signs" not in shown.text
    assert ["stuck here" in step_of(made, step).text for step in samples.STEPS[1:5]] == [True, *[False] * 3]
    messages = [call_message(made, call, EN) for call in made.calls]
    assert "the onboarding was closed" in messages[-1].text  # while the step was open
    offered = ["answer_call", "settle_call"]
    assert [acts(shown.blocks) for shown in messages] == [offered, [*offered, "release_call"], [], [], []]
    assert ["has been answering" in shown.text for shown in messages] == [False, True, False, False, False]
    assert all("signs" in shown.text and "<@U_SUE>" in shown.text for shown in messages)  # who is called is named
    assert "change" in review_of(made, "planning").text


def test_who_did_what_and_when_stays_on_the_card_of_a_step_that_is_done() -> None:
    made = samples.snapshot(StepState.DONE)
    made.tasks = [one for one in samples.tasks("done") if one.step_id == "service_desk"]
    filed = next(one for one in made.tasks if one.task_id == "file_request")
    made.tasks += [
        replace(filed, id=f"{number}", user_id="U_KIM", at=samples.NOW + timedelta(minutes=number)) for number in range(20)
    ]
    shown = review_of(made, "service_desk")
    assert names(shown.blocks) == [EN("button.add_note")]
    ended = review_of(replace(made, onboarding=replace(made.onboarding, closed_at=samples.NOW)), "service_desk")
    assert names(ended.blocks) == []  # pressed, it would be refused
    lines = shown.text.split("\n")
    assert "✓ Approved by <@U_SUE>, Mar 10, 2026 at 12:00 PM UTC" in lines
    assert "✓ Request filed – <@U_KIM>, Mar 10, 2026 at 12:19 PM UTC (SD-1024)" in lines
    assert any(line.endswith("earlier entries are in the export (/onboarding export).") for line in lines)


def test_who_confirms_as_the_second_person_reads_what_the_first_recorded() -> None:
    made = samples.snapshot(StepState.FULFILLING)
    made.tasks = samples.tasks("waiting")
    said = review_of(made, "authentication").text
    task, at = EN("task.authentication.record_claims.title"), "Mar 10, 2026 at 12:00 PM UTC"
    assert EN("review.task_waits", task=task, by="<@U_SUE>", at=at) in said
    assert "iss: https://issuer.example\nsub: example-bank\naud: https://audience.example" in said


def test_closing_asks_first_wherever_it_can_be_pressed() -> None:
    made = samples.snapshot(StepState.DONE)
    made.tasks = [one for one in samples.tasks("done") if not one.task_id.startswith("close")]
    made.steps["next_steps"].state = StepState.FULFILLING
    shown = (review_of(made, "next_steps"), one(made, samples.JOURNEY, EN, samples.at(made)))
    closing = [pressed for drawn in shown for pressed in buttons(drawn.blocks) if '"task":"close' in pressed["value"]]
    assert [pressed["confirm"]["title"]["text"] for pressed in closing] == [EN("confirm.close_title")] * 2


def test_what_was_sent_back_says_why_to_both_sides() -> None:
    made = samples.snapshot(StepState.CHANGES_REQUESTED, said="The <street> & number are missing.")
    for shown in (review_of(made, "organization"), step_of(made, "organization")):
        assert "The &lt;street&gt; &amp; number are missing." in shown.text


def test_somebody_of_a_long_list_is_named_by_their_name() -> None:
    """However the store orders what was answered."""
    people = samples.sent_answers("control_center")["users"]
    everybody = [{**people[0], "name": f"Person {n}", "email": f"{n}@bank.example"} for n in range(MOST)]
    answers = loads(canonical({**samples.sent_answers("control_center"), "users": everybody}))
    made = sent(samples.snapshot(StepState.CHANGES_REQUESTED), "control_center", **answers)
    made.steps["control_center"].named = f"users{MOST - 1}"
    assert f" · Person {MOST - 1}" in step_of(made, "control_center").text


def test_differences_stand_side_by_side() -> None:
    form = samples.JOURNEY.steps["organization"].form
    old = {**samples.sent_answers("organization"), "city": "Recife", "legal_proxy_kind": "person"}
    changed = diff(old, {**old, "city": "Olinda", "legal_proxy_kind": "entity"}, form, EN)
    assert {(before, after) for _, before, after in changed} == {
        (typed("Recife"), typed("Olinda")),
        (typed("a person"), typed("an entity")),
    }
    assert "City · Before: Recife · Now: Olinda" in differences(changed, 2, EN)[0].text


def test_a_person_who_was_left_out_is_a_difference() -> None:
    form, people = samples.JOURNEY.steps["control_center"].form, samples.sent_answers("control_center")["users"]
    changed = diff({"users": people}, {"users": people[:-1]}, form, EN)
    assert (f"Email {len(people)}", typed(people[-1]["email"]), EN("review.nothing")) in changed


# -- too much to fit


def test_long_answers_are_whole_on_the_review_card_where_they_fit() -> None:
    shown = review_of(
        sent(samples.snapshot(StepState.SUBMITTED), "planning", goals="g" * 3000, challenges="µ" * 3000), "planning"
    )
    assert words(shown.blocks).count("µ") == 3000
    assert words(shown.blocks).count("g") > 3000
    assert EN("review.more_below") not in words(shown.blocks)


def test_answers_that_do_not_fit_are_said_to_go_on_and_can_be_decided() -> None:
    made = sent(samples.snapshot(StepState.SUBMITTED), "planning", goals="&" * 3000, challenges="<" * 3000)
    shown = review_of(made, "planning")
    check_message({"text": shown.text, "blocks": shown.blocks}, updating=True)
    assert EN("review.more_below") in words(shown.blocks)
    assert [name for name in names(shown.blocks) if f"[{name}]" not in shown.text] == []


def test_what_can_be_pressed_is_never_what_has_no_room() -> None:
    few = samples.snapshot(StepState.FULFILLING)
    few.tasks = samples.tasks("waiting", "&" * 400)
    full = sent(samples.snapshot(StepState.FULFILLING, said="&" * 1000), "production", users=MANY)
    full.tasks = few.tasks
    full.notes = [replace(samples.notes("&" * 400)[0], id=f"{number}", step_id="production") for number in range(40)]
    assert names(review_of(full, "production").blocks) == names(review_of(few, "production").blocks)


def test_the_matrix_of_many_people_is_turned_page_by_page_in_the_forms_order() -> None:
    made = samples.snapshot(StepState.FULFILLING)
    made.grants = [replace(one, expires_at=one.expires_at and samples.NOW + timedelta(hours=5)) for one in samples.grants(120)]
    wanted, listed, spoken, page = rows(made, samples.JOURNEY), list[str](), "", 0
    while True:
        shown = matrix(made, samples.JOURNEY, EN, samples.NOW, page)
        check_message({"text": shown.text, "blocks": shown.blocks})
        assert "120 invitations expire within 24 hours" in shown.text
        ((_, *people),) = [block["rows"] for block in shown.blocks if block["type"] == "data_table"]
        assert f"Rows {len(listed) + 1} to {len(listed) + len(people)} of 120." in shown.text
        listed, spoken = [*listed, *(person[0]["text"] for person in people)], spoken + shown.text
        buttons = {one["text"]["text"]: parse(one["value"]).slot for one in shown.blocks[-1]["elements"]}
        assert buttons.get("Previous page", -1) == page - 1
        if "Next page" not in buttons:
            break
        page = buttons["Next page"]
    assert page > 0
    assert listed == [row.email for row in wanted]
    assert [row.email for row in wanted if row.email not in spoken] == []
    assert matrix(made, samples.JOURNEY, EN, samples.NOW, 99) == shown  # there were more pages once


def test_the_matrix_has_the_columns_that_were_asked_for_in_the_forms_order_and_says_what_expires() -> None:
    made = samples.snapshot(StepState.FULFILLING)
    invited, expired = samples.grants(1)[2:4]
    made.grants = [replace(invited, expires_at=samples.NOW + timedelta(hours=5)), expired]
    made.grants += [replace(expired, id="x", email="bo@bank.example", resource="service_desk", state="filed", reference="SD-1")]
    shown = matrix(made, samples.JOURNEY, EN, samples.NOW)
    assert shown.text.split("\n")[1:] == [
        "1 invitation expires within 24 hours:",
        "• person0@bank.example: Status page (5 hours)",
        "1 invitation has expired:",
        "• person0@bank.example: Control Center, test",
        "bo@bank.example · Service Desk: filed (SD-1)",
        "person0@bank.example · Status page: invited, expires: Mar 10, 2026 at 5:00 PM UTC · Control Center, test: invitation expired",
    ]
    (listed,) = [block["rows"] for block in shown.blocks if block["type"] == "data_table"]
    assert [cell["text"] for cell in listed[0]] == ["Person", "Service Desk", "Status page", "Control Center, test"]


def test_a_person_of_very_many_onboardings_is_told_that_there_are_more() -> None:
    blocks = check_view(customer_home([card_of(samples.snapshot(StepState.OPEN)).blocks] * 40, EN), "home")["blocks"]
    assert "more" in words(blocks[-1:])


@in_every_state
@pytest.mark.parametrize("language", languages())
def test_a_screen_reader_hears_every_button_by_its_whole_name(state: StepState, language: str) -> None:
    made, texts = samples.snapshot(state, language), Texts(language)
    for step in samples.STEPS:
        for shown in (review_of(made, step, texts), step_of(made, step, texts)):
            assert all(f"[{escape(name)}]" in shown.text and not name.endswith("…") for name in names(shown.blocks))
            assert sum(button.get("style") == "primary" for button in buttons(shown.blocks)) <= 1


def test_a_customers_name_that_looks_like_a_mention_is_none() -> None:
    shown = card_of(samples.snapshot(StepState.OPEN, said="<!channel> & Co"))
    assert "Onboarding of &lt;!channel&gt; &amp; Co" in shown.text
    assert shown.blocks[0]["text"]["text"] == "Onboarding of <!channel> & Co"


def test_a_public_key_is_named_not_printed() -> None:
    form = samples.JOURNEY.steps["authentication"].form
    key = {**form.example, "method": "oidc", "public_key": PEM}
    shown = words(answer_sections(form, key, EN))
    assert "Public Key (PEM, SHA-256 " in shown
    assert "MAMCAQI" not in shown


def test_what_may_be_done_is_no_prominent_button_and_there_however_much_is_known() -> None:
    made = sent(samples.snapshot(StepState.DONE), "organization")
    known = {"organization.record_org_id": {"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"}}
    situation = replace(samples.at(made), done=known)
    shown = review_card(made, samples.JOURNEY, "organization", EN, situation, samples.RULES)
    assert [(one["action_id"], one.get("style")) for one in buttons(shown.blocks)] == [
        ("task:correct_org_id", None),
        ("add_note", None),
    ]
    known_of = replace(samples.JOURNEY.steps["organization"], facts=lambda _: [Note("program_cards_follow")] * 60)
    journey = replace(samples.JOURNEY, steps={**samples.JOURNEY.steps, "organization": known_of})
    much = review_card(made, journey, "organization", EN, situation, samples.RULES)
    assert [one["action_id"] for one in buttons(much.blocks)] == ["task:correct_org_id", "add_note"]


def test_who_reviews_reads_which_program_and_which_person_an_answer_is_about() -> None:
    programs, people = (samples.JOURNEY.steps[step].form for step in ("first_programs", "control_center"))
    shown = words(answer_sections(programs, programs.example, EN))
    assert "*Core banking program*\n*Program name*: Example Accounts" in shown
    listed = {"name": "Ana", "email": "ana@bank.example", "roles": [], "environments": [], "language": "en"}
    assert "*Person 2 of 2*\n*Name*: Ana" in words(answer_sections(people, {"users": [listed, listed]}, EN))


@pytest.mark.parametrize(
    "written",
    [
        f"{PEM}\nOnly two of us may approve.",
        f"First of all:\n{PEM}",
        "-----BEGIN PUBLIC KEY-----\nOnly two of us may approve.\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nOnly two may approve it all\n-----END PUBLIC KEY-----",  # base64 by its signs
        "-----BEGIN and nothing more",
    ],
)
def test_who_reviews_reads_all_that_was_typed_around_and_within_the_marks_of_a_key(written: str) -> None:
    form = samples.JOURNEY.steps["planning"].form
    assert written in words(answer_sections(form, {**form.example, "challenges": written}, EN))


def test_of_a_long_answer_what_changed_is_shown() -> None:
    form = samples.JOURNEY.steps["planning"].form
    before = "We process cards. " * 100
    changes = diff(
        {**form.example, "challenges": before}, {**form.example, "challenges": f"{before}And nobody approves."}, form, EN
    )
    (shown,) = differences(changes, 2, EN)
    assert "And nobody approves." in words(shown.blocks)


# -- the parts


@given(st.text(max_size=400), st.integers(10, 200))
def test_a_cut_text_ends_with_an_ellipsis_and_within_no_sign(text: str, most: int) -> None:
    shown = clip(escape(text), most)
    assert len(shown) <= most
    assert shown == escape(text) or shown.endswith("…")
    assert shown.count("&") == sum(shown.count(sign) for sign in ("&amp;", "&lt;", "&gt;"))
    assert len(cut(text, most)) <= most


@given(st.text("a&<> \n\u05d0", min_size=1, max_size=100).map(lambda text: text * 90))
def test_an_escaped_text_in_sections_breaks_within_no_sign(text: str) -> None:
    for part in (block["text"]["text"] for block in long_sections(escape(text))):
        assert 0 < len(part) <= 3000
        assert part.count("&") == sum(part.count(sign) for sign in ("&amp;", "&lt;", "&gt;"))


def test_blocks_that_do_not_fit_are_replaced_by_a_word() -> None:
    blocks = [section(str(number)) for number in range(60)]
    assert words(fit(blocks, 5, 100, "more")).split("\n") == ["0", "1", "2", "3", "more"]
    assert fit(blocks[:5], 5, 100, "more") == blocks[:5]
    assert len(drawing(blocks).blocks) == 50
    assert words(drawing([section("x" * 3000)] * 10).blocks).endswith("…")


def test_dates_and_emphasis_are_read_as_words() -> None:
    assert spoken(f"*2 of 3* {EN.at(1_773_144_000)}") == "2 of 3 Mar 10, 2026 at 12:00 PM UTC"


def test_the_same_is_drawn_with_the_same_digest() -> None:
    made = samples.snapshot(StepState.OPEN)
    assert (
        card_of(made).digest
        == card_of(samples.snapshot(StepState.OPEN)).digest
        != card_of(stand(made, planning=StepState.DONE)).digest
    )


@pytest.mark.parametrize(
    ("locale", "language"),
    [("pt-BR", "pt_BR"), ("pt-PT", "pt_BR"), ("en-GB", "en"), ("es-419", "es"), ("", "en"), ("de-DE", "en")],
)
def test_a_slack_locale_finds_its_language(locale: str, language: str) -> None:
    assert for_locale(locale) == language


def test_portuguese_counts_none_and_one_as_one() -> None:
    said = {language: [Texts(language)("age.days", n=n) for n in (0, 1, 2)] for language in ("en", "pt_BR")}
    assert said["en"][0].endswith("days")
    assert said["pt_BR"][0] == said["pt_BR"][1].replace("1", "0")
    assert said["pt_BR"][2] != said["pt_BR"][1].replace("1", "2")


def test_parameters_are_harmless_in_mrkdwn_and_never_read_as_a_template() -> None:
    shown = section(EN.md("note.org_id", org_id="<!here> {0} {reason}"))
    assert words([shown]) == "Org ID: <!here> {0} {reason}"
    assert shown["type"] == "rich_text"


# -- buttons of other versions


@given(st.text(max_size=64), st.integers(0, 10**6), st.text(max_size=64))
def test_a_button_is_read_as_it_was_made(onboarding: str, revision: int, task: str) -> None:
    made = ButtonValue(onboarding=onboarding, step="organization", revision=revision, digest="d" * 16, task=task)
    assert parse(made.dump()) == made
    assert len(made.dump()) <= 2000


@pytest.mark.parametrize("value", ["nothing", "[]", '{"v": 2}', '{"revision": "x"}', '{"step": 1}', f'{{"item": "{"x" * 200}"}}'])
def test_a_value_that_is_not_understood_is_an_old_button(value: str) -> None:
    with pytest.raises(OldButton):
        parse(value)


def test_a_value_without_a_version_is_of_the_first() -> None:
    assert parse('{"step": "planning", "unknown": 1}') == ButtonValue(v=1, step="planning")
    assert parse("") == ButtonValue()
