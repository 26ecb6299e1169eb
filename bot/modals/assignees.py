"""Whom a step can be given to: somebody of the customer who is in its channel, or somebody of support."""

from bot.slack.client import Slack, UserInfo
from bot.slack.people import People
from flows.cases.access import Access, is_member
from flows.cases.companies import of_other_customers
from flows.model import Person, Snapshot
from flows.people import Who
from flows.ports import Unit
from flows.problems import Problem, Refused
from storage.store import Store

FIELD = "person"


class Assignees:
    def __init__(self, store: Store, slack: Slack, people: People, access: Access) -> None:
        self._store, self._slack, self._people, self._access = store, slack, people, access

    async def look_up(self, onboarding_id: str, user_id: str) -> Person | Problem:
        """The person, or why it can't be them, in words for support. Slack is asked anew: somebody may have left.

        Raises SlackError, and Refused if there is no such onboarding.
        """
        async with self._store.read() as unit:
            snapshot = await unit.snapshot(onboarding_id)
        if snapshot is None:
            raise Refused("gone")
        info, customer = await self._slack.user(user_id), snapshot.onboarding.customer
        person = await self._people.fetch(user_id) if info is not None and not (info.is_bot or info.is_deactivated) else None
        if info is None or person is None:
            return Problem(FIELD, "assignee_unknown", {"customer": customer})
        if self._access.is_support(Who(person.team_id, person.user_id)):
            return person
        wrong = await self._wrong(snapshot, person)
        return Problem(FIELD, wrong, await self._named(snapshot, info)) if wrong else person

    async def _wrong(self, snapshot: Snapshot, person: Person) -> str:
        """Why somebody who is not of support can't be the customer's either; empty if they can."""
        onboarding = snapshot.onboarding
        if person.team_id != onboarding.team_id or not self._people.is_customer(person):
            return "assignee_stranger"
        if person.user_id not in await self._slack.members(onboarding.channel_id):
            return "assignee_not_there"
        async with self._store.read() as unit:
            return "assignee_stranger" if await is_of_another(unit, snapshot, person) else ""

    async def _named(self, snapshot: Snapshot, info: UserInfo) -> dict[str, str | int]:
        channel = await self._slack.channel(snapshot.onboarding.channel_id)
        return {"name": info.name or info.id, "customer": snapshot.onboarding.customer, "channel": channel.name or channel.id}


async def is_of_another(unit: Unit, snapshot: Snapshot, person: Person) -> bool:
    """Whether they are another customer's in an open onboarding elsewhere: guests of the installing workspace share its team."""
    lead = snapshot.lead()
    elsewhere = await unit.members_elsewhere([person.user_id, lead.user_id], snapshot.onboarding.channel_id)
    known = is_member(snapshot, Who(person.team_id, person.user_id))
    return not known and person.user_id in of_other_customers(elsewhere, lead, guests=True)
