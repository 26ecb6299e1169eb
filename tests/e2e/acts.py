"""The rehearsal's acts, played by hand, by a customer's person, with an onboarding in any language."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from playground.acts import ACTS, Acts
from playground.companies import first_company
from playground.page.words import in_any
from playground.slack import SlackPerson
from tests.e2e.by_hand import ByHand

COMMAND = "/onboarding start"


class ActsByHand(Acts):
    """``lead``: who acts for the customer. ``colleague``: who continues the form that was closed half-way. ``language``: the
    onboarding's."""

    journey: ByHand

    def __init__(self, journey: ByHand, lead: SlackPerson, colleague: SlackPerson, language: str = "en") -> None:
        super().__init__(journey, replace(first_company(journey.office, "Acme Bank"), lead=lead, colleague=colleague))
        self.language = language

    async def start(self) -> None:
        """The customer has no such command; support has."""
        customer = await self.journey.sit(self.lead)
        await customer.go(self.company.channel.name)
        await customer.say(COMMAND)
        await customer.sees(re.compile(in_any("not_a_command", command="/onboarding")))

        async def opened() -> None:
            support = await self.journey.sit(self.sam)
            await support.go(self.company.channel.name)
            await support.say(COMMAND)

        who = {"customer": "Acme Bank", "lead": self.lead, "owner": self.sam}
        values = {**who, "language": self.language, "go_live": "2099-01-15"}
        await self.journey.fill_form(self.sam, opened, values, lambda: self.journey.lasting("card"))
        await self.slack.until(lambda: self.journey.lasting("step", "planning"), timeout=30)

    async def question(self, key: str) -> None:
        """What the Service Desk asks stands in a thread, and has its own tests."""

    async def restart(self) -> None:
        """The bot is not restarted here: that has its own test."""

    async def reminder(self) -> None:
        """Reminders are not waited for either: they have their own test, with the clock moved."""


async def play_by_hand(acts: ActsByHand, until: Callable[[Acts], Any] = Acts.verified) -> None:
    """All acts up to this one, with a screenshot of both sides after each."""
    for act in ACTS[: ACTS.index(until) + 1]:
        await getattr(acts, act.__name__)()
        await acts.journey.visit.photograph(act.__name__)
