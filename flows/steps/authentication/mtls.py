"""mTLS in the authentication step: a certificate for the customer's CSR, one from their own CA, or a key pair from Pismo. Production's
own is attached in the same way.

Private keys never pass through Slack: for what is handed over elsewhere, only a checklist is recorded.
"""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from flows.checks.visible import visible
from flows.forms.addresses import text_of
from flows.forms.fields import MAX_LENGTH, Answers, Attachment, FormPage, Input, Kind
from flows.forms.step import Done, Form, Page, Situation, Task
from flows.people import Side
from flows.problems import Problem, fault
from flows.steps.authentication import credentials, example_keys, signed
from flows.steps.authentication.openssl import request_scripts

WAYS = ("csr", "pismo_pair", "own_ca")
HANDED_OVER = ("person_checked", "outside_slack", "encrypted", "passphrase_apart", "received", "copies_deleted")
PEM_FILES = ("pem", "pub", "csr", "p10", "crt", "cer", "der", "p7b", "p7c", "b64", "json", "txt")

Pem = Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.LONG_TEXT)]
ToCopy = Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.LONG_TEXT, filetypes=("pem",), forget=True)]
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
    one_of = (("csr", "csr_file"),)

    csr: Pem = None
    csr_file: PemFile = None


class OwnCertificate(Pasted):
    """With the intermediate CA certificates, up to the one Pismo should trust."""

    one_of = (("own_certificate", "own_certificate_file"),)

    own_certificate: Pem = None
    own_certificate_file: PemFile = None


class Signed(Pasted):
    one_of = (("certificate", "certificate_file"),)

    certificate: Pem = None
    certificate_file: PemFile = None


class SignedRequest(Signed):
    """``request``: shown to be copied; what is typed there is dropped."""

    request: ToCopy = None

    @model_validator(mode="after")
    def _drop_request(self) -> "SignedRequest":
        self.request = None
        return self


def _all_of_it(value: list[str]) -> list[str]:
    if len(set(value)) < len(HANDED_OVER):
        raise fault("checklist_incomplete", count=len(HANDED_OVER) - len(set(value)))
    return value


class HandedOver(Signed):
    """The certificate is public; its key is what must not pass through Slack."""

    checklist: Annotated[list[str], AfterValidator(_all_of_it), Input(Kind.CHOICES, HANDED_OVER)]


class RiskLetter(FormPage):
    """``reference``: where the letter is stored, e.g. a ticket; the letter itself isn't stored here. ``own_certificate``: shown to be
    copied; what is typed there is dropped."""

    received_on: Annotated[date, Input(Kind.DATE)]
    reference: Annotated[str, Field(min_length=1, max_length=200), Input(Kind.TEXT)]
    installed: Annotated[str, Input(Kind.CHOICE, ("yes",))]
    own_certificate: ToCopy = None

    @model_validator(mode="after")
    def _drop_own(self) -> "RiskLetter":
        self.own_certificate = None
        return self


def _dates_of_letter(answers: Answers, situation: Situation) -> Iterator[Problem]:
    ends = signed.own_recorded(answers, situation).get("expires_on")
    if ends and ends < situation.today.isoformat():
        yield Problem("installed", "certificate_expired", {"date": ends})
    if str(answers.get("received_on")) > situation.today.isoformat():
        yield Problem("received_on", "date_future")


def _to_copy(name: str, answers: Answers, *fields: str) -> Answers:
    """A text to copy from; one that is too long for Slack is posted as a file, and here only noticed to have changed."""
    text = text_of(answers, *fields)
    return {name: text} if text else {}


def _own_to_install(situation: Situation) -> Answers:
    return _to_copy("own_certificate", signed.own_answers(situation), "own_certificate", "own_certificate_file")


def chosen(situation: Situation, way: str) -> bool:
    return bool(situation.get("authentication", "mtls") == way)


PAGES = (
    Page(
        "csr",
        SigningRequest,
        when=lambda answers: answers.get("mtls") == "csr",
        check=credentials.check_csr,
        scripts=request_scripts,
    ),
    Page(
        "own_certificate",
        OwnCertificate,
        when=lambda answers: answers.get("mtls") == "own_ca",
        check=signed.check_own,
    ),
)

TASK_OF = {"csr": "attach_certificate", "pismo_pair": "hand_over_pair", "own_ca": "record_risk_letter"}
"""Support's task for each way."""

CHANGED_BY = ("mtls", "csr", "own_certificate")


def in_use(situation: Situation) -> Answers:
    """What support recorded of test's certificate."""
    task = TASK_OF.get(str(situation.get("authentication", "mtls", "")))
    return situation.done.get(f"authentication.{task}", {})


def attach(requested: signed.Requested, ready: Done, stale_with: tuple[str, ...]) -> Task:
    """Support's task that records what was signed, at first and with each renewal."""
    return Task(
        "attach_certificate",
        Side.SUPPORT,
        Form(
            requested.recording,
            (Page("signed", SignedRequest, check=requested.check),),
            copied=lambda situation: _to_copy("request", requested.request(situation), "csr", "csr_file"),
            notes=requested.notes,
            review=True,
            example={"certificate": example_keys.CERTIFICATE},
        ),
        ready=ready,
        adds=requested.recorded,
        stale_with=stale_with,
        expires="expires_on",
        ends_first="ends_first",
    )


TASKS = (
    attach(signed.IN_TEST, lambda situation: chosen(situation, "csr"), CHANGED_BY),
    Task(
        "hand_over_pair",
        Side.SUPPORT,
        Form(
            "authentication.hand_over_pair",
            (Page("handed_over", HandedOver, check=signed.check_pair),),
            notes=signed.pair_notes,
            review=True,
            example={"certificate": example_keys.CERTIFICATE, "checklist": list(HANDED_OVER)},
        ),
        ready=lambda situation: chosen(situation, "pismo_pair"),
        adds=signed.pair_recorded,
        stale_with=CHANGED_BY,
        expires="expires_on",
        ends_first="ends_first",
    ),
    Task(
        "record_risk_letter",
        Side.SUPPORT,
        Form(
            "authentication.record_risk_letter",
            (Page("letter", RiskLetter, check=_dates_of_letter),),
            copied=_own_to_install,
            notes=signed.letter_notes,
            review=True,
            example={"received_on": "2026-01-15", "reference": "EXAMPLE-123", "installed": "yes"},
        ),
        ready=lambda situation: chosen(situation, "own_ca"),
        adds=signed.own_recorded,
        stale_with=CHANGED_BY,
        expires="expires_on",
        ends_first="ends_first",
    ),
)
