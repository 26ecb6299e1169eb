"""With tasks open, waiting and done, and nasty texts everywhere: Slack accepts it, it mentions nobody, each button works."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.listeners.actions import ACTIONS
from bot.messages import (
    board,
    calls,
    card,
    departure,
    home,
    lists,
    matrix,
    own_command,
    parity,
    program_move,
    proof,
    reminder,
    review,
    setup_check,
    step,
    which_customer,
)
from bot.messages.blocks import Block, Drawing
from bot.messages.buttons import Act, parse
from bot.messages.handed_over import Handed, handed_over
from bot.messages.lists import Asked, ListKind
from bot.messages.signs import OF_OUTCOME
from bot.messages.texts import Texts, table
from bot.slack.support_channel import FAULTS
from bot.slack.support_people import SETUP
from flows.cases.parity import parity as compared
from flows.desk import Only, Page
from flows.model import EffectRecord, Snapshot
from flows.outbox import Escalate, TellHandedOver
from flows.people import Side
from flows.state import StepState
from playground.slack.checks import check_message, check_view
from tests.bot.messages import samples
from tests.bot.messages.samples import JOURNEY, NOW, RULES, STEPS

every = pytest.mark.parametrize("language", samples.LANGUAGES)
STATES = list(StepState)
in_every_state = pytest.mark.parametrize("state", STATES)
SECTIONS = {key.partition(".")[0] for key in table("en")}
MENTION = re.compile(r"<[!@#][^>]*>|<https?:[^>]*>")
OURS = re.compile(r"<@U_(ANA|SUE)>|<#C_CUSTOMER>|<!date\^\d+\^[^<>]*\{[^<>]*>")


def messages(made: Snapshot, language: str, failed: Sequence[EffectRecord] = ()) -> Iterator[tuple[str, Drawing]]:
    """Everything channels can show of one onboarding, by name."""
    texts, at = Texts(language), samples.at(made)
    yield "card", card.card(made, JOURNEY, texts, at, samples.USUAL)
    for step_id in STEPS:
        yield f"step {step_id}", step.step_message(made, JOURNEY, step_id, texts, at, samples.USUAL)
        yield f"review {step_id}", review.review_card(made, JOURNEY, step_id, texts, at, RULES, failed)
        for side in Side:
            yield f"reminder {step_id}", reminder.reminder(made, JOURNEY, samples.reminder(side, [step_id]), texts, at)
    for side in Side:
        for waits in (STEPS, STEPS[2:], ()):
            yield "reminder of all", reminder.reminder(made, JOURNEY, samples.reminder(side, STEPS, waits), texts, at)
    for where in ("support", "support_channel"):
        slow = Escalate(where=where, step="planning", user="U_ANA", count=3, since=int(NOW.timestamp()))
        for left in ([], *samples.departures()):
            found = replace(made, calls=left)
            yield f"escalation {where}", reminder.escalation(found, slow, "https://slack.example/archives/C1/p12", texts)
    for call in made.calls:
        yield call.id, calls.call_message(made, call, texts)
    nobody = replace(samples.reminder(Side.CUSTOMER, STEPS), user_id="")
    yield "reminder of who is left", reminder.reminder(made, JOURNEY, nobody, texts, at)
    for left in samples.departures():
        yield "departure", departure.departure(replace(made, calls=left), "U_ANA", made.onboarding.customer, texts)
    card_link = "https://slack.example/archives/C1/p12"
    many = TellHandedOver(person="U_ANA", successor="U_SUE", by="U_SUE", onboardings=(), count=70)
    handed = [
        Handed(made.onboarding.customer, channel, link)
        for channel, link in (("C_CUSTOMER", ""), ("", card_link), *[("", "")] * 48)
    ]
    yield "handed over", handed_over(many, handed, texts)
    yield from results(texts, made.onboarding.customer)
    yield "matrix", matrix.matrix(made, samples.JOURNEY, texts, samples.NOW)
    yield "parity", parity.parity(made.onboarding.customer, compared(at, JOURNEY), texts)
    yield "status", board.one(made, JOURNEY, texts, at, made.notes)
    yield "help", board.help_view(texts)
    offered = card.next_button(made, JOURNEY, texts, at)
    yield "own command: several", own_command.which([(made, None), (made, offered)], 2, texts)
    yield "own command: nothing", own_command.nothing_to_fill(made, JOURNEY, texts, at)
    yield "which customer", which_customer.which("skip", made.onboarding.customer, Page(samples.standing(), 0, 12), texts)


def results(texts: Texts, said: str) -> Iterator[tuple[str, Drawing]]:
    """What runs of checks found, as each side reads it."""
    for outcomes in (tuple(OF_OUTCOME), ("passed",), ("differs", "done"), ("skipped",)):
        record = samples.looked_into(said[:80], outcomes)
        for support in (False, True):
            yield "proof", proof.report(texts, record, "test", said[:80], support=support)
            yield "set-up check", setup_check.setup_report(texts, record, "test", {}, support=support)
            yield "program's move", program_move.move_report(texts, record, support=support)


def support_lists(language: str, said: str = "Example Bank") -> Iterator[list[Block]]:
    """Each list, from its beginning and from further on."""
    look, waiting, standing = samples.look(language), samples.waiting(said), samples.standing(said)
    for first in (0, 10):
        asked = Asked(ListKind.QUEUE, first=first)
        yield lists.queue(asked, Page(waiting[:10], first, 50), {"call_1": lists.StuckCall(said, "U_SUE")}, look)
        yield lists.board(Asked(ListKind.BOARD, step_id="planning", first=first), Page(standing, first, 50), look)
    yield lists.board(Asked(ListKind.FOUND), Page(standing, 0, 50), look)
    yield lists.queue(Asked(ListKind.QUEUE), Page([], 0, 0), {}, look)
    yield lists.board(Asked(ListKind.BOARD, Only.MINE), Page([], 0, 0), look)


def homes(made: Sequence[Snapshot], language: str, said: str = "Example Bank") -> Iterator[dict[str, Any]]:
    texts = Texts(language)
    shown = list(support_lists(language, said))
    yield home.support_home(shown[0], shown[1], texts)
    yield home.colleague_home(["U_SUE"], texts)
    yield home.setup_home([(fault, "oops") for fault in (*FAULTS, *SETUP)], texts)
    yield home.customer_home([card.card(one, JOURNEY, texts, samples.at(one), samples.USUAL).blocks for one in made], texts)


def taken(drawn: Drawing) -> Drawing:
    """Slack accepts it as a post and as an edit; a screen reader has something to read."""
    for updating in (False, True):
        check_message({"text": drawn.text, "blocks": drawn.blocks}, updating=updating)
    assert drawn.text.strip()
    return drawn


def mentions(drawn: Any) -> set[str]:
    """What Slack would turn into a mention or link, except what the bot intends."""
    return {found for text in mrkdwn(drawn) for found in MENTION.findall(text) if not OURS.fullmatch(found)}


def mrkdwn(value: Any) -> Iterator[str]:
    if isinstance(value, Drawing):
        yield value.text
        yield from mrkdwn(value.blocks)
    elif isinstance(value, list):
        for one in value:
            yield from mrkdwn(one)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield str(value["text"])
        for one in value.values():
            yield from mrkdwn(one)


def buttons(blocks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """All buttons except links, wherever they are."""
    every_one = [
        e for block in blocks for e in (*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else ()))
    ]
    return [e for e in every_one if e.get("type") == "button" and not e["action_id"].startswith("link:")]


def in_turn(number: int, language: str) -> bool:
    """Whether this language draws it, the next one the next: what the same texts take in, in each language, is shown by `test_texts`."""
    return number % len(samples.LANGUAGES) == samples.LANGUAGES.index(language)


def situations(state: StepState, language: str) -> Iterator[Snapshot]:
    """A state with tasks open, waiting and done, and closed: those whose turn it is in a language."""
    ended: dict[str, Any] = {"closed_at": NOW, "closed_by": "U_SUE"}
    for number, (task_state, closed) in enumerate(
        (("", {}), ("waiting", {}), ("done", {}), ("done", ended)), STATES.index(state)
    ):
        if in_turn(number, language):
            made = samples.snapshot(state, language, **closed)
            made.tasks = samples.tasks(task_state) if task_state else []
            yield made


@every
@in_every_state
def test_every_message_in_every_state_is_taken_and_its_buttons_are_handled(state: StepState, language: str) -> None:
    for made in situations(state, language):
        for name, drawn in messages(made, language, [samples.failed("draw"), samples.failed("proof")]):
            taken(drawn)
            assert mentions(drawn) == set(), name
            assert no_key_left(drawn), name
            for one in buttons(drawn.blocks):
                value = parse(one["value"])
                assert Act(one["action_id"].partition(":")[0]) in ACTIONS
                assert value.onboarding == made.onboarding.id


def no_key_left(drawn: Drawing) -> bool:
    """No key stands in for its text, and no placeholder is left."""
    named = re.findall(r"\b([a-z_]+)(?:\.[a-z_]+)+\b(?! )", drawn.text)
    return SECTIONS.isdisjoint(named) and not re.search(r"\{\w+\}", drawn.text)


@every
@in_every_state
def test_every_home_in_every_state_is_taken(state: StepState, language: str) -> None:
    for made in situations(state, language):
        for view in homes([made], language):
            check_view(view, "home")
            assert mentions(view) == set()
    if in_turn(STATES.index(state), language):
        for view in homes([], language):
            check_view(view, "home")


# -- what people type


def long_answers(text: str) -> dict[str, dict[str, Any]]:
    """Every step's answers with every text replaced by one."""

    def one(value: Any) -> Any:
        if isinstance(value, list):
            return [one(part) for part in value]
        if isinstance(value, dict):
            return {name: part if name in KEPT else one(part) for name, part in value.items()}
        return text if isinstance(value, str) and value else value

    return {step_id: {n: v if n in KEPT else one(v) for n, v in samples.sent_answers(step_id).items()} for step_id in STEPS}


KEPT = frozenset(
    {"go_live", "production_from", "country", "currency", "timezone", "products", "environments", "resources", "role"}
)
KEPT |= {"language", "portal_language", "test", "method", "mtls", "rating", "legal_proxy_kind"}
"""Answers that are chosen, not typed."""

HARD = (
    "x" * 3000,
    "<!channel> " * 270,
    "&" * 3000,
    "🎉" * 1500,
    "\u202eשלום " * 400,
    "*b* _i_ ~s~ `c` " * 180,
    "\n" * 2999 + "x",
)


@every
@pytest.mark.parametrize("text", HARD, ids=["unbroken", "channel", "ampersands", "emoji", "right to left", "emphasis", "lines"])
def test_hard_texts_everywhere_stay_within_slack_and_mention_nobody(text: str, language: str) -> None:
    states = enumerate((StepState.SUBMITTED, StepState.CHANGES_REQUESTED, StepState.FULFILLING), HARD.index(text))
    for state in (state for number, state in states if in_turn(number, language)):
        made = samples.snapshot(state, language, said=text)
        made.submissions = {step_id: [samples.submission(step_id, sent)] for step_id, sent in long_answers(text).items()}
        made.tasks = samples.tasks("done", text)
        for name, drawn in messages(made, language):
            taken(drawn)
            assert mentions(drawn) == set(), name
        for view in homes([made] * 3, language):
            check_view(view, "home")
            assert mentions(view) == set()
        pressed = buttons(review.review_card(made, JOURNEY, "planning", Texts(language), samples.at(made), RULES).blocks)
        assert pressed or state is StepState.CHANGES_REQUESTED  # however long the answers, the decision is there
