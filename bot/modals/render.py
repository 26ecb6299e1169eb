"""Form pages as modals: one renderer for every form. No Slack calls, no store.

An input's block id is ``<field>~<slot name>``: different on each page, so that nothing typed on one page shows on another.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.messages.answers import Offered, answer_line, chosen_label, page_name, sentence_of, shown_answers
from bot.messages.blocks import Block, actions, alert, button, context, cut, fit, long_sections, plain, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.notes import note_words
from bot.messages.rich_text import code
from bot.messages.texts import Texts, escape
from bot.modals.parse import ACTION, block_id
from bot.modals.subject import FormMeta
from flows.forms.fields import Answers, Input, Kind, inputs, max_length, min_length, only_default, words_of
from flows.forms.pages import Slot, item_of, raw_of
from flows.forms.step import Form, Script, always
from flows.problems import Note, Problem

CALLBACK = "form"
VIEW_TEXT = 50_000
"""Characters on the last page: at up to four bytes each, they stay under a view's 250 KB."""

MAX_BOXES = 10
"""Checkboxes that Slack takes in one input."""

MOST_LINES = (500, 100, 30)
"""Lines of a list shown on the last page, of each kind: as many as fit."""

SEND = {"addresses": "form_ui.send_addresses", "people": "form_ui.send_people"}
NOTHING = {"addresses": "form_ui.no_addresses", "people": "form_ui.no_people"}
"""By what a form sends (`Form.counts`): the button that says how many, and what is said without any."""

View = dict[str, Any]


def _view(meta: FormMeta, texts: Texts, blocks: list[Block], *, submit: str = "") -> View:
    keys = (
        f"form.{meta.form}.title",
        f"step.{meta.step}.title",
        "form_ui.message",
    )  # the last where the current version lacks it
    title = next(texts(key) for key in keys if texts.has(key))
    view: View = {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain(cut(title, 24)),
        "close": plain(texts("form_ui.close")),
        "private_metadata": meta.model_dump_json(exclude_defaults=True),
        "blocks": blocks[:100],
    }
    if submit:
        view["submit"] = plain(cut(submit, 24))
    return view


def page_view(
    form: Form,
    order: Sequence[Slot],
    index: int,
    answers: Answers,
    texts: Texts,
    meta: FormMeta,
    *,
    problems: Sequence[Problem] = (),
    told: Sequence[Block] = (),
    offered: Offered | None = None,
    scripts: Sequence[Script] = (),
    about: Sequence[Block] = (),
    unasked: Collection[str] = (),
    passed: Collection[int] = (),
    beside: Sequence[int] = (),
) -> View:
    """One page with what was typed before. ``told``: blocks above its inputs. ``offered``: choices from the onboarding itself.
    ``scripts``: commands below its inputs. ``about``: its first line, whom and what it is about.
    ``unasked``: its inputs that aren't shown. ``passed``: pages that need not be asked; ``beside``: those of them whose answers are shown
    below, each with a button to change it."""
    slot = order[index]
    raw = raw_of(slot, answers)
    blocks: list[Block] = [*about, *_heading(form, order, index, texts, passed)]
    labels = {name: texts(f"{words_of(form.id, name, item)}.label") for name, _, item in inputs(slot.page.model)}
    doubted = {name for name, _, item in inputs(slot.page.model) if item.doubted}
    for problem in problems:
        sentence = sentence_of(problem, texts)
        at_field = problem.field in labels and problem.field not in doubted  # what is doubted stands in another one
        blocks.append(alert(f"{labels[problem.field]}: {sentence}" if at_field else sentence, "error"))
    blocks.extend(told)
    compulsory = slot.page.compulsory({**answers, **item_of(slot, answers)})
    for name, info, item in inputs(slot.page.model):
        if name in unasked or (item.asked_with and not answers.get(item.asked_with)):
            continue
        choices = (offered or {}).get(item.source, {})
        if only_default(info, item, raw.get(name), choices):
            blocks.append(context(answer_line(labels[name], escape(choices[info.default]))))
            continue
        these = ([one for one in names if one not in unasked] for names in slot.page.model.one_of if names[0] == name)
        blocks += [context(texts(_either(names))) for names in these]
        element = _element(name, info, item, raw.get(name), texts, offered or {})
        block = _labelled(element, words_of(form.id, name, item), texts)
        optional = not info.is_required() and name not in compulsory
        told_of = {"dispatch_action": True} if item.redraws else {}
        blocks.append({**block, "block_id": block_id(name, slot, meta.times(name)), "optional": optional, **told_of})
    for script in scripts:
        blocks += [section(texts(f"say.{script.key}")), code(script.code)]
    blocks += [part for number in beside for part in _answers_of(form, order, number, answers, texts, meta)]
    before = any(number not in passed for number in range(index))
    turns = [button(texts("form_ui.back"), Act.BACK, ButtonValue())] * (before and not meta.mending)
    if slot.page.to_correct or _may_go(slot, order):  # whoever leaves an entry out need not complete it first
        turns.append(button(texts("form_ui.leave_out"), Act.LEAVE_OUT, ButtonValue()))
    blocks += [actions(*turns)] if turns else []
    return _view(meta, texts, blocks, submit=_sending(form, answers, meta, texts) if meta.sends else texts("form_ui.next"))


def _sending(form: Form, answers: Answers, meta: FormMeta, texts: Texts) -> str:
    """The button of a page that sends the form: what that does, or how many it sends where the page shows it already."""
    if form.counts is not None and meta.count:
        return texts(SEND[form.counts(answers)[0]], n=meta.count)
    own = f"form.{form.id}.submit"
    return texts(own) if texts.has(own) else texts("form_ui.send")


def _may_go(slot: Slot, order: Sequence[Slot]) -> bool:
    """Whether it is the first page of an entry that is not the only one."""
    others = any(one.item != slot.item for one in order if one.page.repeat == slot.page.repeat)
    return slot.item is not None and "then" in slot.page.model.model_fields and others


def _either(names: Sequence[str]) -> str:
    """The line above inputs of which one is required."""
    attached = any(name.endswith("_file") for name in names)
    return f"form_ui.{('paste_or_attach' if len(names) == 2 else 'paste_attach_or_choose') if attached else 'one_of_two'}"


def _heading(form: Form, order: Sequence[Slot], index: int, texts: Texts, passed: Collection[int]) -> Iterator[Block]:
    """The page's title, its place in the form where all pages are asked whatever is answered, and what it is about."""
    page = f"page.{form.id}.{order[index].page.id}"
    parts = [name] if (name := page_name(form, order, index, texts)) else []
    if len(order) > 1 and not passed and all(one.when is always and not one.repeat for one in form.pages):
        parts.append(texts("form_ui.page", number=index + 1, count=len(order) + (1 if form.review else 0)))
    if parts:
        yield context(f"*{' · '.join(parts)}*")
    if texts.has(f"{page}.about"):
        yield context(texts(f"{page}.about"))


def _labelled(element: Block, words: str, texts: Texts) -> Block:
    """An input block. ``words``: the key of its texts."""
    if texts.has(f"{words}.placeholder") and "options" not in element and element["type"] != "file_input":
        element = {**element, "placeholder": plain(texts(f"{words}.placeholder"), 150)}
    label = plain(texts(f"{words}.label"), 2000)
    block: Block = {"type": "input", "label": label, "element": {**element, "action_id": ACTION}}
    return {**block, "hint": plain(texts(f"{words}.hint"), 2000)} if texts.has(f"{words}.hint") else block


def _element(name: str, info: Any, item: Input, value: Any, texts: Texts, offered: Offered) -> Block:
    match item.kind:
        case Kind.TEXT | Kind.LONG_TEXT:
            element: Block = {"type": "plain_text_input", "multiline": item.kind is Kind.LONG_TEXT}
            element["max_length"] = min(max_length(info) or 3000, 3000)
            if least := min_length(info):
                element["min_length"] = least
            if value:
                element["initial_value"] = str(value)[: element["max_length"]]
            return element
        case Kind.EMAIL | Kind.URL:
            element = {"type": "email_text_input" if item.kind is Kind.EMAIL else "url_text_input"}
            return {**element, "initial_value": str(value)} if value else element
        case Kind.NUMBER:
            element = {"type": "number_input", "is_decimal_allowed": False}
            return {**element, "initial_value": str(value)} if _is_int(value) else element
        case Kind.DATE:
            return {"type": "datepicker", "initial_date": str(value)} if value else {"type": "datepicker"}
        case Kind.MOMENT:
            return {"type": "datetimepicker", "initial_date_time": int(value)} if value else {"type": "datetimepicker"}
        case Kind.CHOICE | Kind.CHOICES:
            return _choice(name, item, value, texts, offered)
        case Kind.SEARCH | Kind.SEARCH_MANY:
            return _search(item, value, texts, offered)
        case Kind.FILE:
            element = {"type": "file_input", "max_files": 1}
            return {**element, "filetypes": list(item.filetypes)} if item.filetypes else element
        case Kind.PERSON:
            return {"type": "users_select", "initial_user": str(value)} if value else {"type": "users_select"}
        case Kind.CHANNEL:
            element = {"type": "conversations_select", "filter": {"include": ["public", "private"], "exclude_bot_users": True}}
            return {**element, "initial_conversation": str(value)} if value else element


def _is_int(value: Any) -> bool:
    return str(value or "").lstrip("-").isdigit()


def _choice(name: str, item: Input, value: Any, texts: Texts, offered: Offered) -> Block:
    labels = [(option, texts(f"choice.{item.choices or name}.{option}")) for option in item.options]
    offers = offered.get(item.source, {}).items() if item.source else ()
    options = [_option(option, label) for option, label in offers or labels]
    for option in options:
        if texts.has(about := f"option.{item.choices or name}.{option['value']}"):
            option["description"] = plain(texts(about), 75)
    by_value = {option["value"]: option for option in options}
    if item.kind is Kind.CHOICES:
        chosen = [by_value[v] for v in value or [] if v in by_value]
        kind = "checkboxes" if len(options) <= MAX_BOXES else "multi_static_select"
        return {"type": kind, "options": options} | ({"initial_options": chosen} if chosen else {})
    element: Block = {"type": "radio_buttons" if len(options) <= 5 else "static_select", "options": options}
    return {**element, "initial_option": by_value[value]} if value in by_value else element


def _option(value: str, label: str) -> Block:
    return {"text": plain(label, 75), "value": value}


def _search(item: Input, value: Any, texts: Texts, offered: Offered) -> Block:
    many = item.kind is Kind.SEARCH_MANY
    element: Block = {"type": "multi_external_select" if many else "external_select", "min_query_length": 0}
    values = value if isinstance(value, list) else [value] if value else []
    chosen = [_option(v, label) for v in values if (label := chosen_label(item, v, texts, offered))]
    if chosen:
        element["initial_options" if many else "initial_option"] = chosen if many else chosen[0]
    return element


def review_view(
    form: Form,
    order: Sequence[Slot],
    clean: Answers,
    texts: Texts,
    meta: FormMeta,
    notes: Sequence[Note],
    told: Sequence[Block] = (),
    about: Sequence[Block] = (),
    named: Mapping[str, Collection[str]] = MappingProxyType({}),
    *,
    ready: bool = True,
) -> View:
    """The last page: all answers, each page with a button to change it; submitting sends. ``about``: as in `page_view`. ``named``: by page,
    the answers that are marked. ``ready``: whether it can be sent as it is. A list that the notes show line by line stands there alone."""
    blocks: list[Block] = [*about, context(f"*{texts('form_ui.review')}*"), *told]
    blocks.extend(_noted(notes, texts))
    listed = lists_of(form) if any(note.lines for note in notes) else frozenset()
    for index, slot in enumerate(order):
        answers = {name: value for name, value in clean.items() if name not in listed}
        blocks += _answers_of(form, order, index, answers, texts, meta, named.get(slot.name, ()))
    what, count = form.counts(clean) if form.counts is not None else ("", 1)
    if not count:
        blocks.insert(len(about) + 1, alert(texts(NOTHING[what]), "error"))
    send = texts(SEND[what], n=count) if what else texts("form_ui.send")
    blocks = fit(blocks, 100, VIEW_TEXT, texts("form_ui.more"))
    return _view(meta, texts, blocks, submit=send if ready and count else "")


def _noted(notes: Sequence[Note], texts: Texts) -> list[Block]:
    """They leave room for the answers below."""
    fitting: list[Block] = []
    for most in MOST_LINES:
        said = [part for note in notes for part in long_sections(note_words(note, texts, most=most))]
        fitting = fit(said, 40, VIEW_TEXT * 3 // 4, texts("form_ui.more"))
        if fitting == said:
            break
    return fitting


def lists_of(form: Form) -> frozenset[str]:
    """Its fields in which a list of addresses is typed."""
    asked = (one for page in form.pages for one in inputs(page.model))
    return frozenset(name for name, _, item in asked if item.addresses and item.kind is Kind.LONG_TEXT)


def _answers_of(
    form: Form,
    order: Sequence[Slot],
    index: int,
    answers: Answers,
    texts: Texts,
    meta: FormMeta,
    named: Collection[str] = (),
) -> list[Block]:
    """What was answered on one page, with a button to change it."""
    shown = shown_answers(form, order[index], raw_of(order[index], answers), texts, named)
    return _changeable(form, order, index, shown, texts, meta, str(index))


def named_answers(
    form: Form, order: Sequence[Slot], index: int, answers: Answers, texts: Texts, meta: FormMeta, named: Collection[str]
) -> list[Block]:
    """The same of those answers alone in which changes were requested."""
    slot = order[index]
    these = {name: value for name, value in raw_of(slot, answers).items() if name in named}
    return _changeable(form, order, index, shown_answers(form, slot, these, texts, named), texts, meta, f"named{index}")


def _changeable(
    form: Form,
    order: Sequence[Slot],
    index: int,
    shown: Sequence[tuple[str, str]],
    texts: Texts,
    meta: FormMeta,
    button_name: str,
) -> list[Block]:
    name = page_name(form, order, index, texts) or texts(f"step.{meta.step}.title")
    change = button(texts("form_ui.change"), Act.PAGE, ButtonValue(slot=index), name=button_name)
    lines = [answer_line(label, words) for label, words in shown]
    heading = f"*{escape(name)}*"
    first, *others = long_sections("\n".join([heading, *lines]))
    if first["type"] != "section":  # rich text has no room for a button
        first, others = section(heading), list(long_sections("\n".join(lines)))
    return [{**first, "accessory": change}, *others]


def loading_view(texts: Texts, meta: FormMeta) -> View:
    return _view(meta, texts, [section(texts("form_ui.loading"))])


def message_view(texts: Texts, text: str, more: Sequence[Block] = ()) -> View:
    """A result in place of a form."""
    return notice_view(texts("form_ui.message"), [*long_sections(text), *more], texts)


def notice_view(title: str, blocks: Sequence[Block], texts: Texts) -> View:
    """Likewise, with a title of its own."""
    return {
        "type": "modal",
        "callback_id": "message",
        "title": plain(cut(title, 24)),
        "close": plain(texts("form_ui.close")),
        "blocks": list(blocks)[:100],
    }


def errors_of(problems: Iterable[Problem], slot: Slot, texts: Texts, meta: FormMeta) -> dict[str, str]:
    """By block id, as Slack wants them; problems of no field of the page go to its first."""
    names = [name for name, _, _ in inputs(slot.page.model)]
    found: dict[str, str] = {}
    for problem in problems:
        name = problem.field if problem.field in names else names[0]
        block = block_id(name, slot, meta.times(name))
        said = found.get(block)
        sentence = sentence_of(problem, texts)
        found[block] = f"{said} {sentence}" if said else sentence
    return found
