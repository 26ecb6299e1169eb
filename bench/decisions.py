"""People of support at their work, all at once: each goes from a list by a row's link to the card, decides, and is offered what is next.
Now and then a colleague presses the same button of the same card at the same moment. They press what they see, and nobody pauses to think.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import permutations
from random import Random
from typing import Any
from uuid import UUID

from bot.messages.buttons import Act, ButtonValue, parse
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Answers
from flows.model import Onboarding
from playground.customers import COLLEAGUES
from playground.examples import FORMS
from playground.office import Office
from playground.slack import Channel, Message, Outcome, SlackPerson, UnmetError, View
from playground.slack.block_kit import elements
from playground.walkthrough import Walkthrough, ready

PEOPLE = 5
MIX = (Act.APPROVE, Act.REQUEST_CHANGES, Act.APPROVE, Act.CLAIM, Act.TASK, Act.APPROVE, Act.ANSWER_CALL, Act.REQUEST_CHANGES)
"""What people do, in turns."""
FILTERS: Mapping[Act, Sequence[str]] = {
    Act.APPROVE: ("", "unclaimed", "overdue", "planning"),
    Act.REQUEST_CHANGES: ("", "mine", "organization"),
    Act.CLAIM: ("unclaimed",),
    Act.TASK: ("organization", "control_center"),
    Act.ANSWER_CALL: ("stuck", ""),
}
"""What the queue is narrowed down to for it, in turns."""
TASKS = frozenset({"record_org_id", "send_invitations"})
FROM_HOME, TOGETHER = 4, 5
"""Of so many decisions, one begins from App Home; one is made by two people at the same moment."""
PAGES = 20
"""Of a list, that somebody turns until there is a row for what they want to do."""
PATIENCE = 60.0
"""Seconds until what is expected counts as lost."""
ROW = re.compile(r"/archives/(\w+)/p(\d{10})(\d{6})")

Place = Message | View
Press = tuple[Place, str]
"""Where to press which button, by its action id."""


@dataclass
class SupportDay:
    """How long people waited, in seconds. ``expected``: by onboarding and tag, what the log must hold, and how often. ``contests``: how
    often two pressed at once, and one read that the other was first. ``lost``: what did not happen, or was refused."""

    office: Office
    acknowledged: list[float] = field(default_factory=list)
    listed: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    redrawn: list[float] = field(default_factory=list)
    offered: list[float] = field(default_factory=list)
    expected: Counter[tuple[str, str]] = field(default_factory=Counter)
    contests: list[bool] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.slack, self.support = self.office.slack, self.office.support
        self.chance = Random(7)  # not the seed of the crowd, whose org IDs it would make again
        self.people = [self.office.everyone[name] for name in COLLEAGUES[:PEOPLE]]
        self._taken: set[str] = set()

    async def pass_by(self, decisions: int) -> None:
        numbers = iter(range(decisions))

        async def one(person: SlackPerson) -> None:
            for number in numbers:
                await self._decide(person, MIX[number % len(MIX)], number)

        await asyncio.gather(*(one(person) for person in self.people))

    async def _decide(self, person: SlackPerson, act: Act, number: int) -> None:
        ways = FILTERS[act]
        found = await self._look_for(person, act, ways[number % len(ways)], at_home=number % FROM_HOME == FROM_HOME - 2)
        if found is None:
            self.lost.append(f"no row for {act}")
            return
        place, name = found
        value, told = value_of(place, name), len(self.support.messages)
        home = place.hash if isinstance(place, View) else ""
        shown = await self._answers_in(value) if act is Act.ANSWER_CALL else partial(_changed, place, place.blocks)
        deciding, began = [person], time.monotonic()
        if act in (Act.APPROVE, Act.CLAIM) and number % TOGETHER == 0:
            deciding.append(self.chance.choice([one for one in self.people if one is not person]))
            await self._press_together(deciding, place, name)
        elif act in (Act.APPROVE, Act.CLAIM):
            self._acknowledged(await person.click(place, action_id=name), name)
        elif await self._fill_in(person, place, name, value):
            began = time.monotonic()
        else:
            return
        self.expected[value.onboarding, tag_of(act, value)] += 1
        if await self._comes(shown, f"{name} is not shown"):
            self.redrawn.append(time.monotonic() - began)
        if isinstance(place, View):  # the queue itself is before them
            await self._comes(lambda: place.hash != home, "App Home is not redrawn")
        elif act is not Act.CLAIM:
            await self._is_offered_the_next(deciding, told, began)

    # -- lists

    async def _look_for(self, person: SlackPerson, act: Act, narrowed: str, *, at_home: bool) -> Press | None:
        """A row of the queue whose card has such a button and that nobody else is at."""
        listed = await self._home(person) if at_home else await self._queue(person, narrowed)
        for _ in range(PAGES):
            if listed is None or (found := self._row(listed, act)) is not None:
                return found if listed is not None else None
            if (after := next(buttons(listed, "list:queue-after"), "")) == "":
                break
            listed = await self._turn(person, listed, after)
        return (
            await self._look_for(person, act, FILTERS[act][0], at_home=False) if at_home or narrowed != FILTERS[act][0] else None
        )

    def _row(self, listed: Place, act: Act) -> Press | None:
        places: list[Place] = [listed] if act is Act.ANSWER_CALL else list(self._cards(listed))
        self.chance.shuffle(places)
        for place in places:
            for name in buttons(place, act):
                value = value_of(place, name)
                item = f"{value.onboarding} {value.step} {value.item}"
                if item not in self._taken and (act is not Act.TASK or value.task in TASKS):
                    self._taken.add(item)
                    return place, name
        return None

    def _cards(self, place: Place) -> Iterator[Message]:
        """What the links lead to."""
        for channel, seconds, rest in ROW.findall(str(place.blocks)):
            message = self.slack.world.channels[channel].find(f"{seconds}.{rest}")
            if message is None:
                self.lost.append("a row leads nowhere")
            else:
                yield message

    async def _home(self, person: SlackPerson) -> View | None:
        began = time.monotonic()
        view = await person.open_home(wait=PATIENCE)
        self.listed.append(time.monotonic() - began)
        return view

    async def _queue(self, person: SlackPerson, narrowed: str) -> Message | None:
        return await self._answer(person.command(f"/onboarding queue {narrowed}".rstrip(), self.support))

    async def _turn(self, person: SlackPerson, listed: Place, after: str) -> Place | None:
        if isinstance(listed, Message):
            return await self._answer(person.click(listed, action_id=after))
        began, before = time.monotonic(), listed.hash
        self._acknowledged(await person.click(listed, action_id=after), after)
        await self._comes(lambda: listed.hash != before, "App Home has no next page")
        self.listed.append(time.monotonic() - began)
        return listed

    async def _answer(self, asked: Awaitable[Outcome]) -> Message | None:
        """What comes after the acknowledgement."""
        began = time.monotonic()
        outcome = await asked
        self._acknowledged(outcome, "a list")
        replies = outcome.link.replies if outcome.link else []
        if not await self._comes(lambda: replies, "no list"):
            return None
        self.listed.append(time.monotonic() - began)
        return replies[-1]

    # -- decisions

    async def _press_together(self, two: Sequence[SlackPerson], place: Place, name: str) -> None:
        """One of them does it; the other reads who was first."""
        told = len(self.support.messages)
        for outcome in await asyncio.gather(*(one.click(place, action_id=name) for one in two)):
            self._acknowledged(outcome, name)

        def one_reads_of_the_other() -> bool:
            new = self.support.messages[told:]
            return any(m.ephemeral_to == one.id and f"<@{first.id}>" in m.text for m in new for one, first in permutations(two))

        self.contests.append(await self._comes(one_reads_of_the_other, f"nobody reads who was first with {name}"))

    async def _fill_in(self, person: SlackPerson, place: Place, name: str, value: ButtonValue) -> bool:
        """A dialog, until it is sent."""
        began = time.monotonic()
        self._acknowledged(await person.click(place, action_id=name), name)
        if not await self._comes(lambda: ready(person.view), f"no window for {name}") or person.view is None:
            return False
        self.opened.append(time.monotonic() - began)
        form = f"{value.step}.{value.task}" if value.task else name.partition(":")[0]
        walk, sent = Walkthrough(self.office), Outcome()
        while sent.ok and ready(person.view):  # a page after the other
            await walk.type_in(person, person.view, self._answers(form))
            sent = await person.submit()
            self._acknowledged(sent, form)
        if person.view is not None:
            self.lost.append(f"{form} stays open")
            await person.close()
        return bool(sent.closed)

    def _answers(self, form: str) -> Answers:
        made = {"org_id": f"TN-{UUID(int=self.chance.getrandbits(128), version=4)}", "grants": "*"}
        example = FORMS[form].example
        return {**example, **{name: made[name] for name in made.keys() & example.keys()}}

    async def _answers_in(self, value: ButtonValue) -> Callable[[], bool]:
        """Whether the customer reads the answer."""
        channel = await self._channel_of(value.onboarding)
        before, words = len(channel.messages), str(DIALOGS["answer_call"].example["answer"])
        return lambda: any(words in message.text for message in channel.messages[before:])

    async def _channel_of(self, onboarding_id: str) -> Channel:
        async with self.office.reading() as unit:
            onboarding = await unit.get(Onboarding, onboarding_id)
        return self.slack.world.channels[onboarding.channel_id if onboarding is not None else ""]

    async def _is_offered_the_next(self, people: Sequence[SlackPerson], told: int, began: float) -> None:
        """One of them, who decided. ``told``: how many messages there were before."""
        ids = [person.id for person in people]

        def offer() -> Message | None:
            new = self.support.messages[told:]
            return next((m for m in new if m.ephemeral_to in ids and any(buttons(m, "link:next"))), None)

        if await self._comes(offer, "nothing is offered next") and (message := offer()) is not None:
            self.offered.append(time.monotonic() - began)
            list(self._cards(message))

    # -- waiting

    def _acknowledged(self, outcome: Outcome, what: str) -> None:
        self.acknowledged.append(outcome.ms / 1000)
        if not outcome.ok:
            self.lost.append(f"{what}: {outcome.error} {outcome.errors or outcome.client_errors or ''}")

    async def _comes(self, happened: Callable[[], Any], what: str) -> bool:
        try:
            await self.slack.until(happened, PATIENCE)
        except UnmetError:
            self.lost.append(what)
            return False
        return True


def _changed(place: Place, before: Sequence[Any]) -> bool:
    return place.blocks is not before


def buttons(place: Place, start: str) -> Iterator[str]:
    """The action ids that begin so."""
    for block in place.blocks:
        for element in elements(block):
            if (name := str(element.get("action_id", ""))) == start or name.startswith(f"{start}:"):
                yield name


def value_of(place: Place, name: str) -> ButtonValue:
    return next(parse(str(e.get("value"))) for block in place.blocks for e in elements(block) if e.get("action_id") == name)


def tag_of(act: Act, value: ButtonValue) -> str:
    """How the log's tag begins."""
    if act is Act.ANSWER_CALL:
        return "call:stuck:answered"
    return f"task:{value.step}.{value.task}" if act is Act.TASK else f"step:{value.step}:{act.value}"
