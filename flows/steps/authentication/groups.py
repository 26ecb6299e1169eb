"""Permission groups in the authentication step: which calls the customer's tokens may make."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from flows.checks.permission_groups import PUBLISHED, full_name, read_groups
from flows.forms.fields import Answers, FormPage, Input, Kind
from flows.forms.step import Situation
from flows.problems import Note, NoteKind, Problem

METHODS = ("oidc", "oauth2")
"""Those whose tokens name groups: a JWT one, in the claim ``pismo``; a call of OAuth 2 several, in ``scope``."""


def _one_a_line(value: str | None) -> str | None:
    return "\n".join(read_groups(value)) or None if value else None


class Groups(FormPage):
    one_of = (("groups", "other_groups"),)

    groups: Annotated[list[str] | None, Input(Kind.CHOICES, PUBLISHED)] = None
    other_groups: Annotated[str | None, Field(max_length=1000), AfterValidator(_one_a_line), Input(Kind.LONG_TEXT)] = None


def asked(answers: Answers) -> bool:
    return answers.get("method") in METHODS


def check(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    if not chosen(answers):
        yield Problem("groups", "groups_none")


def chosen(answers: Answers) -> tuple[str, ...]:
    """Full names, each once. Empty where none were asked for."""
    if not asked(answers):
        return ()
    published = [full_name(name) for name in answers.get("groups") or ()]
    return tuple(dict.fromkeys([*published, *str(answers.get("other_groups") or "").split()]))


def approved(situation: Situation) -> tuple[str, ...]:
    return chosen(situation.answers.get("authentication", {}))


def notes(answers: Answers, _situation: Situation) -> Iterator[Note]:
    """For both sides: what is to be allowed, and what deserves a second thought."""
    named = chosen(answers)
    if named:
        yield Note("groups_to_allow", {"groups": ", ".join(named)})
    if full_name("admin") in named:
        yield Note("group_admin", kind=NoteKind.TO_CHECK)
    if len(named) > 1 and answers.get("method") == "oidc":
        yield Note("one_group_a_jwt", kind=NoteKind.HINT)
