"""The acts of the rehearsal: all steps, with a request for changes and its differences, a refused private key, a reminder,
a restart in the middle, and the log verified at the end."""

import re
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from bot.messages.buttons import Act
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Answers
from flows.forms.step import Step, Task
from flows.journey import JOURNEYS
from flows.outbox import Draw
from flows.people import Side
from flows.state import StepState
from flows.steps.first_programs.asked import templates
from flows.steps.org_details import to_org_details
from playground.companies import CustomerCompany, first_company
from playground.examples import under_way
from playground.pismo import Machine
from playground.pismo.authority import key_pem
from playground.pismo.signer import public_pem, rsa_key
from playground.slack import SlackPerson
from playground.slack.screen import tells
from playground.walkthrough import FormRefusedError, Walkthrough, action_id, effect_id, said

STEPS = JOURNEYS.latest.steps
SUBJECT = {"C": "BR", "ST": "SP", "L": "São Paulo", "O": "Example Bank S.A.", "serialNumber": "11.222.333/0001-81"}
"""The subject of the customer's signing request, matching the organization in the examples."""

HALF_APPROVED = said("review.needed_next", given="1", needed="2")


def task_done(task: str) -> re.Pattern[str]:
    """What a review card says of a task; ``task``: such as ``authentication.attach_certificate``."""
    return said("review.task_done", task=f"task.{task}.past")


def task_waits(task: str) -> re.Pattern[str]:
    """What a review card says of a task that a second person must confirm."""
    return said("review.task_waits", task=f"task.{task}.title")


def example(step: str, task: str = "") -> Answers:
    """The example answers for a step's or a task's form, in the order of its pages."""
    form = STEPS[step].task(task).form if task else STEPS[step].form
    return dict(form.example) if form else {}


class Acts:
    """``company``: whose people act; by default Acme Bank's."""

    def __init__(self, journey: Walkthrough, company: CustomerCompany | None = None) -> None:
        self.journey, self.office, self.slack = journey, journey.office, journey.slack
        self.sam, self.kim = self.office.sam, self.office.kim
        self.company = company or first_company(self.office)
        self.lead, self.colleague = self.company.lead, self.company.colleague

    def tell(self, who: str, what: str) -> None:
        self.journey.tell(who, what)

    def state(self, step: str, state: StepState) -> Callable[[], Any]:
        return lambda: self.journey.is_now(step, state)

    def done(self, step: str) -> Callable[[], Any]:
        return self.state(step, StepState.DONE)

    async def all_drawn(self) -> None:
        """The card is drawn after the step's own message."""
        onboarding = effect_id(self.journey.lasting("card")).partition(":")[0]

        async def drawn() -> bool:
            return not await under_way(self.office, onboarding, Draw)

        await self.slack.until(drawn, timeout=30)

    async def heading(self, step: str, words: str = "") -> None:
        """Number and title as the customer reads them."""
        message = await self.slack.until(lambda: self.journey.lasting("step", step), timeout=30)
        title = str(message.blocks[0]["text"]["text"])
        self.tell("", f"\n— {title}{words and f': {words}'}")

    async def thread_says(self, kind: str, step: str, words: str | re.Pattern[str]) -> str:
        """Wait for a message in a step's thread and return it."""

        def there() -> str:
            return next((m.text for m in self.journey.thread(kind, step) if tells(m.text, words)), "")

        return str(await self.slack.until(there, timeout=30))

    def answers(self, step: str) -> Answers:
        """The example, as this company's products and method have it."""
        return {**example(step), **self.company.choices.get(step, {})}

    # -- the acts

    async def start(self) -> None:
        self.tell("", "\n— Support starts the onboarding")
        outcome = await self.lead.command("/onboarding start")
        read = "" if outcome.ok else f" and reads: “{outcome.text}”"  # else it was told as it came
        self.tell(self.lead.name, f"types /onboarding start{read}")
        who = {"channel": self.company.channel.id, "lead": self.lead, "owner": self.sam, "customer": self.company.name}
        who["language"] = self.company.language
        values = {**DIALOGS["start"].example, **who}

        async def opened() -> None:
            await self.sam.command("/onboarding start", channel=self.company.channel)

        self.tell("Sam", "types /onboarding start")
        await self.journey.fill_form(self.sam, opened, values, lambda: self.journey.lasting("card"))
        await self.slack.until(lambda: self.journey.lasting("step", "planning"), timeout=30)
        self.card()

    def card(self) -> None:
        self.tell("card", self.journey.lasting("card").text)

    async def planning(self) -> None:
        await self.heading("planning")
        await self.journey.send_step(self.lead, "planning", self.answers("planning"))
        await self.approve(self.sam, "planning")
        begins = int(self.office.clock.time()) // 60 * 60 + 120
        scheduled = lambda: self.files("pismo-session")  # noqa: E731
        await self.support_task(self.sam, "planning", "schedule_session", scheduled, starts=begins)
        self.office.clock.advance(120)  # it can be held once it has begun
        await self.support_task(self.sam, "planning", "hold_session", lambda: self.offers("planning", "close_planning"))
        await self.support_task(self.sam, "planning", "close_planning", self.done("planning"))

    async def organization(self) -> None:
        await self.heading("organization", "closed half-way, continued by a colleague, sent back once")
        answers = example("organization")
        opens = self.journey.opens(self.lead, lambda: self.journey.lasting("step", "organization"), Act.OPEN_FORM)
        await self.journey.fill_form(self.lead, opens, answers, lambda: False, stop_at=2)
        await self.journey.send_step(self.colleague, "organization", answers)
        named = ["address:address", "address:number"]
        reason = {"reason": "The street is that of the branch. Please give the head office.", "fields": named}
        back = self.journey.opens(self.sam, lambda: self.journey.lasting("review", "organization"), Act.REQUEST_CHANGES)
        await self.journey.fill_form(self.sam, back, reason, self.state("organization", StepState.CHANGES_REQUESTED))
        await self.thread_says("step", "organization", said("say.request_changes"))
        changed = {**answers, "address": "Rua do Comércio", "number": "42"}
        await self.journey.send_step(self.lead, "organization", changed, revision=2)
        await self.thread_says("review", "organization", changed["address"])
        await self.approve(self.kim, "organization")
        org_id = self.office.pismo.create_org(to_org_details({**changed, "number": 42}))
        await self.support_task(self.sam, "organization", "record_org_id", self.done("organization"), org_id=org_id)
        await self.thread_says("step", "organization", org_id)
        self.org_id = org_id

    async def restart(self) -> None:
        self.tell("", "\n— The bot is killed in the middle, and started again")
        await self.office.kill_bot()
        outcome = await self.lead.click(self.journey.lasting("card"), action_id=Act.OPEN_FORM)
        self.tell(self.lead.name, f"presses a button while it is down and sees Slack's warning: {outcome.error}")
        await self.office.start_bot()
        self.tell("bot", "is back")

    async def service_desk(self) -> None:
        before = len(self.office.service_desk.tickets)
        await self.heading("service_desk", "" if before else "the desk asks something, and the answer goes there")
        await self.journey.send_step(self.lead, "service_desk", example("service_desk"))
        await self.approve(self.sam, "service_desk")
        if not self.office.files:
            await self.thread_says("review", "service_desk", said("say.ready_text"))
            filed = lambda: not self.offers("service_desk", "file_request")  # noqa: E731
            await self.support_task(self.sam, "service_desk", "file_request", filed)
            await self.support_task(self.sam, "service_desk", "grant_access", self.done("service_desk"))
            return
        await self.slack.until(lambda: not self.offers("service_desk", "file_request"), timeout=30)
        desk = self.office.service_desk
        await self.slack.until(lambda: len(desk.tickets) == before + 2, timeout=30)  # one may still be on its way
        if not before:
            await self.question(desk.tickets[0].key)
        await self.resolved("service_desk", [ticket.key for ticket in desk.tickets[before:]])

    async def question(self, key: str) -> None:
        """The Service Desk waits for an answer, which the customer gives in the thread."""
        desk, thread = self.office.service_desk, partial(self.journey.thread, "step", "service_desk")
        asks = "Shall the duty mailbox get an access of its own?"
        self.tell("desk", f"writes on {key}: {asks}")
        desk.write(key, asks)
        desk.move(key, "PENDING")
        await self.thread_says("step", "service_desk", said("say.desk_status", ticket=key, status="PENDING"))
        asked = next(message for message in reversed(thread()) if action_id(message.blocks, Act.ANSWER_TICKET))
        opens = self.journey.opens(self.lead, lambda: asked, Act.ANSWER_TICKET)
        answered = lambda: any(tells(message.text, said("say.desk_answered")) for message in thread())  # noqa: E731
        await self.journey.fill_form(self.lead, opens, DIALOGS["answer_ticket"].example, answered)
        await self.slack.until(lambda: desk.world.tickets[key].history[-1][0] != "PENDING", timeout=30)
        self.tell("desk", f"reads on {key}: {desk.world.tickets[key].comments[-1].body}")

    async def resolved(self, step: str, keys: Sequence[str]) -> None:
        """What the tickets asked for counts as given once they are closed."""
        for key in keys:
            self.tell("desk", f"{key} goes to CLOSED")
            self.office.service_desk.move(key, "CLOSED")
            await self.thread_says("step", step, said("say.desk_status", "say.desk_ended", ticket=key, status="CLOSED"))
        await self.slack.until(self.done(step), timeout=30)

    async def integration(self) -> None:
        await self.heading("integration", "each integration becomes a request to the Service Desk")
        before = len(self.office.service_desk.tickets)
        await self.journey.send_step(self.lead, "integration", example("integration"))
        await self.approve(self.sam, "integration")
        wanted = STEPS["integration"].form.example["integrations"]
        if not self.office.files:
            await self.thread_says("review", "integration", said("say.ready_text"))
            for count in range(1, len(wanted) + 1):
                await self.support_task(self.sam, "integration", "file_request", self.filed("integration", count))
            await self.support_task(self.sam, "integration", "set_up", self.done("integration"))
            return
        await self.slack.until(lambda: len(self.office.service_desk.tickets) == before + len(wanted), timeout=30)
        await self.resolved("integration", [ticket.key for ticket in self.office.service_desk.tickets[before:]])

    def filed(self, step: str, count: int) -> Callable[[], bool]:
        """Whether so many requests were told to be filed."""
        return lambda: self.journey.told_in("step", step, said("say.desk_filed", "task.integration.file_request.done")) == count

    async def reminder(self) -> None:
        self.tell("", "\n— A reminder, since the customer waits too long")
        # One message reminds a person of everything due, in the first such step's thread; which step that is depends on the time.
        due = said("step.environments.title")

        def reminded() -> bool:
            return any(tells(m.text, said("button.snooze")) and tells(m.text, due) for m in self.company.channel.messages)

        await self.slack.until(reminded, timeout=30)

    async def environments(self) -> None:
        await self.heading("environments")
        await self.journey.send_step(self.lead, "environments", example("environments"))
        await self.approve(self.sam, "environments")
        await self.support_task(self.sam, "environments", "test_ready", lambda: not self.offers("environments", "test_ready"))
        await self.support_task(self.sam, "environments", "grant_access", self.done("environments"))

    async def control_center(self) -> None:
        await self.heading("control_center")
        await self.journey.send_step(self.lead, "control_center", example("control_center"))
        await self.approve(self.sam, "control_center")
        invited = lambda: self.customer_offers("control_center", "confirm_access")  # noqa: E731
        await self.support_task(self.sam, "control_center", "send_invitations", invited)
        await self.journey.task(
            self.lead,
            "step",
            "control_center",
            "confirm_access",
            example("control_center", "confirm_access"),
            self.done("control_center"),
        )

    async def authentication(self) -> None:
        await self.heading("authentication", "a private key is refused, two approve, a token proves the access")
        machine, pismo = Machine(**SUBJECT), self.office.pismo
        private, public = key_pem(machine.signer.key), machine.signer.public_key
        answers = {**self.answers("authentication"), "mtls": "csr", "csr": machine.csr, "public_key": private}
        answers["production_key"] = public_pem(rsa_key())
        opens = self.journey.opens(self.lead, lambda: self.journey.lasting("step", "authentication"), Act.OPEN_FORM)
        try:
            await self.journey.fill_form(self.lead, opens, answers, lambda: False)
        except FormRefusedError as refused:
            self.tell(self.lead.name, f"pastes her private key by mistake and reads: {refused}")
        await self.slack.until(
            lambda: any(tells(m.text, said("say.secret_refused")) for m in self.office.support.messages), timeout=30
        )
        self.tell("support", "is warned, without the key")
        await self.journey.send_step(self.lead, "authentication", {**answers, "public_key": public})
        review = HALF_APPROVED
        await self.journey.approve(self.sam, "authentication", lambda: self.journey.says("review", "authentication", review))
        await self.approve(self.kim, "authentication")
        await self.support_task(self.sam, "authentication", "upload_key", lambda: self.offers("authentication", "record_claims"))
        machine.receive(pismo, self.org_id)
        claims = {"iss": machine.signer.iss, "sub": machine.signer.sub, "aud": machine.signer.aud}
        waits = lambda: self.journey.says("review", "authentication", said("review.task_waits"))  # noqa: E731
        await self.support_task(self.sam, "authentication", "record_claims", waits, **claims)
        recorded = lambda: not self.offers("authentication", "record_claims")  # noqa: E731
        await self.support_task(self.kim, "authentication", "record_claims", recorded, **claims)
        attached = lambda: self.journey.says("review", "authentication", task_done("authentication.attach_certificate"))  # noqa: E731
        signed = {"certificate": machine.certificate}
        await self.support_task(self.sam, "authentication", "attach_certificate", attached, **signed)
        self.tell(self.lead.name, "signs a JWT on her own machine and gets an access token for it from Pismo")
        token = {"environment": "test", "token": await machine.token(pismo, "oidc", self.org_id)}
        proved, lost = self.done("authentication"), said("proof.token_lost")
        failures = lambda: self.journey.told_in("step", "authentication", lost)  # noqa: E731
        await self.journey.task(self.lead, "step", "authentication", "prove_access", token, proved, failures)
        await self.thread_says("step", "authentication", said("say.proof_passed", "say.proof_differs"))

    async def other_steps(self) -> None:
        """Steps without an act of their own: sent, approved and completed with their examples."""
        for step_id, step in STEPS.items():
            if step_id not in OWN_ACTS and (not step.brought_by or self.journey.all_lasting("step", step_id)):
                await self.step(step)

    async def first_programs(self) -> None:
        """Support creates the first; the customer has the second created with a token."""
        await self.heading("first_programs", "the first by support, the second with a token")
        answers = self.answers("first_programs")
        await self.journey.send_step(self.lead, "first_programs", answers)
        await self.approve(self.sam, "first_programs")
        pismo, (first, *others) = self.office.pismo, templates(answers).values()
        number = pismo.add_program(self.org_id, first.name, first.type)
        recorded = lambda: self.journey.says("step", "first_programs", f"{first.name}: ID {number}")  # noqa: E731
        values = {"program": first.name, "program_id": number, "type": first.type, "status": "ACTIVE"}
        await self.support_task(self.sam, "first_programs", "record_program", recorded, **values)
        lost = said("say.program_token_lost")
        for program in others:
            self.tell(self.lead.name, "gets an access token from Pismo on her own machine")
            values = {"program": program.name, "token": pismo.mint_token(self.org_id)}
            there = lambda name=program.name: self.journey.says("step", "first_programs", f"{name}: ID")  # noqa: E731
            failures = lambda: self.journey.told_in("step", "first_programs", lost)  # noqa: E731
            await self.journey.task(self.lead, "step", "first_programs", "create_in_test", values, there, failures)
            await self.thread_says("step", "first_programs", said("say.program_became_active", name=program.name))
        await self.slack.until(self.done("first_programs"), timeout=30)

    async def step(self, step: Step) -> None:
        await self.heading(step.id)
        await self.journey.send_step(self.lead, step.id, example(step.id))
        for approver in (self.sam, self.kim)[: step.approvals]:
            before = len(self.journey.thread("review", step.id))
            await self.journey.approve(
                approver,
                step.id,
                lambda before=before: len(self.journey.thread("review", step.id)) > before,  # type: ignore[misc]
            )
        for task in step.tasks:
            if task.setup_check is not None:
                await self.check_set_up(step, task)
            if task.optional:
                continue
            side = "review" if task.side is Side.SUPPORT else "step"
            actor = self.sam if task.side is Side.SUPPORT else self.lead
            offered = self.offers if task.side is Side.SUPPORT else self.customer_offers
            await self.slack.until(lambda task=task, offered=offered: offered(step.id, task.id), timeout=30)  # type: ignore[misc]
            values = example(step.id, task.id) if task.form is not None else None
            gone = lambda task=task, offered=offered: not offered(step.id, task.id)  # noqa: E731
            await self.journey.task(actor, side, step.id, task.id, values, gone)
        await self.slack.until(self.done(step.id), timeout=30)

    async def check_set_up(self, step: Step, task: Task) -> None:
        """With a fresh token, once the customer has made at Pismo what the product needs."""
        pismo = self.office.pismo
        pismo.set_up(self.org_id)
        await self.slack.until(lambda: self.customer_offers(step.id, task.id), timeout=30)
        token = {"environment": "test", "token": pismo.mint_token(self.org_id)}
        told, lost = said("say.setup_all_there", "say.setup_found_some", "say.setup_found_none"), said("proof.token_lost")

        def checked() -> bool:
            thread = self.journey.thread("step", step.id)
            return any(tells(message.text, told) and not tells(message.text, lost) for message in thread)

        failures = lambda: self.journey.told_in("step", step.id, lost)  # noqa: E731
        await self.journey.task(self.lead, "step", step.id, task.id, token, checked, failures)

    async def production(self) -> None:
        await self.heading("production", "two people open it, programs are exported and imported, a token proves it")
        signed = self.company.method == "oidc"
        machine = Machine(**SUBJECT)
        own = {} if signed else {"csr": machine.csr}
        await self.journey.send_step(self.lead, "production", {**self.answers("production"), **own})
        one = lambda: self.journey.says("review", "production", HALF_APPROVED)  # noqa: E731
        await self.journey.approve(self.sam, "production", one)
        await self.approve(self.kim, "production")
        test, there = self.office.pismo, self.office.sandbox.open_production(self.org_id)

        def gone(task: str) -> Callable[[], bool]:
            return lambda: not self.offers("production", task)

        await self.support_task(self.sam, "production", "record_org", gone("record_org"), org_id=self.org_id)
        waits = lambda: self.journey.says("review", "production", said("review.task_waits"))  # noqa: E731
        await self.support_task(self.sam, "production", "environment_ready", waits)
        await self.support_task(self.kim, "production", "environment_ready", gone("environment_ready"))
        if signed:
            await self.support_task(self.sam, "production", "activate_key", gone("activate_key"))
            confirms = lambda: self.journey.says("review", "production", task_waits("production.record_claims"))  # noqa: E731
            await self.support_task(self.sam, "production", "record_claims", confirms)
            await self.support_task(self.kim, "production", "record_claims", gone("record_claims"))
            await self.support_task(self.sam, "production", "confirm_certificate", gone("confirm_certificate"))
        else:
            machine.receive(there, self.org_id)
            attached = lambda: self.journey.says("review", "production", task_done("production.attach_certificate"))  # noqa: E731
            await self.support_task(self.sam, "production", "attach_certificate", attached, certificate=machine.certificate)
        await self.support_task(self.sam, "production", "users_ready", gone("users_ready"))
        lost = said("proof.token_lost")
        failures = lambda: self.journey.told_in("step", "production", lost)  # noqa: E731
        for program in test.world.org(self.org_id).programs:
            self.tell(self.lead.name, "gets access tokens of test and production from Pismo on her own machine")
            tokens = {"test_token": test.mint_token(self.org_id), "token": there.mint_token(self.org_id)}
            values = {"program": str(program["id"]), **tokens}
            words = said("say.move_done", name=str(program["name"]))
            moved = lambda words=words: self.journey.told_in("step", "production", words)  # noqa: E731
            await self.journey.task(self.lead, "step", "production", "move_program", values, moved, failures)
        token = {"token": there.mint_token(self.org_id)}
        await self.journey.task(self.lead, "step", "production", "prove_access", token, self.done("production"), failures)
        await self.thread_says("step", "production", said("say.proof_passed"))

    async def next_steps(self) -> None:
        await self.heading("next_steps")
        await self.journey.fill_form(
            self.lead,
            self.journey.opens(self.lead, lambda: self.journey.lasting("step", "next_steps"), Act.OPEN_FORM),
            example("next_steps"),
            self.state("next_steps", StepState.APPROVED),
        )
        await self.slack.until(lambda: self.journey.lasting("review", "next_steps"), timeout=30)
        await self.support_task(
            self.sam, "next_steps", "close_onboarding", lambda: self.journey.says("card", "", said("card.closed"))
        )
        await self.thread_says("step", "next_steps", said("say.receipt"))
        self.card()

    async def verified(self) -> None:
        self.tell("", "\n— The log")
        code, printed = await self.office.command("verify-log")
        self.tell("terminal", f"$ python -m bot verify-log\n{printed.strip().splitlines()[-1]}")
        if code:
            raise AssertionError(printed)

    # -- parts

    async def approve(self, person: SlackPerson, step: str) -> None:
        approved = lambda: self.journey.told_in("step", step, said("say.approved"))  # noqa: E731
        await self.journey.approve(person, step, approved)
        await self.thread_says("step", step, said("say.approved"))

    async def support_task(self, person: SlackPerson, step: str, task: str, happened: Callable[[], Any], **more: Any) -> None:
        has_form = STEPS[step].task(task).form is not None
        values = {**example(step, task), **more} if has_form else None
        await self.slack.until(lambda: self.offers(step, task), timeout=30)
        await self.journey.task(person, "review", step, task, values, happened)

    def offers(self, step: str, task: str) -> bool:
        """Whether the review card has the task's button."""
        return f'"task":"{task}"' in str(self.journey.lasting("review", step).blocks).replace("'", '"').replace('\\"', '"')

    def customer_offers(self, step: str, task: str) -> bool:
        return f'"task":"{task}"' in str(self.journey.lasting("step", step).blocks).replace("'", '"').replace('\\"', '"')

    def files(self, name: str) -> bool:
        return any(name in file.name for m in self.journey.thread("step", "planning") for file in m.files)


OWN_ACTS = (
    "planning",
    "organization",
    "service_desk",
    "environments",
    "control_center",
    "first_programs",
    "authentication",
    "integration",
    "production",
    "next_steps",
)
ACTS = (
    Acts.start,
    Acts.planning,
    Acts.organization,
    Acts.restart,
    Acts.service_desk,
    Acts.reminder,
    Acts.environments,
    Acts.control_center,
    Acts.first_programs,
    Acts.authentication,
    Acts.other_steps,
    Acts.integration,
    Acts.production,
    Acts.next_steps,
    Acts.verified,
)


async def play(journey: Walkthrough, *, without: Collection[Callable[[Acts], Any]] = ()) -> None:
    """All acts in order. Raises whatever stopped one from coming true."""
    acts = Acts(journey)
    for act in ACTS:
        if act not in without:
            await act(acts)


async def play_to(journey: Walkthrough, step_id: str) -> None:
    """A step, after those alone that it or its tasks require. Raises KeyError if there is no such step, and what `play` does."""
    acts, needed = Acts(journey), {"planning", step_id}
    for step in reversed([*STEPS.values()]):
        if step.id in needed:
            needed |= {*step.requires, *(one for task in step.tasks for one in task.requires)}
    await acts.start()
    for step in STEPS.values():
        if step.id in needed:
            await (getattr(acts, step.id)() if step.id in OWN_ACTS else acts.step(step))
    await acts.all_drawn()
    acts.card()
