"""What the authentication step knows about each environment: programs, key, certificate, access verification."""

from flows.forms.parity import TEST, ParityCell, ParityState
from flows.forms.step import PROGRAMS_CHECK, ParityItem, Situation
from flows.steps.authentication import mtls, proofs, registration


def _program(situation: Situation, environment: str) -> ParityCell:
    proof = proofs.last(situation, environment)
    lines = proof.get("lines") if proof else None
    found = next((line for line in lines if line["check"] == PROGRAMS_CHECK), None) if isinstance(lines, list) else None
    if found is None:
        return ParityCell(ParityState.UNKNOWN)
    count = int(found["params"].get("count", 0))
    return ParityCell(ParityState.THERE if count else ParityState.MISSING, "programs", {"count": count})


def _key(situation: Situation, environment: str) -> ParityCell:
    """The public key, or the other methods' access key, which is known only from a token obtained with it."""
    if proofs.last(situation, environment):
        return ParityCell(ParityState.THERE)
    method = situation.get("authentication", "method")
    if method == "oidc" and environment == TEST:
        return ParityCell(ParityState.THERE if registration.uploaded(situation) else ParityState.MISSING)
    return ParityCell(ParityState.UNKNOWN if method else ParityState.MISSING)


def _certificate(situation: Situation, environment: str) -> ParityCell:
    """One for both, as far as we know: how to tell production's apart is up to Pismo."""
    task = mtls.TASK_OF.get(str(situation.get("authentication", "mtls", "")))
    last = situation.done.get(f"authentication.{task}", {}).get("expires_on") if task else None
    if last and (environment == TEST or proofs.last(situation, environment)):
        return ParityCell(ParityState.THERE, "until", {"date": str(last)})
    if last:
        return ParityCell(ParityState.UNKNOWN, "until", {"date": str(last)})
    return ParityCell(ParityState.MISSING)


def _proof(situation: Situation, environment: str) -> ParityCell:
    return ParityCell(ParityState.THERE) if proofs.last(situation, environment) else ParityCell(ParityState.MISSING)


ITEMS = (
    ParityItem("program", _program),
    ParityItem("key", _key),
    ParityItem("certificate", _certificate, takes_long=True),
    ParityItem("proof", _proof),
)
