"""The access matrix: who was asked access for, in the order of the forms."""

from collections.abc import Iterator
from dataclasses import dataclass

from flows.forms.step import Step
from flows.journey import Journey
from flows.model import Grant, Snapshot


@dataclass(frozen=True)
class MatrixRow:
    """One person's accesses. ``email``: as the first form has it."""

    email: str
    grants: tuple[Grant, ...]


def in_order(snapshot: Snapshot, journey: Journey) -> list[Grant]:
    """All accesses as the forms name them, step by step; those that no form names any more come last of their step's. One that was
    withdrawn and asked for anew is there once."""
    last = {step.id: step for step in journey.steps.values()}
    places = {place: number for number, place in enumerate(place for step in last.values() for place in _asked(step, snapshot))}
    steps, end = list(last), len(places)
    anew = {_place(grant) for grant in snapshot.grants if grant.state != "withdrawn"}
    return sorted(
        (grant for grant in snapshot.grants if grant.state != "withdrawn" or _place(grant) not in anew),
        key=lambda grant: (
            steps.index(grant.step_id) if grant.step_id in last else len(steps),
            places.get(_place(grant), end),
            grant.email,
            grant.resource,
        ),
    )


def rows(snapshot: Snapshot, journey: Journey) -> list[MatrixRow]:
    """By person, in the order in which they are first named."""
    found: dict[str, list[Grant]] = {}
    for grant in in_order(snapshot, journey):
        found.setdefault(grant.email.casefold(), []).append(grant)
    columns = list(dict.fromkeys(one for step in journey.steps.values() for task in step.tasks for one in task.resource))

    def column(grant: Grant) -> int:
        return columns.index(grant.resource) if grant.resource in columns else len(columns)

    return [MatrixRow(grants[0].email, tuple(sorted(grants, key=column))) for grants in found.values()]


def _asked(step: Step, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    sent = snapshot.last(step.id)
    return ((asked.resource, asked.email.casefold()) for asked in step.grants(sent.answers)) if sent is not None else iter(())


def _place(grant: Grant) -> tuple[str, str]:
    return grant.resource, grant.email.casefold()
