"""What a customer has in production, in four words: done, missing, unknown, not needed. This is the lane, the gate and the comparison
with test."""

from collections.abc import Callable

from flows.forms.fields import Answers
from flows.forms.parity import PRODUCTION, TEST, ParityCell, ParityState
from flows.forms.step import PROGRAMS_CHECK, ParityItem, Situation
from flows.steps import org_details
from flows.steps.authentication import proofs, registration
from flows.steps.production import certificate, differences, programs

STEP = "production"
KEYS = ("basic", "oauth2")
"""Methods whose tokens are obtained with an access key."""
DONE, MISSING = ParityCell(ParityState.THERE), ParityCell(ParityState.MISSING)
UNKNOWN, NOT_NEEDED = ParityCell(ParityState.UNKNOWN), ParityCell(ParityState.NOT_NEEDED)


def method(situation: Situation) -> str:
    return str(situation.get("authentication", "method", ""))


def recorded(situation: Situation, task: str) -> bool:
    return f"{STEP}.{task}" in situation.done


def proof(situation: Situation) -> Answers | None:
    """What the last passed proof there found."""
    return proofs.last(situation, PRODUCTION)


def ready(situation: Situation) -> bool:
    """Whether the organization and the address are there, so that its API can be called."""
    return all(cell(situation, what).state is ParityState.THERE for what in ("organization", "environment"))


def registered(situation: Situation) -> bool:
    """Whether OpenID Connect's key and claims are recorded, where it is used: the proof compares with them."""
    return method(situation) != "oidc" or cell(situation, "key").state is ParityState.THERE


def _organization(situation: Situation) -> ParityCell:
    if recorded(situation, "record_org") or proof(situation):
        return ParityCell(ParityState.THERE, "org_id", {"org_id": org_details.production_org_id(situation)})
    return MISSING


def _environment(situation: Situation) -> ParityCell:
    if recorded(situation, "environment_ready"):
        return DONE
    wanted = situation.get(STEP, "access_from") or situation.get("environments", "production_from")
    return ParityCell(ParityState.MISSING, "wanted_from", {"date": str(wanted)}) if wanted else MISSING


def _key(situation: Situation) -> ParityCell:
    """Production's own proof is made once its claims are recorded; one that the authentication step asked for can be made before."""
    if method(situation) != "oidc":
        return NOT_NEEDED if method(situation) or proof(situation) else UNKNOWN
    if registration.registered(situation, PRODUCTION) or recorded(situation, "prove_access"):
        return DONE
    if registration.uploaded(situation, PRODUCTION):
        return ParityCell(ParityState.MISSING, "claims_missing")
    waits = registration.upload_status(situation, PRODUCTION)
    return ParityCell(ParityState.MISSING, "waits_in_cc") if waits else MISSING


def _certificate(situation: Situation) -> ParityCell:
    """A proof doesn't tell: it is the bot's certificate that is tried there."""
    ends = certificate.in_use(situation).get("expires_on")
    return ParityCell(ParityState.THERE, "until", {"date": str(ends)}) if ends else MISSING


def _programs(situation: Situation) -> ParityCell:
    wanted = programs.programs(situation)
    if not wanted:
        return _listed(situation)
    active = [one for one in wanted if one.active]
    if len(active) == len(wanted):
        return ParityCell(ParityState.THERE, "programs", {"count": len(active)})
    pending = [one.name for one in wanted if one.there and not one.active]
    if pending:
        return ParityCell(ParityState.MISSING, "programs_pending", {"names": ", ".join(pending)})
    lacking = [one.name for one in wanted if not one.there]
    return ParityCell(ParityState.MISSING, "programs_missing", {"names": ", ".join(lacking)})


def _listed(situation: Situation) -> ParityCell:
    """None is known of test: what a proof listed there."""
    lines = (proof(situation) or {}).get("lines")
    found = [line for line in lines if line["check"] == PROGRAMS_CHECK] if isinstance(lines, list) else []
    count = int(found[0]["params"].get("count", 0)) if found else 0
    return ParityCell(ParityState.THERE, "programs", {"count": count}) if count else UNKNOWN


def _access_keys(situation: Situation) -> ParityCell:
    if not method(situation):
        return NOT_NEEDED if proof(situation) else UNKNOWN
    if method(situation) not in KEYS:
        return NOT_NEEDED
    return DONE if recorded(situation, "keys_made") or proof(situation) else MISSING


def _users(situation: Situation) -> ParityCell:
    return DONE if recorded(situation, "users_ready") else MISSING


def _proof(situation: Situation) -> ParityCell:
    """It isn't one of what was approved while what it found differs from that."""
    if not proof(situation):
        return MISSING
    if not differences.unaccepted(situation):
        return DONE
    return ParityCell(ParityState.MISSING, "to_prove_again" if differences.mended(situation) else "differs")


_CELLS: dict[str, Callable[[Situation], ParityCell]] = {
    "organization": _organization,
    "environment": _environment,
    "key": _key,
    "certificate": _certificate,
    "program": _programs,
    "access_keys": _access_keys,
    "users": _users,
    "proof": _proof,
}
LONG = ("environment", "certificate", "users")
"""What others have to do by hand, over days."""


def cell(situation: Situation, what: str) -> ParityCell:
    """Once the step was skipped, what isn't done is not needed."""
    found = _CELLS[what](situation)
    return NOT_NEEDED if STEP in situation.skipped and found.state is not ParityState.THERE else found


def lacks(what: str) -> Callable[[Situation], bool]:
    """Whether something is still to be done."""
    return lambda situation: cell(situation, what).lacks


def complete(situation: Situation) -> bool:
    return not any(cell(situation, what).lacks for what in _CELLS)


def _item(what: str) -> ParityItem:
    def known(situation: Situation, environment: str) -> ParityCell | None:
        return cell(situation, what) if environment == PRODUCTION else _in_test(situation, what)

    return ParityItem(what, known, takes_long=what in LONG)


def _in_test(situation: Situation, what: str) -> ParityCell | None:
    """What no earlier step says of the test environment."""
    if what == "key" and method(situation) in KEYS:
        return NOT_NEEDED
    if what != "access_keys":
        return None
    if method(situation) not in KEYS:
        return NOT_NEEDED if method(situation) else UNKNOWN
    return DONE if proofs.last(situation, TEST) else UNKNOWN


ITEMS = tuple(map(_item, _CELLS))
