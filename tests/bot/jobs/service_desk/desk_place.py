"""A workplace with a Service Desk where the bot files access requests itself."""

import re
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from bot.config.policies import Policies
from bot.config.service_desk import ServiceDeskPolicies
from bot.config.settings import Settings
from bot.messages.buttons import Act
from bot.messages.texts import Texts
from playground.service_desk.world import CHOICES, Ticket
from playground.slack import Message
from playground.slack.screen import tells
from playground.walkthrough import action_id
from tests.bot.workplace import PROMPT, Workplace

EN = Texts("en")

STEP = "service_desk"
LAG = 1.6
"""Seconds until the search must find what was filed."""


class DeskPlace(Workplace):
    """The bot files with the Service Desk, checks tickets when told to, and retries immediately."""

    def __init__(self) -> None:
        names = {portal: replace(usual, choices=CHOICES) for portal, usual in ServiceDeskPolicies().names.items()}
        policies = ServiceDeskPolicies(follow_seconds=0.0, lag_seconds=LAG, names=names)
        super().__init__(Policies(sweep_seconds=3600, channel_seconds=0.0, service_desk=policies), patience=PROMPT)

    def settings(self) -> Settings:
        desk = self.service_desk
        ours = {"service_desk_url": desk.url, "service_desk_user": desk.user, "service_desk_token": SecretStr(desk.token)}
        return super().settings().model_copy(update=ours)

    async def look(self) -> None:
        """At all open tickets."""
        await self.bot.poller.round()
        await self.settled()

    # -- what people see

    def read(self, where: str = "review") -> str:
        """The step's thread, on support's side or the customer's ("step")."""
        return "\n".join(message.text for message in self.journey.thread(where, STEP))

    async def reads(self, words: str | re.Pattern[str], where: str = "review") -> str:
        """The thread, once it contains these words: giving up is reported after the effects are done."""
        await self.slack.until(lambda: tells(self.read(where), words), timeout=20)
        await self.settled()
        return self.read(where)

    async def press_retry(self, onboarding: str) -> None:
        """The button on the alert about one onboarding's request."""

        def alert() -> Message | None:
            return next(
                (m for m in self.support.messages if EN("effect.file_access_request") in m.text and onboarding in str(m.blocks)),
                None,
            )

        await self.slack.until(alert, timeout=20)
        found = alert()
        assert found is not None
        assert (await self.sam.click(found, action_id=action_id(found.blocks, Act.RETRY_EFFECT))).ok
        await self.settled()

    async def states(self, onboarding: str) -> set[tuple[str, str, str]]:
        return {(grant.resource, grant.state, grant.reference) for grant in (await self.snapshot(onboarding)).grants}


async def asked(office: DeskPlace, onboarding: str, **changed: Any) -> None:
    """The customer asks for access, by default only to the Service Desk, and support approves."""
    users = {"users": "ana@bank.example\nbruno@bank.example", "resources": [], **changed}
    await office.send(onboarding, STEP, **users)
    await office.approve(onboarding, STEP)


async def filed(office: DeskPlace, onboarding: str) -> list[Ticket]:
    name = (await office.snapshot(onboarding)).onboarding.customer
    return [ticket for ticket in office.service_desk.tickets if name in ticket.summary]
