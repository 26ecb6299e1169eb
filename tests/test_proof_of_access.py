"""From the form to a fully passed proof over real TLS, by each method; and from each fault, named in words, onwards."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec

from bot.messages.buttons import Act
from bot.messages.texts import Texts
from playground.acts import SUBJECT
from playground.pismo.authority import Authority, key_pem, new_key, signing_request, tampered_request
from playground.pismo.machine import Method
from playground.pismo.signer import public_pem, rsa_key
from playground.walkthrough import action_id
from tests.proof_place import PROGRAMS, STEP, Acme, ProofPlace

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSED = "all checks passed"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place() -> AsyncIterator[ProofPlace]:
    async with ProofPlace() as place:
        yield place
        assert place.secrets


@pytest_asyncio.fixture(loop_scope="module")
async def acme(place: ProofPlace) -> AsyncIterator[Acme]:
    one = Acme(place, await place.begin())
    yield one
    for environment in (place.sandbox.test, place.sandbox.production):
        environment.faults.clear()
        environment.world.forbidden.clear()
    await one.closes()


async def passes(acme: Acme, method: Method = "basic") -> None:
    """A fresh token proves the access, and the step is done."""
    said = await acme.proves(await acme.token(method))
    assert PASSED in said, said
    assert await acme.place.state(acme.onboarding, STEP) == "done"


@pytest.mark.parametrize("method", ["oidc", "oauth2", "basic"])
async def test_from_the_form_to_a_proof_all_passed(acme: Acme, place: ProofPlace, method: Method) -> None:
    await acme.gets_an_organization()
    await place.open_step(acme.onboarding, STEP)
    await acme.sends(acme.answers(method))
    await place.approve(acme.onboarding, STEP, place.sam, place.kim)
    await acme.support_sets_up(method)
    await passes(acme, method)


async def test_nobody_can_prove_before_the_first_programs(acme: Acme, place: ProofPlace) -> None:
    """There is no button, and it is nobody's turn, until the programs are recorded."""
    await acme.asks_for_an_organization()
    await place.do(acme.onboarding, "organization", "record_org_id", {"org_id": acme.org_id})
    await place.send(acme.onboarding, STEP, **acme.answers())
    await place.approve(acme.onboarding, STEP, place.sam, place.kim)
    await acme.support_sets_up("basic")

    def offered() -> str | None:
        return action_id(acme.journey.lasting("step", STEP).blocks, Act.TASK, "prove_access")

    assert offered() is None
    assert "You can do “Verify access” once “First programs” is done." in str(acme.journey.lasting("step", STEP).blocks)
    assert (await place.snapshot(acme.onboarding)).steps[STEP].turn == ""
    await acme.gets_programs()
    assert await place.state(acme.onboarding, PROGRAMS) == "done"
    assert offered() is not None
    await passes(acme)


# -- what the form finds


FORM_FAULTS: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {  # in the order of the pages
    "private key pasted": (lambda: {"public_key": key_pem(rsa_key())}, "This is a private key"),
    "public key of RSA 1024": (lambda: {"public_key": public_pem(rsa_key(1024))}, "1024 bits; at least 2048"),
    "public key that is not RSA": (lambda: {"public_key": public_pem(new_key())}, "Generate an RSA key"),
    "public key cut": (lambda: {"public_key": public_pem(rsa_key())[:200]}, EN("error.key_truncated")),
    "CSR in place of the public key": (lambda: {"public_key": signing_request(new_key(), **SUBJECT)}, "; this is a “"),
    "CSR of RSA 1024": (lambda: {"csr": signing_request(rsa_key(1024), **SUBJECT)}, "1024 bits; at least 2048"),
    "CSR of another curve": (
        lambda: {"csr": signing_request(ec.generate_private_key(ec.SECP521R1()), **SUBJECT)},
        EN("error.csr_wrong_curve", curve="P-521"),
    ),
    "CSR with a bad signature": (
        lambda: {"csr": tampered_request(new_key(), **SUBJECT)},
        EN("error.csr_bad_signature"),
    ),
}


async def test_faults_in_the_form(acme: Acme, place: ProofPlace) -> None:
    await acme.gets_an_organization()
    await place.open_step(acme.onboarding, STEP)
    for fault, (made, words) in FORM_FAULTS.items():
        assert words in await acme.is_refused(acme.answers("oidc", **made())), fault
    await acme.sends(acme.answers("oidc"))
    await place.approve(acme.onboarding, STEP, place.sam, place.kim)
    await acme.support_sets_up("oidc")
    await passes(acme, "oidc")


async def test_csr_subject_of_another_organization(acme: Acme, place: ProofPlace) -> None:
    await acme.gets_an_organization()
    await place.open_step(acme.onboarding, STEP)
    foreign = signing_request(new_key(), **{**SUBJECT, "O": "Blue Coop"})
    differs = EN("note.csr_subject_differs", attribute="O", found="Blue Coop", expected="Example Bank S.A.")
    assert differs in await acme.reviews(acme.answers(csr=foreign))
    await acme.changes_last_page()
    await acme.sends(acme.answers())
    await place.approve(acme.onboarding, STEP, place.sam, place.kim)
    await acme.support_sets_up("basic")
    await passes(acme)


# -- what support's forms find


def for_another_key(acme: Acme) -> str:
    return acme.pismo.issue_certificate(signing_request(new_key(), **SUBJECT))


def issued(begins: timedelta, lifetime: timedelta = timedelta(days=1)) -> Callable[[Acme], str]:
    return lambda acme: acme.authority.issue(acme.machine.csr, begins=begins, lifetime=lifetime)


def with_another_authority(acme: Acme) -> str:
    return acme.machine.certificate + Authority("Another CA").pem


CERTIFICATE_FAULTS: dict[str, tuple[Callable[[Acme], str], str]] = {
    "certificate that does not match the CSR": (for_another_key, EN("error.certificate_other_key")),
    "certificate that has expired": (issued(timedelta(days=-2)), "expired on"),
    "certificate that is not valid yet": (issued(timedelta(days=2)), "isn't valid before"),
    "certificate of another authority": (with_another_authority, "was issued by Sandbox CA"),
    "request in place of the certificate": (lambda acme: acme.machine.csr, "; this is a “"),
}


async def test_faults_in_the_certificate(acme: Acme) -> None:
    await acme.is_approved()
    for fault, (made, words) in CERTIFICATE_FAULTS.items():
        assert words in await acme.support_is_refused(STEP, "attach_certificate", {"certificate": made(acme)}), fault
    await acme.support_sends(STEP, "attach_certificate", {"certificate": acme.machine.certificate})
    await passes(acme)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda org_id: org_id[:10] + " " + org_id[10:], EN("error.org_id_whitespace")),
        (lambda org_id: org_id[:-4], EN("error.org_id_unusual")),
    ],
    ids=["cut in two", "cut off"],
)
async def test_org_id_malformed(acme: Acme, place: ProofPlace, made: Callable[[str], str], words: str) -> None:
    await acme.asks_for_an_organization()
    assert words in await acme.support_is_refused("organization", "record_org_id", {"org_id": made(acme.org_id)})
    await acme.support_sends("organization", "record_org_id", {"org_id": acme.org_id})
    await acme.gets_programs()
    await place.send(acme.onboarding, STEP, **acme.answers())
    await place.approve(acme.onboarding, STEP, place.sam, place.kim)
    await acme.support_sets_up("basic")
    await passes(acme)
