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


def line(name: str, outcome: str, reason: str, /, **params: object) -> str:
    """What the report says of an item. ``name``, ``reason``: keys of texts."""
    return EN("say.result_line", check=EN(name), outcome=EN(f"outcome.{outcome}"), reason=EN(reason, **params))


def item(name: str, outcome: str, reason: str, /, **params: object) -> str:
    return line(f"field.setup.{name}.label", outcome, f"setup_check.{reason}", **params)


def merchants(outcome: str, reason: str, **params: object) -> str:
    """The line of the two programs for sellers: the first is as it was approved."""
    first = EN("setup_check.program_good", name="Example Merchants", place="BRA, BRL, America/Sao_Paulo")
    second = EN(f"setup_check.{reason}", name="Merchants Mexico", place="MEX, MXN, America/Mexico_City", **params)
    name = EN("field.setup.merchant_program.label")
    return EN("say.result_line", check=name, outcome=EN(f"outcome.{outcome}"), reason=f"{first} {second}")


def all_there(environment: str = "test") -> str:
    """What a report begins with that found everything."""
    return f"✓ {EN('say.setup_all_there', environment=EN(f'environment.{environment}'))}"


def none_there(environment: str = "test") -> str:
    return f"! {EN('say.setup_found_none', environment=EN(f'environment.{environment}'))}"


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
        item("divisions", "not_allowed", "forbidden"),
        item("divisions", "done", "divisions_found", n=2, count=2),
    ),
    "hierarchy missing": Fault(
        BANKING,
        lambda place: place.there.hierarchies.clear(),
        item("hierarchy", "missing", "hierarchies_none"),
        item("hierarchy", "done", "hierarchies_found", names="Branches"),
    ),
    "divisions missing": Fault(
        DEPOSITS,
        lambda place: place.there.divisions.clear(),
        item("division", "missing", "divisions_none", names="Branches"),
        item("division", "done", "divisions_found", n=2, count=2),
    ),
    "a level without divisions": Fault(
        BANKING,
        lambda place: place.there.divisions.pop(),
        item("divisions", "done", "divisions_some", n=1, count=1, levels="Branch"),
        item("divisions", "done", "divisions_found", n=2, count=2),
    ),
    "no program": Fault(
        LENDING,
        lambda place: place.programs.clear(),
        line("field.setup.lending_program.label", "not_allowed", "proof.no_access"),
        item("lending_program", "done", "program_good", name="Example Loans", place="BRA, BRL, America/Sao_Paulo"),
    ),
    "a merchant program in another time zone": Fault(
        SELLERS,
        lambda place: place.programs[-1].update(timezone="America/Tijuana"),
        merchants("missing", "program_timezone", ours="America/Mexico_City", theirs="America/Tijuana"),
        merchants("done", "program_good"),
    ),
    "program pending": Fault(
        CARDS,
        lambda place: program(place, "CREDITO").update(status="PENDING"),
        item("card_program", "missing", "programs_pending", names="Gold"),
        item("card_program", "done", "programs_found", names="Gold"),
    ),
    "program of the wrong type": Fault(
        CORE,
        lambda place: place.programs.remove(program(place, "CURRENT ACCOUNTS")),
        item(
            "account_program",
            "missing",
            "programs_type",
            types="CURRENT ACCOUNTS",
            names="Gold (CREDITO), Example Loans (CORRESPONDENT ACCOUNTS), Example Merchants (MERCHANT), Merchants Mexico (MERCHANT)",
        ),
        item("account_program", "done", "programs_found", names="Accounts"),
    ),
    "card program without BIN": Fault(
        CARDS,
        without_bin,
        item("card_program", "missing", "programs_no_bin", names="Gold"),
        item("card_program", "done", "programs_found", names="Gold"),
    ),
    "holiday calendar missing": Fault(
        BANKING,
        lambda place: place.there.holiday_calendars.clear(),
        item("holidays", "missing", "holidays_none"),
        item("holidays", "done", "holidays_found", n=1, count=1),
    ),
    "holiday calendar missing, where it is optional": Fault(
        DEPOSITS,
        lambda place: place.there.holiday_calendars.clear(),
        item("holidays", "missing_optional", "holidays_none"),
        item("holidays", "done", "holidays_found", n=1, count=1),
    ),
    "no processing codes": Fault(
        CORE,
        lambda place: place.there.processing_codes.clear(),
        item("processing_codes", "missing", "codes_none"),
        item("processing_codes", "done", "codes_found", n=1, count=1, own=1, pending=0),
    ),
    "processing codes pending": Fault(
        CORE,
        pending_codes,
        item("processing_codes", "missing", "codes_pending", n=1),
        item("processing_codes", "done", "codes_found", n=1, count=1, own=1, pending=0),
    ),
    "no loan products": Fault(
        LENDING,
        lambda place: place.there.loan_products.clear(),
        item("loan_products", "missing", "loans_none"),
        item("loan_products", "done", "loans_found", n=1, count=1),
    ),
    "loan products inactive": Fault(
        LENDING,
        inactive,
        item("loan_products", "missing", "loans_inactive", n=1),
        item("loan_products", "done", "loans_found", n=1, count=1),
    ),
    "marketplace not found": Fault(
        SELLERS,
        lambda place: place.there.marketplaces.clear(),
        item("marketplace", "missing", "marketplace_unknown", number="1"),
        item("marketplace", "done", "marketplace_found", number="1"),
    ),
    "lending is away": Fault(
        LENDING,
        lambda place: place.pismo.faults.add("/lending", "5xx", times=100),
        item("loan_products", "not_checked", "away"),
        item("loan_products", "done", "loans_found", n=1, count=1),
    ),
    "holidays are slow": Fault(
        BANKING,
        lambda place: place.pismo.faults.add("/holidays-core", "slow", times=100, seconds=5),
        item("holidays", "not_checked", "away"),
        item("holidays", "done", "holidays_found", n=1, count=1),
    ),
    "the answer is cut off": Fault(
        CORE,
        lambda place: place.pismo.faults.add("/orgs-operation", "drop_before", times=100),
        item("processing_codes", "not_checked", "away"),
        item("processing_codes", "done", "codes_found", n=1, count=1, own=1, pending=0),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_fault_is_named_and_once_it_is_mended_the_item_is_there(place: SetupPlace, name: str) -> None:
    place.sets_everything_up()
    fault = FAULTS[name]
    fault.brings(place)
    said = await place.checks(fault.step)
    assert fault.words in said, said
    counts = any(f"– {EN(f'outcome.{one}')}." in fault.words for one in ("missing_optional", "done"))
    assert said.startswith(all_there()) is counts, said
    place.pismo.allow("divisions")
    place.pismo.faults.clear()
    place.sets_everything_up()
    said = await place.checks(fault.step)
    assert fault.mended in said, said
    assert said.startswith(all_there())


async def test_where_one_thing_is_away_the_rest_is_found(place: SetupPlace) -> None:
    place.sets_everything_up()
    place.pismo.faults.add("/programs", "gateway", times=100)
    said = await place.checks(BANKING)
    assert said.startswith(f"! {EN('say.setup_found_some', environment=EN('environment.test'), there=3, wanted=4)}")
    assert item("divisions", "done", "divisions_found", n=2, count=2) in said
    assert item("banking_programs", "not_checked", "away") in said
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
    "ended": (expired, line("check.token", "failed", "proof.token_expired")),
    "revoked": (revoked, item("account_program", "not_checked", "token_ended")),
    "of another customer": (
        of_another_customer,
        line("check.tenant", "failed", "proof.tenant_differs"),
    ),
    "of another customer, without saying so": (
        of_another_customer_in_silence,
        line("check.tenant", "failed", "proof.forbidden_unnamed"),
    ),
}


@pytest.mark.parametrize("name", TOKENS)
async def test_a_token_that_is_no_good_finds_nothing(place: SetupPlace, name: str) -> None:
    place.sets_everything_up()
    makes, words = TOKENS[name]
    said = await place.checks(CORE, makes(place))
    assert words in said, said
    assert said.startswith(none_there())
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
    assert said.startswith(none_there("production"))
    assert item("lending_program", "not_checked", "token_ended") in said
    production = place.sandbox.production
    production.world.orgs[place.org_id.casefold()] = place.pismo.world.org(place.org_id)
    said = await place.checks(LENDING, production.mint_token(place.org_id), "production")
    assert said.startswith(all_there("production"))


async def test_what_is_not_needed_is_not_read(place: SetupPlace) -> None:
    place.sets_everything_up()
    await place.send(place.onboarding, SELLERS, marketplace="not_needed", reason="One shop alone.")
    await place.approve(place.onboarding, SELLERS)
    calls = len(place.pismo.calls)
    said = await place.checks(SELLERS)
    assert item("marketplace", "not_needed", "not_needed") in said
    assert said.startswith(all_there())
    assert not [call for call in place.pismo.calls[calls:] if call.path.startswith("/marketplace")]
    await place.send(place.onboarding, SELLERS)
    await place.approve(place.onboarding, SELLERS)
    assert item("marketplace", "done", "marketplace_found", number="1") in await place.checks(SELLERS)
