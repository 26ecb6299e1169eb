"""Each fault on a program's way into production is named in words; once it is mended, the program gets there, and only once."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.messages.texts import Texts
from playground.pismo.transferred import TransferRules
from playground.slack.screen import tells
from playground.walkthrough import said as wording
from tests.bot.workplace import soon
from tests.moving_place import STEP, AtOnce, Mover, MovingPlace

EN = Texts("en")

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.bot]

THERE = "it's now in production"
STUCK = "it isn't in production yet"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def moved() -> AsyncIterator[Mover]:
    async with MovingPlace() as place:
        one = Mover(place, await place.begin())
        await one.goes_to_production()
        yield one
        assert place.secrets


@pytest_asyncio.fixture(loop_scope="module")
async def acme(moved: Mover) -> AsyncIterator[Mover]:
    yield moved
    for environment in (moved.pismo, moved.there):
        environment.faults.clear()
        environment.world.forbidden.clear()
        environment.world.transfers = TransferRules()
        environment.world.silent_tokens = False
    moved.place.patience = AtOnce(wait=soon)


async def arrives(acme: Mover, product: str) -> str:
    said = await acme.moves(product)
    assert THERE in said, said
    assert acme.named_there(product) == ["ACTIVE"]
    return said


async def test_export_that_ends_in_error_and_production_skipped_meanwhile(acme: Mover) -> None:
    """Before an import is sent, it stops; one that was sent is followed to its end."""
    place, before = acme.place, acme.imports
    acme.pismo.world.transfers.ends["export"] = "ERROR"
    said = await acme.moves("card_issuing")
    assert STUCK in said
    assert "The export at Pismo ended in ERROR at DUEDATES" in said
    exports = acme.pismo.world.org(acme.org_id).transfers.exports
    acme.pismo.world.transfers, begun = TransferRules(looks=10**6), len(exports)
    await acme.moves("card_issuing", wait=False)
    await place.slack.until(lambda: len(exports) > begun)
    await place.skip(acme.onboarding, STEP)
    await place.settled()
    assert tells(acme.heard, wording("moving.stopped"))
    assert (place.bot.tokens, acme.imports) == ({}, before)
    await acme.is_let_in_again()
    acme.pismo.world.transfers, acme.there.world.transfers = TransferRules(), TransferRules(looks=10**6)
    told = len(acme.heard)
    await acme.moves("card_issuing", wait=False)
    await place.slack.until(lambda: acme.imports > before)
    await place.skip(acme.onboarding, STEP)
    acme.there.world.transfers = TransferRules()
    await place.settled()
    said = acme.heard[told:]
    assert THERE in said
    assert tells(said, wording("moving.imported"))
    assert EN("moving.active") in said
    assert (acme.named_there("card_issuing"), acme.imports) == (["ACTIVE"], before + 1)
    await acme.is_let_in_again()


async def test_import_that_ends_in_error(acme: Mover) -> None:
    """At first, another program has the name."""
    other = acme.there.add_program(acme.org_id, acme.name_of("core_banking"), "MERCHANT")
    said = await acme.moves("core_banking")
    assert STUCK in said
    assert EN("moving.other_type", id=other, there="MERCHANT", asked="CURRENT ACCOUNTS") in said
    acme.there.world.org(acme.org_id).programs.pop()
    acme.there.world.transfers.ends["import"] = "ERROR"
    acme.there.world.transfers.fails_at = "NETWORK_ACCEPTANCES"
    said = await acme.moves("core_banking")
    assert "The import at Pismo ended in ERROR at NETWORK_ACCEPTANCES" in said
    assert acme.named_there("core_banking") == []
    acme.there.world.transfers = TransferRules()
    await arrives(acme, "core_banking")


async def test_403_at_the_export_and_at_the_organization_of_tokens_that_do_not_name_it(acme: Mover) -> None:
    acme.pismo.world.silent_tokens = acme.there.world.silent_tokens = True
    before = acme.imports
    unknown = EN("moving.whose_unknown").partition(" {")[0]
    for refuses, check in ((acme.pismo, EN("check.export")), (acme.there, EN("check.import"))):
        refuses.forbid("orgs")
        said = await acme.moves("transaction_banking")
        assert f"{check} – failed. {unknown}" in said
        refuses.allow("orgs")
    acme.pismo.forbid("exports")
    said = await acme.moves("transaction_banking")
    assert tells(said, wording("moving.forbidden"))
    acme.pismo.allow("exports")
    assert acme.imports == before
    await arrives(acme, "transaction_banking")


async def test_token_that_is_lost_or_ends_while_the_import_is_followed(acme: Mover) -> None:
    before = acme.imports
    acme.there.world.transfers.looks = 10**6
    await acme.moves("demand_deposit_accounts", wait=False)
    await acme.place.slack.until(lambda: acme.imports > before)
    await acme.place.restart()
    await acme.place.settled()
    assert tells(acme.heard, wording("proof.token_lost"))
    tokens = acme.tokens()
    await acme.moves("demand_deposit_accounts", wait=False, **tokens)
    await acme.looks_again()
    acme.there.revoke_token(tokens["token"])
    await acme.place.settled()
    assert tells(acme.heard, wording("moving.token_ended"))
    made = acme.there.world.org(acme.org_id).transfers.imports[-1]
    made.told, made.program_id = "SUCCESS", 1  # it is done, and lists the program a moment later
    acme.pismo.world.transfers.looks = 0
    acme.place.patience = AtOnce(wait=soon, looks=0)
    assert "Pismo is still working on it" in await acme.moves("demand_deposit_accounts")
    assert acme.imports == before + 1
    acme.place.patience = AtOnce(wait=soon)
    made.told, made.program_id = "PENDING", None
    acme.there.world.transfers = TransferRules()
    await arrives(acme, "demand_deposit_accounts")
    assert acme.imports == before + 1


async def test_answer_lost_after_the_import_and_another_process_takes_it_next(
    acme: Mover, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where several run, the tokens are in one of them alone: the others leave it to that one as long as it follows the import."""
    place, before = acme.place, acme.imports
    monkeypatch.setattr(type(place.bot.store), "one_writer", False)
    acme.there.world.transfers = TransferRules(looks=10**6, lost=1)
    await acme.moves("digital_lending", wait=False, **acme.tokens())
    await place.slack.until(lambda: acme.imports > before)
    place.clock.advance(5 * 60)
    await acme.looks_again()
    place.clock.advance(4 * 60)
    tokens, told = dict(place.bot.tokens), acme.heard
    place.bot.tokens.clear()  # as the other has none
    await acme.waits()
    assert acme.heard == told
    place.bot.tokens.update(tokens)
    acme.there.world.transfers = TransferRules()
    await place.settled()
    assert acme.named_there("digital_lending") == ["ACTIVE"]
    assert acme.imports == before + 1


async def test_answer_lost_and_no_import_there(acme: Mover) -> None:
    """As if the import had never reached Pismo: people look before it is tried again."""
    acme.there.world.transfers.swallowed = 1
    said = await acme.moves("another")
    assert tells(said, wording("moving.import_unsure"))
    assert tells(said, wording("moving.import_unsure"))
    await arrives(acme, "another")


async def test_program_that_test_does_not_have(acme: Mover) -> None:
    number = acme.in_test["seller_management"]
    acme.in_test["seller_management"] = 999_999
    await acme.records_in_test("seller_management", 999_999)
    said = await acme.moves("seller_management", token=acme.tokens()["token"])
    assert tells(said, wording("moving.no_test_token"))
    said = await acme.moves("seller_management")
    assert "Test has no program with the ID 999999" in said
    acme.in_test["seller_management"] = number
    await acme.records_in_test("seller_management", number)
    acme.pismo.faults.add("*", "5xx", times=100)
    assert "Pismo didn't respond" in await acme.moves("seller_management")
    acme.pismo.faults.clear()
    acme.there.world.transfers.ends["import"] = "PROCESS"
    before = acme.imports
    acme.place.patience = AtOnce(wait=soon, looks=0)
    assert "Pismo is still working on it" in await acme.moves("seller_management")
    acme.place.patience = AtOnce(wait=soon)
    acme.there.world.transfers = TransferRules(comes_as="PENDING")
    said = await acme.moves("seller_management")
    assert THERE in said
    assert EN("moving.pending") in said
    assert acme.imports <= before + 1
    assert acme.named_there("seller_management") == ["PENDING"]
    assert tells(acme.shown, wording("parity.note.programs_pending"))
    recorded = {"program": str(number), "program_id": 7, "status": "ACTIVE"}
    await acme.place.do(acme.onboarding, STEP, "record_program", recorded)
    assert not tells(acme.shown, wording("parity.note.programs_pending"))
