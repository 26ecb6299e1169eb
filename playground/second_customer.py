"""The rehearsal's second customer: one product, the Basic method, and no mishaps, but another lead
half way. Its people never see the first one's data."""

from collections.abc import Callable
from functools import partial
from typing import Any

from bot.messages.buttons import Act
from flows.steps.org_details import to_org_details
from playground.acts import HALF_APPROVED, SUBJECT, Acts, example, task_done
from playground.companies import second_company
from playground.office import Office
from playground.pismo import Machine
from playground.slack import Message, SeenMessage
from playground.slack.screen import tells
from playground.walkthrough import Walkthrough, holds, said


class CalmActs(Acts):
    """Everything is right at the first try."""

    async def organization(self) -> None:
        await self.heading("organization")
        answers = example("organization")
        await self.journey.send_step(self.lead, "organization", answers)
        await self.approve(self.kim, "organization")
        self.org_id = self.office.pismo.create_org(to_org_details({**answers, "number": int(answers["number"])}))
        await self.support_task(self.sam, "organization", "record_org_id", self.done("organization"), org_id=self.org_id)

    async def another_lead(self) -> None:
        """The lead leaves, and nobody calls her again: support chooses a colleague, who goes on from there."""
        self.tell("", "\n— The lead leaves, and support chooses another")
        olga, otto = self.lead, self.slack.add_person("Otto", self.slack.world.users[self.lead.id].team)
        self.slack.invite(otto, self.company.channel)
        self.slack.remove(olga, self.company.channel)

        def card() -> Message:
            return [one for one in self.office.support.messages if tells(one.text, said("departure.of_customer"))][-1]

        def chosen() -> bool:
            return tells(card().text, said("departure.chosen"))

        await self.slack.until(lambda: holds(card), timeout=30)
        opens = self.journey.opens(self.sam, card, Act.HAND_OVER)
        await self.journey.fill_form(self.sam, opens, {"successor": otto.user.username}, chosen)
        self.tell("support", f"reads on its card: {SeenMessage.of(card()).said}")
        told = partial(otto.find, self.company.channel, said("say.lead_changed"))
        await self.slack.until(lambda: holds(told), timeout=30)
        self.tell("customer", f"reads: {told().said}")
        self.lead = otto

    async def authentication(self) -> None:
        await self.heading("authentication", "with an access key, which never leaves the customer")
        machine, pismo = Machine(**SUBJECT), self.office.pismo
        answers = {**self.answers("authentication"), "mtls": "csr", "csr": machine.csr}
        await self.journey.send_step(self.lead, "authentication", answers)
        one = lambda: self.journey.says("review", "authentication", HALF_APPROVED)  # noqa: E731
        await self.journey.approve(self.sam, "authentication", one)
        await self.approve(self.kim, "authentication")
        machine.receive(pismo, self.org_id)
        attached = lambda: self.journey.says("review", "authentication", task_done("authentication.attach_certificate"))  # noqa: E731
        signed = {"certificate": machine.certificate}
        await self.support_task(self.sam, "authentication", "attach_certificate", attached, **signed)
        self.tell(self.lead.name, "gets an access token with the access key on her own machine")
        token = {"environment": "test", "token": await machine.token(pismo, "basic", self.org_id)}
        await self.journey.task(self.lead, "step", "authentication", "prove_access", token, self.done("authentication"))


CALM: tuple[Callable[[CalmActs], Any], ...] = (
    CalmActs.start,
    CalmActs.planning,
    CalmActs.organization,
    CalmActs.service_desk,
    CalmActs.another_lead,
    CalmActs.environments,
    CalmActs.control_center,
    CalmActs.first_programs,
    CalmActs.authentication,
    CalmActs.other_steps,
    CalmActs.production,
    CalmActs.next_steps,
)


async def play_second(office: Office, tell: Callable[[str, str], None]) -> None:
    """All of it, then the log of both. Raises whatever stopped an act from coming true."""
    company = second_company(office)
    acts = CalmActs(Walkthrough(office, tell, channel=company.channel), company)
    for act in CALM:
        await act(acts)
    await acts.verified()
