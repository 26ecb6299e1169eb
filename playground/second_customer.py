"""The rehearsal's second customer: one product, the Basic method, and no mishaps, but another lead half way. Its people are in Pismo's own
workspace, a guest and a member who isn't support, so that Slack lets them type `/onboarding`: each form opens by it. They never see the
first one's data."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from bot.messages.buttons import Act
from bot.messages.texts import Texts
from flows.steps.org_details import to_org_details
from playground.acts import HALF_APPROVED, SUBJECT, Acts, example, task_done
from playground.companies import CustomerCompany, in_the_workspace
from playground.office import Office
from playground.pismo import Machine
from playground.slack import Message, SeenMessage, SlackPerson
from playground.slack.screen import tells
from playground.walkthrough import Fill, Walkthrough, action_id, holds, said


class ByCommand(Walkthrough):
    """The customer's forms open by `/onboarding`, typed in their channel; by the button where another step comes first."""

    async def send_step(self, person: SlackPerson, step: str, values: Fill, revision: int = 1) -> None:
        card = self.lasting("card")
        if f'"step":"{step}"' not in str(card.blocks):
            await super().send_step(person, step, values, revision)
            return

        async def typed() -> None:
            outcome = await person.command("/onboarding", card.channel)
            self.tell(person.name, "types /onboarding" if outcome.ok else f"types /onboarding and sees: {outcome.error}")

        await self.fill_form(person, typed, values, lambda: self.sent_revision(step) >= revision)


class CalmActs(Acts):
    """Everything is right at the first try."""

    def __init__(self, office: Office, tell: Callable[[str, str], None], company: CustomerCompany) -> None:
        super().__init__(ByCommand(office, tell, channel=company.channel), company)

    async def own_command(self) -> None:
        """What their command tells them alone; support's words do nothing."""
        self.tell("", "\n— The customer has a command of its own")
        for line, key in (("status", "card.title"), ("help", "own.title"), ("queue", "own.for_support")):
            outcome = await self.lead.command(f"/onboarding {line}", self.company.channel)
            self.tell(self.lead.name, f"types /onboarding {line}")
            if Texts(self.company.language)(key, customer=self.company.name, verb=line) not in outcome.text:
                raise AssertionError(outcome.text)

    async def nothing_left(self) -> None:
        """Once it is closed, no form opens, and their checklist is there all the same."""
        outcome = await self.lead.command("/onboarding", self.company.channel)
        self.tell(self.lead.name, "types /onboarding")
        closed = await self.slack.until(lambda: self.told_alone(said("refused.closed", "card.closed")), timeout=30)
        if not outcome.ok or self.lead.view is not None:
            raise AssertionError(outcome.error)
        await self.lead.click(closed, action_id=action_id(closed.blocks, Act.CHECKLIST))
        title = Texts(self.company.language)("card.title", customer=self.company.name)
        await self.slack.until(lambda: self.told_alone(title), timeout=30)

    def told_alone(self, words: str | re.Pattern[str]) -> Message | None:
        """What the bot said last to the lead alone, if it has these words."""
        told = [one for one in self.company.channel.messages if one.ephemeral_to == self.lead.id][-1:]
        return told[0] if told and tells(told[0].text, words) else None

    async def organization(self) -> None:
        await self.heading("organization")
        answers = example("organization")
        await self.journey.send_step(self.lead, "organization", answers)
        await self.approve(self.kim, "organization")
        self.org_id = self.office.pismo.create_org(to_org_details({**answers, "number": int(answers["number"])}))
        await self.support_task(self.sam, "organization", "record_org_id", self.done("organization"), org_id=self.org_id)

    async def another_lead(self) -> None:
        """The lead, a guest, leaves, and nobody calls him again: support chooses a member of the workspace, who goes on from there."""
        self.tell("", "\n— The lead leaves, and support chooses another")
        guest, member = self.lead, self.office.pat
        self.slack.invite(member, self.company.channel)
        await member.command("/onboarding status", self.company.channel)
        self.tell(member.name, "types /onboarding status")
        self.slack.remove(guest, self.company.channel)

        def card() -> Message:
            return [one for one in self.office.support.messages if tells(one.text, said("departure.of_customer"))][-1]

        def chosen() -> bool:
            return tells(card().text, said("departure.chosen"))

        await self.slack.until(lambda: holds(card), timeout=30)
        opens = self.journey.opens(self.sam, card, Act.HAND_OVER)
        await self.journey.fill_form(self.sam, opens, {"successor": member.user.username}, chosen)
        self.tell("support", f"reads on its card: {SeenMessage.of(card()).said}")
        told = partial(member.find, self.company.channel, said("say.lead_changed"))
        await self.slack.until(lambda: holds(told), timeout=30)
        self.tell("customer", f"reads: {told().said}")
        self.lead = member

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
    CalmActs.own_command,
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
    CalmActs.nothing_left,
)


async def play_second(office: Office, tell: Callable[[str, str], None]) -> None:
    """All of it, then the log of both. Raises whatever stopped an act from coming true."""
    acts = CalmActs(office, tell, in_the_workspace(office))
    for act in CALM:
        await act(acts)
    await acts.verified()
