"""What the documents say is true: tables, examples, commands and links are checked against the code."""

import ast
import configparser
import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from bot.config.policies import Policies, load
from bot.config.settings import Exit, Settings
from bot.listeners.commands import SlashCommands
from bot.messages.texts import table
from bot.ops.cli import main
from bot.telemetry import metrics
from flows.journey import JOURNEYS
from flows.rules import Rules

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TEXTS = {path: path.read_text() for path in DOCUMENTS}
README = TEXTS[ROOT / "README.md"]
OPERATIONS = TEXTS[ROOT / "docs/operations.md"]


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table that begins with this heading."""
    lines = text[text.index(heading) :].splitlines()[2:]
    table = lines[: next((number for number, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def block(text: str, language: str, number: int = 0) -> str:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    return found[number]


def anchors(path: Path) -> set[str]:
    """What a link to a part of a page may end in: its headings, as GitHub and GitLab name them."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


# -- the README


def test_the_table_of_variables_is_the_settings_with_their_defaults() -> None:
    told = {name.strip("`"): default.strip("`") for name, default, _ in rows(README, "| variable | default |")}
    plain = {name: field.default if isinstance(field.default, str) else "" for name, field in Settings.model_fields.items()}
    assert told == {name.upper(): default or "-" for name, default in plain.items()}


def test_the_unit_for_systemd_starts_again_what_the_table_says() -> None:
    unit = configparser.ConfigParser()
    unit.read_string(block(OPERATIONS, "ini"))
    never = {code for code, _, _, again in rows(OPERATIONS, "| code | name |") if again not in ("yes", "")}
    assert set(unit["Service"]["RestartPreventExitStatus"].split()) - {str(int(Exit.ALTERED))} == never
    assert unit["Install"]["WantedBy"] == "multi-user.target"
    ((_, file),) = [unit["Service"]["Environment"].split("=")]
    folder = unit["Service"]["WorkingDirectory"]
    assert unit["Service"]["ExecStart"].startswith(f"{folder}/.venv/bin/")
    assert f"ENV_FILE={file} {folder}/.venv/bin/pismo-onboarding" in OPERATIONS


def verbs() -> set[str]:
    nothing: Any = None  # only its table is read
    return set(SlashCommands(*[nothing] * 8).verbs) - {""}


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
    (line,) = re.findall(r"`pismo-onboarding` in a terminal: (.*)\.$", README, flags=re.MULTILINE)
    assert set(re.findall(r"`([^`]+)`", line)) == set(commands(main))


def test_the_help_of_no_command_is_cut_off() -> None:
    for words in ("", "keys", *commands(main)):
        told = CliRunner().invoke(main, [*words.split(), "--help"], terminal_width=80)
        assert (told.exit_code, "..." in told.output.partition("\n")[2]) == (0, False), told.output


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_tasks_and_links_exist(path: Path) -> None:
    text = TEXTS[path]
    known = set(commands(main))
    for words in re.findall(r"(?:python -m bot|pismo-onboarding) ([a-z][a-z-]+(?: (?:new|rotate|forget|public))?)", text):
        assert words in known, words
    tasks = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for line in re.findall(r"(?:^|`)make ([a-z ]+?)(?:`|$| +#)", text, flags=re.MULTILINE):
        assert set(line.split()) <= tasks, line
    for link, place in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", text):
        target = path.parent / link if link else path
        assert target.exists(), link
        assert not place or place in anchors(target), f"{link}#{place}"


# -- operations


def test_exit_codes_and_metrics_are_told() -> None:
    told = {int(code): name.strip("`") for code, name, *_ in rows(OPERATIONS, "| code | name |")}
    assert told == {code.value: code.name for code in Exit}
    found = {name for names, *_ in rows(OPERATIONS, "| metric | look") for name in re.findall(r"`(\w+)`", names)}
    exposed = set(re.findall(r"^# TYPE (\w+) ", metrics.text()[0].decode(), flags=re.MULTILINE))
    assert exposed <= found  # of the process itself, there are more on Linux than elsewhere
    assert {name for name in found - exposed if name.startswith("onboarding_")} == set()


def test_signs_that_are_quoted_are_what_the_bot_says() -> None:
    """Of incidents: each part of a quotation, between what differs each time, stands in the code or in the texts."""
    sources = [path.read_text() for room in ("bot", "pismo", "storage") for path in (ROOT / room).rglob("*.py")]
    said = re.sub(r'"\s*\n\s*f?"', "", "\n".join(sources)) + "\n".join(table("en").values())
    signs = [sign for sign, _ in rows(OPERATIONS, "| sign | what it is")]
    quoted = [part.strip() for sign in signs for quote in re.findall("“([^”]+)”", sign) for part in quote.split("…")]
    assert len(quoted) > len(signs) / 2
    assert [part for part in quoted if part.casefold() not in said.casefold()] == []


def test_the_example_of_the_policies_says_the_defaults() -> None:
    told, default = load(str(ROOT / "docs/policies.example.toml")), Policies()
    assert dataclasses.replace(told, rules=dataclasses.replace(told.rules, approvals={})) == default
    for step in JOURNEYS.latest.steps.values():
        assert told.rules.approvals_of(step) == Rules().approvals_of(step), step.id
        for task in step.tasks:
            assert told.rules.approvals_of(step, task) == Rules().approvals_of(step, task), task.id


# -- languages


def test_whoever_adds_a_language_is_told_of_each_module_that_knows_what_people_type() -> None:
    """Those in which words stand that are Portuguese alone, and words that are Spanish alone."""
    english, portuguese, spanish = (_words(" ".join(table(language).values())) for language in ("en", "pt_BR", "es"))
    own = (portuguese - spanish - english, spanish - portuguese - english)
    sources = {path: path.read_text() for room in ("bot", "flows") for path in (ROOT / room).rglob("*.py")}
    may = [path for path, source in sources.items() if all(_words(source) & those for those in own)]  # spares parsing all
    knowing = {
        str(path.relative_to(ROOT)) for path in may if all(_words(" ".join(constants(sources[path]))) & those for those in own)
    }
    told = {path for _, where in rows(TEXTS[ROOT / "docs/languages.md"], "| what | where |") for path in where.split("`")[1::2]}
    assert told == knowing


def _words(text: str) -> set[str]:
    """Without accents."""
    return set(re.findall(r"[a-z]{4,}", re.sub("[\u0300-\u036f]+", "", unicodedata.normalize("NFKD", text.casefold()))))


def constants(source: str) -> Iterator[str]:
    """The texts in a module's code, outside its docstrings."""
    code = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(code) if isinstance(node, ast.Expr)}
    for node in ast.walk(code):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value
