"""A certificate is renewed after the onboarding's end: the customer asks with a new request, support records, a second one confirms."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from babel.dates import format_date
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from playground.acts import SUBJECT
from playground.pismo.authority import Authority, new_key, signing_request
from playground.slack.forms import FileUpload
from playground.slack.screen import tells
from playground.walkthrough import FormRefusedError, action_id
from playground.walkthrough import said as wording
from tests.bot.workplace import STEPS, Workplace
from tests.proof_place import STEP, Acme

EN = Texts("en")

TASK, ASK = "attach_certificate", "request_renewal"
ANOTHER = Authority("Another CA")
"""Named on the last page, where whoever confirms looks."""


@pytest.fixture
async def acme() -> AsyncIterator[Acme]:
    """Everything is proven, the onboarding closed."""
    async with Workplace() as place:
        one = Acme(place, await place.begin())
        await one.is_approved()
        await one.support_does(TASK, {"certificate": one.machine.certificate})
        await one.proves(one.pismo.mint_token(one.org_id))
        await one.closes()
        yield one


def renewed(csr: str, days: int, by: Authority = ANOTHER) -> str:
    begins = timedelta(days=-2)
    return by.issue(csr, begins=begins, lifetime=timedelta(days=days) - begins)


def pkcs7_of(certificate: str) -> bytes:
    """In binary form."""
    return pkcs7.serialize_certificates([x509.load_pem_x509_certificate(certificate.encode())], Encoding.DER)


def offered(acme: Acme, kind: str) -> list[str]:
    shown = acme.journey.lasting(kind, STEP)
    return [task.id for task in STEPS[STEP].tasks if action_id(shown.blocks, Act.TASK, task.id)]


async def test_a_renewal_from_the_request_to_the_second_confirmation(acme: Acme) -> None:
    place, journey, csr = acme.place, acme.journey, signing_request(new_key(), **SUBJECT)
    asked = lambda: tells(acme.said, wording("task.authentication.request_renewal.done"))  # noqa: E731
    with pytest.raises(FormRefusedError, match=re.escape(EN("error.renewal_same_key"))):
        await journey.task(place.ana, "step", STEP, ASK, {"csr": acme.machine.csr}, asked)
    await place.ana.close()
    await journey.task(place.ana, "step", STEP, ASK, {"csr": csr}, asked)
    await place.slack.until(lambda: offered(acme, "review") == [TASK])
    for kind in ("step", "review"):
        assert tells(journey.lasting(kind, STEP).text, wording("step_message.renewal", "review.renewal", by=f"<@{place.ana.id}>"))
    queue = await place.sam.command("/onboarding queue")
    await place.slack.until(lambda: "renewal to record and confirm" in queue.text)
    assert (home := await place.sam.open_home()) is not None
    assert "renewal to record and confirm" in str(home.blocks)

    for faulty, words in {
        acme.machine.certificate: EN("error.certificate_other_key"),
        renewed(csr, 30): "expires no later than the current one",
    }.items():
        assert words in await acme.support_is_refused(STEP, TASK, {"certificate": faulty})
        await place.sam.close()
    good = {"certificate_file": FileUpload("signed.p7b", pkcs7_of(renewed(csr, 2000)))}  # a file, as from Windows
    said = "recorded “Renewed certificate”. A second person must confirm it"
    waits = lambda: said in journey.thread("review", STEP)[-1].text  # noqa: E731
    await journey.task(place.sam, "review", STEP, TASK, good, waits)
    assert "The certificate is renewed" not in acme.said
    await place.press(place.sam, place.support, Act.TASK, ButtonValue(onboarding=acme.onboarding, step=STEP, task=TASK))
    await place.slack.until(lambda: tells(place.answers(place.sam)[-1], wording("refused.own_confirmation")))
    await place.slack.until(lambda: "recorded by <@" in journey.lasting("review", STEP).text)
    done = lambda: "The certificate is renewed" in acme.said  # noqa: E731
    other = {"certificate_file": FileUpload("signed.p7b", pkcs7_of(renewed(csr, 2100)))}
    with pytest.raises(FormRefusedError, match="Isto difere do que foi registrado primeiro"):
        await journey.task(place.kim, "review", STEP, TASK, other, done)
    assert "Registrado primeiro" in str(place.kim.view and place.kim.view.data["blocks"])
    assert (await place.kim.submit()).ok  # insisting leads on, to the page that shows what would count instead
    assert "Registrado primeiro" not in str(place.kim.view and place.kim.view.data["blocks"])
    await place.kim.close()
    await journey.task(place.kim, "review", STEP, TASK, good, done)
    until = (datetime.now(UTC) + timedelta(days=2000)).date()
    assert f"You can use it until {format_date(until, locale='en')}, when the certificate for" in acme.said
    async with place.bot.store.read() as unit:
        assert [expiry.last_day for expiry in await unit.expiries()] == [until]
    assert "Closed by" in journey.lasting("card", "").text
    by = f"Renewed certificate – <@{place.sam.id}>, <@{place.kim.id}>"
    await place.slack.until(lambda: by in journey.lasting("review", STEP).text)
    assert not tells(journey.lasting("step", STEP).text, wording("step_message.renewal"))
    queue = await place.sam.command("/onboarding queue")
    await place.slack.until(lambda: queue.text)
    assert "renewal to record" not in queue.text


async def test_nothing_else_of_it_is_done_after_the_end(acme: Acme) -> None:
    place = acme.place
    assert (offered(acme, "review"), offered(acme, "step")) == ([], [ASK])
    for task in STEPS[STEP].tasks:
        if task.id not in (TASK, ASK):
            value = ButtonValue(onboarding=acme.onboarding, step=STEP, task=task.id)
            await place.press(place.sam, place.support, Act.TASK, value)
            await place.bot.background.drain()
            assert "was closed by" in place.answers(place.sam)[-1], task.id
    value = ButtonValue(onboarding=acme.onboarding, step=STEP, task=TASK)
    await place.press(place.ana, place.acme, Act.TASK, value)
    await place.bot.background.drain()
    assert tells(place.answers(place.ana)[-1], wording("refused.support_only"))
