"""What exists of a customer in the test environment and what in production, and what production still lacks: for support, so that what
takes long is begun early. Only what is known here is told; ``unknown`` is what nothing here can tell.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flows.forms.step import Situation
from flows.problems import Parameter
from flows.steps.authentication import mtls, proving

ENVIRONMENTS = (proving.TEST, proving.PRODUCTION)
LONG_LEAD = ("environment", "certificate", "users")
"""What others have to do by hand, over days."""


class Standing(StrEnum):
    THERE = "there"
    BEGUN = "begun"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Cell:
    """``note`` is a key under ``parity.note``, or empty."""

    standing: Standing
    note: str = ""
    params: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """``what`` is a key under ``parity.what``."""

    what: str
    test: Cell
    production: Cell

    @property
    def lacks(self) -> bool:
        """Production does not have it, as far as is known."""
        return self.production.standing is not Standing.THERE

    @property
    def takes_long(self) -> bool:
        return self.lacks and self.what in LONG_LEAD


def parity(situation: Situation) -> list[Row]:
    """One row for each thing, in the order in which they come about."""
    of: Mapping[str, Callable[[Situation, str], Cell]] = {
        "organization": _organization,
        "environment": _environment,
        "program": _program,
        "key": _key,
        "certificate": _certificate,
        "users": _users,
        "proof": _proof,
    }
    return [Row(what, *(cell(situation, environment) for environment in ENVIRONMENTS)) for what, cell in of.items()]


def _last_proof(situation: Situation, environment: str) -> Mapping[str, object] | None:
    ran = [
        answers
        for _, answers in situation.items.get(proving.PROVE, ())
        if answers.get("environment", proving.TEST) == environment
    ]
    return ran[-1] if ran else None


def _proof(situation: Situation, environment: str) -> Cell:
    return Cell(Standing.THERE) if _last_proof(situation, environment) else Cell(Standing.MISSING)


def _organization(situation: Situation, environment: str) -> Cell:
    if _last_proof(situation, environment):
        return Cell(Standing.THERE, "org_id", {"org_id": situation.org_id})
    if environment == proving.TEST and situation.org_id:
        return Cell(Standing.THERE, "org_id", {"org_id": situation.org_id})
    return Cell(Standing.UNKNOWN if situation.org_id else Standing.MISSING)


def _environment(situation: Situation, environment: str) -> Cell:
    if f"environments.{environment}_ready" in situation.done:
        return Cell(Standing.THERE)
    wanted = situation.get("environments", "production_from")
    if environment == proving.PRODUCTION and wanted:
        return Cell(Standing.BEGUN, "wanted_from", {"date": str(wanted)})
    return Cell(Standing.BEGUN if "environments" in situation.answers else Standing.MISSING)


def _program(situation: Situation, environment: str) -> Cell:
    proof = _last_proof(situation, environment)
    lines = proof.get("lines") if proof else None
    found = next((line for line in lines if line["check"] == "programs"), None) if isinstance(lines, list) else None
    if found is None:
        return Cell(Standing.UNKNOWN)
    count = int(found["params"].get("count", 0))
    return Cell(Standing.THERE if count else Standing.MISSING, "programs", {"count": count})


def _key(situation: Situation, environment: str) -> Cell:
    """The public key, or the access key of the other methods: the latter is known by a token got with it alone."""
    if _last_proof(situation, environment):
        return Cell(Standing.THERE)
    method = situation.get("authentication", "method")
    if method == "oidc" and environment == proving.TEST:
        uploaded = situation.done.get("authentication.upload_key", {}).get("status")
        return Cell(Standing.THERE if uploaded == "active" else Standing.BEGUN)
    return Cell(Standing.UNKNOWN if method else Standing.MISSING)


def _certificate(situation: Situation, environment: str) -> Cell:
    """One for both, as far as is known: how production's own is told apart is Pismo's to say."""
    task = mtls.TASK_OF.get(str(situation.get("authentication", "mtls", "")))
    last = situation.done.get(f"authentication.{task}", {}).get("expires_on") if task else None
    if last and (environment == proving.TEST or _last_proof(situation, environment)):
        return Cell(Standing.THERE, "until", {"date": str(last)})
    if last:
        return Cell(Standing.UNKNOWN, "until", {"date": str(last)})
    return Cell(Standing.BEGUN if task else Standing.MISSING)


def _users(situation: Situation, environment: str) -> Cell:
    states = [
        state for resource, _, state in situation.grants if resource == f"control_center_{environment}" and state != "withdrawn"
    ]
    if not states:
        return Cell(Standing.MISSING)
    inside = sum(state == "confirmed" for state in states)
    return Cell(Standing.THERE if inside == len(states) else Standing.BEGUN, "users", {"inside": inside, "count": len(states)})
