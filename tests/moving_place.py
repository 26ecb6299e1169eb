"""A customer whose production was opened, with a program for each product in test, and what they do to bring them over."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.config.settings import Settings
from bot.jobs.errors import RetryLater
from bot.messages.buttons import Act
from flows.cases import manage
from flows.steps.first_programs.recorded import recorded
from flows.steps.planning import PRODUCTS
from playground.acts import example
from playground.pismo import PismoStandIn
from playground.slack import SeenMessage
from playground.walkthrough import action_id, ready
from storage.outbox import Claim
from tests.bot.workplace import ThreeTimes, soon
from tests.proof_place import Acme, ProofPlace

STEP = "production"


@dataclass(frozen=True)
class AtOnce(ThreeTimes):
    """Looks again at once at what Pismo does. ``looks``: how often; None as long as it takes."""

    looks: int | None = None

    def rest(self, why: RetryLater) -> float:  # noqa: ARG002  whatever it is
        return soon(0)

    def ends(self, claim: Claim, age: timedelta) -> bool:
        return self.looks == 0 or super().ends(claim, age)


class MovingPlace(ProofPlace):
    def __init__(self) -> None:
        super().__init__()
        self.patience = AtOnce(wait=soon)

    def settings(self) -> Settings:
        return super().settings().model_copy(update={"clock_file": str(self.path / "clock")})


class Mover(Acme):
    """``in_test``: the ids in test, by product."""

    def __init__(self, place: ProofPlace, onboarding: str) -> None:
        super().__init__(place, onboarding)
        self.in_test: dict[str, int] = {}

    @property
    def there(self) -> PismoStandIn:
        return self.place.sandbox.production

    async def goes_to_production(self) -> None:
        """Opened by two, with the organization and its address; the programs are those of test."""
        await self.asks_for_an_organization()
        await self.place.do(self.onboarding, "organization", "record_org_id", {"org_id": self.org_id})
        self.place.sandbox.open_production(self.org_id)
        await self.place.send(self.onboarding, "first_programs", products=[*PRODUCTS, "another"], **cards())
        await self.place.approve(self.onboarding, "first_programs")
        for one in recorded(await self.situation()):
            self.in_test[one.product] = self.pismo.add_program(self.org_id, one.name, one.type)
            await self.records_in_test(one.product, self.in_test[one.product])
        await self.is_let_in()
        await self.place.do(self.onboarding, STEP, "record_org", {"org_id": self.org_id})
        for person in (self.place.sam, self.place.kim):
            await self.place.do(self.onboarding, STEP, "environment_ready", {"base_url": "https://pismo.bank.example"}, person)

    async def is_let_in(self) -> None:
        await self.place.send(self.onboarding, STEP)
        await self.place.approve(self.onboarding, STEP, self.place.sam, self.place.kim)

    async def is_let_in_again(self) -> None:
        """After production was skipped."""
        await self.place.act(self.onboarding, lambda case: manage.reopen(case, STEP, "They go live after all."), self.place.sam)
        await self.is_let_in()

    async def situation(self) -> Any:
        seen: list[Any] = []
        await self.place.act(self.onboarding, lambda case: seen.append(case.situation))
        return seen[0]

    async def records_in_test(self, product: str, number: int) -> None:
        kind = next(one.type for one in recorded(await self.situation()) if one.product == product)
        answers = {"program": product, "program_id": number, "type": kind, "status": "ACTIVE"}
        await self.place.do(self.onboarding, "first_programs", "record_program", answers)

    def tokens(self) -> dict[str, str]:
        return {"test_token": self.pismo.mint_token(self.org_id), "token": self.there.mint_token(self.org_id)}

    async def moves(self, product: str, *, wait: bool = True, **tokens: str) -> str:
        """Ana presses, pastes fresh tokens, and sends; what is then new in the step's thread."""
        place = self.place
        tokens = tokens or self.tokens()
        place.secrets += tokens.values()
        before = len(self.journey.thread("step", STEP))
        message = self.journey.lasting("step", STEP)
        name = action_id(message.blocks, Act.TASK, "move_program")
        assert name is not None, "no button that moves a program"
        await place.ana.click(message, action_id=name)
        await place.slack.until(lambda: ready(place.ana.view))
        assert place.ana.view is not None
        await self.journey.type_in(place.ana, place.ana.view, {"program": str(self.in_test[product]), **tokens})
        outcome = await place.ana.submit()
        assert outcome.ok, outcome
        if not wait:
            return ""
        await place.settled()
        assert place.bot.tokens == {}
        return "\n".join(message.text for message in self.journey.thread("step", STEP)[before:])

    async def looks_again(self) -> None:
        """At what production does."""
        seen = len(self.there.calls)
        await self.place.slack.until(lambda: len(self.there.calls) > seen + 3)

    async def waits(self) -> None:
        """The effect was taken and put off again, unless it ended."""
        seen, told = self.place.left_to_others, self.heard
        await self.place.slack.until(lambda: self.place.left_to_others > seen + 1 or self.heard != told)

    def name_of(self, product: str) -> str:
        programs = self.pismo.world.org(self.org_id).programs
        return next(str(one["name"]) for one in programs if one["id"] == self.in_test[product])

    def named_there(self, product: str) -> list[str]:
        """The status of each program of that name in production."""
        name = self.name_of(product)
        return [str(one["status"]) for one in self.there.world.org(self.org_id).programs if one["name"] == name]

    @property
    def heard(self) -> str:
        """All of the step's thread."""
        return "\n".join(message.text for message in self.journey.thread("step", STEP))

    @property
    def shown(self) -> str:
        """The step's message."""
        return SeenMessage.of(self.journey.lasting("step", STEP)).shown

    @property
    def imports(self) -> int:
        return len(self.there.world.org(self.org_id).transfers.imports)


def cards() -> dict[str, Any]:
    """What the other program's cards need, beside the form's example."""
    return {name: value for name, value in example("first_programs").items() if name != "products"}
