"""Production's client certificate. If it is the same as in test, its end is tracked and it is renewed there, and support confirms that
production accepts it. Another one is recorded, tracked and renewed here, as test's is there.
"""

from collections.abc import Mapping
from typing import Any

from flows.forms.fields import Answers
from flows.forms.parity import PRODUCTION
from flows.forms.step import Situation, Task
from flows.people import Side
from flows.state import StepState
from flows.steps.authentication import keys, mtls, renewing
from flows.steps.authentication.signed import Requested

STEP = "production"
CHANGED_BY = ("certificate", "csr")
CONFIRMED = f"{STEP}.confirm_certificate"
REQUESTED = Requested(STEP, lambda situation: keys.read(situation, PRODUCTION))


def _same(situation: Situation) -> bool:
    """If nobody recorded one in test, since the step there was skipped, it is recorded here."""
    same = situation.get(STEP, "certificate") == "same"
    return same and (bool(mtls.in_use(situation)) or "authentication" in situation.unfinished)


def _which(recorded: Mapping[str, Any]) -> Answers:
    """What tells a recorded certificate from one that renewed it."""
    names = ("certificate", "certificate_file", "expires_on")
    return {name: recorded[name] for name in names if recorded.get(name)}


def _confirmed(situation: Situation) -> bool:
    """Whether it was confirmed of the certificate that is in use in test now: one that was renewed since is another."""
    given, now = situation.done.get(CONFIRMED), mtls.in_use(situation)
    return given is not None and bool(now) and _which(given).items() <= _which(now).items()


def in_use(situation: Situation) -> Answers:
    """What was recorded of the certificate that production accepts; nothing if none is known to be."""
    if _same(situation):
        return mtls.in_use(situation) if _confirmed(situation) else {}
    return situation.done.get(REQUESTED.recording, {})


CONFIRM = Task(
    "confirm_certificate",
    Side.SUPPORT,
    ready=lambda situation: _same(situation) and bool(mtls.in_use(situation)) and not _confirmed(situation),
    repeatable=True,
    also_in=(StepState.DONE,),
    outlives=True,  # as test's renewals do
    adds=lambda _answers, situation: _which(mtls.in_use(situation)),
    stale_with=CHANGED_BY,
    replaces="attach_certificate",
)
ATTACH = mtls.attach(REQUESTED, lambda situation: not _same(situation), CHANGED_BY)
REQUEST_RENEWAL = renewing.request(REQUESTED, lambda situation: not _same(situation), CHANGED_BY)
