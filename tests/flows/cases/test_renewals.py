"""A certificate's last day: announced 90, 30 and 7 days before and once it is over, in working hours, even after the end."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from flows.cases import manage
from flows.model import Onboarding
from flows.ports import Unit
from flows.problems import Refused
from tests.flows.cases.casework import KIM, LEAD, MONDAY, OWNER, CaseBook, case_book

STEP, TASK = "authentication", "attach_certificate"
SOON, OVER = f"task.{STEP}.{TASK}.expires", f"task.{STEP}.{TASK}.expired"


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    """An onboarding whose authentication was approved; a certificate can be attached."""
    async with case_book(tmp_path) as one:
        await one.start()
        for step in ("planning", "organization"):
            await one.skip(step)
        await one.send(STEP, mtls="csr")
        for person in (OWNER, KIM):
            await one.approve(STEP, person)
        yield one


async def attach(one: CaseBook, last_day: date) -> None:
    await one.task(STEP, TASK, {"certificate": "its PEM", "expires_on": last_day.isoformat()})
    await one.news("say")


def another_request() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api.bank.example")])
    return (
        x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    )


async def told(one: CaseBook, until: date) -> list[tuple[date, str, str, int]]:
    """(day, where, key, days left) with one sweep a day until this one."""
    seen = []
    while one.now.date() < until:
        await one.sweep(one.now + timedelta(days=1))
        seen += [
            (one.now.date(), e.arguments["where"], e.arguments["key"], e.arguments["params"]["count"])
            for e in await one.news("say")
            if e.arguments["key"] in (SOON, OVER)
        ]
    return seen


async def test_it_is_told_90_30_and_7_days_before_and_once_it_is_over(acme: CaseBook) -> None:
    last_day = date(2026, 7, 31)
    await attach(acme, last_day)
    seen = await told(acme, date(2026, 8, 20))
    assert [(key, days) for _, where, key, days in seen if where == "customer"] == [
        (SOON, 88),  # 90 days before is the Saturday of a holiday weekend
        (SOON, 30),
        (SOON, 7),
        (OVER, 0),
    ]
    assert [line[2:] for line in seen if line[1] == "customer"] == [line[2:] for line in seen if line[1] == "support"]


async def test_after_an_outage_it_is_told_once(acme: CaseBook) -> None:
    await attach(acme, date(2026, 7, 31))
    acme.now = datetime(2026, 7, 27, 15, tzinfo=MONDAY.tzinfo)
    await acme.sweep()
    await acme.sweep()
    assert [e.arguments["params"]["count"] for e in await acme.news("say") if e.arguments["key"] == SOON] == [4, 4]


async def test_a_renewed_certificate_has_its_own_last_day(acme: CaseBook) -> None:
    await attach(acme, date(2026, 4, 10))
    assert {days for *_, days in await told(acme, date(2026, 4, 1))} == {31, 30}
    await acme.skip(STEP)
    await acme.act(lambda case: manage.reopen(case, STEP, "A new certificate."), OWNER)
    await acme.send(STEP, mtls="csr", csr=another_request())
    for person in (OWNER, KIM):
        await acme.approve(STEP, person)
    await attach(acme, date(2026, 8, 10))
    assert await told(acme, date(2026, 5, 1)) == []
    assert {days for *_, days in await told(acme, date(2026, 5, 20))} == {90}


@pytest.mark.parametrize("ended", ["nothing", "the step", "the onboarding"])
async def test_a_renewal_recorded_in_time_is_told_instead(acme: CaseBook, ended: str) -> None:
    await attach(acme, date(2026, 4, 10))
    assert {days for *_, days in await told(acme, date(2026, 3, 20))} == {31, 30}
    if ended != "nothing":
        await acme.skip(STEP)
    if ended == "the onboarding":
        await acme.act(manage.close)
        with pytest.raises(Refused, match="closed"):  # anything but a renewal stays closed
            await acme.task(STEP, "prove_access", {"environment": "test"}, LEAD)
    await acme.news("say")
    await acme.task(STEP, TASK, {"certificate": "its PEM", "expires_on": "2026-08-10"}, KIM)
    (said,) = [effect.arguments for effect in await acme.news("say")]
    assert (said["where"], said["key"], said["params"]["expires_on"]) == ("customer", "renewed", "2026-08-10")
    assert await told(acme, date(2026, 5, 1)) == []
    assert {days for *_, days in await told(acme, date(2026, 5, 20))} == {90}


async def test_nothing_is_told_of_a_certificate_replaced_in_another_way(acme: CaseBook) -> None:
    await attach(acme, date(2026, 4, 10))
    await acme.send(STEP, mtls="pismo_pair")
    for person in (OWNER, KIM):
        await acme.approve(STEP, person)
    assert {days for *_, days in await told(acme, date(2026, 3, 20))} == {31, 30}  # it is still in use
    await acme.task(STEP, "hand_over_pair", {"checklist": [], "expires_on": "2026-08-10"})
    assert await told(acme, date(2026, 5, 1)) == []


async def test_who_is_told(acme: CaseBook) -> None:
    await attach(acme, date(2026, 3, 20))
    await acme.news("say")
    await acme.sweep(acme.now + timedelta(days=1))
    said = [e.arguments for e in await acme.news("say") if e.arguments["key"] == SOON]
    assert {e["where"]: e["mention"] for e in said} == {"customer": [LEAD.user_id], "support": [OWNER.user_id]}
    assert all(e["step"] == STEP for e in said)


async def test_it_outlives_the_onboarding_but_not_its_erasure(acme: CaseBook) -> None:
    await attach(acme, date(2026, 4, 10))

    async def close(unit: Unit) -> None:
        onboarding = await unit.get(Onboarding, acme.id)
        assert onboarding is not None
        onboarding.closed_at = unit.now

    await acme.do(close)
    assert {days for *_, days in await told(acme, date(2026, 3, 20))} == {31, 30}

    async def erase(unit: Unit) -> None:
        onboarding = await unit.get(Onboarding, acme.id)
        assert onboarding is not None
        onboarding.erased_at = unit.now

    await acme.do(erase)
    assert await told(acme, date(2026, 4, 30)) == []
