"""In every text field of every form, of steps, tasks and dialogs: what can't be seen is refused or cut out, all else stays."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import ValidationError

from flows.forms.dialogs import DIALOGS
from flows.forms.fields import MAX_LENGTH, NAME, TYPED, Answers, FormPage, HttpsUrl, Input, Kind, inputs
from flows.forms.pages import Slot, raw_of, screen, slots
from flows.forms.step import Page
from flows.journey import JOURNEYS
from tests.flows.steps.filled_forms import example

NOTHING = {
    "spaces": " \u00a0\u3000\t",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff",
    "soft hyphen": "\u00ad",
    "Hangul fillers": "\u3164\u115f\u1160\uffa0",
    "empty signs": "\u2800\ufffc\U0001d159\U00013441\U00013442\U00016fe4\U0001107f",
    "an object alone": "\ufffc",
    "a note alone": "\U0001d159",
    "noncharacters": "\ufdd0\ufffe\uffff\U0001ffff\U0010fffe",
    "Khmer vowels": "\u17b4\u17b5",
    "annotations": "\ufff9\ufffa\ufffb\U0001d173\U0001bca0",
    "directions": "\u202e\u2066\u200f\u061c",
    "tags": "".join(chr(0xE0000 + ord(sign)) for sign in "approved"),
    "variations": "\ufe0f\ufe00\U000e0100",
    "marks alone": "\u0301" * 30,
    "control": "\x00\x08\x1b",
    "lines": "\u2028\u2029\n",
    "private use": "\ue000\uf8ff",
}
HIDDEN = "\u202e\u200b\U000e0041\u2066\x00\ue001\ufffe\ufffc"
LEGITIMATE = (
    "Crédito & Cia – Açaí 東京",
    "بنك المثال",
    "בנק לדוגמה",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with the non-joiner that its spelling asks for
    "\u0915\u094d\u200d\u0937",  # Hindi, with a joiner
    "👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3",
    "葛\U000e0100城",  # a name's own form of a sign
    "🏴" + "".join(chr(0xE0000 + ord(sign)) for sign in "gbsct") + "\U000e007f",  # Scotland's flag
    "Nguyễn Thị Ánh",
    "\u0600\u0661\u0662 \u06dd\u0663",  # Arabic numbers within their signs
)

RESPELT = ("org_id",)
"""Fields whose answers are respelt anyway."""


def text_fields() -> Iterator[Any]:
    """Each with its page and what the form's example has on it."""
    for form in (*JOURNEYS.all_forms(), *DIALOGS.values()):
        known = example(form)
        filled = {slot.page.id: raw_of(slot, known) for slot in slots(form, known)}
        for page in form.pages:
            for name, _, item in inputs(page.model):
                if item.kind in TYPED:
                    yield pytest.param(page, name, item, filled.get(page.id, {}), id=f"{form.id}.{name}")


def kept(model: type[FormPage], raw: Answers, name: str) -> str | None:
    """A field's answer as it is kept; None if it is refused for what it says, such as no address."""
    try:
        value = model.model_validate(raw).model_dump()[name]
    except ValidationError as error:
        return None if "invisible" not in {fault["type"] for fault in error.errors()} else ""
    return None if value is None else str(value)  # some fields are only shown: what is typed there is dropped


every_text_field = pytest.mark.parametrize(("page", "name", "item", "filled"), list(text_fields()))


def faults(model: type[FormPage], name: str, value: str) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate({name: value})
    return {fault["type"] for fault in refused.value.errors() if fault["loc"] == (name,)}


@every_text_field
def test_what_shows_nothing_is_refused_at_its_field(page: Page, name: str, item: Input, filled: Answers) -> None:
    for kind, value in NOTHING.items():
        assert faults(page.model, name, value) == {"invisible"}, kind


@every_text_field
def test_what_hides_in_an_answer_is_cut_out(page: Page, name: str, item: Input, filled: Answers) -> None:
    plain = str(filled.get(name) or "Two words")
    typed = HIDDEN.join(("", plain[:1], plain[1:], ""))
    assert kept(page.model, {**filled, name: typed}, name) == kept(page.model, {**filled, name: plain}, name) != ""


@every_text_field
def test_what_people_write_stays(page: Page, name: str, item: Input, filled: Answers) -> None:
    for text in LEGITIMATE:
        assert kept(page.model, {**filled, name: text}, name) in (text, None) or name in RESPELT
    lines = "First\nApproved:\nyes" if item.kind is Kind.LONG_TEXT else "First Approved: yes"
    assert kept(page.model, {**filled, name: "First\r\nApproved:\u2028yes"}, name) in (lines, None)


def file_fields(*, instead: bool = False) -> Iterator[Any]:
    """All of them, or those alone whose content takes the place of a typed text."""
    for form in (*JOURNEYS.all_forms(), *DIALOGS.values()):
        for page in form.pages:
            for name, _, item in inputs(page.model):
                if item.kind is Kind.FILE and item.instead >= instead:
                    filled = raw_of(Slot(page), example(form))
                    yield pytest.param(page, name, filled, id=f"{form.id}.{name}")


@pytest.mark.parametrize(("page", "name", "filled"), list(file_fields()))
def test_a_file_has_a_name_that_can_be_seen(page: Page, name: str, filled: Answers) -> None:
    text = "x" * (MAX_LENGTH + 1)  # a shorter one may be taken for what is typed in the field beside it

    def called(given: str) -> str:
        file = page.model.model_validate({**filled, name: {"name": given, "text": text, "id": "F1"}}).model_dump()[name]
        assert file["text"] == text
        return str(file["name"])

    if called("given.csv") != "given.csv":
        return  # a name of the form's own
    assert {called(nothing) for nothing in (*NOTHING.values(), "")} == {"file"}
    assert called("\u202efdp.\u2066users\n.csv") == "fdp.users .csv"
    assert called("usuários 東京.csv") == "usuários 東京.csv"


@pytest.mark.parametrize(("page", "name", "filled"), list(file_fields(instead=True)))
def test_a_file_in_place_of_a_typed_text_hides_no_more_than_that(page: Page, name: str, filled: Answers) -> None:
    typed = name.removesuffix("_file")
    sent = {**filled, typed: None, name: {"name": "key.pem", "text": f"{HIDDEN}-----BEGIN X-----\r\nx{HIDDEN}y\n"}}
    assert page.model.model_validate(sent).model_dump()[typed] == "-----BEGIN X-----\nxy"


def test_a_name_is_more_than_signs_and_no_address() -> None:
    class Named(FormPage):
        name: Annotated[str | None, NAME, Input(Kind.TEXT)] = None

    for name in (*LEGITIMATE, "D’Ávila", "Maria (TI)", "Acme, Inc.", "S.A. de C.V.", "99", "Ana @ Acme", "★", None):
        assert Named.model_validate({"name": name}).name == name
    for name in ("-", "...", "???", "´", "– —"):
        assert faults(Named, "name", name) == {"name_without_letters"}
    for name in ("maria@bank.example", "Maria <maria@bank.example>", "https://bank.example"):
        assert faults(Named, "name", name) == {"name_is_address"}


def test_a_link_shows_where_it_leads() -> None:
    class Links(FormPage):
        link: HttpsUrl

    def kept(url: str) -> str:
        return Links.model_validate({"link": url}).link

    assert kept("https://meet.example/a_b?pwd=1") == "https://meet.example/a_b?pwd=1"
    # The first letter is Cyrillic.
    assert kept("https://аcme.example:8443/x") == "https://xn--cme-5cd.example:8443/x"
    for url in (
        "https://evil.example\\.acme.example",
        "https://acme.example\\@evil.example",
        "https://acme.example|x",
        "https://",
    ):
        with pytest.raises(ValidationError):
            kept(url)


def test_letters_are_composed_and_piles_of_marks_cut_down() -> None:
    form = DIALOGS["stuck"]
    page = form.pages[0].model
    assert page.model_validate({"reason": "Ac\u0327a\u0301i"}).model_dump() == {"reason": "Açái"}
    assert len(page.model_validate({"reason": "a" + "\u0323" * 200}).model_dump()["reason"]) <= 5


def test_a_secret_with_signs_hidden_in_it_is_found() -> None:
    page = DIALOGS["stuck"].pages[0]
    found = screen(page, {"reason": "pass\u200bword\u2060: hun\u200bter2-Tr0ub4dor"})
    assert [problem.key for problem in found.problems] == ["secret_password"]
    assert found.raw["reason"] is None
