"""An onboarding's lasting messages, put into the stand-in's channels as the bot would post them: for customers that are made without it."""

from collections.abc import Iterator

from bot.messages.blocks import Drawing
from bot.messages.card import card
from bot.messages.review import review_card
from bot.messages.step import step_message
from bot.messages.texts import Texts
from flows.cases.settle import situation_of
from flows.model import Posted, Snapshot
from flows.rules import Rules
from flows.state import StepState
from playground.office import Office
from playground.slack import Message
from playground.slack.checks import with_ids
from storage.unit import Unit


async def post_all(office: Office, unit: Unit, snapshot: Snapshot, rules: Rules) -> None:
    """The next time that something changes, the bot edits them."""
    slack, one = office.slack, snapshot.onboarding
    for kind, step_id, shown in _drawings(snapshot, rules, unit):
        channel = office.support if kind == "review" else slack.channel(one.channel_id)
        blocks = with_ids(shown.blocks, slack.world.new_id)
        message = Message(slack.world.new_ts(), channel, slack.bot_user_id, shown.text, blocks, bot=True)
        slack.add_message(message)
        name = f"{one.id}:{kind}:{step_id}"
        posted = Posted(id=name, onboarding_id=one.id, kind=kind, subject=step_id, channel_id=channel.id, ts=message.ts)
        await unit.place(posted)


def _drawings(snapshot: Snapshot, rules: Rules, unit: Unit) -> Iterator[tuple[str, str, Drawing]]:
    """Each with its kind and its step."""
    one, journey, situation = snapshot.onboarding, rules.journeys.of_customer(snapshot), situation_of(snapshot, rules, unit.now)
    theirs, ours = Texts(one.language, one.journey), Texts("en", one.journey)
    usual = rules.reminders.support_first
    yield "card", "", card(snapshot, journey, theirs, situation, usual)
    for step_id in journey.steps:
        if snapshot.steps[step_id].state is not StepState.LOCKED:
            yield "step", step_id, step_message(snapshot, journey, step_id, theirs, situation, usual)
        if snapshot.last(step_id) is not None:
            yield "review", step_id, review_card(snapshot, journey, step_id, ours, situation, rules)
