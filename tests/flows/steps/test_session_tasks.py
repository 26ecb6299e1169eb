"""Which sessions can be moved, cancelled and held, what is proposed, and what a change is refused for."""

from datetime import timedelta
from typing import Any

import pytest

from flows.forms.fields import Answers
from flows.forms.step import Situation
from flows.steps import sessions
from flows.steps.planning import STEP
from tests.flows.steps.filled_forms import NOW, a_situation, refused, sent

SOON, HOUR = int(NOW.timestamp()) + 7200, 3600
SET = {"starts": SOON, "minutes": "60", "link": "https://meet.example/a", "agenda": "Goals"}
LATE = {**SET, "starts": SOON + 9 * HOUR}
GONE = ("session", "session_gone")


def after(hours: float = 0, *, answers: Answers | None = None, **tasks: list[Answers]) -> Situation:
    """Some hours later, with what was recorded: ``schedule``, ``move``, ``cancel`` and ``hold``, scheduled sessions as s0, s1, …"""
    items = {f"planning.{task}_session": [(f"{task[0]}{n}", one) for n, one in enumerate(done)] for task, done in tasks.items()}
    return a_situation(now=NOW + timedelta(hours=hours), items=items, answers={"planning": answers or {}})


def form_of(task: str) -> Any:
    return STEP.task(f"{task}_session").form


def ready(situation: Situation) -> set[str]:
    return {task for task in ("schedule", "move", "cancel", "hold") if STEP.task(f"{task}_session").ready(situation)}


def moved(situation: Situation, **answers: Any) -> Answers:
    clean = sent(form_of("move"), {"session": "s0", **answers}, situation)
    return {**clean, **STEP.task("move_session").adds(clean, situation)}


@pytest.mark.parametrize(
    ("situation", "possible"),
    [
        (after(), {"schedule"}),
        (after(schedule=[SET]), {"schedule", "move", "cancel", "hold"}),
        (after(2.5, schedule=[SET]), {"schedule", "move", "cancel", "hold"}),  # it is going on
        (after(3, schedule=[SET]), {"schedule", "cancel", "hold"}),  # it is over
        (after(schedule=[SET], hold=[{"session": "s0"}]), {"schedule"}),
        (after(schedule=[SET], cancel=[{"session": "s0"}]), {"schedule"}),
        (after(schedule=[SET, SET], cancel=[{"session": "s0"}]), {"schedule", "move", "cancel", "hold"}),
    ],
)
def test_only_what_is_possible_is_offered(situation: Situation, possible: set[str]) -> None:
    assert ready(situation) == possible


def test_the_first_preferred_time_that_is_still_free_is_proposed() -> None:
    wanted = {"session_1": SOON - 2 * HOUR - 1, "session_2": SOON, "session_3": SOON + HOUR}
    assert form_of("schedule").prefill(after(answers=wanted))["starts"] == SOON
    assert form_of("schedule").prefill(after(answers=wanted, schedule=[SET]))["starts"] == SOON + HOUR
    assert form_of("schedule").prefill(after(answers=wanted, schedule=[SET], cancel=[{"session": "s0"}]))["starts"] == SOON
    assert form_of("schedule").prefill(after(3, answers=wanted))["starts"] is None


def test_the_only_session_is_shown_as_it_is_and_several_are_chosen_by_their_time() -> None:
    assert form_of("move").prefill(after(schedule=[SET])) == {"session": "s0", **SET}
    two = after(schedule=[{**SET, "starts": SOON + HOUR}, SET])
    assert form_of("move").prefill(two) == {}
    offers = list(STEP.task("move_session").offers["sessions"](two))
    assert [(offer.value, offer.at, offer.label) for offer in offers] == [("s1", SOON, "Goals"), ("s0", SOON + HOUR, "Goals")]


def test_each_move_starts_from_the_last_one() -> None:
    first = moved(after(schedule=[SET]), starts=SOON + HOUR)
    assert (first["sequence"], first["was"], first["link"]) == (1, SET, SET["link"])
    second = moved(after(schedule=[SET], move=[first]), minutes="90")
    assert (second["sequence"], second["was"]["starts"], second["starts"]) == (2, SOON + HOUR, SOON + HOUR)
    [now] = sessions.planned(after(schedule=[SET], move=[second, first]))
    assert (now.details["minutes"], now.sequence) == ("90", 2)


@pytest.mark.parametrize(
    ("task", "situation", "answers", "fault"),
    [
        ("move", after(schedule=[SET]), {"session": "s0"}, ("starts", "session_unchanged")),
        ("move", after(schedule=[SET]), {"session": "s0", **SET}, ("starts", "session_unchanged")),
        ("move", after(schedule=[SET]), {"session": "s0", "starts": SOON - 3 * HOUR}, ("starts", "moment_past")),
        ("move", after(3, schedule=[SET, LATE]), {"session": "s0", "minutes": "90"}, GONE),
        ("move", after(schedule=[SET]), {"session": "s7", "minutes": "90"}, GONE),
        ("cancel", after(schedule=[SET, SET], hold=[{"session": "s0"}]), {"session": "s0", "reason": "x"}, GONE),
        ("hold", after(2.5, schedule=[SET, SET], cancel=[{"session": "s0"}]), {"session": "s0", "notes": "x"}, GONE),
        ("hold", after(2.5, schedule=[LATE, SET]), {"session": "s0", "notes": "x"}, GONE),  # it has not begun
    ],
)
def test_what_is_refused_says_at_which_field_and_another_session_is_taken(
    task: str, situation: Situation, answers: Answers, fault: tuple[str, str]
) -> None:
    assert refused(form_of(task), answers, situation) == {fault}
    there = sessions.begun(situation) if task == "hold" else sessions.planned(situation)
    right = {"session": there[-1].item, "agenda": "Cards"}
    sent(form_of(task), {**answers, "starts": None, **right}, situation)


def test_what_is_going_on_can_get_another_link() -> None:
    assert moved(after(2.5, schedule=[SET]), link="https://meet.example/b")["starts"] == SOON
