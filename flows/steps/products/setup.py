"""A step for one product: where the customer stands with each item, what they need, and a check that reads what can be read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from flows.forms.fields import MAX_LENGTH, Answers, FormPage, Input, Kind
from flows.forms.parity import TEST
from flows.forms.step import Form, Page, SetupCheck, Situation, Step, Task, WantedReading
from flows.outbox import RunSetupCheck, ShowTaskInFull
from flows.people import Side
from flows.problems import Note, NoteKind, Parameter, Problem, TextKey
from flows.state import StepState
from flows.steps.authentication import environment_choice, example_keys
from flows.steps.authentication.proofs import environment_of
from flows.steps.authentication.proving import TokenPage
from flows.steps.authentication.token_check import expected, untried
from flows.steps.authentication.token_scripts import token_scripts_of_both
from flows.steps.org_details import org_id
from flows.steps.products.items import (
    NEAR,
    ItemStanding,
    SetupItem,
    missed,
    said,
    standing,
    start_by,
    verified,
    waits,
)
from flows.steps.products.programs import judged


class NotNeeded(FormPage):
    reason: Annotated[str, Field(min_length=1, max_length=MAX_LENGTH), Input(Kind.LONG_TEXT, words="setup.reason")]


HELP = "Who can answer questions about the items still in progress?"


def set_up(product: str, model: type[FormPage], items: Sequence[SetupItem], *, marketplace: str = "") -> Step:
    """``model``: the page that asks for every item, and whom the customer wants to ask (``help``). ``marketplace``: the
    answer with the marketplace's ID, where there is one."""
    step_id = f"setup_{product}"
    pages = (
        Page("items", model),
        Page("reason", NotNeeded, when=lambda answers: ItemStanding.NOT_NEEDED in [answers.get(item.id) for item in items]),
    )
    left = [item.id for item in items if not item.optional][-1]
    examples: Answers = {item.id: ItemStanding.DONE.value for item in items} | ({marketplace: "1"} if marketplace else {})

    def known(situation: Situation) -> tuple[Answers, frozenset[str]]:
        answers = said(situation, step_id)
        return answers, verified(situation, step_id, str(answers.get(marketplace) or ""))

    def shown(situation: Situation) -> Answers:
        """For the next form: what was said last, and what a check found, which is done."""
        answers, found = known(situation)
        return answers | {one: ItemStanding.DONE.value for one in found if answers.get(one) != ItemStanding.NOT_NEEDED}

    def notes(answers: Answers, situation: Situation) -> Iterator[Note]:
        for item in items:
            yield from _warning(item, standing(item, answers), situation)

    def facts(situation: Situation) -> Iterator[Note]:
        answers, found = known(situation)
        absent = missed(situation, step_id, str(answers.get(marketplace) or ""))
        return (
            Note("setup_is_missed", {"item": TextKey(item.label)}, NoteKind.TO_CHECK)
            if standing(item, answers) is ItemStanding.DONE and item.id in absent
            else _fact(item, standing(item, answers, found), situation, found)
            for item in items
        )

    def wakes(situation: Situation) -> Iterator[date]:
        answers, found = known(situation)
        for item in items:
            day = start_by(item, situation)
            if day is not None and standing(item, answers, found) is ItemStanding.NOT_STARTED:
                yield from (day - NEAR, day)

    def awaits(situation: Situation) -> datetime | None:
        """If nothing that is left has begun, the day on which the first of it comes near: nothing is anybody's turn before."""
        answers, found = known(situation)
        left = [item for item in items if waits(item, standing(item, answers, found))]
        days = [start_by(item, situation) for item in left if standing(item, answers, found) is ItemStanding.NOT_STARTED]
        begin = [day for day in days if day is not None]
        if not begin or len(begin) < len(left):
            return None
        return datetime.combine(min(begin) - NEAR, time.min, ZoneInfo(situation.timezone))

    def complete(situation: Situation) -> bool:
        answers, found = known(situation)
        return not any(waits(item, standing(item, answers, found)) for item in items)

    def token(answers: Answers, situation: Situation) -> Iterator[Problem]:
        yield from environment_choice.check(answers, situation)
        yield from untried(str(answers.get("token", "")), situation)

    def update(answers: Answers, situation: Situation) -> Iterator[Problem]:
        """Support decides on what is not needed, so that is said with the form itself."""
        before = situation.answers.get(step_id, {})
        for item in items:
            if answers.get(item.id) == ItemStanding.NOT_NEEDED != before.get(item.id) and not item.optional:
                yield Problem(item.id, "setup_not_needed_by_form")

    def readings(situation: Situation, environment: str) -> list[WantedReading]:
        answers = said(situation, step_id)
        which = str(answers.get(marketplace) or "")
        return [
            replace(one, programs=partial(judged, item, product, situation, environment)) if one.kind == "programs" else one
            for item in items
            for one in _reading(item, answers, which)
        ]

    return Step(
        step_id,
        Form(
            step_id,
            pages,
            prefill=shown,
            notes=notes,
            review=True,
            example=examples | {left: ItemStanding.IN_HAND.value, "help": HELP},
        ),
        requires=("organization",),
        brought_by="planning",
        wanted=lambda answers: product in (answers.get("products") or ()),
        tasks=(
            Task(
                "check_setup",
                Side.CUSTOMER,
                Form(
                    f"{step_id}.check_setup",
                    (Page("token", TokenPage, check=token, scripts=token_scripts_of_both),),
                    prefill=lambda _situation: {"environment": TEST},
                    example={"environment": TEST, "token": example_keys.access_token()},
                ),
                ready=lambda situation: bool(org_id(situation)) and any(one.needed for one in readings(situation, TEST)),
                repeatable=True,
                optional=True,
                requires=("authentication",),
                offers=environment_choice.OFFERS,
                effect=RunSetupCheck,
                setup_check=SetupCheck(environment_of, expected, readings),
                stale_with=(marketplace,) if marketplace else (),
                also_in=(StepState.DONE,),
            ),
            Task(
                "update_setup",
                Side.CUSTOMER,
                Form(
                    f"{step_id}.update_setup",
                    tuple(replace(page, check=update) if page.id == "items" else page for page in pages),
                    prefill=shown,
                    notes=notes,
                    example=examples | {"help": HELP},
                ),
                needed=lambda situation: not complete(situation),
                repeatable=True,
                effect=ShowTaskInFull,
                stale_with=tuple(item.id for item in items),
            ),
        ),
        finished=complete,
        links=lambda _situation: tuple(dict.fromkeys(item.link for item in items)),
        awaits=awaits,
        facts=facts,
        wakes=wakes,
    )


def _reading(item: SetupItem, answers: Answers, which: str) -> Iterator[WantedReading]:
    if item.reading is not None:
        yield WantedReading(
            item.id,
            item.reading,
            item.label,
            needed=standing(item, answers) is not ItemStanding.NOT_NEEDED,
            optional=item.optional,
            which=which if item.reading == "marketplace" else "",
        )


def _warning(item: SetupItem, now: ItemStanding, situation: Situation) -> Iterator[Note]:
    """By when work on it must begin, if it has not."""
    day = start_by(item, situation)
    if now is not ItemStanding.NOT_STARTED or day is None:
        return
    late, near = day < situation.today, day <= situation.today + NEAR
    key = "setup_late" if late else "setup_soon" if near else "setup_start"
    yield Note(key, {"item": TextKey(item.label), "date": day.isoformat()}, NoteKind.TO_CHECK if near else NoteKind.FACT)


def _fact(item: SetupItem, now: ItemStanding, situation: Situation, found: frozenset[str]) -> Note:
    """Where it stands; while work on it has not begun, also whose it is, how long it takes, and by when it must begin."""
    named: dict[str, Parameter] = {"item": TextKey(item.label)}
    if now is not ItemStanding.NOT_STARTED:
        checked = now is ItemStanding.DONE and item.id in found
        return Note("setup_is_verified" if checked else f"setup_is_{now.value}", named)
    facts: dict[str, Parameter] = {**named, "whose": TextKey(f"setup_owner.{item.owner}"), "days": item.days}
    day = start_by(item, situation)
    if day is None:
        return Note("setup_is_undated", facts)
    late = day < situation.today
    key = "setup_is_late" if late else "setup_is_soon" if day <= situation.today + NEAR else "setup_is_not_started"
    return Note(key, {**facts, "date": day.isoformat()}, NoteKind.TO_CHECK if late else NoteKind.FACT)
