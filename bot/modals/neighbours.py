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

    async def look(self, channel: ChannelInfo, members: Sequence[str], lead: Person, customer: str) -> tuple[str, list[Problem]]:
        """The home team of the customer's company; and what is wrong with the channel, at its field: third companies, the people of another
        customer, and that Slack did not say who somebody is. ``customer``: the name it is to have."""
        unknown = await self._look_up(members, {self._access.team_id, lead.team_id, *channel.companies})
        present = [person for user_id in members if (person := self._people.by_id(user_id)) is not None]
        company = self._company(channel, present, lead)
        if third := self._third_companies(channel, present, lead, company):
            return company, [Problem(FIELD, "channel_third_company", {"companies": ", ".join(third)})]
        if others := await self._other_customers(channel, present, lead, company, customer):
            return company, [Problem(FIELD, "channel_other_customer", {"names": ", ".join(others)})]
        return company, [Problem(FIELD, "slack_did_not_answer")] if unknown else []

    async def who_can_lead(self, channel_id: str) -> list[Person]:
        """Who in a channel can act for a customer, as far as Slack says who they are: all but support. First those who are surely not
        Pismo's. Raises SlackError."""
        members = await self._people.members(channel_id)
        await self._look_up(members, {self._access.team_id})
        found = [person for person in self._people.among(members) if not self._people.is_support(person)]
        return sorted(found, key=lambda person: (not self._people.is_customer(person), person.name.casefold()))

    def _company(self, channel: ChannelInfo, present: Sequence[Person], lead: Person) -> str:
        """The lead's own; of a member of the installing workspace, the one company that the channel is shared with. Without one, its people
        are the installing workspace's too."""
        own = self._access.team_id
        if lead.team_id != own or lead.guest:
            return lead.team_id
        there = {one.team_id for one in present if self._people.is_third(one, own)}
        shared = there or {team for team in channel.companies if team.startswith("T")} - {own}
        return min(shared) if len(shared) == 1 else own

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

    def _third_companies(self, channel: ChannelInfo, present: Sequence[Person], lead: Person, company: str) -> list[str]:
        """Their ids, each with the name of one of its people as far as any is known: Slack tells no names of companies."""
        seen = {one.team_id: one.name for one in present if self._people.is_third(one, company)}
        enterprise = next((one.enterprise_id for one in (lead, *present) if one.team_id == company), "")
        known = {self._access.team_id, self._access.enterprise_id, company, enterprise}
        connected = set(channel.companies) - known
        organizations = {one for one in connected if one.startswith("E")}
        foreign = company != self._access.team_id  # else the lead is of the installing workspace, and nobody need be connected
        unnamed = not enterprise and company not in channel.companies
        if foreign and unnamed and len(organizations) == 1 and not seen:
            connected -= organizations  # the customer's: Slack does not tell it of people from another company
        return [f"{team} ({seen[team]})" if seen.get(team) else team for team in sorted(seen.keys() | connected)]

    async def _other_customers(
        self, channel: ChannelInfo, present: Sequence[Person], lead: Person, company: str, customer: str
    ) -> list[str]:
        """Their names. Whoever is of the ``company`` is this customer's, unless it is the installing one."""
        own, led_by = self._access.team_id, Who(lead.team_id, lead.user_id)
        visitors = [one for one in present if self._people.is_customer(one)]
        unsure = {one.user_id for one in visitors if one.team_id == own or one.team_id != company}
        async with self._store.read() as unit:
            ids = await of_other_customers(unit, unsure, customer, channel.id, led_by, own_team=own)
            found = [await unit.get(Onboarding, one) for one in sorted(ids)]
        return [one.customer for one in found if one is not None]
