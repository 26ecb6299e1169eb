"""Lasting messages: the card, each step's message, review cards. Posted once, then edited in place."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.jobs.registry import Finished, Run
from bot.messages import card, review, step
from bot.messages.blocks import Drawing
from bot.messages.support import Support
from bot.messages.texts import Texts
from bot.slack.client import Slack
from bot.slack.errors import SlackError
from flows.cases.case import Case, Cases
from flows.model import EffectRecord, Posted
from flows.outbox import AddBookmark, Draw, LastingMessage, Redraw, Repair, RepairReviews, Where
from flows.ports import Unit
from flows.state import StepState
from storage.sealing import current
from storage.store import Store

GONE = frozenset({"message_not_found", "cant_update_message"})
"""What Slack says of a message that somebody deleted, or that is another app's: of the one that was installed before."""


@dataclass(frozen=True)
class Placed:
    """A lasting message as it is in Slack now."""

    onboarding_id: str
    what: LastingMessage
    step_id: str
    channel: str
    ts: str
    digest: str

    @property
    def ids(self) -> dict[str, str]:
        return {"channel": self.channel, "ts": self.ts}

    async def keep(self, unit: Unit) -> None:
        posted = Posted(
            id=_name(self.onboarding_id, self.what, self.step_id),
            onboarding_id=self.onboarding_id,
            kind=self.what,
            subject=self.step_id,
            channel_id=self.channel,
            ts=self.ts,
            digest=self.digest,
        )
        await unit.place(posted)

    async def keep_digest(self, unit: Unit) -> None:
        """Unless it was posted anew meanwhile: then this says nothing of what that one shows."""
        row = await unit.posted(self.onboarding_id, self.what, self.step_id)
        if row is not None and row.ts == self.ts:
            row.channel_id, row.digest = self.channel, self.digest


@dataclass(frozen=True)
class _Wanted:
    """A lasting message to draw. ``posted``: where it is, if anywhere. ``failed``: effects given up, for a review card.
    ``in_repair``: what Slack shows is to be compared with the store first, and nothing must hide it."""

    case: Case
    what: LastingMessage
    step_id: str = ""
    posted: Posted | None = None
    failed: Sequence[EffectRecord] = ()
    in_repair: bool = False

    def is_due(self) -> bool:
        case = self.case
        if self.what == "review":  # it exists once the step was sent or something was posted in its thread
            return case.snapshot.last(self.step_id) is not None or self.posted is not None
        if case.onboarding.severed_at:
            return False  # redrawn once the channel can be reached again
        # One that is locked has no message, unless it was open in a future that was lost with the database.
        return self.what == "card" or self.posted is not None or case.record(self.step_id).state is not StepState.LOCKED

    @property
    def name(self) -> str:
        """The id it is posted with."""
        return _name(self.case.id, self.what, self.step_id)

    @property
    def revision(self) -> int:
        """The revision of the step's answers that it shows; 0 for the card, and if nothing was sent."""
        return self.case.record(self.step_id).revision if self.step_id else 0

    async def draw(self, unit: Unit) -> None:
        unit.ask(self.case.id, Draw(what=self.what, step=self.step_id))

    async def redraw(self, unit: Unit) -> None:
        unit.ask(self.case.id, Redraw(what=self.what, step=self.step_id))

    async def draw_anew(self, unit: Unit) -> None:
        """It stands no more, unless somebody has posted it anew meanwhile."""
        row = await unit.posted(self.case.id, self.what, self.step_id)
        if row is not None and self.posted is not None and row.ts == self.posted.ts:
            await unit.delete(row)
        await self.draw(unit)
        if self.what == "card" and self.posted is not None:
            unit.ask(self.case.id, AddBookmark(instead=self.posted.ts))

    def placed(self, channel: str, ts: str, digest: str) -> Placed:
        return Placed(self.case.id, self.what, self.step_id, channel, ts, digest)


class LastingMessages:
    def __init__(self, store: Store, cases: Cases, slack: Slack, support: Support) -> None:
        self._store, self._cases, self._slack, self._support = store, cases, slack, support

    async def draw(self, run: Run[Draw]) -> Finished:
        """Post a message, unless it stands by now: then what has changed since is an edit's."""
        wanted = await self._wanted(run.onboarding_id, run.effect.what, run.effect.step)
        if not wanted.is_due():
            return Finished(called=False)
        if self._stands(wanted.posted):
            return Finished(also=wanted.redraw, called=False)
        placed = await self._post(wanted, again=run.again)
        return Finished(placed.ids, placed.keep)

    async def redraw(self, run: Run[Redraw]) -> Finished:
        """Edit a message; Slack isn't called if it already shows what it should. What stands nowhere is posted in its channel's turn,
        and what is to be repaired first comes after that: both are `draw`'s."""
        wanted = await self._wanted(run.onboarding_id, run.effect.what, run.effect.step)
        posted, to = wanted.posted, self._channel(wanted.case, wanted.what)
        if not wanted.is_due():
            return Finished(called=False)
        if posted is None or not self._stands(posted) or wanted.in_repair:
            return Finished(also=wanted.draw, called=False)
        shown = self._drawing(wanted)
        drawn = wanted.placed(to, posted.ts, _keyed(wanted.name, shown))
        if posted.digest == drawn.digest:
            return Finished(drawn.ids, called=False)
        try:
            await self._slack.update(to, posted.ts, shown.text, shown.blocks, effect_id=wanted.name, revision=wanted.revision)
        except SlackError as error:
            if error.error not in GONE:
                raise
            return Finished(also=wanted.draw_anew)
        return Finished(drawn.ids, drawn.keep_digest)

    async def drawing(self, onboarding_id: str, what: LastingMessage, step_id: str) -> Drawing:
        """What a message should show, according to the store."""
        return self._drawing(await self._wanted(onboarding_id, what, step_id))

    async def root(self, case: Case, where: Where, step_id: str, posted: Posted | None, *, again: bool) -> tuple[str, str]:
        """Channel and ts of the message whose thread a step's posts go to. ``posted``: its row; without one, it is posted now."""
        what = root_of(where)
        if posted is not None and self._stands(posted):
            return self._channel(case, what), posted.ts
        async with self._store.read() as unit:
            wanted = _Wanted(case, what, case.step(step_id).id, posted, await _failed(unit, case, what, step_id))
        placed = await self._post(wanted, again=again)

        async def keep(unit: Unit) -> None:
            await placed.keep(unit)
            await wanted.redraw(unit)  # a change in the meantime found no message to redraw

        await self._store.transact(keep)
        return placed.channel, placed.ts

    async def _wanted(self, onboarding_id: str, what: LastingMessage, step_id: str) -> _Wanted:
        async with self._store.read() as unit:
            case = await self._cases.look(unit, onboarding_id, closed=True)
            posted = await unit.posted(case.id, what, step_id)
            in_repair = await unit.waits(case.id, RepairReviews() if what == "review" else Repair())
            return _Wanted(case, what, step_id, posted, await _failed(unit, case, what, step_id), in_repair)

    async def _post(self, wanted: _Wanted, *, again: bool) -> Placed:
        """``again``: it may be there, as it may from an earlier time if support's channel is another than it was."""
        shown, to = self._drawing(wanted), self._channel(wanted.case, wanted.what)
        again = again or wanted.posted is not None
        name, revision = wanted.name, wanted.revision
        channel, ts = await self._slack.post_once(to, shown.text, shown.blocks, name, again=again, revision=revision)
        if again:  # what an earlier attempt posted may be outdated; the revision it shows is left for `bot.jobs.repairs` to read
            await self._slack.update(channel, ts, shown.text, shown.blocks)
        return wanted.placed(channel, ts, _keyed(name, shown))

    def _channel(self, case: Case, what: LastingMessage) -> str:
        """Where such a message stands: the customer's channel may have another id than when it was posted."""
        return self._support.channel if what == "review" else case.onboarding.channel_id

    def _stands(self, posted: Posted | None) -> bool:
        """False for a review card in what was support's channel before: it is posted again in the new one."""
        return posted is not None and (posted.kind != "review" or posted.channel_id == self._support.channel)

    def _drawing(self, wanted: _Wanted) -> Drawing:
        case, step_id = wanted.case, wanted.step_id
        snapshot, journey, situation = case.snapshot, case.journey, case.situation
        if wanted.what == "card":
            return card.card(snapshot, journey, customer_texts(case), situation, case.rules.reminders.support_first)
        if wanted.what == "step":
            usual = case.rules.reminders.support_first
            return step.step_message(snapshot, journey, step_id, customer_texts(case), situation, usual)
        texts = self._support.texts(case.onboarding.journey)
        return review.review_card(snapshot, journey, step_id, texts, situation, case.rules, wanted.failed)


def customer_texts(case: Case) -> Texts:
    return Texts(case.onboarding.language, case.onboarding.journey)


def root_of(where: Where) -> LastingMessage:
    """The message whose thread a step's posts on one side go to."""
    return "review" if where == "support" else "step"


async def _failed(unit: Unit, case: Case, what: LastingMessage, step_id: str) -> Sequence[EffectRecord]:
    """The step's own, and on every review card those of no step."""
    failed = await unit.failed_effects(case.id) if what == "review" else ()
    steps = [(record, effect.step_id if effect is not None else "") for record in failed for effect in [unit.effect_of(record)]]
    return [record for record, step in steps if step in ("", step_id)]


def _keyed(name: str, shown: Drawing) -> str:
    """What is stored of a drawing, so that it isn't sent again: what a message says, such as an address, can be guessed and tried."""
    return current().mac("drawing", f"{name}\n{shown.digest}")


def _name(onboarding_id: str, what: LastingMessage, step_id: str) -> str:
    return f"{onboarding_id}:{what}:{step_id}"
