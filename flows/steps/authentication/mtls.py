"""mTLS in the authentication step: a certificate for the customer's CSR, one from their own CA, or a key pair from Pismo.

Private keys never pass through Slack: for what is handed over elsewhere, only a checklist is recorded.
"""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from flows.checks.visible import visible
from flows.forms.fields import MAX_LENGTH, Answers, Attachment, FormPage, Input, Kind
from flows.forms.step import Form, Page, Situation, Task, not_past
from flows.people import Side
from flows.problems import Problem, fault
from flows.steps.authentication import credentials, example_keys

WAYS = ("csr", "pismo_pair", "own_ca")
HANDED_OVER = ("person_checked", "outside_slack", "encrypted", "passphrase_apart", "received", "copies_deleted")
PEM_FILES = ("pem", "pub", "csr", "crt", "cer", "der", "json", "txt")

Pem = Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.LONG_TEXT)]
PemFile = Annotated[Attachment | None, Input(Kind.FILE, filetypes=PEM_FILES, instead=True)]


class Pasted(FormPage):
    """A PEM pasted in a field, or attached in its ``_file`` field; a file replaces what was pasted."""

    @model_validator(mode="after")
    def _file_first(self) -> "Pasted":
        for name in type(self).model_fields:
            file = getattr(self, f"{name}_file", None)
            text = visible(file.get("text", ""), lines=True) if file else ""
            if text:
                fits = len(text) <= MAX_LENGTH
                setattr(self, name, text if fits else None)
                setattr(self, f"{name}_file", None if fits else file)
        return self


class SigningRequest(Pasted):
    csr: Pem = None
    csr_file: PemFile = None


class OwnCertificate(Pasted):
    """With the intermediate CA certificates, up to the one Pismo should trust."""

    own_certificate: Pem = None
    own_certificate_file: PemFile = None


class Signed(Pasted):
    """``expires_on``: the certificate's last day (``YYYY-MM-DD``), read from it; empty if it can't be read."""

    certificate: Pem = None
    certificate_file: PemFile = None
    expires_on: str = ""

    @model_validator(mode="after")
    def _read_expiry(self) -> "Signed":
        self.expires_on = credentials.last_day(self.__dict__, "certificate")
        return self


def _all_of_it(value: list[str]) -> list[str]:
    if len(set(value)) < len(HANDED_OVER):
        raise fault("checklist_incomplete", count=len(HANDED_OVER) - len(set(value)))
    return value


class HandedOver(FormPage):
    checklist: Annotated[list[str], AfterValidator(_all_of_it), Input(Kind.CHOICES, HANDED_OVER)]
    expires_on: Annotated[date, Input(Kind.DATE)]


class RiskLetter(FormPage):
    """``reference``: where the letter is stored, e.g. a ticket; the letter itself isn't stored here."""

    received_on: Annotated[date, Input(Kind.DATE)]
    reference: Annotated[str, Field(min_length=1, max_length=200), Input(Kind.TEXT)]
    installed: Annotated[str, Input(Kind.CHOICE, ("yes",))]
    expires_on: Annotated[date, Input(Kind.DATE)]


def _to_come(answers: Answers, situation: Situation) -> Iterator[Problem]:
    return not_past(answers, situation, "expires_on")


def _dates_of_letter(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from not_past(answers, situation, "expires_on")
    if str(answers.get("received_on")) > situation.today.isoformat():
        yield Problem("received_on", "date_future")


def _known_expiry(situation: Situation) -> Answers:
    last = credentials.last_day(situation.answers.get("authentication", {}), "own_certificate")
    return {"expires_on": last} if last else {}


def chosen(situation: Situation, way: str) -> bool:
    return bool(situation.get("authentication", "mtls") == way)


PAGES = (
    Page("csr", SigningRequest, when=lambda answers: answers.get("mtls") == "csr", check=credentials.check_csr),
    Page(
        "own_certificate",
        OwnCertificate,
        when=lambda answers: answers.get("mtls") == "own_ca",
        check=credentials.check_own_certificate,
    ),
)

TASK_OF = {"csr": "attach_certificate", "pismo_pair": "hand_over_pair", "own_ca": "record_risk_letter"}
"""Support's task for each way."""

CHANGED_BY = ("mtls", "csr", "own_certificate")

TASKS = (
    Task(
        "attach_certificate",
        Side.SUPPORT,
        Form(
            "authentication.attach_certificate",
            (Page("signed", Signed, check=credentials.check_certificate),),
            example={"certificate": example_keys.CERTIFICATE},
        ),
        ready=lambda situation: chosen(situation, "csr"),
        stale_with=CHANGED_BY,
        expires="expires_on",
    ),
    Task(
        "hand_over_pair",
        Side.SUPPORT,
        Form(
            "authentication.hand_over_pair",
            (Page("handed_over", HandedOver, check=_to_come),),
            example={"checklist": list(HANDED_OVER), "expires_on": "2099-12-31"},
        ),
        ready=lambda situation: chosen(situation, "pismo_pair"),
        stale_with=CHANGED_BY,
        expires="expires_on",
    ),
    Task(
        "record_risk_letter",
        Side.SUPPORT,
        Form(
            "authentication.record_risk_letter",
            (Page("letter", RiskLetter, check=_dates_of_letter),),
            prefill=_known_expiry,
            example={"received_on": "2026-01-15", "reference": "EXAMPLE-123", "installed": "yes", "expires_on": "2099-12-31"},
        ),
        ready=lambda situation: chosen(situation, "own_ca"),
        stale_with=CHANGED_BY,
        expires="expires_on",
    ),
)
