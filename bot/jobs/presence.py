"""Who is where: support's warning of a third company in a channel, and App Homes of people whose rights have changed."""

import logging
from collections.abc import Awaitable, Callable

from bot.jobs.registry import Finished, Run
from bot.messages import companies
from bot.messages.support import Support
from bot.slack.client import Slack
from bot.slack.errors import SlackError
from flows.cases.case import Cases
from flows.model import Person, ThirdCompany
from flows.outbox import DrawHome, WarnOfCompany
from flows.people import Who
from storage.store import Store

log = logging.getLogger("bot.jobs.presence")

PublishHome = Callable[[Who], Awaitable[None]]
"""Draws a person's App Home from the store. Raises SlackError."""


class Presence:
    def __init__(self, store: Store, cases: Cases, slack: Slack, support: Support, publish_home: PublishHome) -> None:
        self._store, self._cases, self._slack, self._support, self._publish = store, cases, slack, support, publish_home

    async def warn(self, run: Run[WarnOfCompany]) -> Finished:
        """Nothing once it is accepted or gone."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
            company = await unit.get(ThirdCompany, f"{case.id}:{run.effect.team}")
            if company is None or company.accepted_at:
                return Finished(called=False)
            elsewhere = [one for one in await unit.onboardings() if one.id != case.id and one.team_id == company.team_id]
        texts = self._support.texts(case.onboarding.journey)
        shown = companies.warning(case.onboarding, company, ", ".join(one.customer for one in elsewhere), texts)
        channel, ts = await self._slack.post_once(self._support.channel, shown.text, shown.blocks, run.id, again=run.again)
        return Finished({"channel": channel, "ts": ts})

    async def home(self, run: Run[DrawHome]) -> Finished | None:
        """Whoever can't be reached any more can't open it either."""
        who = Who(run.effect.team, run.effect.user)
        async with self._store.read() as unit:
            person = await unit.get(Person, str(who))
        if person is None or not person.has_home:
            return Finished(called=False)
        try:
            await self._publish(who)
        except SlackError as error:
            if error.transient:
                raise
            log.info("an App Home could not be drawn", extra={"error": error.error})
        return None
