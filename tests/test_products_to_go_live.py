"""Each product from planning to go-live, three to an onboarding, with the calls that the bot makes answered by the sandbox."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from flows.forms.fields import Answers
from flows.steps.first_programs.recorded import recorded
from flows.steps.planning import PRODUCTS
from playground.acts import example
from playground.pismo.signer import public_pem, rsa_key
from playground.slack import SeenMessage
from tests.flows.steps.filled_forms import MEXICO
from tests.moving_place import Mover, MovingPlace

pytestmark = [pytest.mark.bot, pytest.mark.asyncio(loop_scope="module")]
AUTHENTICATION, PROGRAMS, PRODUCTION = "authentication", "first_programs", "production"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def place() -> AsyncIterator[MovingPlace]:
    async with MovingPlace() as running:
        yield running


class Customer(Mover):
    """What has no call at Pismo is done by the use cases, everything else with pasted tokens in forms."""

    async def passes(self, step: str, **changed: Any) -> None:
        """Sent, and approved by as many as it takes."""
        await self.place.send(self.onboarding, step, **changed)
        await self.place.approve(
            self.onboarding, step, self.place.sam, *[self.place.kim] * (step in (AUTHENTICATION, PRODUCTION))
        )

    async def does(self, step: str, task: str, answers: Answers | None = None, people: int = 1) -> None:
        for person in (self.place.sam, self.place.kim)[:people]:
            await self.place.do(self.onboarding, step, task, example(step, task) if answers is None else answers, person)

    async def pastes(self, step: str, task: str, words: str, **answers: str) -> None:
        """In the form of a task; then the step's thread says these words."""
        place = self.place
        place.secrets += [value for name, value in answers.items() if name.endswith("token")]

        def said() -> bool:
            return any(words in message.text for message in self.journey.thread("step", step))

        await self.journey.task(place.ana, "step", step, task, answers, said)
        await place.settled()
        assert place.bot.tokens == {}

    async def state(self, step: str) -> str:
        return await self.place.state(self.onboarding, step)

    # -- the way

    async def plans(self, products: Sequence[str]) -> None:
        await self.passes("planning", products=list(products))
        await self.does("planning", "schedule_session", {**example("planning", "schedule_session"), "starts": 1})
        item = next(one.item for one in (await self.place.snapshot(self.onboarding)).tasks if one.task_id == "schedule_session")
        await self.does("planning", "hold_session", {"session": item, "notes": "As planned."})
        await self.does("planning", "close_planning", {})

    async def gets_its_accesses(self) -> None:
        await self.asks_for_an_organization()
        await self.does("organization", "record_org_id", {"org_id": self.org_id})
        await self.passes("service_desk")
        await self.does("service_desk", "file_request", {"grants": ["*"], "ticket": "SD-1"})
        await self.does("service_desk", "grant_access", {"grants": ["*"]})
        await self.passes("environments")
        await self.does("environments", "test_ready")
        await self.does("environments", "grant_access", {"grants": ["*"]})
        await self.passes("control_center")
        await self.does("control_center", "send_invitations", {"grants": ["*"]})
        await self.place.do(self.onboarding, "control_center", "confirm_access", {"grants": ["*"]}, self.place.ana)

    async def gets_its_programs(self, products: Sequence[str]) -> None:
        """The first one of each product by support, another one with a token."""
        sells = "seller_management" in products
        await self.passes(
            PROGRAMS, products=[*products, "further" if sells else "another"], **({"further": [MEXICO]} if sells else {})
        )
        *first, other = recorded(await self.situation())
        for one in first:
            number = self.pismo.add_program(self.org_id, one.name, one.type, **self.card(one.brand))
            await self.records_in_test(one.product, number)
        token = self.pismo.mint_token(self.org_id)
        await self.pastes(
            PROGRAMS, "create_in_test", f"{other.name}: it's in the test environment", program=other.name, token=token
        )
        self.in_test = {one.key: one.id for one in recorded(await self.situation()) if one.id is not None}

    @staticmethod
    def card(brand: str) -> dict[str, Any]:
        return {"brand": brand, "bin": {"value": "456789", "start_range": "0", "end_range": "9"}} if brand else {}

    async def proves_its_access(self) -> None:
        await self.passes(AUTHENTICATION, **self.answers("oidc", production_key=public_pem(rsa_key())))
        await self.support_sets_up("oidc")
        jwt = self.machine.signer.assertion(self.org_id)
        await self.pastes(AUTHENTICATION, "prove_access", "all checks passed", environment="test", token=jwt)

    async def sets_up(self, product: str) -> None:
        """What is in hand is found done by the check, or said to be."""
        step = f"setup_{product}"
        await self.passes(step)
        self.pismo.world.org(self.org_id).set_up.fill()
        token = self.pismo.mint_token(self.org_id)
        await self.pastes(step, "check_setup", "Setup check in", environment="test", token=token)
        if product == "seller_management":
            place = "Merchants Mexico (MEX, MXN, America/Mexico_City): active, as approved."
            assert any(place in message.text for message in self.journey.thread("step", step))
        if await self.state(step) != "done":
            await self.place.do(self.onboarding, step, "update_setup", example(step, "update_setup"), self.place.ana)

    async def goes_live(self) -> None:
        self.place.sandbox.open_production(self.org_id)
        await self.passes(PRODUCTION, key="same")
        await self.does(PRODUCTION, "record_org", {"org_id": self.org_id})
        await self.does(PRODUCTION, "environment_ready", people=2)
        await self.does(PRODUCTION, "activate_key")
        await self.does(PRODUCTION, "record_claims", people=2)
        for task in ("confirm_certificate", "users_ready"):
            await self.does(PRODUCTION, task)
        for product in self.in_test:
            assert "it's now in production" in await self.moves(product)
        await self.pastes(PRODUCTION, "prove_access", "all checks passed", token=self.there.mint_token(self.org_id))


@pytest.mark.parametrize("products", [PRODUCTS[:3], PRODUCTS[3:]], ids=", ".join)
async def test_products_go_from_planning_to_go_live(place: MovingPlace, products: Sequence[str]) -> None:
    customer = Customer(place, await place.begin(place.new_channel(), customer=f"Bank of {products[0]}"))
    await customer.plans(products)
    steps = list((await place.snapshot(customer.onboarding)).steps)
    assert [step for step in steps if step.startswith("setup_")] == [f"setup_{product}" for product in products]
    await customer.gets_its_accesses()
    await customer.gets_its_programs(products)
    await customer.proves_its_access()
    for product in products:
        await customer.sets_up(product)
    await customer.goes_live()
    for step in steps:
        if step not in ("integration", "next_steps"):
            assert await customer.state(step) == "done", step
    await place.send(customer.onboarding, "next_steps")
    await customer.does("next_steps", "close_onboarding", {})
    shown = SeenMessage.of(customer.journey.lasting("card")).shown
    assert "Closed by" in shown
    assert customer.org_id in shown
