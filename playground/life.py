"""A demo apart from its page: its clock, its bot, its faults, who plays the next step, and what happened lately."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from weakref import WeakKeyDictionary

from playground.channel_switches import CHANNEL_SWITCHES, ChannelSwitches
from playground.customers import add_customers, crowded
from playground.examples import demo_companies
from playground.keeper import Keeper
from playground.next_step import Player
from playground.office import Office
from playground.page.words import FALLBACK, in_language
from playground.slack import SlackPerson
from playground.switches import FaultSwitches

log = logging.getLogger("playground.life")

CROWD, CUSTOMERS = "crowd", 40
KEPT = 30
"""How many sentences about recent events are kept."""


@dataclass(frozen=True)
class LifeNote:
    at: datetime
    """By the demo's clock."""
    sentence: str


@dataclass(eq=False)
class Life:
    """One per office, however many browsers are watching. ``also``: gets each sentence too, for instance a terminal."""

    office: Office
    also: Callable[[str], None] | None = None
    notes: deque[LifeNote] = field(default_factory=lambda: deque(maxlen=KEPT))

    def __post_init__(self) -> None:
        self.clock = self.office.clock
        self.keeper = Keeper(self.office, self.tell)
        self.faults = FaultSwitches(self.office.slack, self.office.pismo)
        self.channel = ChannelSwitches(self.office.slack, self.office.acme, [self.office.ana, self.office.bruno])
        self._coming: asyncio.Task[None] | None = None
        turn = asyncio.Lock()
        self.players = [Player(self.office, company, turn) for company in demo_companies(self.office)]

    def tell(self, sentence: str) -> None:
        self.notes.appendleft(LifeNote(self.clock(), sentence))
        if self.also is not None:
            self.also(sentence)
        self.office.slack.changed()

    def player_for(self, people: Sequence[SlackPerson]) -> Player:
        """That of the company whose form one of these people has open, else of theirs, else the first."""
        views = [person.view for person in people if person.view is not None]
        known = [player for view in views for player in self.players if player.knows(view)]
        theirs = [player for player in self.players if any(person in player.company.people for person in people)]
        return [*known, *theirs, *self.players][0]

    def move(self, how: str) -> None:
        """One of `playground.clock.MOVES`; reports what was not possible."""
        try:
            self.clock.move(how)
        except ValueError as error:
            self.tell(f"The clock stays: {error}.")
            return
        self.tell(f"The clock was moved: {how}.")

    def is_on(self, name: str) -> bool:
        """A switch of `FAULTS` or `CHANNEL_SWITCHES`, or CROWD."""
        if name == CROWD:
            return self._is_coming or crowded(self.office.slack)
        return (self.channel if name in CHANNEL_SWITCHES else self.faults).is_on(name)

    def switch(self, name: str, *, on: bool) -> None:
        if name == CROWD:
            self._crowd(on=on)
        elif on != self.is_on(name):
            (self.channel if name in CHANNEL_SWITCHES else self.faults).set(name, on=on)
            self.tell(f"{in_language(FALLBACK, f'demo.switch.{name}')}: switched {'on' if on else 'off'}.")

    @property
    def _is_coming(self) -> bool:
        return self._coming is not None and not self._coming.done()

    def is_settled(self, name: str) -> bool:
        """Whether the switch can't be moved any more."""
        return name == CROWD and self.is_on(name)

    def _crowd(self, *, on: bool) -> None:
        """Customers come once, and stay."""
        if on and not self.is_on(CROWD):
            self.tell(f"{CUSTOMERS} customers begin.")
            self._coming = asyncio.create_task(self._come())

    async def _come(self) -> None:
        try:
            await self.keeper.restart(partial(add_customers, self.office, CUSTOMERS, self.tell))
        except Exception as error:  # the demo goes on without them
            self.tell(f"The customers could not begin: {error}.")
            log.exception("the customers could not begin")
        self.office.slack.changed()


_lives: WeakKeyDictionary[Office, Life] = WeakKeyDictionary()


def life_of(office: Office) -> Life:
    """An office's one life, created when first asked for."""
    if office not in _lives:
        _lives[office] = Life(office)
    return _lives[office]
