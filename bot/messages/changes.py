"""What a resubmission changed, old and new."""

import hashlib
from collections.abc import Sequence
from typing import Any

from bot.messages.answers import answer_line, display
from bot.messages.blocks import COMMENT, Drawing, clip, drawing, long_sections, parts, section
from bot.messages.tables import table
from bot.messages.texts import Texts, escape, typed
from flows.forms.addresses import addresses
from flows.forms.fields import Answers, Input, inputs, words_of
from flows.forms.pages import Slot
from flows.forms.step import Form

MAX_CHANGED, BEFORE_CHANGE = 500, 100
"""Characters shown of an old and of a new value; of them, at most so many before the first that changed."""
MAX_CELL = MAX_CHANGED + 100
"""The same in a table, with the marks around them. Longer ones, such as a list of addresses, are lines of their own."""

AnswerChange = tuple[str, str, str]


def diff(old: Answers, new: Answers, form: Form, texts: Texts) -> list[AnswerChange]:
    """(label, old, new) of every field that changed, as people read it; for a list of addresses, those added and removed."""
    found: list[AnswerChange] = []
    none = texts("review.nothing")
    for page in form.pages:
        if page.repeat:
            before, after = old.get(page.repeat) or [], new.get(page.repeat) or []
            for index in range(max(len(before), len(after))):
                was, now = (before[index : index + 1] or [{}])[0], (after[index : index + 1] or [{}])[0]
                found += _page_diff(Slot(page, index), was, now, form, texts, none)
        else:
            found += _page_diff(Slot(page), old, new, form, texts, none)
    return found


def _page_diff(slot: Slot, old: Answers, new: Answers, form: Form, texts: Texts, none: str) -> list[AnswerChange]:
    found: list[AnswerChange] = []
    lists: dict[str, list[str]] = {}
    for name, _, item in inputs(slot.page.model):
        was, now = old.get(name), new.get(name)
        if item.addresses:
            lists.setdefault(name.removesuffix("_file"), []).append(name)
        elif was != now and name != "then" and not item.aside:
            label = texts(f"{words_of(form.id, name, item)}.label")
            if item.words:  # pages share it
                label = f"{_title(form, slot, texts)}: {label}"
            elif slot.item is not None:
                label = f"{label} {slot.item + 1}"
            found.append((label, *_sides(was, now, name, item, texts, none)))
    for names in lists.values():
        if any(old.get(name) != new.get(name) for name in names):
            found += _addresses_diff(names, old, new, form, texts)
    return found


def _title(form: Form, slot: Slot, texts: Texts) -> str:
    number = f" {slot.item + 1}" if slot.item is not None else ""
    return texts(f"page.{form.id}.{slot.page.id}.title") + number


def _sides(was: Any, now: Any, name: str, item: Input, texts: Texts, none: str) -> tuple[str, str]:
    """Both as people read them, long ones from where they begin to differ; files with the same name are told apart by a hash of their
    content."""
    sides = [display(value, name, item, texts) if value not in (None, "", []) else none for value in (was, now)]
    if sides[0] == sides[1] and isinstance(was, dict) and isinstance(now, dict):
        marks = [hashlib.sha256(str(file.get("text", "")).encode()).hexdigest()[:16] for file in (was, now)]
        sides = [f"{side} (SHA-256 {mark}…)" for side, mark in zip(sides, marks, strict=True)]
    if isinstance(was, str) and isinstance(now, str) and max(map(len, sides)) > MAX_CHANGED:
        same = next((at for at, (one, other) in enumerate(zip(was, now, strict=False)) if one != other), min(len(was), len(now)))
        begin = same - BEFORE_CHANGE
        sides = [typed(f"…{text[begin:]}") for text in (was, now)] if begin > 0 else sides
    return sides[0], sides[1]


def _addresses_diff(names: list[str], old: Answers, new: Answers, form: Form, texts: Texts) -> list[AnswerChange]:
    """For a list that is typed, in a file, or both: those added have no old value, those removed no new one."""
    label = texts(f"field.{form.id}.{names[0]}.label")
    before, after = ({address.casefold(): address for address in addresses(side, *names)} for side in (old, new))
    found: list[AnswerChange] = []
    for key, of, others in (("addresses_added", after, before), ("addresses_removed", before, after)):
        those = [address for same, address in of.items() if same not in others]
        if those:
            words = texts(f"review.{key}", n=len(those))
            both = ("", typed(", ".join(those)))
            found.append((f"{label} ({words})", *(both if of is after else reversed(both))))
    return found or [(label, "", escape(texts("review.addresses_same", n=len(after))))]


def differences(changed: Sequence[AnswerChange], revision: int, texts: Texts) -> list[Drawing]:
    """A resubmission's changes: a table, and as lines what has no room in it; in as many messages as needed."""
    if not changed:
        return [drawing([section(texts("say.no_differences", revision=revision))])]
    title = texts("say.differences", revision=revision)
    short = [one for one in changed if max(len(one[1]), len(one[2])) <= MAX_CELL]
    rows = [(escape(label), old, new) for label, old, new in short]
    block = table(title, [texts(f"changes.{name}") for name in ("field", "before", "now")], rows)[:1]
    shown = short[: len(block[0]["rows"]) - 1] if block else []
    lines = [
        answer_line(label, f"{clip(old, MAX_CHANGED)} → {clip(new, MAX_CHANGED)}" if old and new else old or new)
        for label, old, new in changed
        if (label, old, new) not in shown
    ]
    said = [section(title), *block, *(long_sections("\n".join(lines)) if lines else ())]
    whole = drawing(said, most_text=COMMENT)
    if whole.blocks == said:
        return [whole]
    return parts(lambda number, of: texts("review.part", number=number, of=of), said)
