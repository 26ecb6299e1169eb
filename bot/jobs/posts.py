"""Messages drawn from the store: the card, each step's message, review cards, what is said in their threads, private words, homes."""

from typing import Any

from flows.cases.onboarding import side_of, situation_of

from bot.desk import Desk
from bot.jobs.runner import Impossible
from bot.messages import card, reminder, review, step
from bot.messages.blocks import Drawing, actions, button, drawing, plain_blocks, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from bot.messages.wording import sentence
from bot.slack.client import SlackError
from flows.cases.start import join
from flows.journey import journey_of
from flows.model import EffectRecord, Onboarding, Posted, Snapshot, TaskRecord
from flows.people import Who
from flows.state import StepState

Result = dict[str, Any] | None


class Messages:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def snapshot(self, onboarding_id: str) -> Snapshot:
        async with self.desk.store.read() as unit:
            snapshot = await unit.snapshot(onboarding_id)
        if snapshot is None:
            raise Impossible("gone")
        return snapshot

    # -- lasting messages

    async def draw(self, effect: EffectRecord, again: bool) -> Result:
        """Post a lasting message, or edit it in place where it stands; nothing is called when it already shows what it should."""
        snapshot = await self.snapshot(effect.onboarding_id)
        what, step_id = effect.arguments["what"], effect.arguments.get("step", "")
        if what == "step" and snapshot.steps[step_id].state is StepState.LOCKED:
            return None
        if what == "review" and not snapshot.last(step_id) and not await self._posted(snapshot, what, step_id):
            return None
        if what != "review" and snapshot.onboarding.severed_at:
            return None  # drawn again when the channel can be reached again
        return await self._place(snapshot, what, step_id, again=again)

    async def _posted(self, snapshot: Snapshot, what: str, step_id: str) -> Posted | None:
        async with self.desk.store.read() as unit:
            return await unit.posted(snapshot.onboarding.id, what, step_id)

    async def _place(self, snapshot: Snapshot, what: str, step_id: str, *, again: bool) -> Result:
        shown = await self._drawing(snapshot, what, step_id)
        posted = await self._posted(snapshot, what, step_id)
        row_id = f"{snapshot.onboarding.id}:{what}:{step_id}"
        if posted is not None:
            if posted.digest == shown.digest:
                return {"channel": posted.channel_id, "ts": posted.ts}
            try:
                await self.desk.slack.update(posted.channel_id, posted.ts, shown.text, shown.blocks)
            except SlackError as error:
                if error.error != "message_not_found":
                    raise
                posted, again = None, False  # someone deleted it: it is posted anew
        if posted is None:
            channel = self.desk.support_channel if what == "review" else snapshot.onboarding.channel_id
            channel, ts = await self.desk.slack.post_once(channel, shown.text, shown.blocks, row_id, again=again)
            if again:  # what a former attempt posted may show how things stood then
                await self.desk.slack.update(channel, ts, shown.text, shown.blocks)
        else:
            channel, ts = posted.channel_id, posted.ts
        async with self.desk.store.write() as unit:
            row = await unit.get(Posted, row_id)
            if row is None:
                row = Posted(
                    id=row_id, onboarding_id=snapshot.onboarding.id, kind=what, subject=step_id, channel_id=channel, ts=ts
                )
                unit.add(row)
            row.channel_id, row.ts, row.digest = channel, ts, shown.digest
        return {"channel": channel, "ts": ts}

    async def _drawing(self, snapshot: Snapshot, what: str, step_id: str) -> Drawing:
        onboarding = snapshot.onboarding
        async with self.desk.store.read() as unit:
            now = unit.now
            failed = [e for e in await unit.failed_effects() if e.onboarding_id == onboarding.id] if what == "review" else []
        situation = situation_of(snapshot, self.desk.rules, now)
        journey = journey_of(onboarding.journey)
        if what == "card":
            return card.card(snapshot, journey, Texts(onboarding.language), situation)
        if what == "step":
            return step.step_message(snapshot, journey, step_id, Texts(onboarding.language), situation)
        return review.review_card(snapshot, journey, step_id, self.desk.support_texts(), situation, self.desk.rules, failed)

    async def root(self, snapshot: Snapshot, where: str, step_id: str, *, again: bool) -> tuple[str, str]:
        """Channel and ts of the message whose thread a step's talk goes to; posted now where it is missing."""
        what = "review" if where == "support" else "step"
        posted = await self._posted(snapshot, what, step_id)
        if posted is not None:
            return posted.channel_id, posted.ts
        placed = await self._place(snapshot, what, step_id, again=again)
        if placed is None:
            raise Impossible("gone")
        return placed["channel"], placed["ts"]

    # -- what is said

    async def say(self, effect: EffectRecord, again: bool) -> Result:
        """A sentence in a thread, or in the support channel itself."""
        asked = effect.arguments
        snapshot = await self.snapshot(effect.onboarding_id)
        texts = self.texts(snapshot, asked["where"])
        text = sentence(texts, asked["key"], asked["params"])
        if asked["mention"]:
            text = " ".join(f"<@{user}>" for user in asked["mention"]) + " " + text
        return await self.post(effect, snapshot, asked["where"], asked["step"], text, plain_blocks(text), again=again)

    def texts(self, snapshot: Snapshot, where: str) -> Texts:
        return Texts(snapshot.onboarding.language) if where == "customer" else self.desk.support_texts()

    async def post(
        self,
        effect: EffectRecord,
        snapshot: Snapshot,
        where: str,
        step_id: str,
        text: str,
        blocks: list[dict[str, Any]],
        *,
        again: bool,
    ) -> Result:
        """Post in the thread of a step on one side, or in the support channel; once, whatever was tried before."""
        channel, thread = self.desk.support_channel, None
        if where != "support_channel":
            channel, thread = await self.root(snapshot, where, step_id, again=again)
        channel, ts = await self.desk.slack.post_once(channel, text, blocks, effect.id, thread_ts=thread, again=again)
        return {"channel": channel, "ts": ts}

    async def tell(self, effect: EffectRecord, again: bool) -> Result:  # noqa: ARG002  a private word repeated does no harm
        asked = effect.arguments
        who = Who(asked["team"], asked["user"])
        async with self.desk.store.read() as unit:
            onboarding = await unit.get(Onboarding, effect.onboarding_id)
            texts = await self.desk.directory.texts_for(unit, who, onboarding)
        await self.desk.tell(who, asked["channel"], sentence(texts, asked["key"], asked["params"]))
        return None

    async def remind(self, effect: EffectRecord, again: bool) -> Result:
        """One message for all that is due for one person, in the thread of the first of the steps."""
        snapshot = await self.snapshot(effect.onboarding_id)
        steps = [s for s in effect.arguments["steps"] if side_of(snapshot.steps[s]) == effect.arguments["where"]]
        if not steps:
            return None  # it waited for Slack, and meanwhile what it reminds of was done
        asked = {**effect.arguments, "steps": steps}
        texts = self.texts(snapshot, asked["where"])
        situation = situation_of(snapshot, self.desk.rules, self.desk.clock())
        drawn = reminder.reminder(snapshot, journey_of(snapshot.onboarding.journey), asked, texts, situation)
        return await self.post(effect, snapshot, asked["where"], asked["steps"][0], drawn.text, drawn.blocks, again=again)

    async def alert(self, effect: EffectRecord, again: bool) -> Result:
        """An effect was given up: support sees which and why, with a button that tries it again."""
        asked = effect.arguments
        texts = self.desk.support_texts()
        params, step_id = dict(asked["params"]), asked.get("step", "")
        key = "effect_failed"
        if "customer" in params:
            key, params["step"] = ("effect_failed_in", step_id) if step_id else ("effect_failed_for", "")
        value = ButtonValue(onboarding=asked["onboarding"], item=asked["effect"])
        buttons = [button(texts("button.retry_effect"), Act.RETRY_EFFECT, value)]
        if step_id:
            buttons.append(
                button(texts("button.show_review"), Act.SHOW, ButtonValue(onboarding=asked["onboarding"], step=step_id))
            )
        shown = drawing([section(sentence(texts, key, params)), actions(*buttons)])
        channel, ts = await self.desk.slack.post_once(self.desk.support_channel, shown.text, shown.blocks, effect.id, again=again)
        return {"channel": channel, "ts": ts}

    # -- homes, bookmarks, channels

    async def bookmark(self, effect: EffectRecord, again: bool) -> Result:  # noqa: ARG002  looked up before it is added
        """A bookmark to the card in the customer's channel."""
        snapshot = await self.snapshot(effect.onboarding_id)
        posted = await self._posted(snapshot, "card", "")
        if posted is None:
            raise Impossible("gone")
        link = await self.desk.slack.permalink(posted.channel_id, posted.ts)
        title = Texts(snapshot.onboarding.language)("card.bookmark")
        await self.desk.slack.bookmark_once(posted.channel_id, title, link)
        return None

    async def people(self, effect: EffectRecord, again: bool) -> Result:  # noqa: ARG002  whom it knows it leaves as they are
        """Remember the customer's people who are in the channel already, so that they can act from App Home too."""
        snapshot = await self.snapshot(effect.onboarding_id)
        found = await self.desk.directory.customers_in(snapshot.onboarding.channel_id)
        async with self.desk.store.write() as unit:
            onboarding = await unit.get(Onboarding, effect.onboarding_id)
            for who in found:
                if onboarding is not None and who.team_id == onboarding.team_id and who.user_id != onboarding.lead_id:
                    await join(unit, onboarding, who, welcome=False)
        return None

    async def move(self, effect: EffectRecord, again: bool) -> Result:  # noqa: ARG002  setting the same id again changes nothing
        """The channel got another id: lasting messages are found under it."""
        old, new = effect.arguments["old"], effect.arguments["new"]
        snapshot = await self.snapshot(effect.onboarding_id)
        places = [("card", "")] + [("step", step_id) for step_id in snapshot.steps]
        async with self.desk.store.write() as unit:
            for kind, subject in places:
                row = await unit.posted(effect.onboarding_id, kind, subject)
                if row is not None and row.channel_id == old:
                    row.channel_id = new
        return None


def task_record(snapshot: Snapshot, step_id: str, task_id: str, item: str) -> TaskRecord:
    """Raises Impossible where the task is gone."""
    for record in snapshot.tasks:
        if (record.step_id, record.task_id, record.item) == (step_id, task_id, item):
            return record
    raise Impossible("gone")
