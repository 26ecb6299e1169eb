"""Who can act for a customer: lead it, be given a step, take over. One place says why somebody can't be, so that nobody reads an untrue
reason: `error.<key>`."""

from collections.abc import Collection

from bot.slack.client import Slack
from bot.slack.people import NOBODY, People
from flows.cases.access import Access
from flows.model import Person, Snapshot
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
        """The same of an onboarding that has begun. A member of the installing workspace may act for several customers: whose they are is
        for support to say."""
        async with self._store.read() as unit:
            colleagues = await unit.people_of(snapshot.onboarding.team_id, {one.user_id for one in snapshot.members})
            other = await self._people.is_anothers_guest(unit, snapshot, person)
        if person.team_id not in (snapshot.onboarding.team_id, self._access.team_id):
            theirs = {one.enterprise_id for one in colleagues} - {""}
            same = person.enterprise_id in theirs or self._people.is_of_own_organization(person)
            return "lead_of_another_workspace" if same else "lead_of_another_company"
        return self.fault(person, members) or ("lead_of_another_customer" if other else "")
