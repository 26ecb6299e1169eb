"""The proof of production: that of the authentication step, for the organization and key that are there."""

from dataclasses import replace

from flows.forms.fields import FormPage
from flows.forms.parity import PRODUCTION
from flows.forms.step import Form, Page, Task
from flows.steps.authentication import example_keys, proofs, proving
from flows.steps.authentication.token_scripts import production_token_scripts
from flows.steps.production import lane
from flows.steps.production.programs import any_to_move
from flows.steps.production.tokens import TokenText

_TEST: Task = next(task for task in proving.tasks(()) if f"authentication.{task.id}" == proofs.PROVE)


class ProductionToken(FormPage):
    token: TokenText


def _task() -> Task:
    if _TEST.form is None or _TEST.proof is None:
        raise TypeError(f"{proofs.PROVE} has no form, or proves nothing")
    checked = _TEST.form.pages[0]
    return replace(
        _TEST,
        id="prove_access",
        form=Form(
            proofs.PROVE_PRODUCTION,
            (Page("token", ProductionToken, check=checked.check, scripts=production_token_scripts),),
            example={"token": example_keys.access_token()},
        ),
        ready=lambda situation: lane.ready(situation) and lane.registered(situation) and not any_to_move(situation),
        needed=lane.lacks("proof"),
        requires=(),
        proof=replace(_TEST.proof, environment=lambda _answers: PRODUCTION),
        stale_with=("org", "key", "public_key"),
        also_in=(),
    )


PROVE = _task()
