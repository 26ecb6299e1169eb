"""The customer's channel: the bookmark to the card, its members, a new id."""

from bot.jobs.errors import Impossible
from bot.jobs.lasting import customer_texts
from bot.jobs.registry import Finished, Run
from bot.slack.client import Slack
from bot.slack.people import People
from flows.cases import companies, members
from flows.cases.case import Cases
from flows.outbox import AddBookmark, MoveMessages, RememberMembers
from flows.people import Who
from flows.ports import Unit
from storage.store import Store


class Channels:
    def __init__(self, store: Store, cases: Cases, slack: Slack, people: People) -> None:
        self._store, self._cases, self._slack, self._people = store, cases, slack, people

    async def bookmark(self, run: Run[AddBookmark]) -> None:
        """Add the bookmark unless it is already there. It takes the place of the one to an earlier onboarding in the channel."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
            posted = await unit.posted(case.id, "card")
            there = await unit.onboardings(channel_id=case.onboarding.channel_id, closed=True)
            cards = [await unit.posted(one.id, "card") for one in there if one.id != case.id]
        if posted is None:
            raise Impossible("gone")
        channel = case.onboarding.channel_id
        link = await self._slack.permalink(channel, posted.ts)
        earlier = [*(card.ts for card in cards if card is not None), *filter(None, [run.effect.instead])]
        await self._slack.bookmark_once(channel, customer_texts(case)("card.bookmark"), link, instead_of=earlier)

    async def members(self, run: Run[RememberMembers]) -> Finished:
        """Record the members, so that those who were there before the bot can act from App Home too; and third companies."""
        async with self._store.read() as unit:
            onboarding = (await self._cases.look(unit, run.onboarding_id, closed=True)).onboarding
        found = [one for one in await self._people.visitors_of(onboarding.channel_id) if one.user_id != onboarding.lead_id]

        async def remember(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True, shows=False) as case:
                for person in found:
                    who = Who(person.team_id, person.user_id)
                    if self._people.is_third(person, onboarding.team_id):
                        await companies.arrive(case, person.team_id, person.user_id)
                    elif person.team_id == onboarding.team_id and not await self._people.is_anothers_guest(
                        unit, case.snapshot, person
                    ):
                        await members.join(case, who, welcome=False)

        return Finished(also=remember)

    async def move(self, run: Run[MoveMessages]) -> Finished:
        """Move the lasting messages' records to the channel's new id."""

        async def move(unit: Unit) -> None:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
            for kind, subject in [("card", ""), *(("step", step_id) for step_id in case.snapshot.steps)]:
                row = await unit.posted(case.id, kind, subject)
                if row is not None and row.channel_id == run.effect.old:
                    row.channel_id = run.effect.new

        return Finished(also=move, called=False)
