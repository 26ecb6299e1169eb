"""The programs that the form's answers ask for, by key: what the first one of a product is for, and for one that comes after it this with
its name, which no other program of the form has."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flows.checks.programs import CARD_TYPES, ProgramTemplate, days
from flows.forms.fields import Answers
from flows.steps.first_programs.pages import CARD, FURTHER, PROGRAMS

SHARED = ("currency", "country", "timezone", "cycle_closing")
"""What a program can have otherwise than the form's first page says."""


def product_of(key: str) -> str:
    """What a program is for."""
    return key.partition(":")[0]


def wanted(key: str) -> Callable[[Answers], bool]:
    return lambda answers: key in (answers.get("products") or ())


def several(answers: Answers) -> bool:
    """Whether there are programs that could differ in what they share."""
    return len(answers.get("products") or ()) > 1


def own(key: str) -> tuple[str, ...]:
    """The inputs in which the first program of what it is for can differ from the others."""
    return tuple(f"{key}_{name}" for name in SHARED)


def has_cards(key: str) -> Callable[[Answers], bool]:
    return lambda answers: wanted(key)(answers) and answers.get(f"{key}_type") in CARD_TYPES


def further(answers: Answers) -> Sequence[Answers]:
    """What was answered for each program that comes after the first one of what it is for."""
    return (answers.get(FURTHER) or ()) if wanted(FURTHER)(answers) else ()


def template(answers: Answers, key: str) -> ProgramTemplate:
    """The program that the answers beginning with ``key`` ask for; what isn't answered yet is empty."""

    def own(name: str) -> str:
        return str(answers.get(f"{key}_{name}") or "")

    shared: Any = {name: own(name) or str(answers.get(name) or "") for name in SHARED}
    cards: dict[str, Any] = {}
    if own("type") in CARD_TYPES:  # what was typed before another type was chosen counts for nothing
        cards = {name: own(name) for name in CARD} | {"due_dates": days(own("due_dates")) or ()}
    return ProgramTemplate(name=own("name"), type=own("type"), language=str(answers.get("language") or ""), **shared, **cards)


def each(answers: Answers) -> Iterator[tuple[str, ProgramTemplate]]:
    """Key and program, in the form's order, also those that have the same name by mistake."""
    for key in PROGRAMS:
        if wanted(key)(answers):
            yield key, template(answers, key)
    for one in further(answers):
        asked = template({**answers, **one}, FURTHER)
        yield f"{one.get(f'{FURTHER}_product', '')}:{asked.name}", asked


def templates(answers: Answers) -> dict[str, ProgramTemplate]:
    """By key, in the form's order."""
    return dict(each(answers))
