"""No general code names a step, a task or a form's field: the step declares what it needs. Read from the string literals."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from flows.forms.fields import inputs
from flows.journey import JOURNEYS
from tests.test_rooms import modules, tree

KNOW_STEPS = ("flows.steps", "flows.journey", "playground", "bench")
"""The steps themselves, the list of them, and code that plays them as shipped, also to measure."""
ANSWERS = frozenset({"answers", "clean", "done", "example", "given", "known", "raw", "sent", "situation", "typed"})
"""What answers are called in this code."""
MEANS_ELSE: Mapping[tuple[str, str], str] = {
    ("bot.config.policies", "service_desk"): "the section of CONFIG_FILE about Pismo's Service Desk",
    ("bot.jobs.proof_checks", "organization"): "a check by its name: Pismo's organization",
    ("bot.messages.program_move", "name"): "of a program, for those who read of it",
    ("flows.cases.tasks", "reason"): "every task that skips its step asks it",
    ("flows.forms.parity", "production"): "the environment",
    ("pismo.environments", "production"): "as above",
    ("flows.outbox", "service_desk"): "the lane of requests to Pismo's Service Desk",
    ("pismo.jsm_form", "service_desk"): "a service desk of Jira",
    ("pismo.service_desk", "service_desk"): "the service that is called, for whoever wants to know of each call",
    ("bot.messages.matrix", "role"): "of a grant, whoever asked for it",
    ("bot.modals.dialogs", "reason"): "asked by the dialogs that carry a decision",
    ("bot.modals.submission", "go_live"): "asked by the dialog that starts an onboarding",
    ("bot.modals.submission", "language"): "as above",
    ("bot.modals.dialogs", "go_live"): "asked by the dialog that changes an onboarding",
    ("bot.modals.dialogs", "language"): "as above",
    ("flows.forms.dialogs", "go_live"): "as above",
    ("bot.modals.leaving", "then"): "every repeated page asks it",
    ("flows.cases.fill", "then"): "as above",
    ("flows.forms.pages", "then"): "as above",
    ("flows.cases.tasks", "grants"): "every task that moves accesses asks it",
    ("flows.cases.tickets", "link"): "recorded with a ticket by the bot",
    ("flows.cases.tickets", "status"): "as above",
}
"""By module, the words that are also a name in some step, and what they mean there."""


@cache
def ids() -> frozenset[str]:
    """Of the steps and tasks of all versions."""
    steps = [step for made in JOURNEYS.versions.values() for step in made.steps.values()]
    return frozenset(step.id for step in steps) | {task.id for step in steps for task in step.tasks}


@cache
def fields() -> frozenset[str]:
    return frozenset(name for form in JOURNEYS.all_forms() for page in form.pages for name, _, _ in inputs(page.model))


def named(code: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, word) where code names a step or a task, even in a key like ``step.planning.title``, or reads a step's field."""
    prose = {id(node.value) for node in ast.walk(code) if isinstance(node, ast.Expr)}
    for node in ast.walk(code):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose and _is_key(node.value):
            words = re.split(r"[.:]", node.value)
            yield from ((node.lineno, word) for word in words if word in ids())
            if words[0] == "choice" and len(words) > 1 and words[1] in fields():
                yield node.lineno, words[1]
        for key in _read(node):
            if isinstance(key, ast.Constant) and key.value in fields():
                yield key.lineno, str(key.value)


def _is_key(text: str) -> bool:
    """Not a sentence, nor the name of a module's logger."""
    return " " not in text and text not in modules()


def _read(node: ast.AST) -> list[ast.expr]:
    """What is read from answers: ``answers["x"]``, ``answers.get("x")``, ``situation.get("step", "x")``."""
    if isinstance(node, ast.Subscript) and _are_answers(node.value):
        return [node.slice]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        of = node.func.value
        return node.args[: 2 if _name(of) == "situation" else 1] if _are_answers(of) else []
    return []


def _are_answers(of: ast.expr) -> bool:
    """By their name, or as those of one step: ``answers["step"]``, ``answers.get("step", {})``."""
    if isinstance(of, ast.Call):
        return isinstance(of.func, ast.Attribute) and of.func.attr == "get" and _are_answers(of.func.value)
    return _are_answers(of.value) if isinstance(of, ast.Subscript) else _name(of) in ANSWERS


def _name(of: ast.expr) -> str:
    return of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""


def general() -> list[str]:
    return [name for name in modules() if not any(f"{name}.".startswith(f"{room}.") for room in KNOW_STEPS)]


@pytest.mark.parametrize("name", general())
def test_general_code_names_no_step_task_or_field(name: str) -> None:
    found = [f"line {line}: {word}" for line, word in named(tree(name)) if (name, word) not in MEANS_ELSE]
    assert found == [], "let the step declare it (flows/forms/step.py), or say in MEANS_ELSE what the word means there"


def test_what_means_something_else_is_still_said() -> None:
    said = {(name, word) for name in general() for _, word in named(tree(name))}
    assert MEANS_ELSE.keys() - said == set()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('situation.get("organization", "responsible", "")', ["organization", "responsible"]),
        ('if step.id == "planning": pass', ["planning"]),
        ('task = "prove_access"', ["prove_access"]),
        ('"organization.record_org_id" in situation.done', ["organization", "record_org_id"]),
        ('texts(f"field.organization.{name}.label")', ["organization"]),
        ('texts(f"choice.environment.{value}")', ["environment"]),
        ('case.log(f"task:planning.{task.id}:done")', ["planning"]),
        ('record.answers["starts"]', ["starts"]),
        ('case.situation.answers.get(step, {}).get("mtls")', ["mtls"]),
        ('situation.answers[step]["mtls"]', ["mtls"]),
        ('"""As the step `planning` has it."""', []),
        ('log.info("the organization is there")', []),
        ('columns["starts"]', []),
        ('answers.get(name, "organization of old")', []),
        ('texts(f"step.{step_id}.title")', []),
    ],
)
def test_what_counts_as_naming(code: str, words: list[str]) -> None:
    assert sorted(word for _, word in named(ast.parse(code))) == sorted(words)
