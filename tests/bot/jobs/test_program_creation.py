"""Creating a program with a pasted token: once, whatever happens, and followed until it can be used; each fault in words, then mended."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot.config.settings import Settings
from bot.jobs.errors import RetryLater
from bot.jobs.program_creation import WORDED
from bot.messages.buttons import Act
from bot.messages.texts import table
from playground.acts import example
from playground.pismo import Signer
from playground.pismo.facts import FACTS
from playground.pismo.programs import ProgramCreation
from playground.slack import Outcome
from playground.slack.screen import tells
from playground.walkthrough import FormRefusedError, ready
from playground.walkthrough import said as wording
from tests.bot.workplace import ThreeTimes, Workplace, soon

pytestmark = pytest.mark.asyncio(loop_scope="module")

STEP, TASK = "first_programs", "create_in_test"
NAMES = ("Accounts", "Treasury", "Deposits", "Loans", "Reserves")
"""Of the programs that a customer asks for besides the first; each test creates another one."""
KEYS = ("core_banking", "transaction_banking", "demand_deposit_accounts", "digital_lending", "another")


@dataclass(frozen=True)
class LooksAtOnce(ThreeTimes):
    def rest(self, why: RetryLater) -> float:  # noqa: ARG002  the test doesn't wait as long
        return 0.02


class ProgramsPlace(Workplace):
    def __init__(self) -> None:
        super().__init__(patience=LooksAtOnce(wait=soon))

    def settings(self) -> Settings:
        return super().settings().model_copy(update={"clock_file": str(self.path / "clock")})


class Bank:
    """A customer whose first program support has created; others are asked for and approved. ``name``: the one to create."""

    def __init__(self, place: ProgramsPlace) -> None:
        self.place, self.journey, self.pismo = place, place.journey, place.pismo
        self.onboarding = self.org_id = self.name = ""
        self.left: list[str] = []

    async def next(self) -> None:
        """Another program; where there is none left, of another onboarding."""
        if not self.left:
            await self.begin()
        self.name = self.left.pop()
        self.pismo.world.org(self.org_id).imports.clear()

    @property
    def active(self) -> str:
        return f"Program {self.name}: it's in the test environment and ACTIVE. ID "

    async def begin(self) -> None:
        place = self.place
        place.new_channel()
        self.onboarding = await place.begin()
        await place.skip(self.onboarding, "planning")
        await place.send(self.onboarding, "organization")
        await place.approve(self.onboarding, "organization")
        self.org_id = self.pismo.create_org({"official_name": "Example Bank S.A."})
        await place.do(self.onboarding, "organization", "record_org_id", {"org_id": self.org_id})
        named: Any = {f"{key}_name": name for key, name in zip(KEYS, NAMES, strict=True)}
        typed: Any = {f"{key}_type": "CURRENT ACCOUNTS" for key in KEYS}
        await place.send(self.onboarding, STEP, products=["card_issuing", *KEYS], **named, **typed)
        await place.approve(self.onboarding, STEP)
        number = self.pismo.add_program(self.org_id, "Example Credit", "CREDITO")
        recorded = {"program": "card_issuing", "program_id": number, "type": "CREDITO", "status": "ACTIVE"}
        await place.do(self.onboarding, STEP, "record_program", recorded)
        self.left = list(NAMES)

    def token(self, seconds: int = 600) -> str:
        token = self.pismo.mint_token(self.org_id, seconds)
        self.place.secrets.append(token)
        return token

    async def press(self, token: str = "") -> None:
        """Ana sends the form; what comes of it is not waited for."""
        outcome = await self.send(token or self.token())
        assert outcome.ok, outcome

    async def send(self, token: str) -> Outcome:
        ana = self.place.ana
        await self.journey.opens(ana, lambda: self.journey.lasting("step", STEP), Act.TASK, TASK)()
        await self.place.slack.until(lambda: ready(ana.view))
        assert ana.view is not None
        await self.journey.type_in(ana, ana.view, {"program": self.name, "token": token})
        return await ana.submit()

    async def creates(self, token: str = "") -> str:
        """What is new in the customer's thread once it is over."""
        before = len(self.thread)
        await self.press(token)
        await self.place.settled()
        assert self.place.bot.tokens == {}
        return "\n".join(self.thread[before:])

    async def comes(self, words: str) -> str:
        await self.place.slack.until(lambda: words in self.said, timeout=10)
        await self.place.settled()
        assert self.place.bot.tokens == {}
        return self.said

    @property
    def thread(self) -> list[str]:
        return [message.text for message in self.journey.thread("step", STEP)]

    @property
    def said(self) -> str:
        return "\n".join(self.thread)

    @property
    def told_support(self) -> str:
        return "\n".join(message.text for message in self.journey.thread("review", STEP))

    @property
    def looks(self) -> int:
        """How often the bot listed programs."""
        return sum(call.path == "/programs/v1/programs" for call in self.pismo.calls)

    @property
    def begun(self) -> int:
        """How many programs Pismo began to create."""
        return len(self.pismo.world.org(self.org_id).imports)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place() -> AsyncIterator[ProgramsPlace]:
    async with ProgramsPlace() as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def customer(place: ProgramsPlace) -> Bank:
    return Bank(place)


@pytest_asyncio.fixture(loop_scope="module")
async def bank(customer: Bank) -> AsyncIterator[Bank]:
    await customer.next()
    yield customer
    customer.pismo.world.creation = ProgramCreation()
    customer.pismo.world.forbidden.clear()
    await customer.place.tidy()


async def test_it_is_created_followed_and_recorded(bank: Bank) -> None:
    bank.pismo.world.creation.looks = 2
    said = await bank.creates()
    assert bank.active in said
    assert bank.active in bank.told_support
    assert bank.begun == 1
    (made,) = bank.pismo.world.org(bank.org_id).imports
    assert made.program["name"] == bank.name
    assert made.program["type"] == "CURRENT ACCOUNTS"
    assert (made.program["currency_numeric_code"], made.program["country_code"]) == ("986", "BRA")
    assert made.program["cycle_closing"] == "23:59:00"
    assert "bin" not in made.program
    assert f"Program {bank.name}: ID {made.program['id']}, ACTIVE." in bank.journey.lasting("step", STEP).text


async def test_a_jwt_that_the_customer_signed_is_exchanged_for_a_token(bank: Bank) -> None:
    place, signer, step = bank.place, Signer(), "authentication"
    bank.pismo.register_public_key(bank.org_id, signer.public_key, signer.iss, signer.sub, signer.aud)
    await place.send(bank.onboarding, step, method="oidc", public_key=signer.public_key)
    await place.approve(bank.onboarding, step, place.sam, place.kim)
    await place.do(bank.onboarding, step, "upload_key", {"status": "active"})
    await place.do(bank.onboarding, step, "record_claims", {"iss": signer.iss, "sub": signer.sub, "aud": signer.aud})
    bank.left.clear()
    signed = signer.assertion(bank.org_id)
    place.secrets.append(signed)
    said = await bank.creates(signed)
    assert f"Program {bank.name}: Pismo is creating it in the test environment." in said
    assert bank.active in said


async def test_what_pismo_would_refuse_is_told_while_it_is_typed_and_mended_it_is_sent(bank: Bank) -> None:
    place, step = bank.place, STEP
    place.new_channel()
    onboarding = await place.begin()
    bank.left.clear()
    await place.open_step(onboarding, step)
    opens = bank.journey.opens(place.ana, lambda: bank.journey.lasting("step", step), Act.OPEN_FORM)
    faults = {"card_issuing_bin": "1234567", "card_issuing_due_dates": "10, 29"}
    for typed, words in (
        ({"card_issuing_brand": None}, ("Card brand: Please complete this required field.",)),
        (faults, ("A BIN has 6 or 8 digits; this one has 7.", "Due dates are days from 1 to 28. Correct these: 29.")),
        (
            {"card_issuing_range_end": "9999999999"},
            ("For a BIN of 6 digits, the start and end of the range have at most 9 digits; this one has 10.",),
        ),
        ({"core_banking_name": "Example Credit"}, ("Another program in this form is also named",)),
    ):
        with pytest.raises(FormRefusedError) as refused:
            await bank.journey.fill_form(place.ana, opens, {**example(step), **typed}, lambda: False)
        for one in words:
            assert one in str(refused.value)
        await place.ana.close()
    await bank.journey.send_step(place.ana, step, example(step))
    assert await place.state(onboarding, step) == "submitted"


async def test_one_that_is_there_is_recorded_and_not_created(bank: Bank) -> None:
    number = bank.pismo.add_program(bank.org_id, bank.name.upper(), "CURRENT ACCOUNTS")
    assert f"{bank.active}{number}" in await bank.creates()
    assert bank.begun == 0


async def test_a_name_that_another_program_has_is_told_and_with_a_free_one_it_is_created(bank: Bank) -> None:
    number = bank.pismo.add_program(bank.org_id, bank.name, "CURRENT ACCOUNTS", timezone="America/Manaus")
    said = await bank.creates()
    assert f"(ID {number}), but its time zone is America/Manaus instead of America/Sao_Paulo" in said
    assert bank.begun == 0
    programs = bank.pismo.world.org(bank.org_id).programs
    programs.remove(next(program for program in programs if program["id"] == number))
    assert bank.active in await bank.creates()


REFUSED = (
    "EOA0018",
    "EOA0029",
    "EOA0030",
    "EOA0031",
    "EOA0037",
    "EOA0038",
    "EOA0054",
    "EOA0055",
    "EOA0064",
    "EOA0073",
    "EOA0082",
)


async def test_every_code_that_pismo_publishes_for_the_call_is_put_into_words() -> None:
    published = (*FACTS["call"]["create_program"]["refusals"], *FACTS["program"]["refusals_elsewhere"])
    assert {code for _, code, _ in published} <= WORDED
    assert {f"program_refusal.{code}" for code in WORDED} == {key for key in table("en") if key.startswith("program_refusal.")}


async def test_each_refusal_is_told_in_words_and_mended_it_is_created(bank: Bank) -> None:
    for code in REFUSED:
        bank.pismo.world.creation.refusals = [code]
        said = await bank.creates()
        assert (
            f"Program {bank.name}: Pismo didn't create it: {table('en')[f'program_refusal.{code}']} Response from Pismo: " in said
        )
        assert f"({code}, x-cid " in said
    assert bank.begun == 0
    assert bank.active in await bank.creates()


async def test_one_that_stays_pending_is_told_with_what_it_lacks_and_followed_later(bank: Bank) -> None:
    bank.pismo.world.creation.ends = "PENDING"
    await bank.press()
    programs = bank.pismo.world.org(bank.org_id).programs
    await bank.place.slack.until(lambda: any(p["name"] == bank.name and p["status"] == "PENDING" for p in programs))
    await bank.place.slack.until(lambda: f"Program {bank.name}: ID" in bank.journey.lasting("step", STEP).text)
    bank.place.clock.advance(6 * 60)
    said = await bank.comes(f"Program {bank.name}: it's in the test environment with ID")
    assert tells(said, wording("say.program_became_pending"))
    (made,) = bank.pismo.world.org(bank.org_id).imports
    assert f"ID {made.program['id']}, PENDING" in bank.journey.lasting("step", STEP).text
    bank.pismo.configure_program(bank.org_id, made.program["id"])
    assert bank.active in await bank.creates()
    assert bank.begun == 1
    assert f"ID {made.program['id']}, ACTIVE" in bank.journey.lasting("step", STEP).text


async def test_a_group_that_may_not_create_is_told_and_with_another_it_is_created(bank: Bank) -> None:
    """At first of a token that doesn't say whose it is, either."""
    bank.pismo.world.silent_tokens = True
    another = bank.pismo.create_org({"official_name": "Other"})
    bank.pismo.add_program(another, bank.name, "CURRENT ACCOUNTS")
    other = bank.pismo.mint_token(another)
    bank.place.secrets.append(other)
    assert tells(await bank.creates(other), wording("say.program_list_forbidden"))
    bank.pismo.forbid("orgs")
    assert tells(await bank.creates(), wording("say.program_whose_unknown", code="403"))
    assert bank.begun == 0
    bank.pismo.allow("orgs")
    bank.pismo.forbid("program_template")
    assert tells(await bank.creates(), wording("say.program_forbidden"))
    bank.pismo.allow("program_template")
    bank.pismo.forbid("programs")
    assert tells(await bank.creates(), wording("say.program_list_forbidden"))
    bank.pismo.allow("programs")
    assert bank.active in await bank.creates()
    bank.pismo.world.silent_tokens = False


async def test_a_token_that_ends_meanwhile_is_told_and_a_fresh_one_follows(bank: Bank) -> None:
    bank.pismo.world.creation.looks = 10_000
    token = bank.token()
    await bank.press(token)
    await bank.place.slack.until(lambda: bank.begun == 1)
    bank.pismo.revoke_token(token)
    said = await bank.comes(f"Program {bank.name}: its creation was requested, but the token expired")
    assert tells(said, wording("say.program_token_ended"))
    bank.pismo.world.org(bank.org_id).imports[0].left = 2
    assert bank.active in await bank.creates()
    assert bank.begun == 1


async def test_an_answer_that_is_lost_creates_nothing_twice(bank: Bank) -> None:
    bank.pismo.faults.add("/programs/v2", "drop_after")
    assert bank.active in await bank.creates()
    assert bank.begun == 1


async def test_what_never_arrived_is_sent_again_only_when_somebody_asks_for_it(bank: Bank) -> None:
    bank.pismo.faults.add("/programs/v2", "drop_before")
    before = bank.looks
    await bank.press(bank.token(3600))
    await bank.place.slack.until(lambda: bank.looks > before + 1)
    bank.place.clock.advance(31 * 60)
    said = await bank.comes(f"Program {bank.name}: its creation was requested, but it hasn't appeared")
    assert tells(said, wording("say.program_not_seen"))
    assert bank.begun == 0
    assert bank.active in await bank.creates()
    assert bank.begun == 1


async def test_a_restart_loses_the_token_alone(bank: Bank) -> None:
    bank.pismo.world.creation.looks = 10_000
    await bank.press()
    await bank.place.slack.until(lambda: bank.begun == 1)
    await bank.place.restart()
    await bank.comes(f"Program {bank.name}: the bot restarted and no longer has the token")
    bank.pismo.world.org(bank.org_id).imports[0].left = 2
    assert bank.active in await bank.creates()
    assert bank.begun == 1


async def test_a_creation_that_pismo_says_has_failed_can_be_begun_again(bank: Bank) -> None:
    bank.pismo.world.creation.ends = "ERROR"
    assert tells(await bank.creates(), wording("say.program_import_failed"))
    bank.pismo.world.creation.ends = "ACTIVE"
    assert bank.active in await bank.creates()
    assert bank.begun == 2


async def test_pismo_busy(bank: Bank) -> None:
    bank.pismo.faults.add("/programs/v2", "429")
    assert bank.active in await bank.creates()
    assert bank.begun == 1


async def test_pismo_away_for_good_is_told_and_away_for_a_while_is_waited_for(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.pismo.faults.add("/programs/v1", "5xx", times=100)
    assert tells(await bank.creates(), wording("say.program_no_answer"))
    bank.pismo.faults.clear()
    assert bank.active in await bank.place.taken_elsewhere(monkeypatch, bank.creates())


async def test_a_token_of_another_organization_or_one_that_has_ended_is_refused_in_the_form(bank: Bank) -> None:
    other = bank.pismo.mint_token(bank.pismo.create_org({"official_name": "Other"}))
    for token in (other, bank.pismo.mint_token(bank.org_id, -60)):
        bank.place.secrets.append(token)
        refused = await bank.send(token)
        assert not refused.ok
        assert refused.errors
        await bank.place.ana.close()
    assert bank.active in await bank.creates()
