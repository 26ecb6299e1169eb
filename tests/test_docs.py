"""What the documents say is so: tables, examples, commands and links are held against the code."""

import dataclasses
import json
import re
import tomllib
import types
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import click
import pytest

import bot.messages.texts
from bot.config.policies import Policies, load
from bot.config.settings import Exit, Settings
from bot.listeners.commands import SlashCommands
from bot.messages.texts import Texts
from bot.modals.meta import FormMeta
from bot.modals.render import page_view, review_view
from bot.ops.cli import main
from bot.telemetry import metrics
from flows.forms.pages import collect, slots
from flows.forms.step import Form, Situation, Step
from flows.journey import JOURNEYS, Journey, journey
from flows.rules import Rules

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
TEXTS = {path: path.read_text() for path in DOCUMENTS}
README = TEXTS[ROOT / "README.md"]
OPERATIONS = TEXTS[ROOT / "docs/operations.md"]
ADDING = TEXTS[ROOT / "docs/adding-a-step.md"]


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table that begins with this heading."""
    lines = text[text.index(heading) :].splitlines()[2:]
    table = lines[: next((number for number, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def block(text: str, language: str, number: int = 0) -> str:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    return found[number]


# -- the README


def test_the_table_of_variables_is_the_settings_with_their_defaults() -> None:
    told = {name.strip("`"): default.strip("`") for name, default, _ in rows(README, "| variable | default |")}
    plain = {name: field.default if isinstance(field.default, str) else "" for name, field in Settings.model_fields.items()}
    assert told == {name.upper(): default or "-" for name, default in plain.items()}


def verbs() -> set[str]:
    nothing: Any = None  # it is only asked for its table
    return set(SlashCommands(nothing, nothing, nothing, nothing, nothing).verbs) - {""}


def test_the_table_of_commands_names_every_verb() -> None:
    told = {
        re.sub(r"[`\[].*|/onboarding ", "", command.strip("`")).split()[0] for command, _ in rows(README, "| command | does |")
    }
    assert told == verbs()


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_the_operators_commands_are_all_named_and_no_other() -> None:
    (line,) = re.findall(r"`python -m bot` in a terminal: (.*)\.$", README, flags=re.MULTILINE)
    assert set(re.findall(r"`([^`]+)`", line)) == set(commands(main))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_tasks_and_links_exist(path: Path) -> None:
    text = TEXTS[path]
    known = set(commands(main))
    for words in re.findall(r"python -m bot ([a-z-]+(?: (?:new|rotate))?)", text):
        assert words in known, words
    tasks = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for line in re.findall(r"(?:^|`)make ([a-z ]+?)(?:`|$| +#)", text, flags=re.MULTILINE):
        assert set(line.split()) <= tasks, line
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (path.parent / link).exists(), link


# -- operations


def test_exit_codes_and_metrics_are_told() -> None:
    told = {int(code): name.strip("`") for code, name, *_ in rows(OPERATIONS, "| code | name |")}
    assert told == {code.value: code.name for code in Exit}
    found = {name.strip("`") for name, _ in rows(OPERATIONS, "| metric | look")}
    exposed = re.findall(r"^# TYPE (onboarding_\w+) ", metrics.text()[0].decode(), flags=re.MULTILINE)
    assert found == {name for name in exposed if not name.endswith("_created")}


def test_the_example_of_the_policies_says_the_defaults() -> None:
    told, default = load(str(ROOT / "docs/policies.example.toml")), Policies()
    assert dataclasses.replace(told, rules=dataclasses.replace(told.rules, approvals={})) == default
    for step in JOURNEYS.latest.steps.values():
        assert told.rules.approvals_of(step) == Rules().approvals_of(step), step.id
        for task in step.tasks:
            assert told.rules.approvals_of(step, task) == Rules().approvals_of(step, task), task.id


# -- adding a step


@pytest.fixture
def step() -> Step:
    module = types.ModuleType("training")
    exec(compile(block(ADDING, "python"), "docs/adding-a-step.md", "exec"), module.__dict__)  # noqa: S102  our own document
    assert isinstance(module.STEP, Step)
    return module.STEP


def at() -> Situation:
    return Situation(now=NOON, today=NOON.date(), customer="Example Bank", language="en", timezone="America/Sao_Paulo")


def test_the_example_step_fits_into_a_new_version_of_the_journey(step: Step) -> None:
    first = list(JOURNEYS.latest.steps.values())
    told = {"IN_ORDER": (*first[:5], step, *first[5:]), "journey": journey, "Journey": Journey, "Mapping": Mapping}
    exec(compile(block(ADDING, "python", 1), "docs/adding-a-step.md", "exec"), told)  # noqa: S102  our own document
    made = cast(Mapping[str, Journey], told["JOURNEYS"])
    assert list(made["2"].steps)[5] == "training"
    assert list(made["1"].steps.values()) == first


def test_the_example_step_takes_its_example_and_refuses_an_empty_form(step: Step) -> None:
    clean, problems = collect(step.form, step.form.example, at())
    assert (problems, clean["topic"]) == ([], "operations")
    _, problems = collect(step.form, {}, at())
    assert {problem.field for _, problem in problems} == {"people", "topic"}


def test_the_example_texts_are_all_that_the_example_step_needs(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    english = bot.messages.texts.table("en")
    added = bot.messages.texts._flatten(tomllib.loads(block(ADDING, "toml")))
    assert not added.keys() & english.keys()
    both: Mapping[str, str] = {**english, **added}
    monkeypatch.setattr(bot.messages.texts, "table", lambda _: both)
    texts = Texts("en")
    wanted = [texts("step.training.title"), texts("step.training.about")]
    for task in step.tasks:
        wanted += [texts(f"task.training.{task.id}.title"), texts(f"task.training.{task.id}.done")]
    for form in (step.form, *(task.form for task in step.tasks if task.form)):
        wanted += drawn(form, texts)
    untold = [word for word in wanted if re.search(r"\b(step|form|page|field|task|choice)\.[a-z_]+\.", word)]
    assert not untold


def drawn(form: Form, texts: Texts) -> list[str]:
    order = slots(form, form.example)
    meta = FormMeta(form=form.id, step="training")
    views = [page_view(form, order, index, form.example, texts, meta) for index in range(len(order))]
    views.append(review_view(form, order, form.example, texts, meta, ()))
    return [json.dumps({key: value for key, value in view.items() if key != "private_metadata"}) for view in views]
