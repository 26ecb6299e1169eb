"""The check of a set-up: each fault at Pismo is named in words; once it is mended, the item counts as done.

All of it in one onboarding with all six products: a check can be run again and again.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio

from bot.adapters import Adapters
from bot.messages.buttons import Act
from bot.messages.texts import Texts
from flows.steps.org_details import to_org_details
from flows.steps.planning import PRODUCTS
from pismo.client import Pismo
from pismo.environments import Environments
from playground.pismo.set_up import OrgSetUp
from playground.slack.screen import tells
from playground.walkthrough import action_id, ready
from playground.walkthrough import said as wording
from tests.bot.workplace import PROMPT, Workplace
from tests.flows.steps.filled_forms import MEXICO

EN = Texts("en")

pytestmark = [pytest.mark.bot, pytest.mark.asyncio(loop_scope="module")]

CARDS, CORE, BANKING, DEPOSITS, LENDING, SELLERS = (f"setup_{product}" for product in PRODUCTS)

PROGRAMS: dict[str, Any] = {
    "products": ["digital_lending", "seller_management", "further"],
    "digital_lending_type": "CORRESPONDENT ACCOUNTS",
    "further": [MEXICO],
}
AT_PISMO = {"currency_numeric_code": "484", "country_code": "MEX", "timezone": "America/Mexico_City"}
RECORDED = {
    "digital_lending": (901, "CORRESPONDENT ACCOUNTS"),
    "seller_management": (902, "MERCHANT"),
    "seller_management:Merchants Mexico": (903, "MERCHANT"),
}
"""By key of the first programs: id and type. Those of the other products are found by their type."""


class SetupPlace(Workplace):
    """Retries at once, and gives up after the third attempt; one short attempt per call."""

    def __init__(self) -> None:
        super().__init__(patience=PROMPT)
        self.onboarding = self.org_id = ""

    def adapters(self) -> Adapters:
        production = Pismo(self.sandbox.production.url, attempts=1, timeout=2)
        return replace(super().adapters(), pismo=Environments(Pismo(self.pismo.url, attempts=1, timeout=0.5), production))

    @property
    def there(self) -> OrgSetUp:
        return self.pismo.world.org(self.org_id).set_up

    @property
    def programs(self) -> list[dict[str, Any]]:
        return self.pismo.world.org(self.org_id).programs

    async def plans_everything(self) -> None:
        """Up to the approved set-up of each product, with a working access."""
        self.onboarding = one = await self.begin()
        await self.send(one, "planning", products=list(PRODUCTS))
        await self.approve(one, "planning")
        await self.send(one, "organization")
        await self.approve(one, "organization")
        details = (await self.snapshot(one)).submissions["organization"][0].answers
        self.org_id = self.pismo.create_org(to_org_details(details))
        await self.do(one, "organization", "record_org_id", {"org_id": self.org_id})
        await self.send(one, "first_programs", **PROGRAMS)
        await self.approve(one, "first_programs")
        for key, (number, kind) in RECORDED.items():
            known = {"program": key, "program_id": number, "type": kind, "status": "ACTIVE"}
            await self.do(one, "first_programs", "record_program", known)
        await self.skip(one, "authentication")
        for step in (CARDS, CORE, BANKING, DEPOSITS, LENDING, SELLERS):
            await self.send(one, step)
            await self.approve(one, step)

    def sets_everything_up(self) -> None:
        self.pismo.world.org(self.org_id).set_up = OrgSetUp()
        self.there.fill()
        self.programs.clear()
        card: dict[str, Any] = {"brand": "VISA", "bin": {"value": "123456", "start_range": "0", "end_range": "999"}}
        self.pismo.add_program(self.org_id, "Gold", "CREDITO", **card)
        self.pismo.add_program(self.org_id, "Accounts", "CURRENT ACCOUNTS")
        for (number, kind), name in zip(
            RECORDED.values(), ("Example Loans", "Example Merchants", "Merchants Mexico"), strict=True
        ):
            place = AT_PISMO if name == "Merchants Mexico" else {}
            self.pismo.add_program(self.org_id, name, kind, id=number, **place)

    async def checks(self, step: str, token: str = "", environment: str = "test") -> str:
        """Ana pastes a token and sends it; what is then new in the thread."""
        pasted = token or self.pismo.mint_token(self.org_id)
        self.secrets.append(pasted)
        before, message = len(self.journey.thread("step", step)), self.journey.lasting("step", step)
        name = action_id(message.blocks, Act.TASK, "check_setup")
        assert name is not None, "no button for the check"
        await self.ana.click(message, action_id=name)
        await self.slack.until(lambda: ready(self.ana.view))
        assert self.ana.view is not None
        await self.journey.type_in(self.ana, self.ana.view, {"environment": environment, "token": pasted})
        outcome = await self.ana.submit()
        assert outcome.ok, outcome
        await self.settled()
        assert self.bot.tokens == {}
        said = "\n".join(message.text for message in self.journey.thread("step", step)[before:])
        lines = [line for line in said.splitlines() if line.startswith(("✓", "!", "–"))]
        told = self.journey.thread("review", step)
        assert any(set(lines) <= set(message.text.splitlines()) for message in told)  # support reads the same
        return said


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place() -> AsyncIterator[SetupPlace]:
    async with SetupPlace() as one:
        await one.plans_everything()
        yield one


@dataclass(frozen=True)
class Fault:
    """``words`` name it; ``mended`` is the item's line once Pismo has everything."""

    step: str
    brings: Callable[[SetupPlace], Any]
    words: str
    mended: str


def program(place: SetupPlace, program_type: str) -> dict[str, Any]:
    return next(one for one in place.programs if one["type"] == program_type)


def without_bin(place: SetupPlace) -> None:
    program(place, "CREDITO").pop("bin")


def inactive(place: SetupPlace) -> None:
    place.there.loan_products[0]["status"] = "INACTIVE"


def pending_codes(place: SetupPlace) -> None:
    place.there.processing_codes[0]["status"] = "PENDING"


FAULTS = {
    "403 on divisions": Fault(
        BANKING,
        lambda place: place.pismo.forbid("divisions"),
        "Divisions – not allowed to see. The token works, but its permission group does not cover this (403).",
        "Divisions – done. 2 found, on every level.",
    ),
    "hierarchy missing": Fault(
        BANKING,
        lambda place: place.there.hierarchies.clear(),
        "Hierarchy – missing. There is no hierarchy yet.",
        "Hierarchy – done. Branches.",
    ),
    "divisions missing": Fault(
        DEPOSITS,
        lambda place: place.there.divisions.clear(),
        "Division – missing. The hierarchy has no division yet: Branches.",
        "Division – done.",
    ),
    "a level without divisions": Fault(
        BANKING,
        lambda place: place.there.divisions.pop(),
        "Divisions – done. 1 found. Levels without one: Branch.",
        "on every level",
    ),
    "no program": Fault(
        LENDING,
        lambda place: place.programs.clear(),
        "Lending program, active – not allowed to see. Pismo refuses every call (403). Most often the organization has no program yet",
        "done. Example Loans (BRA, BRL, America/Sao_Paulo): active, as approved.",
    ),
    "a merchant program in another time zone": Fault(
        SELLERS,
        lambda place: place.programs[-1].update(timezone="America/Tijuana"),
        "missing. Example Merchants (BRA, BRL, America/Sao_Paulo): active, as approved. Merchants Mexico (MEX, MXN, America/Mexico_City): "
        "different time zone. Approved: America/Mexico_City. At Pismo: America/Tijuana.",
        "done. Example Merchants (BRA, BRL, America/Sao_Paulo): active, as approved. Merchants Mexico (MEX, MXN, America/Mexico_City): "
        "active, as approved.",
    ),
    "program pending": Fault(
        CARDS,
        lambda place: program(place, "CREDITO").update(status="PENDING"),
        "with brand and BIN – missing. It is still PENDING: Gold.",
        "with brand and BIN – done. Active: Gold.",
    ),
    "program of the wrong type": Fault(
        CORE,
        lambda place: place.programs.remove(program(place, "CURRENT ACCOUNTS")),
        "missing. No program has a type that this product needs (CURRENT ACCOUNTS). There is:",
        "Program of current accounts, active – done. Active: Accounts.",
    ),
    "card program without BIN": Fault(
        CARDS, without_bin, "missing. Active, but without a brand or BIN: Gold.", "done. Active: Gold."
    ),
    "holiday calendar missing": Fault(
        BANKING,
        lambda place: place.there.holiday_calendars.clear(),
        "Holiday calendar – missing. There is no",
        "Holiday calendar – done. 1 found.",
    ),
    "holiday calendar missing, where it is optional": Fault(
        DEPOSITS,
        lambda place: place.there.holiday_calendars.clear(),
        "Holiday calendar – missing, but optional.",
        "Holiday calendar – done.",
    ),
    "no processing codes": Fault(
        CORE,
        lambda place: place.there.processing_codes.clear(),
        "Processing codes – missing. There is no processing code.",
        "Processing codes – done. 1 ready, 1 of them your own; 0 still PENDING.",
    ),
    "processing codes pending": Fault(
        CORE, pending_codes, "Processing codes – missing. The only one is still PENDING", "Processing codes – done."
    ),
    "no loan products": Fault(
        LENDING,
        lambda place: place.there.loan_products.clear(),
        "Loan products – missing. There is no loan product yet.",
        "Loan products – done.",
    ),
    "loan products inactive": Fault(
        LENDING, inactive, "Loan products – missing. There is one, but it is not ACTIVE.", "Loan products – done."
    ),
    "marketplace not found": Fault(
        SELLERS,
        lambda place: place.there.marketplaces.clear(),
        "Marketplace – missing. Pismo knows no marketplace 1 of your organization.",
        "Marketplace – done. Marketplace 1 is there.",
    ),
    "lending is away": Fault(
        LENDING,
        lambda place: place.pismo.faults.add("/lending", "5xx", times=100),
        "Loan products – not checked. Pismo did not answer in spite of several tries. Paste a fresh token later.",
        "Loan products – done. 1 active.",
    ),
    "holidays are slow": Fault(
        BANKING,
        lambda place: place.pismo.faults.add("/holidays-core", "slow", times=100, seconds=5),
        "Holiday calendar – not checked. Pismo did not answer",
        "Holiday calendar – done.",
    ),
    "the answer is cut off": Fault(
        CORE,
        lambda place: place.pismo.faults.add("/orgs-operation", "drop_before", times=100),
        "Processing codes – not checked. Pismo did not answer",
        "Processing codes – done.",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_fault_is_named_and_once_it_is_mended_the_item_is_there(place: SetupPlace, name: str) -> None:
    place.sets_everything_up()
    fault = FAULTS[name]
    fault.brings(place)
    said = await place.checks(fault.step)
    assert fault.words in said, said
    assert not tells(said, wording("say.setup_all_there")) or "optional" in fault.words or "done" in fault.words
    place.pismo.allow("divisions")
    place.pismo.faults.clear()
    place.sets_everything_up()
    said = await place.checks(fault.step)
    assert fault.mended in said, said
    assert said.startswith("✓ Check of the set-up, environment Test: all that can be read is there.")


async def test_where_one_thing_is_away_the_rest_is_found(place: SetupPlace) -> None:
    place.sets_everything_up()
    place.pismo.faults.add("/programs", "gateway", times=100)
    said = await place.checks(BANKING)
    assert said.startswith("! Setup checked in Test: 3 of 4 items found")
    assert "Divisions – done" in said
    assert "active – not checked. Pismo did not answer" in said
    place.pismo.faults.clear()


async def test_an_outage_is_waited_for_also_where_several_processes_run(
    place: SetupPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.sets_everything_up()
    assert tells(await place.taken_elsewhere(monkeypatch, place.checks(LENDING)), wording("say.setup_all_there"))


# -- the token


def expired(place: SetupPlace) -> str:
    return place.pismo.mint_token(place.org_id, -60)


def revoked(place: SetupPlace) -> str:
    token = place.pismo.mint_token(place.org_id)
    place.pismo.revoke_token(token)
    return token


def of_another_customer(place: SetupPlace) -> str:
    other = place.pismo.create_org({"official_name": "Blue Coop"})
    return place.pismo.mint_token(other)


def of_another_customer_in_silence(place: SetupPlace) -> str:
    place.pismo.world.silent_tokens = True
    return of_another_customer(place)


TOKENS: dict[str, tuple[Callable[[SetupPlace], str], str]] = {
    "ended": (expired, "Access token – failed. It has expired."),
    "revoked": (revoked, "not checked. Pismo refused the token (401): it has ended, or was revoked. Paste a fresh one."),
    "of another customer": (
        of_another_customer,
        "Organization of the token – failed. The token belongs to another organization than the recorded org ID.",
    ),
    "of another customer, without saying so": (of_another_customer_in_silence, "Organization of the token – failed."),
}


@pytest.mark.parametrize("name", TOKENS)
async def test_a_token_that_is_no_good_finds_nothing(place: SetupPlace, name: str) -> None:
    place.sets_everything_up()
    makes, words = TOKENS[name]
    said = await place.checks(CORE, makes(place))
    assert words in said, said
    assert said.startswith("! Setup checked in Test: no items found")
    place.pismo.world.silent_tokens = False
    assert tells(await place.checks(CORE), wording("say.setup_all_there"))


async def test_a_token_that_does_not_say_whose_it_is_is_taken_once_pismo_does(place: SetupPlace) -> None:
    place.sets_everything_up()
    place.pismo.world.silent_tokens = True
    assert tells(await place.checks(CORE), wording("say.setup_all_there"))
    place.pismo.world.silent_tokens = False


async def test_production_is_read_with_its_own_token_once_it_is_open(place: SetupPlace) -> None:
    place.sets_everything_up()
    await place.send(place.onboarding, "production")
    await place.approve(place.onboarding, "production", place.sam, place.kim)
    said = await place.checks(LENDING, environment="production")
    assert said.startswith("! Setup checked in Production: no items found")
    assert "Pismo refused the token (401)" in said
    production = place.sandbox.production
    production.world.orgs[place.org_id.casefold()] = place.pismo.world.org(place.org_id)
    said = await place.checks(LENDING, production.mint_token(place.org_id), "production")
    assert said.startswith("✓ Check of the set-up, environment Production: all that can be read is there.")


async def test_what_is_not_needed_is_not_read(place: SetupPlace) -> None:
    place.sets_everything_up()
    await place.send(place.onboarding, SELLERS, marketplace="not_needed", reason="One shop alone.")
    await place.approve(place.onboarding, SELLERS)
    calls = len(place.pismo.calls)
    said = await place.checks(SELLERS)
    assert "Marketplace – not needed. You said so, with the reason." in said
    assert said.startswith("✓ Check of the set-up, environment Test: all that can be read is there.")
    assert not [call for call in place.pismo.calls[calls:] if call.path.startswith("/marketplace")]
    await place.send(place.onboarding, SELLERS)
    await place.approve(place.onboarding, SELLERS)
    assert "Marketplace – done." in await place.checks(SELLERS)
