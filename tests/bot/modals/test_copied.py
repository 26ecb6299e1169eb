"""A letter is recorded for the certificate that the window shows: one that the customer replaced meanwhile is not recorded unseen."""

import json
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bot.messages.texts import Texts
from bot.modals.render import View
from bot.modals.session import FormSession
from bot.modals.subject import FormMeta, subject_of
from flows.cases import fill
from flows.cases.case import Case
from flows.forms.drafts import REVIEW
from flows.people import Who
from tests.flows.cases.casework import KIM, LEAD, MONDAY, OWNER, CaseBook, case_book

STEP, TASK = "authentication", "record_risk_letter"
LETTER = {"received_on": "2026-03-01", "reference": "ABC-1", "installed": "yes"}


def certificate(days: int) -> str:
    """For a new key, until so many days after the test's day."""
    bank, acme = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Bank CA", "Acme"))
    made = x509.CertificateBuilder().subject_name(acme).issuer_name(bank).serial_number(days)
    made = made.public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    made = made.not_valid_before(MONDAY - timedelta(days=9)).not_valid_after(MONDAY + timedelta(days=days))
    return made.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


async def look(book: CaseBook, who: Who, shown: View | None = None, *, leaves: bool = False) -> tuple[View, bool]:
    """The window as it is drawn now: for who opens the form, or looks at it since it was ``shown``, and whether that shows something
    else than is recorded by now. ``leaves``: the first page is filled in and left."""
    first = FormMeta(form=f"{STEP}.{TASK}", onboarding=book.id, step=STEP)
    meta = FormMeta.model_validate_json(shown["private_metadata"]) if shown else first

    async def work(case: Case) -> tuple[View, bool]:
        read = await FormSession.read(case.unit, who, meta, subject_of(case, meta), case, case.situation, Texts("en"))
        if leaves:
            fill.leave_page(
                case.unit, read.form, read.opened, 0, {**LETTER, "own_certificate": "typed over"}, who, read.situation
            )
        return read.page(read.answers, REVIEW if leaves else 0), read.outdated

    found: tuple[View, bool] = await book.act(work, who)
    return found


def shows(view: View, pem: str) -> bool:
    return pem.splitlines()[5] in json.dumps(view)


async def test_a_certificate_that_was_replaced_meanwhile_is_neither_shown_nor_recorded(tmp_path: Path) -> None:
    replaced, latest = certificate(900), certificate(1000)
    async with case_book(tmp_path) as book:
        await book.start()
        await book.skip("planning", "organization")
        await book.send(STEP, mtls="own_ca", own_certificate=certificate(30))
        for person in (OWNER, KIM):
            await book.approve(STEP, person)
        await book.task(STEP, TASK, LETTER)
        await book.skip(STEP)

        await book.task(STEP, "send_own_renewal", {"own_certificate": replaced}, LEAD)
        opened, outdated = await look(book, OWNER)
        assert shows(opened, replaced)
        assert not outdated
        last_page, _ = await look(book, OWNER, opened, leaves=True)
        assert not (await look(book, OWNER, last_page))[1]

        book.now += timedelta(minutes=1)  # which one is the latest is told by the time
        await book.task(STEP, "send_own_renewal", {"own_certificate": latest}, LEAD)
        for window in (opened, last_page):
            assert (await look(book, OWNER, window))[1]
        again, outdated = await look(book, KIM)
        assert shows(again, latest)  # and no draft of the other one
        assert "ABC-1" not in json.dumps(again)
        assert not outdated
        for person in (OWNER, KIM):
            assert shows((await look(book, person))[0], latest)  # for the second person too
            await book.task(STEP, TASK, LETTER, person)
        async with book.store.read() as unit:
            (expiry,) = await unit.expiries()
        assert (expiry.last_day - MONDAY.date()).days == 1000
