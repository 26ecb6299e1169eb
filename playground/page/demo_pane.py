"""The pane "Demo": who plays the next step, the clock, the faults, the bot, and what happened lately."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_location
from nicegui import ui

from playground.channel_switches import CHANNEL_SWITCHES
from playground.clock import MOVES
from playground.life import CROWD, Life, LifeNote
from playground.next_step import Played, Player
from playground.page.parts import HtmlElement, button, element
from playground.page.words import FALLBACK, in_language
from playground.slack import Message, SlackPerson, UnmetError
from playground.switches import FAULTS
from playground.walkthrough import FormRefusedError

SECONDS = 0.5
SHOWN = 8
"""How many sentences about recent events are shown."""
STYLE = """
.demo { display: grid; grid-template-columns: 1.6fr 1.15fr 1fr 1fr; gap: 12px 28px; width: 100%; }
.demo h2 { font-size: 13px; line-height: 1.6; font-weight: 700; }
.demo-part { display: flex; flex-direction: column; gap: 6px; min-width: 0; }
.demo-row { display: flex; flex-wrap: wrap; gap: 6px; }
.demo-small { color: var(--muted); font-size: 13px; line-height: 1.4; }
.demo button { min-height: 30px; padding: 0 12px; border: 1px solid var(--line-strong); border-radius: 8px; background: var(--paper);
  font-size: 13px; font-weight: 600; }
.demo button:hover { background: var(--hover); }
.demo button:disabled { cursor: progress; color: var(--muted); }
.demo button.demo-play { border-color: #007a5a; background: #007a5a; color: #ffffff; }
.demo button.demo-play:hover { background: #006a4e; }
.demo button.demo-play:disabled { color: #ffffff; opacity: .75; }
.demo-faults { display: flex; flex-direction: column; }
.demo-time { display: grid; grid-template-columns: auto 1fr; gap: 0 10px; }
.demo-time .now { font-weight: 600; font-variant-numeric: tabular-nums; }
.demo-log { display: flex; flex-direction: column; gap: 3px; max-height: 84px; overflow: auto; font-size: 13px;
  line-height: 1.4; scrollbar-width: thin; }
.demo-log time { color: var(--muted); font-variant-numeric: tabular-nums; margin-right: 6px; }
.demo-state::before { content: ""; display: inline-block; width: 9px; height: 9px; margin-right: 7px; border-radius: 50%; }
.demo-running::before { background: var(--accent); }
.demo-starting::before { background: #c99400; }
.demo-down::before { background: var(--bad); }
.demo .q-toggle { font-size: 13px; min-height: 24px; height: auto; line-height: 1.3; }
@media (max-width: 1020px) { .demo { grid-template-columns: 1fr 1fr; } }
@media (max-width: 560px) { .demo { grid-template-columns: 1fr; } }
"""


class Seats(Protocol):
    """Who sits at the two sides of this browser, and which of them was used last."""

    @property
    def customer(self) -> SlackPerson: ...
    @property
    def support(self) -> SlackPerson: ...
    @property
    def looked_at(self) -> SlackPerson: ...
    def show(self, person: SlackPerson, message: Message | None, since: int) -> None: ...


class DemoPane:
    """The pane in one browser. What it does affects the whole demo: other browsers see it too.

    ``filled``: counts, by its view's id, how often a form was filled in here. ``language``: the browser's;
    what happened is told in English.
    """

    def __init__(self, life: Life, seats: Seats, filled: Counter[str], language: str) -> None:
        self.life, self.seats, self.filled, self.language = life, seats, filled, language
        self._say = partial(in_language, language)
        self._told: LifeNote | Literal["nothing yet"] | None = "nothing yet"
        self.switches: dict[str, ui.switch] = {}
        with element("section", "demo", aria_label=self._say("page.demo")):
            self._next()
            self._clock()
            self._faults()
            self._bot()
        ui.timer(SECONDS, self.refresh)
        self.refresh()

    # -- parts

    def _next(self) -> None:
        with element("div", "demo-part"):
            element("h2", "", self._say("demo.go_on"))
            with element("div", "demo-row"):
                self.play = button(self._say("demo.play"), self._play, "demo-play")
                self.fill = button(self._say("demo.fill"), self._fill)
            self.whose = element("div", "demo-small")
            self.log = element("div", "demo-log", role="log", aria_label=self._say("demo.log"), tabindex="0")

    def _bot(self) -> None:
        with element("div", "demo-part"):
            element("h2", "", self._say("demo.bot"))
            self.state = element("div", "demo-state", role="status")
            with element("div", "demo-row"):
                button(self._say("demo.restart"), self._do(self.life.keeper.restart))
                button(self._say("demo.kill"), self._do(self.life.keeper.kill))
            element("div", "demo-small", self._say("demo.about_bot"))
            with element("div", "demo-faults", role="group", aria_label=self._say("demo.customers")):
                self._draw_switches((*CHANNEL_SWITCHES, CROWD))
            element("div", "demo-small", self._say("demo.about_crowd"))

    def _clock(self) -> None:
        with element("div", "demo-part"):
            element("h2", "", self._say("demo.clock"))
            with element("div", "demo-time"):
                element("span", "demo-small", self._say("page.customer"))
                self.customer_time = element("span", "now")
                element("span", "demo-small", self._say("page.support"))
                self.support_time = element("span", "now")
            with element("div", "demo-row"):
                for how in MOVES:
                    words = self._say(f"demo.move.{how}")
                    name = self._say("demo.move_clock", how=words)
                    button(words, partial(self.life.move, how), aria_label=name, data_move=how)
            self.ahead = element("div", "demo-small")

    def _faults(self) -> None:
        with element("div", "demo-part", role="group", aria_label=self._say("demo.faults")):
            element("h2", "", self._say("demo.faults"))
            with element("div", "demo-faults"):
                self._draw_switches(FAULTS)

    def _draw_switches(self, names: Iterable[str]) -> None:
        for name in names:
            switch = ui.switch(
                self._say(f"demo.switch.{name}"), value=self.life.is_on(name), on_change=partial(self._switch, name)
            )
            self.switches[name] = switch.props("dense color=teal-8")

    # -- acts

    def _switch(self, name: str, event: object) -> None:
        self.life.switch(name, on=bool(getattr(event, "value", False)))

    def _do(self, act: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
        async def acted() -> None:
            await act()
            self.refresh()

        return acted

    async def _play(self) -> None:
        looked_at = self.seats.looked_at
        both = sorted((self.seats.customer, self.seats.support), key=lambda person: person is not looked_at)
        player = self.life.player_for(both)
        await self._played(player, player.play(both))

    async def _fill(self) -> None:
        """The form of whoever was used last, else of the other side."""
        both = [self.seats.looked_at, self.seats.customer, self.seats.support]
        person = next((person for person in both if person.view), both[0])
        player = self.life.player_for([person, self.seats.customer])
        await self._played(player, player.fill(person))

    async def _played(self, player: Player, act: Awaitable[Played]) -> None:
        self._enable(on=False)
        since = self.life.office.slack.last_change
        try:
            played = await act
        except (UnmetError, FormRefusedError, LookupError, ValueError) as error:
            played = Played(None, in_language(FALLBACK, "demo.failed", error=str(error).splitlines()[0]))
        finally:
            self._enable(on=True)
        self.life.tell(f"{player.company.name}: {played.sentence}")
        if played.person is not None:
            self._follow(played.person, played.message, since)
        self.refresh()

    def _follow(self, person: SlackPerson, message: Message | None, since: int) -> None:
        """Show what was played, and what came of it."""
        if person.view is not None:
            self.filled[person.view.id] += 1
        self.seats.show(person, message, since)
        self.life.office.slack.changed()

    def _enable(self, *, on: bool) -> None:
        for pressed in (self.play, self.fill):
            pressed.props.pop("disabled", None)
            if not on:
                pressed.props["disabled"] = True

    # -- what there is to see

    def refresh(self) -> None:
        now, life = self.life.clock(), self.life
        _say(self.customer_time, self._local(now, self.seats.customer))
        _say(self.support_time, self._local(now, self.seats.support))
        _say(self.ahead, self._ahead(life.clock.ahead))
        company = life.player_for([self.seats.customer]).company.name
        _say(self.whose, self._say("demo.plays", company=company))
        state = life.keeper.state
        _say(self.state, self._say(f"demo.state.{state}"))
        self.state.classes(replace=f"demo-state demo-{state}")
        for name, switch in self.switches.items():
            if switch.value != life.is_on(name):
                switch.value = life.is_on(name)
            switch.set_enabled(not life.is_settled(name))
        if self._told is not (last := life.notes[0] if life.notes else None):
            self._told = last
            self._draw_log(life)

    def _draw_log(self, life: Life) -> None:
        self.log.clear()
        with self.log:
            if not life.notes:
                element("div", "demo-small", self._say("demo.log_empty"))
            for note in list(life.notes)[:SHOWN]:
                with element("div"):
                    element("time", "", f"{note.at.astimezone(_zone(self.seats.customer)):%H:%M}")
                    element("span", "", note.sentence, lang=FALLBACK)

    def _local(self, now: datetime, person: SlackPerson) -> str:
        zone = _zone(person)
        time = format_datetime(now.astimezone(zone), "EEE d MMM, HH:mm", locale=self.language)
        return self._say("demo.local", time=time, city=get_timezone_location(zone, locale=self.language, return_city=True))

    def _ahead(self, ahead: timedelta) -> str:
        if not ahead:
            return self._say("demo.same")
        hours, minutes = divmod(int(ahead.total_seconds()) // 60, 60)
        days, hours = divmod(hours, 24)
        parts = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if count]
        return self._say("demo.ahead", time=" ".join(parts)) if parts else self._say("demo.ahead_little")


def _say(line: HtmlElement, words: str) -> None:
    if line.text != words:
        line.text = words


def _zone(person: SlackPerson) -> ZoneInfo:
    with suppress(LookupError, ValueError, OSError):
        return ZoneInfo(person.user.tz or "UTC")
    return ZoneInfo("UTC")


def draw(life: Life, seats: Seats, filled: Counter[str], language: str) -> None:
    """Draw the pane at the current place in the page."""
    ui.add_css(STYLE)
    DemoPane(life, seats, filled, language)
