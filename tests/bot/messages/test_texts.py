"""The languages are complete and consistent, and every key that the code uses has its text."""

import ast
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError
from pydantic_core.core_schema import ErrorType

from bot.inspection.inspections import Hindrance
from bot.jobs.errors import Impossible
from bot.listeners.events import HANDLED
from bot.messages import dates, numbers
from bot.messages.blocks import BUTTON
from bot.messages.texts import FALLBACK, Texts, for_locale, languages, table
from bot.modals.choices import offered
from bot.modals.subject import DIALOG_MAY, Subject
from bot.slack.errors import BARRED, LOGGED_OUT, TRANSIENT
from flows.checks import other_names
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import inputs
from flows.journey import JOURNEYS
from flows.outbox import KINDS
from flows.problems import Amount
from flows.state import Move, StepState
from storage.chain import Flaw

ROOT = Path(__file__).parents[3]
CODE = sorted((*(ROOT / "flows").rglob("*.py"), *(ROOT / "bot").rglob("*.py")))
OTHERS = [language for language in languages() if language != FALLBACK]
FORMS = [*JOURNEYS.all_forms(), *DIALOGS.values()]
every = pytest.mark.parametrize("language", languages())


@cache
def calls() -> Sequence[tuple[str, ast.Call]]:
    """(called name, call) for every call in the code."""
    nodes = (node for path in CODE for node in ast.walk(ast.parse(path.read_text())))
    found = [node for node in nodes if isinstance(node, ast.Call)]
    return [(getattr(call.func, "attr", "") or getattr(call.func, "id", ""), call) for call in found]


def constants(node: ast.expr) -> Iterator[str]:
    """The texts an argument can be: itself, or either branch of a conditional."""
    if isinstance(node, ast.IfExp):
        yield from (*constants(node.body), *constants(node.orelse))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


# function -> (position of the key, prefix)
SPOKEN = {
    "Refused": (0, "refused."),
    "Problem": (1, "error."),
    "Note": (0, "note."),
    "LineReason": (0, "reason."),
    "fault": (0, "error."),
    "Unreadable": (0, "error."),
    "say": (2, "say."),
    "warn": (0, "say."),
    "tell": (1, "say."),
    "sentence": (1, "say."),
    "answer": (2, "say."),
    "texts": (0, ""),
    "md": (0, ""),
}
SECTIONS = ("task", "refused", "say", "proof", "review")
"""Keys that `bot.messages.wording.sentence` takes verbatim."""


def keys_spoken() -> set[str]:
    found = set()
    for name, call in calls():
        position, prefix = SPOKEN.get(name, (0, None))
        if prefix is None or len(call.args) <= position:
            continue
        for key in filter(None, constants(call.args[position])):
            found.add(key if prefix == "say." and key.partition(".")[0] in SECTIONS else prefix + key)
    return found


def has(language: str, key: str) -> bool:
    """The key itself, or its singular and plural."""
    return key in table(language) or {f"{key}.one", f"{key}.other"} <= table(language).keys()


def lacking(language: str, keys: Iterable[str]) -> list[str]:
    return sorted(key for key in keys if not has(language, key))


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


# -- languages against each other


def test_the_forms_that_ask_for_a_language_offer_those_there_are() -> None:
    assert {FALLBACK, "es", "pt_BR"} <= set(languages())
    for form in ("start", "change"):
        assert "languages" in {item.source for _, _, item in inputs(DIALOGS[form].pages[0].model)}
    start = DIALOGS["start"]
    choices = offered(None, Subject(start), start.pages[0], Texts("es"), "UTC", {})["languages"]
    assert tuple(choices) == languages()
    assert {"en": "Inglés", "es": "Español", "pt_BR": "Portugués (Brasil)"}.items() <= choices.items()


def test_searches_find_names_in_each_language() -> None:
    assert set(other_names.LANGUAGES) == set(languages())


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_says_all_and_no_more(language: str) -> None:
    assert table(language).keys() == table(FALLBACK).keys()


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_has_the_same_places_to_fill_in_in_every_language(language: str) -> None:
    assert {k for k, text in table(language).items() if holes(text) != holes(table(FALLBACK)[k])} == set()


@every
def test_no_sentence_is_empty_or_ends_in_white_space_and_each_can_be_filled_in(language: str) -> None:
    for key, text in table(language).items():
        assert text.strip() == text != "", key
        assert re.fullmatch(r"[a-z_]*(,[a-z_]+)*", ",".join(sorted(holes(text)))), key
        text.format(**dict.fromkeys(holes(text), "x"))
        assert not re.search(r"  |\b(TODO|XXX)\b", text), key


def test_portuguese_is_not_english() -> None:
    """Few names, codes and words are the same in both; whole sentences never are."""
    same = {key: text for key, text in table("pt_BR").items() if text == table("en")[key]}
    words = {key: re.findall(r"[^\W\d_]{2,}", re.sub(r"\{\w+\}", "", text)) for key, text in same.items() if "ssh" not in text}
    assert {key: said for key, said in words.items() if len(said) > 4} == {}
    assert len(same) < len(table("en")) / 12


def test_portuguese_has_its_accents_and_english_none() -> None:
    words = " ".join(table("pt_BR").values())
    assert all(letter in words for letter in "ãçéêíóõáú")
    bare = re.findall(r"\b(nao|voce|tambem|sera|codigo|endereco|usuario|organizacao|producao|revisao|ja)\b", words, re.IGNORECASE)
    assert bare == []
    assert not re.search(r"[ãçõ]", " ".join(table("en").values()).replace("São Paulo", ""))  # a name is written as it is


@every
def test_plurals_come_in_pairs(language: str) -> None:
    ones = {key.removesuffix(".one") for key in table(language) if key.endswith(".one")}
    assert ones == {key.removesuffix(".other") for key in table(language) if key.endswith(".other")}


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        ("en", 0, "0 days"),
        ("en", 1, "1 day"),
        ("en", 2, "2 days"),
        ("pt_BR", 0, "0 dia"),
        ("pt_BR", 2, "2 dias"),
        ("es", 0, "0 días"),
    ],
)
def test_numbers_choose_their_form(language: str, n: int, said: str) -> None:
    assert Texts(language)("age.days", n=n) == said


def test_numbers_are_written_as_the_language_writes_them() -> None:
    said = {language: (numbers.whole(1234, language), numbers.tenths(0.25, language)) for language in ("en", "es", "pt_BR")}
    assert said == {"en": ("1,234", "0.2"), "es": ("1.234", "0,2"), "pt_BR": ("1.234", "0,2")}
    assert "1.234" in Texts("es").md("card.go_live_left", date="2027-01-05", n=Amount(1234))


def test_a_day_is_written_as_the_language_writes_it() -> None:
    said = {language: Texts(language).md("card.go_live", date="2027-01-05") for language in ("en", "pt_BR")}
    assert "Jan 5, 2027" in said["en"]
    assert "05/01/2027" in said["pt_BR"]
    assert dates.day(date(2027, 1, 15), "es") == "15 ene 2027"
    assert "soon" in Texts("en")("card.go_live", date="soon")
    noon = datetime(2027, 1, 5, 15, 4, tzinfo=UTC)
    assert Texts("en").at(noon).endswith("|Jan 5, 2027 at 3:04 PM UTC>")
    assert Texts("pt_BR").at(noon).endswith(" às {time}|05/01/2027 às 15:04 UTC>")


@pytest.mark.parametrize(
    ("locale", "language"), [("pt-BR", "pt_BR"), ("pt-PT", "pt_BR"), ("en-GB", "en"), ("de-DE", "en"), ("", "en")]
)
def test_a_locale_finds_the_nearest_language(locale: str, language: str) -> None:
    assert for_locale(locale) == language


# -- what the code says


@every
def test_every_key_the_code_speaks_of_has_its_sentence(language: str) -> None:
    spoken = keys_spoken()
    assert len(spoken) > 100
    assert lacking(language, spoken) == []


@every
def test_what_is_named_by_its_kind_has_its_words(language: str) -> None:
    keys = {f"state.{state.value}" for state in StepState} | {f"effect.{kind}" for kind in KINDS}
    keys |= {f"say.{move.value}" for move in (Move.SKIP, Move.REOPEN)} | {f"turn.{side}" for side in ("customer", "support")}
    keys |= {f"reminder.turn_{side}" for side in ("customer", "support")}
    keys |= {f"form.{dialog}.title" for dialog in DIALOG_MAY}
    assert lacking(language, keys) == []


@every
def test_why_an_effect_was_given_up_is_said_in_words(language: str) -> None:
    reasons = {key for name, call in calls() if name == Impossible.__name__ and call.args for key in constants(call.args[0])}
    assert reasons
    assert lacking(language, (f"why.{key}" for key in reasons)) == []


@every
def test_why_slack_did_not_do_something_is_said_in_words(language: str) -> None:
    told = BARRED | LOGGED_OUT | TRANSIENT | {"msg_too_long", "msg_blocks_too_long", "invalid_blocks", "database", "key_unknown"}
    assert lacking(language, (f"why.{error}" for error in told)) == []


@every
def test_each_event_that_may_be_set_aside_has_its_words(language: str) -> None:
    assert lacking(language, (f"event.{event}" for event in HANDLED)) == []


@every
def test_each_secret_that_the_guard_knows_has_its_refusal_and_its_name(language: str) -> None:
    from flows.checks.guard import SecretKind as Secret  # noqa: PLC0415  its patterns take time to compile
    from flows.checks.guard import Unread  # noqa: PLC0415

    assert lacking(language, (f"unread.{why}" for why in (*Unread, *Hindrance))) == []
    assert lacking(language, (f"flaw.{flaw}" for flaw in Flaw)) == []
    assert lacking(language, (f"{prefix}{kind.value}" for kind in Secret for prefix in ("error.secret_", "secret_kind."))) == []


WRONG: tuple[object, ...] = (
    "",
    " ",
    "x",
    "x" * 4000,
    "-1",
    "1.5",
    "9" * 30,
    "2099-01-01",
    "2099-01-01T10:00",
    "nan",
    0,
    -1,
    1.5,
    10**30,
    True,
)
WRONG += ([], ["x"], [1], {}, {"x": 1}, {"name": "a", "text": 1}, None)


@every
def test_whatever_a_field_is_given_its_refusal_has_a_sentence_with_all_it_names(language: str) -> None:
    """Of all errors that pydantic can raise, those that our fields do raise."""
    known = set(get_args(ErrorType))
    raised = set()
    for form in FORMS:
        for page in form.pages:
            for name, _, _ in inputs(page.model):
                for value in WRONG:
                    try:
                        page.model.model_validate({name: value})
                    except ValidationError as error:
                        for one in error.errors(include_url=False, include_input=False):
                            text = table(language)[f"error.{one['type']}"]
                            assert holes(text) <= set(one.get("ctx") or {}), one["type"]
                            raised.add(one["type"])
    assert len(raised & known) > 5


# -- within Slack's limits


@every
def test_titles_and_buttons_fit(language: str) -> None:
    words = table(language)
    assert {key for key, text in words.items() if re.match(r"form\..*\.(title|submit)$", key) and len(text) > 24} == set()
    assert {
        key for key, text in words.items() if re.match(r"form_ui\.(next|send|close|back|message)$", key) and len(text) > 24
    } == set()
    assert {
        key
        for key, text in words.items()
        if re.match(r"(button|link|choice)\.|task\..*\.(title|button)$", key) and len(text) > BUTTON
    } == set()
    texts = Texts(language)
    assert all(len(texts(f"form_ui.send_{what}", n=999)) <= 24 for what in ("addresses", "people"))
    titles = [text for key, text in words.items() if re.fullmatch(r"step\.[a-z_]+\.title", key)]
    for title in titles:
        assert len(texts("button.fill", number=7, step=title)) <= BUTTON
        assert len(texts("button.approve", step=title)) <= BUTTON
        assert len(texts("confirm.reject", step=title)) <= 300
    assert len(words["confirm.reject_title"]) <= 100
    assert len(words["button.reject"]) <= 30
    assert len(words["confirm.no"]) <= 30


@every
def test_hints_placeholders_and_alerts_fit(language: str) -> None:
    for key, text in table(language).items():
        most = {"label": 2000, "hint": 2000, "placeholder": 150}.get(key.rpartition(".")[2], 2000)
        assert len(text) <= most, key
        if key.startswith("error."):
            assert len(text) <= 200, key  # Slack's alert, which shows the fault above the page


def test_no_sentence_is_left_that_nothing_says() -> None:
    """In the sections whose keys appear in the code verbatim."""
    source = "\n".join(path.read_text() for path in CODE)
    sections = ("button", "confirm", "form_ui", "card", "home", "matrix", "help", "step_message", "refused", "say")
    keys = {key for key in table(FALLBACK) if key.partition(".")[0] in sections}
    named = {*re.findall(r"""["'](?:\w+\.)?(\w+)(?=["'])""", source)}
    assert {key for key in keys if key.split(".")[1].removesuffix("_here") not in named} == set()


def test_a_name_that_ends_in_a_full_stop_ends_a_sentence_with_it() -> None:
    texts = Texts("es")
    for said in (texts("say.welcome", customer="Acme S.A."), texts.md("say.welcome", customer="Acme S.A.").replace("\ue001", "")):
        assert "Acme S.A. " in said
    assert "Acme. " in texts("say.welcome", customer="Acme")
