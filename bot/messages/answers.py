"""A form's answers and problems as people read them: what was typed is marked, so that it is drawn as it is."""

import base64
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.messages.blocks import cut
from bot.messages.texts import Texts, escape, typed
from flows.checks import der
from flows.forms.fields import CATALOGS, Answers, Input, Kind, inputs, words_of
from flows.forms.pages import Slot, raw_of
from flows.forms.step import Form
from flows.problems import Problem

Offered = Mapping[str, Mapping[str, str]]
"""Choices that come from the onboarding itself: by a field's source, the label of each value."""


def chosen_label(item: Input, value: str, texts: Texts, offered: Offered) -> str:
    """A value's label in a searchable select; empty if it can't be chosen any more."""
    if (kind := CATALOGS.get(item.source)) is not None:
        from flows.checks import catalog  # noqa: PLC0415  its names are loaded on first use

        return catalog.label(kind, value, texts.language)
    return offered.get(item.source, {}).get(value, "")


def sentence_of(problem: Problem, texts: Texts) -> str:
    key = f"error.{problem.key}"
    return texts(key, **problem.params) if texts.has(key) else texts("error.invalid")


def page_name(form: Form, order: Sequence[Slot], index: int, texts: Texts) -> str:
    """A page's title; for an entry of a list, which of how many it is. Empty if the page has none."""
    slot, page = order[index], f"page.{form.id}.{order[index].page.id}"
    number = (slot.item or 0) + 1
    if texts.has(f"{page}.item"):
        count = len({one.item for one in order if one.page.repeat == slot.page.repeat})
        return texts(f"{page}.item", number=number, count=count)
    title = texts(f"{page}.title") if texts.has(f"{page}.title") else ""
    return title if slot.item is None else f"{title} {number}".strip()


def label_of(form: Form, slot: Slot, name: str, texts: Texts) -> str:
    """That of an input."""
    return next(texts(f"{words_of(form.id, one, item)}.label") for one, _, item in inputs(slot.page.model) if one == name)


def answer_name(form: Form, order: Sequence[Slot], slot: Slot, name: str, answers: Answers, texts: Texts) -> str:
    """An answer by its page and label; an item of a list as a whole (`answers_to_name`) by its page and the first text typed in it."""
    page = page_name(form, order, order.index(slot), texts) if len(order) > 1 else ""
    raw = raw_of(slot, answers)
    first = next((str(raw[one]) for one, _, item in inputs(slot.page.model) if item.kind is Kind.TEXT and raw.get(one)), "")
    return " · ".join(filter(None, (page, label_of(form, slot, name, texts) if name else cut(first, 40))))


def shown_answers(form: Form, slot: Slot, answers: Answers, texts: Texts, named: Collection[str] = ()) -> list[tuple[str, str]]:
    """(label, value as mrkdwn) of the answers given on one page. Those ``named`` are marked, and are there though nothing was given."""
    shown = []
    for name, _, item in inputs(slot.page.model):
        given = answers.get(name) not in (None, "", [])
        if not (given or name in named) or item.forget or item.aside or name == "then":
            continue
        label = texts(f"{words_of(form.id, name, item)}.label")
        shown.append((f"! {label}" if name in named else label, display(answers[name], name, item, texts) if given else "–"))
    return shown


def answer_line(label: str, words: str) -> str:
    """A label and its answer (mrkdwn), as a line. A question has its own sign and takes no colon."""
    return f"*{escape(label)}*{'' if label.endswith('?') else ':'} {words}"


def display(value: Any, name: str, item: Input, texts: Texts) -> str:
    """One answer as people read it: mrkdwn in which what was typed is marked."""
    if isinstance(value, list) and item.kind not in (Kind.CHOICES, Kind.SEARCH_MANY):
        return ", ".join(typed(str(one)) for one in value)
    match item.kind:
        case Kind.CHOICE:
            return typed(_choice(str(value), name, item, texts))
        case Kind.CHOICES:
            labels = [texts(f"choice.{item.choices or name}.{one}") for one in value]
            return ("; " if any(":" in label for label in labels) else ", ").join(map(typed, labels))
        case Kind.SEARCH if item.source in CATALOGS:
            return typed(chosen_label(item, str(value), texts, {}) or str(value))
        case Kind.SEARCH_MANY:
            return str(len(value))
        case Kind.MOMENT:
            return texts.at(int(value))
        case Kind.DATE:
            return typed(texts.day(str(value)))  # the same day in every zone
        case Kind.PERSON:
            return f"<@{value}>"
        case Kind.CHANNEL:
            return f"<#{value}>"
        case Kind.FILE:
            return typed(str(value.get("name", ""))) if isinstance(value, dict) else typed(str(value))
        case _:
            return typed(_short(str(value)))


def _choice(value: str, name: str, item: Input, texts: Texts) -> str:
    match item.source:
        case "steps":
            return texts(f"step.{value}.title")
        case "languages":
            return texts.language_name(value)
        case _:
            return texts(f"choice.{item.choices or name}.{value}")


_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----")


def _short(text: str) -> str:
    """PEM as its kind and the SHA-256 of its content, so that two can be told apart. Unchanged if there is anything else in it: whoever
    reviews an answer must see all that was typed."""
    blocks = list(_PEM.finditer(text))
    if not blocks or _PEM.sub("", text).strip():
        return text
    try:
        contents = [base64.b64decode("".join(block[2].split()), validate=True) for block in blocks]
    except ValueError:
        return text
    if any((span := der.body(content)) is None or span[1] != len(content) for content in contents):
        return text
    digest = hashlib.sha256(b"".join(contents)).digest()
    return f"{blocks[0][1].title()} (PEM, SHA-256 {digest[:8].hex(':')}…)"
