"""One onboarding in one transaction, opened for one use case: who acts and may, its current state, and what follows at the end.

    async with cases.open(unit, onboarding_id, who, May.SUPPORT) as case:
        review.approve(case, step_id, revision, digest)

If it ends without an exception, the change is carried through (`flows.cases.settle`), and every lasting message whose content
changed is redrawn, once: `Shown` is what they show, compared before and after.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from flows.cases import passed, settle
from flows.cases.access import Access, May
from flows.cases.presence import called, end_calls, gone, in_line, there
from flows.forms.parity import PRODUCTION
from flows.forms.step import Situation, Step
from flows.journey import Journey
from flows.model import Onboarding, Snapshot, StepRecord
from flows.outbox import EDITS, Draw, Effect, Room, Say, ShowDeparture, StepEffect, Tell
from flows.people import SYSTEM, Role, Side, Who
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules
from flows.state import Move, StepState

# -- what each lasting message shows of an onboarding: comparing two moments tells which messages changed

Mark = tuple[Any, ...]
THEIRS = frozenset({Role.LEAD, Role.COLLEAGUE})
"""The roles of the customer's people."""


@dataclass(frozen=True)
class Changed:
    """``steps``, ``reviews``: ids of the steps whose message, or whose review card, changed."""

    card: bool
    steps: frozenset[str]
    reviews: frozenset[str]


@dataclass(frozen=True)
class Shown:
    """``whole``: what all messages show; ``card``: only the card; ``steps``: by step, its message and review card;
    ``reviews``: by step, only its review card. See `Case._following` for what else a message shows."""

    whole: Mark
    card: Mark
    steps: Mapping[str, Mark]
    reviews: Mapping[str, Mark]

    @classmethod
    def nothing(cls) -> "Shown":
        """Before anything was shown."""
        return cls((), (), {}, {})

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Shown":
        onboarding, left = snapshot.onboarding, gone(snapshot)
        steps: dict[str, Mark] = {}
        reviews: dict[str, Mark] = {}
        for step_id, step in snapshot.steps.items():
            tasks = sorted(
                (task.id, task.state, task.user_id, task.at, task.answers) for task in snapshot.tasks if task.step_id == step_id
            )
            grants = sorted(
                (grant.id, grant.state, grant.role, grant.reference) for grant in snapshot.grants if grant.step_id == step_id
            )
            stuck = [call.id for call in snapshot.calls if call.step_id == step_id and call.answered_at is None]
            steps[step_id] = (step.state, step.revision, step.digest, step.submitted_at, step.turn, tasks, grants, stuck)
            decided = sorted(
                (d.id, d.verdict, d.digest, d.at) for d in snapshot.decisions if d.subject.partition(".")[0] == step_id
            )
            noted = [note.id for note in snapshot.notes if note.step_id == step_id]
            ours = [one for one in in_line(snapshot, step, Side.SUPPORT) if one not in left]
            reviews[step_id] = (step.claimer_id, ours, step.changed_by, decided, noted)
        return cls(
            (onboarding.customer, onboarding.language, onboarding.closed_at, onboarding.severed_at),
            (
                onboarding.lead_id,
                onboarding.owner_id,
                onboarding.lead_id in left,
                onboarding.owner_id in left,
                onboarding.go_live,
            ),
            steps,
            reviews,
        )

    def changed_since(self, before: "Shown") -> Changed:
        if self.whole != before.whole:
            return Changed(card=True, steps=frozenset(self.steps), reviews=frozenset(self.reviews))
        steps = frozenset(step_id for step_id, mark in self.steps.items() if before.steps.get(step_id) != mark)
        reviews = frozenset(step_id for step_id, mark in self.reviews.items() if before.reviews.get(step_id) != mark)
        return Changed(card=bool(steps) or self.card != before.card, steps=steps, reviews=steps | reviews)


class Case:
    """``actor``: who acts. ``role``: their checked role in this onboarding. ``is_support``: whether a person belongs to support by now.
    ``now``: the moment of the transaction."""

    def __init__(
        self,
        unit: Unit,
        rules: Rules,
        snapshot: Snapshot,
        actor: Who = SYSTEM,
        role: Role = Role.SYSTEM,
        is_support: Callable[[Who], bool] = lambda _: False,
    ) -> None:
        self.unit, self.rules, self.snapshot, self.actor, self.role = unit, rules, snapshot, actor, role
        self.is_support = is_support
        self.onboarding: Onboarding = snapshot.onboarding
        self.id, self.now = self.onboarding.id, unit.now
        self._asked: list[Effect] = []

    # -- current state

    @property
    def journey(self) -> Journey:
        """The steps that this customer has."""
        return self.rules.journeys.of_customer(self.snapshot)

    @property
    def situation(self) -> Situation:
        """What checks, prefills, and tasks can see right now: read it again after a change."""
        return settle.situation_of(self.snapshot, self.rules, self.now, self.actor)

    def step(self, step_id: str) -> Step:
        """Raises Refused("gone") if this customer's journey has no such step."""
        step = self.journey.steps.get(step_id)
        if step is None:
            raise Refused("gone")
        return step

    def record(self, step_id: str) -> StepRecord:
        """A step's record. Raises Refused("gone") if this customer's journey has no such step."""
        return self.snapshot.steps[self.step(step_id).id]

    def refuse_closed(self) -> None:
        """Raises Refused("closed") if the onboarding is closed."""
        refuse_closed(self.onboarding)

    # -- changes

    def move(self, step_id: str, how: Move, *, reason: str = "", by: Who | None = None) -> None:
        """Change a step's state. Raises Refused("moved_on") if that is no longer possible."""
        settle.move(self.unit, self.record(step_id), how, by or self.actor, reason=reason)

    def log(
        self, tag: str, *, by: Who | None = None, facts: Mapping[str, Any] | None = None, changes: Mapping[str, Any] | None = None
    ) -> None:
        """Append to the onboarding's audit log; see `Unit.record`."""
        self.unit.record(self.id, tag, by or self.actor, facts=facts, changes=changes)

    def is_first(self, who: Who) -> bool:
        """Whether nobody of the customer's company has pressed or typed anything before. One of the installing workspace who acts for
        another company is none of it: that Slack lets them says nothing about the others."""
        return self.onboarding.pressed_at is None and who.team_id == self.onboarding.team_id

    def hear(self, who: Who) -> None:
        """Somebody at the customer presses or types something: support need not be told, or reminded, that nobody does."""
        if not self.is_first(who):
            return
        self.onboarding.pressed_at = self.now
        for call in self.snapshot.calls:
            if call.kind == passed.SILENT and call.answered_at is None:
                call.answered_at, call.answered_by = self.now, who.user_id
                self.log("silence:end", by=who)

    # -- effects, run after the commit and after the redraws

    def ask(self, effect: Effect) -> None:
        self._asked.append(effect)

    def say(
        self,
        where: Room,
        step_id: str,
        key: str,
        *,
        mention: Sequence[str] = (),
        call: Sequence[str] = (),
        values: Mapping[str, Any] | None = None,
        offers: str = "",
        **params: Any,
    ) -> None:
        """Post ``say.<key>`` in the step's thread on one side. The text's parameters are ``values`` and the keyword arguments.

        ``mention``: user ids of all who are to read it; ``call``: of who is to act, then of who stands in for them. Nobody who is gone is
        mentioned; where nobody is left to act, the channel shows it too.
        """
        said = {**(values or {}), **params}
        acts = called(self.snapshot, *call)
        names, nobody = there(self.snapshot, *acts, *mention), bool(call) and not acts
        self.ask(Say(where=where, step=step_id, key=key, mention=names, params=said, offers=offers, broadcast=nobody))

    def warn(self, key: str, *, mention: Sequence[str] = (), **params: Any) -> None:
        """Post ``say.<key>`` in the support channel itself."""
        self.ask(Say(where="support_channel", key=key, mention=there(self.snapshot, *mention), params=params))

    def announce(self, key: str, *, mention: Sequence[str] = (), **params: Any) -> None:
        """Post ``say.<key>`` in the customer's channel itself."""
        self.ask(Say(where="customer_channel", key=key, mention=there(self.snapshot, *mention), params=params))

    def tell(self, who: Who, key: str, **params: Any) -> None:
        """Tell one person ``say.<key>`` privately, in the customer's channel."""
        channel = self.onboarding.channel_id
        self.ask(Tell(team=who.team_id, user=who.user_id, channel=channel, key=key, params=params))

    def tell_support(self, who: Who, key: str, **params: Any) -> None:
        """Tell somebody of support ``say.<key>`` privately, in support's channel: in the customer's, it is nobody's business."""
        self.ask(Tell(team=who.team_id, user=who.user_id, channel="", key=key, params=params))

    async def end(self, before: Shown | None, situation: Situation | None = None, *, over: bool = False) -> None:
        """Settle, then ask for redraws of what changed since then and for all other effects. ``before``: None if nothing that is shown
        changes. ``over``: it was closed before; then only a change of a step, such as a renewal's, has consequences. `Cases` calls it."""
        opened: list[StepEffect] = []
        if before is not None and not (over and before.steps == Shown.of(self.snapshot).steps):
            opened = settle.settle(self.unit, self.snapshot, self.rules, over=over)
            self._asked += passed.let_pass(self.unit, self.snapshot)
        for user_id in end_calls(self.snapshot, self.now, self.actor.user_id):
            self.ask(ShowDeparture(user=user_id))
        if before is not None:
            changed = Shown.of(self.snapshot).changed_since(before)
            for drawing in await self._drawings(self._following(changed, situation) if situation is not None else changed):
                await self._put(drawing)
        for effect in (*self._asked, *opened):
            await self._put(effect)

    async def _put(self, effect: Effect) -> None:
        """What is to be shown and stands already is edited, so that it waits for nothing that is said."""
        edit = EDITS.get(type(effect))
        if edit is not None and await self.unit.posted(self.id, *effect.message) is not None:
            effect = edit(**vars(effect))
        self.unit.ask(self.id, effect)

    def _following(self, changed: Changed, before: Situation) -> Changed:
        """``changed``, and the messages of other steps that show something else because of it: links, tasks, notes."""
        now = self.situation
        if now == before:
            return changed
        open_ = [step for step in self.journey.steps.values() if self.snapshot.steps[step.id].state is not StepState.LOCKED]
        others = [step for step in open_ if step.id not in changed.steps]
        steps = {step.id for step in others if self._offered(step, now) != self._offered(step, before)}
        reviews = {step.id for step in others if now.contact != before.contact}  # an address is compared with it
        card = changed.card or bool(steps)
        return Changed(card, changed.steps | steps, changed.reviews | steps | reviews)

    def _offered(self, step: Step, situation: Situation) -> Mark:
        shown = [task for task in step.tasks if settle.state_allows(self.snapshot, step, task)]
        lane = tuple(item.cell(situation, PRODUCTION) for item in step.parity) if step.shows_lane else ()
        return tuple(step.links(situation)), tuple(step.facts(situation)), lane, tuple(task.is_ready(situation) for task in shown)

    async def _drawings(self, changed: Changed) -> list[Draw]:
        drawings = [Draw(what="card")] if changed.card else []
        for step_id in self.journey.steps:
            if step_id in changed.steps and self.snapshot.steps[step_id].state is not StepState.LOCKED:
                drawings.append(Draw(what="step", step=step_id))
            if step_id in changed.reviews and await self.has_review(step_id):
                drawings.append(Draw(what="review", step=step_id))
        return drawings

    async def redraw(self) -> None:
        """Ask for all lasting messages anew."""
        everything = frozenset(self.snapshot.steps)
        for drawing in await self._drawings(Changed(card=True, steps=everything, reviews=everything)):
            self.ask(drawing)

    async def has_review(self, step_id: str) -> bool:
        """A review card exists once the step was sent or something was posted in its thread."""
        sent = self.snapshot.last(step_id) is not None
        return sent or await self.unit.posted(self.id, "review", step_id) is not None


class Cases:
    """Opens cases. ``access`` knows who belongs to support."""

    def __init__(self, rules: Rules, access: Access) -> None:
        self.rules, self.access = rules, access

    @asynccontextmanager
    async def open(
        self,
        unit: Unit,
        onboarding_id: str,
        who: Who = SYSTEM,
        may: May | None = None,
        *,
        channel_id: str = "",
        closed: bool = False,
        shows: bool = True,
    ) -> AsyncIterator[Case]:
        """Open a case for ``who``, or raise Refused if they may not act. ``may`` None: automatic, or checked by the use case.
        ``channel_id``: where they clicked. ``closed``: allow closed onboardings too. ``shows`` False: for what changes nothing that
        a lasting message shows; nothing is settled, and answers that can't be read are no obstacle.

        Raises Refused("gone") if there is no such onboarding, Refused("closed") if it is closed.
        """
        case = await self.look(unit, onboarding_id, who, may, channel_id=channel_id, closed=closed)
        over = case.onboarding.closed_at is not None
        if case.role in THEIRS and not over:
            case.hear(who)
        before = Shown.of(case.snapshot) if shows else None
        situation = case.situation if shows else None
        yield case
        await case.end(before, situation, over=over)

    async def look(
        self,
        unit: Unit,
        onboarding_id: str,
        who: Who = SYSTEM,
        may: May | None = None,
        *,
        channel_id: str = "",
        closed: bool = False,
    ) -> Case:
        """Like `open`, but read-only: nothing follows."""
        snapshot = await need(unit, onboarding_id)
        role = self.access.role_of(who, snapshot, channel_id)
        if may is not None:
            may.check(role)
        case = Case(unit, self.rules, snapshot, who, role, self.access.is_support)
        if not closed:
            case.refuse_closed()
        return case


async def need(unit: Unit, onboarding_id: str) -> Snapshot:
    """The whole onboarding. Raises Refused("gone") if there is none."""
    snapshot = await unit.snapshot(onboarding_id)
    if snapshot is None or snapshot.onboarding.erased_at:
        raise Refused("gone")
    return snapshot


def refuse_closed(onboarding: Onboarding) -> None:
    """Raises Refused("closed") if it is closed."""
    if onboarding.closed_at:
        raise Refused("closed", by=onboarding.closed_by, at=int(onboarding.closed_at.timestamp()))
