"""Forms filled in by hand: a situation to check against, and what a form says about answers."""

from dataclasses import replace
from datetime import date
from typing import Any

from bot.messages.texts import languages
from flows.forms.fields import Answers, Input, Kind, inputs
from flows.forms.pages import collect, screen, slots
from flows.forms.step import EXAMPLES_AT, Form, Situation
from flows.journey import JOURNEYS

NOW = EXAMPLES_AT
LANGUAGES = languages()
MEXICO: Answers = {
    "further_product": "seller_management",
    "further_name": "Merchants Mexico",
    "further_type": "MERCHANT",
    "further_currency": "MXN",
    "further_country": "MEX",
    "further_timezone": "America/Mexico_City",
}
"""Of the first programs: one for a second country."""


def a_situation(**more: Any) -> Situation:
    known = Situation(
        now=NOW,
        today=date(2026, 3, 10),
        customer="Acme Bank",
        language="en",
        timezone="America/Sao_Paulo",
        channel_id="C1",
        lead_id="U2",
        owner_id="U1",
        steps=tuple(JOURNEYS.latest.steps),
    )
    return replace(known, **more)


def example(form: Form) -> Answers:
    """The form's example, with something chosen where it says "*"."""
    asked = {name: item for page in form.pages for name, _, item in inputs(page.model)}

    def chosen(item: Input | None) -> Any:
        if item is not None and item.source == "steps":
            return next(iter(JOURNEYS.latest.steps))
        return ["grant_1"] if item is not None and item.kind is Kind.SEARCH_MANY else "*"

    return {name: chosen(asked.get(name)) if value == "*" else value for name, value in form.example.items()}


def sent(form: Form, answers: Answers, situation: Situation | None = None) -> Answers:
    """What is sent for these raw answers; they must be accepted."""
    clean, problems = collect(form, answers, situation or a_situation())
    assert problems == []
    return clean


def refused(form: Form, answers: Answers, situation: Situation | None = None) -> set[tuple[str, str]]:
    """(field, key) of everything that is wrong, secrets included."""
    found = {(problem.field, problem.key) for _, problem in collect(form, answers, situation or a_situation())[1]}
    for slot in slots(form, answers):
        found |= {(problem.field, problem.key) for problem in screen(slot.page, answers).problems}
    return found
