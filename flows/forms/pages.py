"""Going through a form: which pages, in which order, what is wrong, what is saved as a draft, and what is sent.

Draft answers are raw values by field name (`flows.forms.fields`); a repeated page's items are a list under its ``repeat``.
"""

import hmac
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from pydantic import ValidationError

from flows.checks.visible import visible
from flows.forms.fields import TYPED, Answers, FormPage, Kind, inputs
from flows.forms.step import Form, Page, Situation
from flows.problems import NoteKind, Parameter, Problem

MAX_ITEMS = 50
"""The most items of a repeated page."""
MOST_TO_NAME = 100
"""Answers that a request for changes offers one by one: as many as Slack takes in a select."""
SENT_AS = "sent_as"
"""In an item of a draft: its number in what was sent last."""
_PUNCTUATION = re.compile(r"[^\w&]|_")
"""What makes an id no other one: an ampersand does, in Mexico's tax ids."""


@dataclass(frozen=True)
class Slot:
    """One page to ask. ``item``: the index in a repeated page's list."""

    page: Page
    item: int | None = None

    @property
    def name(self) -> str:
        return self.page.id if self.item is None else f"{self.page.id}{self.item}"


def slots(form: Form, answers: Answers) -> list[Slot]:
    """The pages to ask for these answers, in order; never empty."""
    found: list[Slot] = []
    for repeat, pages in groupby(form.pages, key=lambda page: page.repeat):
        if repeat:
            found += _of_items(list(pages), answers)
        else:
            found += [Slot(page) for page in pages if page.when(answers)]
    return found


def _of_items(pages: list[Page], answers: Answers) -> Iterator[Slot]:
    """The pages of each item, one item after the other."""
    items = list(answers.get(pages[0].repeat) or [])
    another = not items or (items[-1].get("then") == "another" and len(items) < MAX_ITEMS)
    if another and not pages[0].to_correct:
        items.append({})
    for index, item in enumerate(items):
        yield from (Slot(page, index) for page in pages if page.when({**answers, **item}))


def item_of(slot: Slot, answers: Answers) -> Answers:
    """What was typed so far of the item that a repeated page is for, on all its pages; nothing for another page."""
    items = answers.get(slot.page.repeat) or []
    return dict(items[slot.item]) if slot.item is not None and slot.item < len(items) else {}


def raw_of(slot: Slot, answers: Answers) -> Answers:
    """What was typed on one page so far."""
    names = set(slot.page.model.model_fields)
    typed = answers if slot.item is None else item_of(slot, answers)
    return {name: value for name, value in typed.items() if name in names}


def put(slot: Slot, answers: Answers, raw: Answers) -> Answers:
    """The answers with one page's raw values put in; an item whose ``then`` is "remove" is left out."""
    forgotten = {name for name, _, item in inputs(slot.page.model) if item.forget}
    raw = {name: value for name, value in raw.items() if name not in forgotten}
    before = raw_of(slot, answers)
    for name, _, item in inputs(slot.page.model):
        if item.kind is Kind.FILE and raw.get(name) is None and before.get(name) is not None:
            # Sending a page again doesn't carry its file again, so it is kept; new text in its place drops it.
            text = name.removesuffix("_file")
            if not item.instead or (raw.get(text) or "") == (before.get(text) or ""):
                raw[name] = before[name]
    if slot.item is None:
        return {**answers, **raw}
    items = [dict(item) for item in answers.get(slot.page.repeat) or []]
    others = {name: value for name, value in item_of(slot, answers).items() if name not in slot.page.model.model_fields}
    removed = raw.get("then") == "remove"
    items[slot.item : slot.item + 1] = [] if removed else [others | raw]
    if removed and items and slot.item >= len(items):
        items[-1].pop("then", None)  # what should have come after it is what was left out
    return {**answers, slot.page.repeat: items}


def for_these_values(slot: Slot, answers: Answers, raw: Answers) -> Answers:
    """What was typed on one page, without what stood there already to explain a value that is another one now."""
    before, kept = raw_of(slot, answers), dict(raw)
    for name, _, item in inputs(slot.page.model):
        stood = before.get(item.explains)
        changed = stood is not None and _compared(stood) != _compared(raw.get(item.explains))
        if changed and before.get(name) == raw.get(name):
            kept[name] = None
    return kept


def _compared(value: Any) -> str:
    """A number or an id without what makes it no other one: case, spaces and punctuation."""
    return _PUNCTUATION.sub("", str(value)).casefold()


@dataclass(frozen=True)
class Screened:
    """Raw values without those that contain a secret, and what was found; the secret itself is gone."""

    raw: Answers
    problems: tuple[Problem, ...]


def screen(page: Page, raw: Answers) -> Screened:
    """Remove private keys, server secrets, passwords, tokens, and card numbers from what was typed or attached."""
    return screen_fields(page.model, raw)


def screen_fields(model: type[FormPage], raw: Answers) -> Screened:
    """The same for the page of this model, or some of its fields."""
    from flows.checks import guard  # noqa: PLC0415  compiles its patterns on first use

    kept: Answers = dict(raw)
    problems: list[Problem] = []
    for name, _, item in inputs(model):
        value = raw.get(name)
        found: Iterable[guard.SecretFinding] = ()
        if isinstance(value, dict):
            found = guard.find_in_file(str(value.get("name", "")), str(value.get("text", "")).encode())
        elif isinstance(value, str) and item.kind in TYPED:
            texts = dict.fromkeys((value, visible(value, lines=True)))  # as typed, and as it would be kept
            found = [finding for text in texts for finding in guard.find_secrets(text)]
        kinds = {finding.kind for finding in found if str(finding.kind) not in item.allow}
        if kinds:
            kept[name] = None
            gravest = min(kinds, key=list(guard.SecretKind).index)
            problems.append(Problem(name, f"secret_{gravest}"))
    return Screened(kept, tuple(problems))


def _given(raw: Mapping[str, Any]) -> Answers:
    return {name: value for name, value in raw.items() if value not in (None, "", [])}


def _problems(error: ValidationError) -> tuple[Problem, ...]:
    found = []
    for fault in error.errors(include_url=False, include_input=False):
        context: Mapping[str, Any] = fault.get("ctx") or {}
        params: dict[str, Parameter] = {
            k: v for k, v in context.items() if isinstance(v, str | int) and k not in ("key", "error")
        }
        found.append(Problem(str(fault["loc"][0]) if fault["loc"] else "", str(fault["type"]), params))
    return tuple(found)


def validate(model: type[FormPage], raw: Answers) -> tuple[Answers, tuple[Problem, ...]]:
    """What the page's own fields say: the answers to keep, or the problems."""
    try:
        page = model.model_validate(_given(raw))
    except ValidationError as error:
        return {}, _problems(error)
    return page.model_dump(mode="json"), ()


def taken(form: Form, answers: Answers, situation: Situation) -> Answers:
    """The answers with what follows from all pages."""
    for page in form.pages:
        if page.takes is not None and page.when(answers):
            answers = page.takes(answers, situation)
    return answers


def hidden(slot: Slot, answers: Answers, situation: Situation) -> frozenset[str]:
    """The inputs of a page in which there is nothing to ask."""
    return frozenset(slot.page.hides({**answers, **item_of(slot, answers)}, situation))


def _asked_of(slot: Slot, answers: Answers, situation: Situation) -> Answers:
    unasked = hidden(slot, answers, situation)
    return {name: value for name, value in raw_of(slot, answers).items() if name not in unasked}


def check(slot: Slot, answers: Answers, situation: Situation) -> tuple[Problem, ...]:
    """What is wrong with one page, given all answers so far. Empty: go on to the next page."""
    clean, problems = validate(slot.page.model, _asked_of(slot, answers, situation))
    return problems or tuple(slot.page.check({**answers, **item_of(slot, answers), **clean}, situation))


def passed_over(slot: Slot, answers: Answers, situation: Situation) -> bool:
    """Whether a page needs not be asked: it is there to correct something, or asks for what is known, and nothing is wrong with it."""
    return (slot.page.to_correct or slot.page.known) and not check(slot, answers, situation)


def is_brief(form: Form, answers: Answers, situation: Situation) -> bool:
    """Whether one page has all that is asked, so that nobody needs another one to read it again. What is read out of a list, or is an
    entry of one, stands on no such page."""
    order = slots(form, answers)
    if form.shown_back or any(slot.item is not None or slot.page.takes is not None for slot in order):
        return False
    return sum(not passed_over(slot, answers, situation) for slot in order) == 1


def needs_a_look(form: Form, clean: Answers, situation: Situation) -> bool:
    """Whether something in the answers should be looked at again before they are sent. What was attached can't be seen in its field."""
    notes = (note.kind for note in form.notes(clean, situation))
    return NoteKind.TO_CHECK in notes or any(isinstance(value, dict) for value in clean.values())


def collect(form: Form, answers: Answers, situation: Situation) -> tuple[Answers, list[tuple[int, Problem]]]:
    """Validate all pages: the answers to send, and the problems, each with the index of its page's slot."""
    clean: Answers = {}
    problems: list[tuple[int, Problem]] = []
    answers = taken(form, answers, situation)
    for index, slot in enumerate(slots(form, answers)):
        page, faults = validate(slot.page.model, _asked_of(slot, answers, situation))
        if not faults:
            page |= slot.page.normal({**answers, **clean, **page})
        if slot.item is None:
            clean.update(page)
        else:
            page.pop("then", None)
            items = clean.setdefault(slot.page.repeat, [])
            items[slot.item :] = [{**item, **page} for item in items[slot.item :] or [{}]]
        faults = faults or tuple(slot.page.check({**answers, **clean, **item_of(slot, answers), **page}, situation))
        problems.extend((index, fault) for fault in faults)
    return clean, problems


def forgotten(form: Form) -> frozenset[str]:
    """A form's fields that are used once and never stored."""
    return frozenset(name for page in form.pages for name, _, item in inputs(page.model) if item.forget)


def held_as(item: str, field: str) -> str:
    """Under this name the bot keeps in memory what a forgotten field of a task's form had, until the task's effect takes it."""
    return item if field == "token" else f"{item}.{field}"


def numbered(form: Form, sent: Answers) -> Answers:
    """What was sent, as it is edited: each item of a list knows its number in it, whatever is left out or added before it."""
    lists = {page.repeat: sent.get(page.repeat) or [] for page in form.pages if page.repeat}
    return {
        **sent,
        **{repeat: [{**item, SENT_AS: at} for at, item in enumerate(items)] for repeat, items in lists.items() if items},
    }


def answers_to_name(form: Form, answers: Answers, situation: Situation) -> Sequence[tuple[str, Slot, str]]:
    """Each answer of a sent form that a request for changes can name: how it is named there, its page and its input. What wasn't answered
    can be named, too. Where there are very many, an item of a list is named as a whole, without an input."""
    every = list(_each_to_name(form, answers, situation))
    if len(every) <= MOST_TO_NAME:
        return every
    named: dict[str, tuple[str, Slot, str]] = {}
    for key, slot, name in every:
        whole = _whole_item(slot)
        named.setdefault(whole or key, (whole, slot, "") if whole else (key, slot, name))
    return list(named.values())


def _each_to_name(form: Form, answers: Answers, situation: Situation) -> Iterator[tuple[str, Slot, str]]:
    for slot in slots(form, answers):
        unasked = hidden(slot, answers, situation)
        for name, _, item in inputs(slot.page.model):
            empty = raw_of(slot, answers).get(name) in (None, "", [])
            if not (item.aside or item.forget or name in unasked or name == "then" or (item.doubted and empty)):
                yield f"{slot.name}:{name}", slot, name


def _whole_item(slot: Slot) -> str:
    """How the item of a repeated page is named, on whichever of its pages; empty for another page."""
    return "" if slot.item is None else f"{slot.page.repeat}{slot.item}"


def named_in(slot: Slot, answers: Answers, named: Collection[str]) -> frozenset[str]:
    """The inputs of a page that a request for changes named. An item of a list is known by its number in what was sent."""
    sent = slot if slot.item is None else replace(slot, item=item_of(slot, answers).get(SENT_AS))
    if sent.item is None and slot.item is not None:  # added since
        return frozenset()
    every = [name for name, _, item in inputs(slot.page.model) if not item.aside and name != "then"]
    return frozenset(name for name in every if f"{sent.name}:{name}" in named or _whole_item(sent) in named)


def digest(salt: str, onboarding_id: str, step_id: str, answers: Answers) -> str:
    """What an approval names along with the revision: HMAC-SHA-256 over the canonical answers, 64 hex digits.

    ``salt``: the key, one for each submission and sealed with it, since answers such as an address can be guessed and a digest without
    a key tells which guess is right.
    """
    canonical = json.dumps([onboarding_id, step_id, answers], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hmac.digest(salt.encode(), canonical.encode(), "sha256").hex()
