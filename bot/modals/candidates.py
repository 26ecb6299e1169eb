"""Who can act for a customer: lead it, be given a step, take over. One place says why somebody can't be, so that nobody reads an untrue
reason: `error.<key>`."""

from collections.abc import Collection

from bot.slack.client import Slack
from bot.slack.people import NOBODY, People
from flows.cases.access import Access, is_member
from flows.cases.companies import of_other_customers
from flows.model import Person, Snapshot
from flows.people import Who
from flows.ports import Unit
from storage.store import Store


class Candidates:
    """People of the customer's company, guests, and members of the installing workspace who aren't in support: support chooses."""

    def __init__(self, store: Store, slack: Slack, people: People, access: Access) -> None:
        self._store, self._slack, self._people, self._access = store, slack, people, access

    async def person(self, user_id: str) -> Person | str:
        """By user id, else the key of why it is nobody who can act. Slack is asked anew. Raises SlackError."""
        info = await self._slack.user(user_id)
        if user_id in NOBODY or (info is not None and info.is_bot):
            return "person_is_app"
        if info is None:
            return "person_not_shown"
        person = await self._people.learn(info)
        return "person_deactivated" if info.is_deactivated else person

    def fault(self, person: Person, members: Collection[str]) -> str:
        """Why they can't act for whichever customer's channel has these ``members``, by user id; empty if they can."""
        if self._people.is_support(person):
            return "lead_is_support"
        return "" if person.user_id in members else "lead_not_in_channel"

    async def fault_in(self, person: Person, snapshot: Snapshot, members: Collection[str]) -> str:
        """The same of an onboarding that has begun."""
        supports = self._people.is_support(person)
        if not supports and person.team_id not in (snapshot.onboarding.team_id, self._access.team_id):
            return "lead_of_another_company"
        if key := self.fault(person, members):
            return key
        async with self._store.read() as unit:
            return "lead_of_another_customer" if await self._is_of_another(unit, snapshot, person) else ""

    async def _is_of_another(self, unit: Unit, snapshot: Snapshot, person: Person) -> bool:
        """Whether they are another customer's in an open onboarding elsewhere."""
        if is_member(snapshot, Who(person.team_id, person.user_id)):
            return False
        lead, company = snapshot.lead(), snapshot.onboarding.team_id
        elsewhere = await unit.members_elsewhere([person.user_id, lead.user_id], snapshot.onboarding.channel_id)
        row = await unit.person(lead)
        theirs = lead if lead.team_id != self._access.team_id or (row is not None and row.guest) else None
        others = of_other_customers(elsewhere, theirs, company="" if company == self._access.team_id else company)
        return person.user_id in others
