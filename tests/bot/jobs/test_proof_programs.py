"""The proof of access compares the programs at Pismo with those approved: each fault is named to both sides, and passes once mended."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot.messages.texts import Texts
from tests.bot.workplace import Workplace
from tests.proof_place import STEP, Acme

pytestmark = pytest.mark.asyncio(loop_scope="module")

EN = Texts("en")
PASSED = "all checks passed"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def acme() -> AsyncIterator[Acme]:
    """Two programs, of cards and of accounts; the pair isn't handed over yet, so the step stays open."""
    async with Workplace() as place:
        one = Acme(place, await place.begin())
        await one.gets_an_organization()
        await place.send(one.onboarding, STEP, method="basic", mtls="pismo_pair")
        await place.approve(one.onboarding, STEP, place.sam, place.kim)
        yield one


def at_pismo(acme: Acme) -> list[dict[str, Any]]:
    return acme.pismo.world.org(acme.org_id).programs


async def proves(acme: Acme) -> str:
    """What the customer reads; support reads the same lines."""
    said = await acme.proves(acme.pismo.mint_token(acme.org_id))
    lines = [line for line in said.splitlines() if line.startswith(("✓", "!", "–"))]
    told = acme.journey.thread("review", STEP)
    assert any(set(lines) <= set(message.text.splitlines()) for message in told)
    return said


@dataclass(frozen=True)
class Fault:
    brings: Callable[[Acme], None]
    words: str
    headline: str = "some details there don't match what was approved"


def changed(**fields: Any) -> Callable[[Acme], None]:
    return lambda acme: at_pismo(acme)[0].update(fields)


def gone(acme: Acme) -> None:
    del at_pismo(acme)[0]


FAULTS = {
    "missing": Fault(gone, f"Program “Example Credit” – differs. {EN('proof.program_missing')}"),
    "pending": Fault(
        changed(status="PENDING"),
        f"Program “Example Credit” – note. {EN('proof.program_pending', id=101, type='CREDITO')}",
        PASSED,
    ),
    "another type": Fault(changed(type="DEBITO"), "differs. Different type. Approved: CREDITO. At Pismo: DEBITO."),
    "another name": Fault(changed(name="Gold"), "differs. Different name. Approved: Example Credit. At Pismo: Gold."),
    "another currency": Fault(changed(currency_numeric_code="840"), "differs. Different currency. Approved: BRL. At Pismo: USD."),
    "another id": Fault(changed(id=9), "differs. Different ID. Recorded: 101. At Pismo: 9."),
    "unapproved": Fault(
        lambda acme: void(acme.pismo.add_program(acme.org_id, "Gold", "CREDITO")),
        f"{EN('check.other_programs')} – note. {EN('proof.programs_unapproved', count=1, names='Gold')}",
        PASSED,
    ),
    "none": Fault(lambda acme: at_pismo(acme).clear(), EN("proof.no_access"), "Access not verified"),
    "403": Fault(lambda acme: acme.pismo.forbid("programs"), EN("proof.forbidden"), "Access not verified"),
}


def void(_result: object) -> None:
    """For what is done for its effect."""


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_program_that_is_not_as_approved(acme: Acme, fault: str) -> None:
    whole = [dict(one) for one in at_pismo(acme)]
    FAULTS[fault].brings(acme)
    said = await proves(acme)
    assert FAULTS[fault].words in said
    assert FAULTS[fault].headline in said.splitlines()[0]
    at_pismo(acme)[:] = whole
    acme.pismo.allow("programs")
    said = await proves(acme)
    assert PASSED in said
    assert said.count("active, as approved") == len(whole)


async def test_all_pages_are_read(acme: Acme) -> None:
    first, calls = dict(at_pismo(acme)[0]), len(acme.pismo.calls)
    at_pismo(acme)[:0] = [first | {"id": 1000 + n, "name": f"Another {n}"} for n in range(120)]
    said = await proves(acme)
    del at_pismo(acme)[:120]
    assert "122 programs found." in said
    assert said.count("active, as approved") == 2
    assert "Not approved here (120): Another 0, Another 1" in said
    assert "and 110 more." in said
    assert [call.path for call in acme.pismo.calls[calls:]].count("/programs/v1/programs") == 2


async def test_a_difference_keeps_the_step_open_until_support_accepts_it(acme: Acme) -> None:
    at_pismo(acme)[0]["country_code"] = "USA"
    await proves(acme)
    await acme.place.do(acme.onboarding, STEP, "hand_over_pair", {})
    assert await acme.place.state(acme.onboarding, STEP) == "fulfilling"
    await acme.place.do(acme.onboarding, STEP, "settle_organization", {"reason": "Agreed by telephone."})
    assert await acme.place.state(acme.onboarding, STEP) == "done"
    said = await proves(acme)
    assert "differs, accepted. Different country. Approved: BRA. At Pismo: USA." in said
    assert PASSED in said
    at_pismo(acme)[0]["country_code"] = "BRA"
