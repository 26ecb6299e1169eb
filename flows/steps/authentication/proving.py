"""Access verification in the authentication step, and what support does if what is on the platform isn't what was approved.

Only the customer has tokens: corrections that support chooses are sent with the next pasted one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from flows.checks.tokens import unwrapped
from flows.forms.fields import MAX_LENGTH, Answers, FormPage, Input, Kind, LongText
from flows.forms.parity import TEST
from flows.forms.step import (
    PROGRAMS_CHECK,
    Comparison,
    Difference,
    Form,
    Offer,
    Page,
    ProgramsRead,
    Proof,
    Situation,
    Task,
)
from flows.outbox import RunProof
from flows.people import Side
from flows.problems import Problem
from flows.state import StepState
from flows.steps.authentication import comparing, environment_choice, example_keys
from flows.steps.authentication.environment_choice import EnvironmentChoice
from flows.steps.authentication.proofs import PROVE, environment_of, last
from flows.steps.authentication.token_check import expected, untried
from flows.steps.authentication.token_scripts import token_scripts_of_both
from flows.steps.first_programs.recorded import recorded
from flows.steps.org_details import label_of, org_id, to_org_details

SETTLE, SETTLE_PRODUCTION = "authentication.settle_organization", "production.settle_differences"

UNCHANGEABLE = ("id", "legal_proxy_document")
"""Organization details that PATCH can't change."""


def _unwrapped(value: object) -> object:
    return unwrapped(value) if isinstance(value, str) else value


class TokenPage(EnvironmentChoice):
    token: Annotated[
        str,
        Field(min_length=20, max_length=MAX_LENGTH),
        BeforeValidator(_unwrapped),
        Input(Kind.LONG_TEXT, allow=frozenset({"access_token"}), forget=True),
    ]


def _check(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """What must never be tried at Pismo is refused here."""
    yield from environment_choice.check(answers, situation)
    yield from untried(str(answers.get("token", "")), situation)


class Settled(FormPage):
    """``send``: the details to correct on the platform. The others stay as they are there, with a reason."""

    send: Annotated[list[str] | None, Input(Kind.SEARCH_MANY, source="differences")] = None
    reason: Annotated[LongText | None, Input(Kind.LONG_TEXT, doubted=True)] = None


def proved(situation: Situation, environment: str = TEST) -> bool:
    return last(situation, environment) is not None


def differences(situation: Situation, environment: str = TEST) -> list[Difference]:
    """As found by the last passed verification there."""
    found = last(situation, environment)
    return [(field, ours, theirs) for field, ours, theirs in (found.get("differences") or [])] if found else []


def accepted(situation: Situation, environment: str = TEST) -> set[Difference]:
    """Those that support let be there. Journey 1 has no step of production's in which to say so: test's count for both."""
    settled = SETTLE if environment == TEST or "production" not in situation.steps else SETTLE_PRODUCTION
    return {
        (field, ours, theirs)
        for _, answers in situation.items.get(settled, ())
        for field, ours, theirs in answers.get("accepted", ())
    }


def unaccepted(situation: Situation, environment: str = TEST) -> list[Difference]:
    """Those that keep the step from being done: not accepted, or accepted with another value on the platform."""
    let_be = accepted(situation, environment)
    return [one for one in differences(situation, environment) if one not in let_be]


def to_send(situation: Situation) -> list[Difference]:
    """What support chose to correct and isn't as approved yet."""
    settled = [answers for _, answers in situation.items.get(SETTLE, ())]
    chosen = (settled[-1].get("send") or []) if settled else []
    return [one for one in unaccepted(situation) if one[0] in chosen]


def corrections(situation: Situation) -> Answers:
    """Organization details to send, by name, in the platform's formats."""
    details = to_org_details(situation.answers["organization"]) if to_send(situation) else {}
    return {field: details[field] for field, _, _ in to_send(situation) if field in details}


def undecided(situation: Situation) -> list[Difference]:
    """What support still has to look at."""
    waiting = to_send(situation)
    return [one for one in unaccepted(situation) if one not in waiting]


def sendable(situation: Situation) -> list[Difference]:
    """Those of the organization that can be corrected: there is an approved value to send, and Pismo allows the change."""
    return [
        one for one in unaccepted(situation) if one[1] and one[0] not in UNCHANGEABLE and not one[0].startswith(comparing.PROGRAM)
    ]


def _offers(situation: Situation) -> Iterator[Offer]:
    for detail, ours, theirs in sendable(situation):
        yield Offer(
            detail, key="choice.difference.label", params={"what": label_of(detail), "ours": ours, "theirs": theirs or "-"}
        )


def _settled(answers: Answers, situation: Situation) -> Iterator[Problem]:
    chosen = answers.get("send") or []
    if not set(chosen) <= {field for field, _, _ in sendable(situation)}:
        yield Problem("send", "not_offered")
    elif (not chosen or len(chosen) < len(unaccepted(situation))) and not answers.get("reason"):
        yield Problem("reason", "reason_to_accept", {"count": len(unaccepted(situation)) - len(chosen)})


def _accepted(answers: Answers, situation: Situation) -> Answers:
    chosen = answers.get("send") or []
    return {"accepted": [list(one) for one in unaccepted(situation) if one[0] not in chosen]}


def _passed(lines: Sequence[Mapping[str, Any]]) -> bool:
    """Nothing failed, and the programs were readable."""
    read = any((line["check"], line["outcome"]) == (PROGRAMS_CHECK, "passed") for line in lines)
    return read and all(line["outcome"] != "failed" for line in lines)


def _organization(situation: Situation, environment: str, details: Mapping[str, Any]) -> Comparison:
    return comparing.organization(situation, details, accepted(situation, environment))


def _programs(situation: Situation, environment: str, read: ProgramsRead) -> Comparison:
    return comparing.programs(recorded(situation), environment, read, accepted(situation, environment))


def tasks(stale_with: tuple[str, ...], requires: tuple[str, ...] = ()) -> tuple[Task, ...]:
    """``stale_with``: answers whose change requires a new verification. ``requires``: steps before which Pismo allows no access."""
    return (
        Task(
            "settle_organization",
            Side.SUPPORT,
            Form(
                "authentication.settle_organization",
                (Page("settled", Settled, check=_settled),),
                example={"reason": "The customer's registered address differs from its office."},
            ),
            ready=lambda situation: bool(unaccepted(situation)),
            needed=lambda situation: bool(undecided(situation)),
            repeatable=True,
            also_in=(StepState.DONE,),
            adds=_accepted,
            offers={"differences": _offers},
        ),
        Task(
            "prove_access",
            Side.CUSTOMER,
            Form(
                PROVE,
                (Page("token", TokenPage, check=_check, scripts=token_scripts_of_both),),
                prefill=lambda _situation: {"environment": TEST},
                example={"environment": TEST, "token": example_keys.access_token()},
            ),
            ready=lambda situation: bool(org_id(situation)),
            needed=lambda situation: not proved(situation) or bool(to_send(situation)),
            repeatable=True,
            offers=environment_choice.OFFERS,
            effect=RunProof,
            proof=Proof(
                environment=environment_of,
                expected=expected,
                corrections=corrections,
                organization=_organization,
                programs=_programs,
                passed=_passed,
                sign_ons=lambda environment: f"control_center_{environment}",
            ),
            requires=requires,
            stale_with=stale_with,
            also_in=(StepState.DONE,),
        ),
    )
