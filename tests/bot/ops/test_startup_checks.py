"""Mistakes in the code's own texts, forms and files are reported before anything runs; what is sound passes quickly."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, SecretStr

from bot.config.settings import Exit, Settings
from bot.listeners.actions import ACTIONS
from bot.messages.buttons import Act
from bot.messages.texts import table
from bot.modals.subject import DIALOG_MAY
from bot.ops.manifest import MANIFEST
from bot.ops.serve import serve
from bot.ops.startup_checks import VerificationError, stranded, verify
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import FormPage, Input, Kind
from flows.forms.step import Form, Page, Step, Task
from flows.journey import FIRST, JOURNEYS, Journey, Journeys
from flows.outbox import TaskEffect
from flows.people import Side
from storage.migrate import upgrade
from storage.sealing import Keyring, new_key
from storage.store import Store
from storage.tables import onboardings
from tests.storage.example import NOW, onboarding, raw

ROOT = Path(__file__).parents[3]
PLANNING = JOURNEYS.latest.steps["planning"]


@dataclass(frozen=True, kw_only=True)
class Cook(TaskEffect):
    kind = "cook"


def faults(*steps: Step, words: Mapping[str, str] | None = None, **changed: Any) -> str:
    """Everything reported to be wrong with a journey of these steps."""
    said: Mapping[str, str] = words or {}
    try:
        verify(
            [Journey("2", {step.id: step for step in steps})],
            DIALOGS.values(),
            words=lambda language: {**table(language), **said},
            **changed,
        )
    except VerificationError as error:
        return str(error)
    return ""


def with_page(model: type[FormPage], **example: object) -> Step:
    return Step("planning", Form("planning", (Page("goals", model),), example=dict(example)))


def test_what_is_shipped_is_whole() -> None:
    verify()


async def test_a_broken_bot_does_not_start(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.delitem(ACTIONS, Act.SNOOZE)
    assert await serve(Settings()) == Exit.CONFIGURATION
    assert "button snooze: nothing handles it" in str([vars(record) for record in caplog.records])


def test_words_that_are_missing_are_named_in_every_language() -> None:
    lunch = Step("lunch", Form("lunch", PLANNING.form.pages, review=True), tasks=(Task("eat", Side.SUPPORT, effect=Cook),))
    said = faults(lunch)
    for language in ("en", "pt_BR"):
        for key in (
            "step.lunch.title",
            "form.lunch.title",
            "page.lunch.plan.title",
            "field.lunch.products.label",
            "task.lunch.eat.title",
            "task.lunch.eat.button",
            "effect.cook",
        ):
            assert f"{language}: the text {key} is missing" in said


def test_a_language_that_cldr_does_not_know_is_named() -> None:
    with pytest.raises(VerificationError) as raised:
        verify([], spoken=lambda: ("en", "xx", "pt-BR", "zh_TW"))
    assert [fault.partition(":")[0] for fault in raised.value.faults] == ["xx", "pt-BR"]


def test_a_choice_and_a_link_without_words_are_named() -> None:
    class Pick(FormPage):
        minutes: Annotated[str, Input(Kind.CHOICE, ("7",))]

    said = faults(replace(with_page(Pick), links=lambda _situation: (("nowhere", "https://nowhere.example"),)))
    assert "the text choice.minutes.7 is missing" in said
    assert "the text link.nowhere is missing" in said


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ("form.planning.title", 24),
        ("form.planning.schedule_session.submit", 24),
        ("choice.products.card_issuing", 75),
        ("task.planning.close_planning.button", 75),
        ("field.planning.goals.hint", 2000),
        ("field.planning.schedule_session.link.placeholder", 150),
    ],
)
def test_words_that_slack_would_refuse_are_named(key: str, most: int) -> None:
    assert faults(PLANNING, words={key: "x" * most}) == ""
    assert f"the text {key} has {most + 1} characters; Slack takes {most}" in faults(PLANNING, words={key: "x" * (most + 1)})


def test_too_many_or_equal_options_are_named() -> None:
    class Many(FormPage):
        products: Annotated[list[str], Input(Kind.CHOICES, tuple(f"p{n}" for n in range(101)))]

    class Twice(FormPage):
        minutes: Annotated[str, Input(Kind.CHOICE, ("30", "30"))]

    class Long(FormPage):
        minutes: Annotated[str, Input(Kind.CHOICE, ("x" * 151,))]

    assert "101 options" in faults(with_page(Many))
    assert "2 options, some perhaps twice" in faults(with_page(Twice))
    assert "longer than 150" in faults(with_page(Long))


def test_an_example_that_does_not_fit_its_field_or_cannot_be_drawn_is_named() -> None:
    class Short(FormPage):
        goals: Annotated[str, Field(max_length=3), Input(Kind.TEXT)]

    class When(FormPage):
        session_1: Annotated[int, Input(Kind.MOMENT)]

    assert "the example of goals has 4 characters; the field takes 3" in faults(with_page(Short, goals="four"))
    assert "cannot be drawn (ValueError)" in faults(with_page(When, session_1="soon"))


def test_a_dialog_without_a_reader_and_a_button_without_a_handler_are_named() -> None:
    actions, may = ACTIONS.keys() - {Act.SNOOZE}, DIALOG_MAY.keys() - {"stuck"}
    assert faults(PLANNING, actions=actions, may=may).splitlines() == [
        "button snooze: nothing handles it",
        "dialog stuck: nothing says who may use it",
    ]


def test_a_manifest_that_lacks_something_or_is_none_is_named(tmp_path: Path) -> None:
    written, path = (ROOT / MANIFEST).read_text(), tmp_path / MANIFEST
    assert faults(PLANNING, manifest=path) == ""  # an installed bot has no manifest beside it
    path.write_text(written.replace("- file_change", "- team_change").replace("command: /onboarding", "command: /else"))
    said = faults(PLANNING, manifest=path)
    assert "the event file_change is missing" in said
    assert "the event team_change is handled by nothing" in said
    assert "the command /onboarding is missing" in said
    for broken in ("{", "[]", "settings: 3"):
        path.write_text(broken)
        assert "is not a manifest" in faults(PLANNING, manifest=path)


async def test_onboardings_of_a_journey_that_is_not_there_are_counted_and_named(tmp_path: Path) -> None:
    """Also closed ones, which can be viewed and whose certificates are renewed; not erased ones, and none that the bot did not begin."""
    key, url = new_key(), f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    upgrade(url)
    store = Store(url, Keyring.parse(key))
    begun = [onboarding(id=f"onb_{number:02}", journey="8", channel_id=f"C{number}") for number in range(12)]
    closed, erased = onboarding(id="onb_c", journey="9", closed_at=NOW), onboarding(id="onb_e", journey="10", erased_at=NOW)
    async with store.write() as unit:
        for one in (*begun, closed, erased, onboarding(journey="1")):
            unit.add(one)
    await store.close()
    columns = ", ".join(column.name for column in onboardings.c if column.name not in ("id", "channel_id", "journey"))
    copy = f"INSERT INTO onboardings (id, channel_id, journey, {columns}) SELECT 'onb_x', 'CX', '8', {columns} FROM onboardings"  # noqa: S608
    raw(url, f"{copy} WHERE id = 'onb_00'")  # by somebody else: it has no log
    settings = Settings(database_url=url, encryption_keys=SecretStr(key))
    names = ", ".join(one.id for one in begun[:10])
    assert await stranded(settings) == [
        f"this version of the bot lacks the journey 8, on which 12 onboardings ({names} and 2 more) began",
        "this version of the bot lacks the journey 9, on which 1 onboarding (onb_c) began",
    ]
    later = Journeys.known(FIRST, *(replace(FIRST, version=version) for version in ("8", "9")))
    assert await stranded(settings, later) == []
