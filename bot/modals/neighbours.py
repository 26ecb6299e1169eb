"""Who else is in a channel in which an onboarding is to start: only the customer's people and Pismo's may be."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress

from bot.slack.client import ChannelInfo, SlackError
from bot.slack.people import NOBODY, People
from flows.cases.access import Access
from flows.cases.companies import of_other_customers
from flows.model import Onboarding, Person
from flows.people import Who
from flows.problems import Problem
from storage.store import Store

LOOK_SECONDS = 0.8
"""How long people whom nobody knows yet are asked for. Whoever was found is known at the next try."""
AT_ONCE = 10
"""How many of them at a time."""
FIELD = "channel"


class Neighbours:
    def __init__(self, store: Store, people: People, access: Access) -> None:
        self._store, self._people, self._access = store, people, access

    async def problems(self, channel: ChannelInfo, members: Sequence[str], lead: Person) -> list[Problem]:
        """Of the field with the channel: third companies, the people of another customer, and that Slack did not say who somebody is."""
        unknown = await self._look_up(members, {self._access.team_id, lead.team_id})
        present = [person for user_id in members if (person := self._people.by_id(user_id)) is not None]
        if third := self._third_companies(channel, present, lead):
            return [Problem(FIELD, "channel_third_company", {"companies": ", ".join(third)})]
        if others := await self._other_customers(channel, present, lead):
            return [Problem(FIELD, "channel_other_customer", {"names": ", ".join(others)})]
        return [Problem(FIELD, "slack_did_not_answer")] if unknown else []

    async def customers(self, channel_id: str) -> list[Person]:
        """Who in a channel may be a customer's, as far as Slack says who they are. Raises SlackError."""
        members = await self._people.members(channel_id)
        await self._look_up(members, {self._access.team_id})
        return sorted(self.customers_among(members), key=lambda person: person.name.casefold())

    def customers_among(self, members: Sequence[str]) -> list[Person]:
        """Those of them who are known by now."""
        return [person for person in self._people.among(members) if self._people.is_customer(person)]

    async def _look_up(self, members: Sequence[str], teams: Iterable[str]) -> set[str]:
        """Ask for those whom neither the process nor the store knows. The user ids of those for whom Slack gave no answer."""
        unknown = {one for one in members if self._people.by_id(one) is None} - NOBODY - {self._people.bot_user_id}
        async with self._store.read() as unit:
            for team in teams:
                for person in await unit.people_of(team, unknown):
                    self._people.know(person)
                    unknown.discard(person.user_id)
        places = asyncio.Semaphore(AT_ONCE)

        async def look_up(user_id: str) -> None:
            async with places:
                try:
                    await self._people.fetch(user_id)
                except SlackError as error:
                    if error.transient:
                        return
                unknown.discard(user_id)

        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS), asyncio.TaskGroup() as group:
                for user_id in list(unknown):
                    group.create_task(look_up(user_id))
        return unknown

    def _third_companies(self, channel: ChannelInfo, present: Sequence[Person], lead: Person) -> list[str]:
        """Their ids, each with the name of one of its people as far as any is known: Slack tells no names of companies."""
        seen = {one.team_id: one.name for one in present if self._people.is_third(one, lead.team_id)}
        known = {self._access.team_id, self._access.enterprise_id, lead.team_id, lead.enterprise_id}
        connected = set(channel.companies) - known
        organizations = {one for one in connected if one.startswith("E")}
        foreign = lead.team_id != self._access.team_id  # else the lead is a guest, whose company need not be connected
        unnamed = not lead.enterprise_id and lead.team_id not in channel.companies
        if foreign and unnamed and len(organizations) == 1 and not seen:
            connected -= organizations  # the customer's: Slack does not tell it of people from another company
        return [f"{team} ({seen[team]})" if seen.get(team) else team for team in sorted(seen.keys() | connected)]

    async def _other_customers(self, channel: ChannelInfo, present: Sequence[Person], lead: Person) -> list[str]:
        who = Who(lead.team_id, lead.user_id)
        visitors = [person.user_id for person in present if self._people.is_customer(person)]
        async with self._store.read() as unit:
            elsewhere = await unit.members_elsewhere([*visitors, lead.user_id], channel.id)
            strangers = of_other_customers(elsewhere, who, guests=lead.team_id == self._access.team_id)
            ids = {member.onboarding_id for member in elsewhere if member.user_id in strangers}
            found = [await unit.get(Onboarding, one) for one in sorted(ids)]
        return [one.customer for one in found if one is not None]
