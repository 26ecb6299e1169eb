"""App Home, drawn from the store and published."""

from flows.cases.onboarding import situation_of

from bot.desk import Desk
from bot.messages import card, home
from bot.messages.texts import Texts
from bot.telemetry.acks import crowd
from flows.journey import journey_of
from flows.model import Snapshot
from flows.people import Who
from flows.ports import Unit


async def refresh_home(desk: Desk, who: Who) -> None:
    """Support sees the queue and all onboardings; a customer's person their own checklists and nothing else. Raises SlackError."""
    await crowd.passed()
    async with desk.store.read() as unit:
        texts = await desk.directory.texts_for(unit, who)
        if desk.access.is_support(who):
            snapshots = [s for o in await unit.onboardings() if (s := await unit.snapshot(o.id)) is not None]
            view = home.support_home(snapshots, texts, unit.now)
        else:
            view = home.customer_home(await _cards(desk, unit, who, texts), texts)
    await desk.slack.publish_home(who.user_id, view)


async def _cards(desk: Desk, unit: Unit, who: Who, texts: Texts) -> list[list[dict[str, object]]]:
    cards = []
    for onboarding in await unit.onboardings(team_id=who.team_id, user_id=who.user_id):
        snapshot: Snapshot | None = await unit.snapshot(onboarding.id)
        if snapshot is not None and not onboarding.erased_at:
            situation = situation_of(snapshot, desk.rules, unit.now)
            cards.append(card.card(snapshot, journey_of(onboarding.journey), texts, situation).blocks)
    return cards
