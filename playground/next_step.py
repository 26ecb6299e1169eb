"""Play the next step: whoever's turn it is does what the drawn messages offer, one page or press at a time; after the end, renewals."""

import asyncio
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.messages.buttons import Act
from bot.messages.signs import NOW
from bot.messages.texts import FALLBACK, Texts
from bot.modals.subject import FormMeta
from flows.forms.step import Situation, Step
from flows.outbox import Draw
from flows.people import Side
from flows.rules import Rules
from playground.companies import CustomerCompany
from playground.examples import FORMS, STEPS, Examples, stored, under_way
from playground.office import Office
from playground.slack import Message, Outcome, SlackPerson, UnloadedError, UnmetError, View
from playground.slack.block_kit import elements
from playground.walkthrough import Walkthrough, action_id, effect_id, holds, label, page_title, ready

SOON = 5.0
"""Seconds within which a press should have an effect."""
PAUSE = 0.1
"""Seconds between two looks into the bot's store."""
BEFORE = Situation(datetime.now(UTC), datetime.now(UTC).date(), "", "en", "UTC")
"""Nothing is sent or done: a repeatable task that is ready even now is always ready."""
RENEWED_BEFORE, NEVER = timedelta(days=max(Rules().renewal_days)), "9999"
"""Until when what ends must end so that its renewal is asked for: from the first warning on."""
MOST = 300
"""More than a whole onboarding takes."""
NOTHING = "Nothing is waiting for anyone right now."
BUSY = "Nothing is waiting for anyone: the bot is working."
CLOSED = "Nothing is left to do: the onboarding is closed."


@dataclass(frozen=True)
class Played:
    """What was done, as a sentence, and by whom; None if nothing was. ``message``: the one whose button was pressed."""

    person: SlackPerson | None
    sentence: str
    message: Message | None = None


@dataclass(frozen=True)
class Offered:
    """A button waiting for one of these people."""

    people: Sequence[SlackPerson]
    message: Message
    action: str


class Player:
    """Plays one company's onboarding, whatever else the office has. ``turn``: shared by those who play at the same time, since support's
    people are the same."""

    def __init__(self, office: Office, company: CustomerCompany, turn: asyncio.Lock | None = None) -> None:
        self.office, self.slack, self.company = office, office.slack, company
        self.examples = Examples(office, company)
        self.journey = Walkthrough(office, channel=company.channel)
        self._turn = turn or asyncio.Lock()
        self._filled: tuple[str, str] | None = None

    def knows(self, view: View) -> bool:
        """Whether a form belongs to this company's onboarding."""
        return _meta(view).onboarding == self._onboarding != ""

    async def fill(self, person: SlackPerson) -> Played:
        """Fill in the page a person has open."""
        async with self._turn:
            if person.view is None or not ready(person.view):
                return Played(person, f"{person.name} has no form open.")
            return Played(person, await self._fill(person, person.view))

    async def play(self, looked_at: Sequence[SlackPerson] = ()) -> Played:
        """The next page of a form that one of these people has open, else the next thing waiting for anybody."""
        async with self._turn:
            for person in looked_at:
                if person.view is not None:
                    return Played(person, await self._page(person, person.view))
            while True:
                busy, situation = await self._under_way(), await stored(self.office, self.company.channel)
                if situation is not None and (opens := _opens(situation)) is not None:
                    self.office.clock.advance((opens - situation.now).total_seconds())
                    return Played(self.office.sam, "Sam waits for the session: the clock is moved to its beginning.")
                for offer in self._offers(looked_at, situation, busy):
                    for person in offer.people:
                        if sentence := await self._press(person, offer):
                            return Played(person, sentence, offer.message)
                if self._card() is None:
                    return await self._start()
                closing = (f"{step.id}.{task.id}" for step in STEPS.values() for task in step.tasks if task.closes)
                if situation is not None and any(task in situation.done for task in closing):
                    return Played(None, CLOSED)
                if not busy:
                    return Played(None, NOTHING)
                if not await self._comes(self._idle):
                    return Played(None, BUSY)

    async def play_until(self, done: Callable[[], Any]) -> list[str]:
        """Play one thing after another until this is so, or nothing is left to do. Returns what was done."""
        people: list[SlackPerson] = []
        sentences: list[str] = []
        while not holds(done) and len(sentences) < MOST:
            played = await self.play(people)
            sentences.append(played.sentence)
            if played.person is None and played.sentence != BUSY:
                break
            people = [played.person] if played.person is not None else people
        return sentences

    # -- forms

    async def _page(self, person: SlackPerson, view: View) -> str:
        if not ready(view):
            await person.close()
            return f"{person.name} closes “{view.title}”."
        if self._filled != (view.id, view.hash) and view.labels:
            return await self._fill(person, view)
        page, before = page_title(view), self._drawn()
        outcome = await person.submit()
        self._filled = None
        if not outcome.ok:
            return f"{person.name} sends “{page}” and reads: {_refusal(outcome)}"
        if person.view is None:
            await self._settled(before)
            return f"{person.name} sends “{page}”, and the form closes."
        return f"{person.name} sends “{page}”. Next: “{page_title(person.view)}”."

    async def _fill(self, person: SlackPerson, view: View) -> str:
        form = _meta(view).form
        if form not in FORMS:
            return f"There is no example for “{view.title}”."
        values = await self.examples.answers(form)
        try:
            await self.journey.type_in(person, view, values)
            if person.view is not None and person.view.labels != view.labels:  # an answer led to more questions
                await self.journey.type_in(person, person.view, values)
        except UnloadedError as error:
            return f"{person.name} can't fill out “{page_title(view)}” now: {error}."
        if person.view is not None:
            self._filled = person.view.id, person.view.hash
        return f"“{page_title(view)}” is filled in for {person.name}: look at it, change it, send it."

    # -- buttons

    async def _press(self, person: SlackPerson, offer: Offered) -> str:
        """What was done; empty if nothing came of it."""
        before = self._drawn()
        words, forms = label(offer.message.blocks, offer.action), _opens_form(offer)
        outcome = await person.click(offer.message, action_id=offer.action)
        if not outcome.ok:
            return f"{person.name} presses “{words}”: {_refusal(outcome)}"
        if not await self._comes(lambda: person.view or (not forms and self._drawn() != before)):
            return ""
        if person.view is None:
            await self._settled(before)
            return f"{person.name} presses “{words}”."
        await self._comes(lambda: person.view is None or ready(person.view))
        title = page_title(person.view) if person.view else words
        return f"{person.name} presses “{words}”, and “{title}” opens."

    async def _start(self) -> Played:
        sam = self.office.sam
        await sam.command("/onboarding start", channel=self.company.channel)
        opened = await self._comes(lambda: ready(sam.view))
        return Played(
            sam, "Sam types /onboarding start" + (", and the form opens." if opened else ", and nothing comes of it yet.")
        )

    def _offers(self, looked_at: Sequence[SlackPerson], situation: Situation | None, busy: Collection[str]) -> Iterator[Offered]:
        """``busy``: the steps for which the bot is doing something, so their tasks may soon be over."""
        support = sorted((self.office.sam, self.office.kim), key=lambda person: person not in looked_at)
        customers = sorted(self.company.people, key=lambda person: person not in looked_at)
        for step in STEPS:
            review, message = self._lasting("review", step), self._lasting("step", step)
            if review is not None:
                name = action_id(review.blocks, Act.APPROVE)
                if name is not None:
                    yield Offered([p for p in support if not _approved(p, review)] or support, review, name)
                for task in () if step in busy else _tasks(step, Side.SUPPORT, review, situation):
                    yield Offered([p for p in support if not _did(p, review, task)] or support, review, task)
            if message is not None:
                for task in () if step in busy else _tasks(step, Side.CUSTOMER, message, situation):
                    yield Offered(customers, message, task)
                name = action_id(message.blocks, Act.OPEN_FORM)
                if name is not None and _is_primary(message, name):
                    yield Offered(customers, message, name)
            if review is not None and message is not None and situation is not None and step not in busy:
                yield from self._renewals(STEPS[step], situation, Offered(support, review, ""), Offered(customers, message, ""))

    def _renewals(self, step: Step, situation: Situation, support: Offered, customers: Offered) -> Iterator[Offered]:
        """What is asked for is recorded by two; what ends soon is asked for."""
        for task in (task for task in step.tasks if task.renews):
            recording = step.task(task.renews)
            recorded = situation.done.get(f"{step.id}.{recording.id}", {})
            if situation.renewal(f"{step.id}.{task.id}", f"{step.id}.{recording.id}") is not None:
                name = action_id(support.message.blocks, Act.TASK, recording.id)
                left = [p for p in support.people if not _waits_for_another(p, support.message)]
                if name is not None:
                    yield replace(support, people=left or support.people, action=name)
            elif str(recorded.get(recording.expires) or NEVER) <= (situation.today + RENEWED_BEFORE).isoformat():
                name = action_id(customers.message.blocks, Act.TASK, task.id)
                if name is not None:
                    yield replace(customers, action=name)

    def _card(self) -> Message | None:
        found = self.journey.all_lasting("card")
        return found[-1] if found else None

    @property
    def _onboarding(self) -> str:
        """The id of the onboarding in the company's channel; empty if there is none."""
        card = self._card()
        return effect_id(card).partition(":")[0] if card else ""

    def _lasting(self, kind: str, step: str) -> Message | None:
        """Of the onboarding in the company's channel."""
        own = self._onboarding
        found = [message for message in self.journey.all_lasting(kind, step) if effect_id(message).partition(":")[0] == own]
        return found[-1] if found else None

    # -- waiting

    async def _idle(self) -> bool:
        await asyncio.sleep(PAUSE)
        return not await self._under_way()

    async def _under_way(self) -> frozenset[str]:
        return await under_way(self.office, self._onboarding)

    def _drawn(self) -> str:
        """The current state of all lasting messages."""
        channels = (self.company.channel, self.office.support)
        return json.dumps([[m.ts, m.text, m.blocks] for channel in channels for m in channel.messages])

    async def _comes(self, condition: Any, seconds: float = SOON) -> bool:
        try:
            await self.slack.until(condition, timeout=seconds)
        except UnmetError:
            return False
        return True

    async def _settled(self, before: str) -> None:
        """Wait until something has changed since ``before``, and then until everything is drawn."""
        await self._comes(lambda: self._drawn() != before)
        await self._comes(self._all_drawn)

    async def _all_drawn(self) -> bool:
        await asyncio.sleep(PAUSE)
        return not await under_way(self.office, self._onboarding, Draw)


def _tasks(step: str, side: Side, message: Message, situation: Situation | None) -> list[str]:
    """Action ids of the tasks being asked for, in order; those that can be repeated endlessly come last."""
    offered = []
    for task in STEPS[step].tasks:
        name = action_id(message.blocks, Act.TASK, task.id)
        done = (
            situation is not None and not task.repeatable and f"{step}.{task.id}" in situation.done
        )  # its renewal is for another day
        waits = not task.optional and not done and (situation is None or task.needed(situation))
        if task.side is side and waits and name is not None:
            offered.append((task.repeatable and task.is_ready(BEFORE), name))
    return [name for _, name in sorted(offered, key=lambda pair: pair[0])]


def _opens(situation: Situation) -> datetime | None:
    """When something can be done that waits for a moment to come."""
    unfinished = (STEPS[step] for step in situation.steps if step in situation.unfinished and step in STEPS)
    moments = (task.opens(situation) for step in unfinished for task in step.tasks if task.is_ready(situation))
    return min((at for at in moments if at is not None and at > situation.now), default=None)


def _opens_form(offer: Offered) -> bool:
    """Whether a press of its button is answered by a form: then what else is drawn meanwhile says nothing."""
    if offer.action.partition(":")[0] == Act.OPEN_FORM:
        return True
    found = (element for block in offer.message.blocks for element in elements(dict(block)))
    value = next(json.loads(one.get("value") or "{}") for one in found if one.get("action_id") == offer.action)
    return bool(value.get("task")) and STEPS[value["step"]].task(value["task"]).form is not None


def _lines(message: Message) -> list[str]:
    """What a card says besides its buttons, line by line."""
    said = [part for block in message.blocks for part in (block.get("text"), *block.get("elements", ()))]
    return [line for part in said if part and part.get("type") == "mrkdwn" for line in str(part["text"]).splitlines()]


def _did(person: SlackPerson, message: Message, name: str) -> bool:
    """Whether a line of the card names this person for the task, which then waits for somebody else."""
    value = next(
        json.loads(one.get("value") or "{}")
        for block in message.blocks
        for one in elements(dict(block))
        if one.get("action_id") == name
    )
    words = Texts(FALLBACK)(f"task.{value.get('step')}.{value.get('task')}.title")
    return any(words in line and f"<@{person.id}>" in line for line in _lines(message))


def _approved(person: SlackPerson, message: Message) -> bool:
    """Whether the line of the card that counts approvals names this person: the next approval is somebody else's."""
    said = Texts(FALLBACK)("review.approval", by=f"<@{person.id}>", at="")
    return any(line.startswith(NOW) and said in line for line in _lines(message))


def _waits_for_another(person: SlackPerson, message: Message) -> bool:
    """Whether the card says that this person recorded a renewal, and another must confirm it."""
    texts = Texts(FALLBACK)
    said = texts("review.task_waits", task=texts("review.renewed"), by=f"<@{person.id}>", at="\n")
    return any(line.startswith(said.partition("\n")[0]) for line in _lines(message))


def _is_primary(message: Message, name: str) -> bool:
    found = (element for block in message.blocks for element in elements(dict(block)) if element.get("action_id") == name)
    return any(element.get("style") == "primary" for element in found)


def _meta(view: View) -> FormMeta:
    """What a form carries along; of another window, nothing."""
    return FormMeta.model_validate_json(view.data.get("private_metadata") or '{"form": ""}')


def _refusal(outcome: Outcome) -> str:
    errors = outcome.errors or outcome.client_errors
    return "; ".join(f"{name}: {words}" for name, words in errors.items()) or f"Slack says {outcome.error}."
