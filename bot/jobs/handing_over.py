"""What somebody of support had in all onboardings becomes another's, one after the other; support is told once."""

from bot.jobs.failures import readable_onboarding
from bot.jobs.registry import Finished, Run
from bot.messages.handed_over import Handed, handed_over
from bot.messages.links import Links
from bot.messages.support import Support
from bot.slack.client import Slack
from flows.cases import change
from flows.cases.case import Cases
from flows.outbox import HandOver, HandOverEverywhere, TellHandedOver
from flows.people import Side, Who
from flows.ports import Unit
from storage.customers import readable_name
from storage.store import Store


class HandingOver:
    """Whoever decides it was asked for their right then."""

    def __init__(self, store: Store, cases: Cases, slack: Slack, support: Support) -> None:
        self._store, self._cases, self._slack, self._support = store, cases, slack, support

    async def in_one(self, run: Run[HandOver]) -> Finished:
        asked = run.effect

        async def work(unit: Unit) -> None:
            by = Who(asked.by_team, asked.by_user)
            async with self._cases.open(unit, run.onboarding_id, by, closed=True) as case:
                change.hand_over(case, asked.person, Who(asked.team, asked.successor), Side.SUPPORT, of_many=True)

        return Finished(also=work, called=False)

    async def in_all(self, run: Run[HandOverEverywhere]) -> Finished:
        async def work(unit: Unit) -> None:
            await change.hand_over_in_each(unit, run.effect)

        return Finished(also=work, called=False)

    async def tell(self, run: Run[TellHandedOver]) -> Finished:
        asked, links = run.effect, Links(self._slack.address)
        customers: list[Handed] = []
        async with self._store.read() as unit:
            for onboarding_id in asked.onboardings:
                one = await readable_onboarding(unit, onboarding_id)
                channel = one.channel_id if one is not None else ""
                card = links.to(await unit.posted(onboarding_id, "card"))
                customers.append(Handed(readable_name(one) or onboarding_id, channel, card))
        shown = handed_over(asked, customers, self._support.texts())
        channel, ts = await self._slack.post_once(self._support.channel, shown.text, shown.blocks, run.id, again=run.again)
        return Finished({"channel": channel, "ts": ts})
