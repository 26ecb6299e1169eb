"""Who is where: support's warning of a third company in a channel, its cards of people who left, and App Homes of people whose rights have
changed."""

import logging
from collections.abc import Awaitable, Callable

from bot.jobs.lasting import GONE
from bot.jobs.registry import Finished, Run
from bot.messages import companies
from bot.messages.departure import departure
from bot.messages.support import Support
from bot.slack.client import Slack
from bot.slack.errors import SlackError
from flows.cases import members
from flows.cases.case import Cases
from flows.cases.presence import of_departures
from flows.model import Person, Posted, ThirdCompany
from flows.outbox import DrawHome, FollowMembers, ShowDeparture, WarnOfCompany
from flows.people import Who
from flows.ports import Unit
from storage.customers import readable_name
from storage.store import Store

log = logging.getLogger("bot.jobs.presence")

DEPARTURE = "departure"
"""The kind of lasting message that tells who has left; it is posted again for whoever leaves again."""

COMPANY = "company"
"""Likewise, the warning of a third company."""

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
            elsewhere = [one for one in await unit.onboardings(company=company.team_id) if one.id != case.id]
        texts = self._support.texts(case.onboarding.journey)
        shown = companies.warning(case.onboarding, company, ", ".join(one.customer for one in elsewhere), texts)
        channel, ts = await self._slack.post_once(self._support.channel, shown.text, shown.blocks, run.id, again=run.again)
        subject = company.team_id
        posted = Posted(
            id=f"{case.id}:{COMPANY}:{subject}",
            onboarding_id=case.id,
            kind=COMPANY,
            subject=subject,
            channel_id=channel,
            ts=ts,
        )
        return Finished({"channel": channel, "ts": ts}, lambda unit: unit.place(posted))

    async def departure(self, run: Run[ShowDeparture]) -> Finished:
        """Posted once each time that somebody leaves, and edited as others take over. Nothing if it was settled before it was posted."""
        user_id = run.effect.user
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
            calls = of_departures(case.snapshot, user_id)
            left = max((int(call.at.timestamp()) for call in calls), default=0)
            posted = await unit.posted(case.id, DEPARTURE, f"{user_id}:{left}")
        if posted is not None and posted.channel_id != self._support.channel:  # the former channel's messages are left alone
            posted = None
        over = all(call.answered_at for call in calls)
        if over and posted is None:
            return Finished(called=False)
        customer = readable_name(case.onboarding) or case.id
        shown = departure(case.snapshot, user_id, customer, self._support.texts(case.onboarding.journey))
        if posted is not None:
            try:
                await self._slack.update(posted.channel_id, posted.ts, shown.text, shown.blocks)
            except SlackError as error:
                if error.error not in GONE:
                    raise
                posted = None  # somebody deleted it
        if posted is None and not over:
            row_id = f"{case.id}:{DEPARTURE}:{user_id}:{left}"
            channel, ts = await self._slack.post_once(self._support.channel, shown.text, shown.blocks, row_id, again=run.again)
            posted = Posted(
                id=row_id, onboarding_id=case.id, kind=DEPARTURE, subject=f"{user_id}:{left}", channel_id=channel, ts=ts
            )
        if posted is None:
            return Finished()
        placed = posted

        async def keep(unit: Unit) -> None:
            await unit.place(placed)

        return Finished({"channel": placed.channel_id, "ts": placed.ts}, keep)

    async def follow_members(self, run: Run[FollowMembers]) -> Finished:
        """A channel that can't be looked at says nothing about who is in it. Slack may go on listing those whose account was deactivated:
        of the customer's people who are needed, it is asked. Whoever joins meanwhile isn't in the list."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id)
        before = members.present(case.snapshot)
        try:
            present = set(await self._slack.members(case.onboarding.channel_id))
            for user_id in present & set(members.needed(case.snapshot)):
                info = await self._slack.user(user_id)
                if info is not None and info.is_deactivated:
                    present.discard(user_id)
        except SlackError as error:
            if error.transient:
                raise
            log.info("a channel's members could not be looked up", extra={"error": error.error})
            return Finished()

        async def work(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True, shows=False) as case:
                await members.follow(case, present | (members.present(case.snapshot) - before))

        return Finished(also=work)

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
