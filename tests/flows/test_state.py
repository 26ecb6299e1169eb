import itertools

from hypothesis import given
from hypothesis import strategies as st

from flows.people import Side
from flows.state import ENDED, FILLABLE, TRANSITIONS, TURNS, Move, StepState, after

moves = st.lists(st.sampled_from(Move), max_size=30)


def walk(steps: list[Move]) -> list[StepState]:
    seen = [StepState.LOCKED]
    for move in steps:
        state = after(seen[-1], move)
        if state is not None:
            seen.append(state)
    return seen


@given(moves)
def test_nothing_is_done_that_was_never_approved(steps: list[Move]) -> None:
    seen = walk(steps)
    for before, now in itertools.pairwise(seen):
        if now is StepState.DONE:
            assert before in (StepState.APPROVED, StepState.FULFILLING)
        if now is StepState.APPROVED:
            assert before is StepState.SUBMITTED


@given(moves)
def test_an_ended_step_changes_by_reopening_alone(steps: list[Move]) -> None:
    state = StepState.LOCKED
    for move in steps:
        following = after(state, move)
        if state in ENDED:
            assert (following is not None) == (move is Move.REOPEN)
        state = following or state


@given(moves)
def test_a_new_revision_always_needs_a_new_decision(steps: list[Move]) -> None:
    state = StepState.LOCKED
    for move in steps:
        following = after(state, move)
        if move is Move.SUBMIT and following is not None:
            assert following is StepState.SUBMITTED
        state = following or state


def test_every_state_can_be_reached_and_left_towards_an_end() -> None:
    reached, todo = {StepState.LOCKED}, [StepState.LOCKED]
    while todo:
        state = todo.pop()
        for (source, _), target in TRANSITIONS.items():
            if source is state and target not in reached:
                reached.add(target)
                todo.append(target)
    assert reached == set(StepState)
    for state in StepState:
        assert state in ENDED or any(source is state for source, _ in TRANSITIONS)


def test_whose_turn_it_is() -> None:
    assert TURNS[StepState.OPEN] is TURNS[StepState.CHANGES_REQUESTED] is Side.CUSTOMER
    assert TURNS[StepState.SUBMITTED] is TURNS[StepState.FAILED] is Side.SUPPORT
    assert all(state not in TURNS for state in (StepState.LOCKED, *ENDED))


def test_the_form_opens_exactly_where_it_can_be_sent() -> None:
    assert {StepState.OPEN, StepState.CHANGES_REQUESTED, StepState.SUBMITTED, StepState.FULFILLING} <= FILLABLE
    assert FILLABLE.isdisjoint({StepState.LOCKED, *ENDED})
