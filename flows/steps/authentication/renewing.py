"""How the customer begins the renewal of a client certificate, once the step is done: with a new request, or their own certificate.

Support records the renewal with the task that recorded the first (`flows.steps.authentication.mtls`), and a second person confirms
it. A date that somebody types renews nothing.
"""

from flows.forms.step import Done, Form, Page, Situation, Task
from flows.outbox import ShowTaskInFull
from flows.people import Side
from flows.steps.authentication import example_keys, mtls, signed
from flows.steps.authentication.mtls import OwnCertificate, SigningRequest
from flows.steps.authentication.openssl import request_scripts


def _new_pair(situation: Situation) -> bool:
    """Nothing is typed for it, so it is asked for once."""
    return mtls.chosen(situation, "pismo_pair") and situation.renewal(signed.REQUEST_PAIR, signed.HAND_OVER) is None


def request(requested: signed.Requested, ready: Done, stale_with: tuple[str, ...]) -> Task:
    """Of a certificate that Pismo's authority signed."""
    return Task(
        "request_renewal",
        Side.CUSTOMER,
        Form(
            requested.asking,
            (Page("request", SigningRequest, check=requested.check_request, scripts=request_scripts),),
            notes=requested.request_notes,
            review=True,
            example={"csr": example_keys.SIGNING_REQUEST},
        ),
        ready=ready,
        repeatable=True,
        optional=True,
        stale_with=stale_with,
        renews="attach_certificate",
        effect=ShowTaskInFull,
    )


TASKS = (
    request(signed.IN_TEST, lambda situation: mtls.chosen(situation, "csr"), mtls.CHANGED_BY),
    Task(
        "request_new_pair",
        Side.CUSTOMER,
        ready=_new_pair,
        repeatable=True,
        optional=True,
        stale_with=mtls.CHANGED_BY,
        renews="hand_over_pair",
    ),
    Task(
        "send_own_renewal",
        Side.CUSTOMER,
        Form(
            signed.SEND_OWN,
            (Page("certificate", OwnCertificate, check=signed.check_own_renewal),),
            notes=signed.own_renewal_notes,
            review=True,
            example={"own_certificate": example_keys.CERTIFICATE},
        ),
        ready=lambda situation: mtls.chosen(situation, "own_ca"),
        repeatable=True,
        optional=True,
        stale_with=mtls.CHANGED_BY,
        renews="record_risk_letter",
        effect=ShowTaskInFull,
    ),
)
