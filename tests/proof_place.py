"""A workplace with Pismo over TLS, and a customer with their own keys who takes one onboarding up to the proof of access."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

from pydantic import SecretStr

from bot.adapters import Adapters
from bot.config.settings import Settings
from bot.messages.buttons import Act
from flows.cases.settle import situation_of
from flows.forms.fields import Answers
from flows.forms.pages import collect
from flows.journey import JOURNEYS
from flows.steps.first_programs.recorded import RecordedProgram, recorded
from flows.steps.org_details import to_org_details
from pismo.client import Pismo
from pismo.environments import Environments
from playground.acts import SUBJECT, example
from playground.pismo import Authority, Machine, PismoStandIn
from playground.pismo.machine import Method
from playground.pismo.world import Org
from playground.slack import Message, SlackPerson
from playground.slack.block_kit import elements
from playground.walkthrough import FormRefusedError, action_id, page_title, ready
from tests.bot.workplace import PROMPT, Workplace, who

STEP, PROGRAMS = "authentication", "first_programs"


class ProofPlace(Workplace):
    """Retries at once, and gives up after the third attempt."""

    def __init__(self) -> None:
        super().__init__(patience=PROMPT, tls=True)

    def settings(self) -> Settings:
        given: dict[str, Any] = {name.lower(): value for name, value in self.sandbox.settings.items()}
        given["pismo_client_key"] = SecretStr(given["pismo_client_key"])
        return super().settings().model_copy(update=given)

    def adapters(self) -> Adapters:
        """One short attempt per call."""
        settings = self.settings()
        pismo = Environments(
            Pismo(settings.pismo_api_url, tls=settings.pismo_tls, attempts=1, timeout=2),
            Pismo(settings.pismo_production_api_url, tls=settings.pismo_production_tls, attempts=1, timeout=2),
        )
        return replace(super().adapters(), pismo=pismo)


class Acme:
    """One onboarding of Acme Bank, and what its people and support do with it."""

    def __init__(self, place: Workplace, onboarding: str) -> None:
        self.place, self.onboarding, self.machine = place, onboarding, Machine(**SUBJECT)
        self.journey, self.pismo = place.journey, place.pismo
        self.org_id = ""
        self.hidden: Org
        self.provers = cycle([place.ana])
        """Who pastes the tokens, in turn: one person may do so 60 times an hour."""

    # -- up to the proof

    @property
    def authority(self) -> Authority:
        assert self.place.sandbox.authority is not None
        return self.place.sandbox.authority

    async def asks_for_an_organization(self) -> None:
        """Sent, approved, and created at Pismo; its org ID is not recorded yet."""
        place = self.place
        await place.send(self.onboarding, "organization")
        await place.approve(self.onboarding, "organization")
        details = (await place.snapshot(self.onboarding)).submissions["organization"][0].answers
        self.org_id = self.pismo.create_org(to_org_details(details))
        self.machine.receive(self.pismo, self.org_id)

    async def gets_an_organization(self) -> None:
        await self.asks_for_an_organization()
        await self.place.do(self.onboarding, "organization", "record_org_id", {"org_id": self.org_id})
        await self.gets_programs()

    async def gets_programs(self) -> None:
        """Those of the form's example: sent, approved, created at Pismo and recorded. Journey 1 has none."""
        if PROGRAMS not in (await self.place.snapshot(self.onboarding)).steps:
            self.pismo.add_program(self.org_id, "Cards", "CREDITO")
            return
        await self.place.send(self.onboarding, PROGRAMS)
        await self.place.approve(self.onboarding, PROGRAMS)
        for one in await self.programs():
            number = self.pismo.add_program(self.org_id, one.name, one.type)
            await self.records(one, program_id=number)

    async def programs(self) -> Sequence[RecordedProgram]:
        """As approved and recorded."""
        snapshot = await self.place.snapshot(self.onboarding)
        return recorded(situation_of(snapshot, self.place.rules.rules, datetime.now(UTC)))

    async def records(self, one: RecordedProgram, **changed: Any) -> None:
        """Support records a program."""
        known = {"program": one.key, "program_id": one.id, "type": one.type, "status": "ACTIVE", **changed}
        await self.place.do(self.onboarding, PROGRAMS, "record_program", known)

    def answers(self, method: Method = "basic", **changed: Any) -> Answers:
        asked = {"method": method, "mtls": "csr", "public_key": self.machine.signer.public_key, "csr": self.machine.csr}
        return {**example(STEP), **asked, **changed}

    async def is_approved(self, method: Method = "basic") -> None:
        """Authentication is sent and approved, by calling the use cases."""
        await self.gets_an_organization()
        await self.place.send(self.onboarding, STEP, **self.answers(method))
        await self.place.approve(self.onboarding, STEP, self.place.sam, self.place.kim)

    async def support_sets_up(self, method: Method) -> None:
        if method == "oidc":
            await self.support_registers()
        await self.support_does("attach_certificate", {"certificate": self.machine.certificate})

    async def support_registers(self) -> None:
        """The customer's public key."""
        signer = self.machine.signer
        await self.support_does("upload_key", {"status": "active"})
        for person in (self.place.sam, self.place.kim):
            await self.support_does("record_claims", {"iss": signer.iss, "sub": signer.sub, "aud": signer.aud}, person)

    async def support_does(self, task: str, answers: Answers, person: SlackPerson | None = None) -> None:
        """A task done by calling its use case, checked as a sent form is."""
        form = next(one.form for one in JOURNEYS.latest.steps[STEP].tasks if one.id == task)
        assert form is not None
        snapshot = await self.place.snapshot(self.onboarding)
        situation = situation_of(snapshot, self.place.rules.rules, datetime.now(UTC), who(self.place.sam))
        clean, problems = collect(form, answers, situation)
        assert not problems, problems
        await self.place.do(self.onboarding, STEP, task, clean, person)

    async def opens_production(self, **changed: Any) -> None:
        """Two people of support do, once access to test is proved."""
        assert await self.place.state(self.onboarding, STEP) == "done"
        await self.place.send(self.onboarding, "production", **changed)
        await self.place.approve(self.onboarding, "production", self.place.sam, self.place.kim)

    def exists_in(self, environment: PismoStandIn) -> None:
        """The same organization, with the same org ID."""
        details = self.pismo.world.org(self.org_id).details
        environment.world.orgs[self.org_id.casefold()] = Org(dict(details))
        for program in self.pismo.world.org(self.org_id).programs:
            environment.add_program(self.org_id, program["name"], program["type"])

    # -- forms

    def opens(self, task: str = "") -> Callable[[], Any]:
        target: Callable[[], Message] = lambda: self.journey.lasting("step", STEP)  # noqa: E731
        return self.journey.opens(self.place.ana, target, Act.TASK if task else Act.OPEN_FORM, task)

    async def is_refused(self, answers: Answers) -> str:
        """What Ana reads when she sends authentication with these answers."""
        if "PRIVATE KEY" in str(answers["public_key"]):
            self.place.secrets.append(answers["public_key"])
        return await self._refusal(self.place.ana, self.opens(), answers)

    async def sends(self, answers: Answers) -> None:
        """In the form that is open, or in a new one."""
        await self.journey.send_step(self.place.ana, STEP, answers)

    async def reviews(self, answers: Answers) -> str:
        """Everything on Ana's last page, before she sends authentication with these answers; she leaves it there."""
        pages = len([page for page in JOURNEYS.latest.steps[STEP].form.pages if page.when(answers) and not page.known])
        seen = ""

        def look() -> bool:
            nonlocal seen
            seen = self.place.shown(self.place.ana)
            return False

        await self.journey.fill_form(self.place.ana, self.opens(), answers, look, stop_at=pages)
        return seen

    async def changes_last_page(self) -> None:
        """From the review, where Ana left the form, back to the page before it."""
        ana = self.place.ana
        await self.opens()()
        await self.place.slack.until(lambda: ready(ana.view))
        assert ana.view is not None
        review = page_title(ana.view)
        names = [str(one.get("action_id", "")) for block in ana.view.blocks for one in elements(block)]
        await ana.click(ana.view, action_id=[name for name in names if name.startswith(Act.PAGE)][-1])
        await self.place.slack.until(lambda: ana.view is not None and page_title(ana.view) != review)

    async def support_is_refused(self, step: str, task: str, answers: Answers) -> str:
        """What Sam reads when he sends the form of a task with these answers."""
        sam = self.place.sam
        opens = self.journey.opens(sam, lambda: self.journey.lasting("review", step), Act.TASK, task)
        return await self._refusal(sam, opens, answers)

    async def support_sends(self, step: str, task: str, answers: Answers) -> None:
        async def done() -> bool:
            snapshot = await self.place.snapshot(self.onboarding)
            return any(record.task_id == task and record.state == "done" for record in snapshot.tasks)

        await self.journey.task(self.place.sam, "review", step, task, answers, lambda: self.place.sam.view is None)
        await self.place.slack.until(done)
        await self.place.settled()

    async def check_refuses(self, token: str) -> str:
        """What Ana reads when she has her own JWT checked."""
        self.place.secrets.append(token)
        return await self._refusal(self.place.ana, self.opens("check_token"), {"token_kind": "assertion", "token": token})

    async def check_takes(self, token: str) -> None:
        """In the form that is still open."""
        self.place.secrets.append(token)
        before = len(self.journey.thread("step", STEP))
        told = lambda: len(self.journey.thread("step", STEP)) > before and self.place.ana.view is None  # noqa: E731
        answers = {"token_kind": "assertion", "token": token}
        await self.journey.fill_form(self.place.ana, self.opens("check_token"), answers, told)

    async def _refusal(self, person: SlackPerson, opens: Callable[[], Awaitable[Any]], answers: Answers) -> str:
        try:
            await self.journey.fill_form(person, opens, answers, lambda: False)
        except FormRefusedError as refused:
            return str(refused)
        raise AssertionError("it was taken")

    # -- the proof

    async def token(self, method: Method = "basic", **changed: str) -> str:
        """What the command on the customer's machine prints."""
        return await self.machine.token(self.pismo, method, self.org_id, **changed)

    async def proves(self, token: str, environment: str = "test") -> str:
        """Somebody pastes a token and sends it; what is then new in the thread."""
        person = next(self.provers)
        self.place.secrets.append(token)
        before = len(self.journey.thread("step", STEP))
        step = self.journey.lasting("step", STEP)
        name = action_id(step.blocks, Act.TASK, "prove_access")
        assert name is not None, "no button for the proof"
        await person.click(step, action_id=name)
        await self.place.slack.until(lambda: ready(person.view))
        assert person.view is not None
        await self.journey.type_in(person, person.view, {"environment": environment, "token": token})
        outcome = await person.submit()
        assert outcome.ok, outcome
        await self.place.settled()
        assert self.place.bot.tokens == {}
        return "\n".join(message.text for message in self.journey.thread("step", STEP)[before:])

    @property
    def said(self) -> str:
        return "\n".join(message.text for message in self.journey.thread("step", STEP))

    async def closes(self) -> None:
        for person in (self.place.ana, self.place.sam):
            if person.view is not None:
                await person.close()
        await self.place.close(self.onboarding)
        await self.place.settled()
