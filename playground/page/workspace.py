"""One side of the page: a workspace as one of its members sees it."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from html import escape

from nicegui import ui
from nicegui.events import GenericEventArguments

from playground.page import channel as channel_pane
from playground.page import home as home_pane
from playground.page import modal, sidebar
from playground.page import thread as thread_pane
from playground.page.attempts import Attempts
from playground.page.browser_script import BrowserScript
from playground.page.composer import Writer
from playground.page.messages import MessageReader
from playground.page.navigation import Location, Navigation
from playground.page.news import News
from playground.page.parts import Part, Parts, button, element, on_value, set_prop
from playground.page.shared import SharedState
from playground.page.words import in_language, say
from playground.slack import SlackPerson, View


class Workspace:
    """``name``: "customer" or "support"; ``label``: the same in the browser's language. Each browser has its own view; the world and what
    is typed in forms are shared."""

    def __init__(self, name: str, shared: SharedState, language: str, *, support: bool) -> None:
        self.language, self.label = language, in_language(language, f"page.{name}")
        self.name, self.shared, self.slack, self._support = name, shared, shared.slack, support
        self.person = self.people[0]
        self.drafts: dict[tuple[str, str, str], str] = {}
        self._shown_view: View | None = None
        self._loading = False
        self.root = element("section", "side", aria_label=self.label, data_side=name)
        self.root.on("click", self._follow_link, js_handler="(event) => { const to = permalink(event); if (to) emit(to); }")
        self.root.on("keydown", lambda _event: self._leave(), js_handler="(event) => { if (leaves(event)) emit(); }")
        self.script = BrowserScript(self.root)
        self.navigation = Navigation(self.slack, shared.reading, self.script, self.refresh)
        self.news = News(self.root, self.slack, self.navigation, self.script, self.refresh)
        self._folded = True
        self.attempts = Attempts(self.script, self.refresh)
        self._parts = Parts(self.root)

    @property
    def people(self) -> list[SlackPerson]:
        """Who may sit here. Customers may still come."""
        return self.shared.people(support=self._support)

    def choose(self, person_id: str) -> None:
        """Another person sits down here."""
        self.person = next(person for person in self.people if person.id == person_id)
        self.news.forget()
        self.refresh()

    def arrive(self) -> None:
        """The browser is there: it shows what the open channel is about."""
        location = self.navigation.of(self.person)
        if location.near:
            self.script.show_beginning(location.near)

    def _follow_link(self, event: GenericEventArguments) -> None:
        """A Slack permalink leads to the message here, for anyone in its channel."""
        channel_id, ts = event.args
        channel = next((channel for channel in self.person.channels() if channel.id == channel_id), None)
        if channel:
            self.navigation.go(self.person, channel, ts)

    async def _leave(self) -> None:
        """Escape: the form on top, else the list of channels where it is folded away."""
        if self.person.view is not None:
            await self.attempts.close(self.person, back=True)
        elif not self._folded:
            self._fold(on=True)

    def _fold(self, *, on: bool) -> None:
        """The list of channels; wide windows always show it."""
        self._folded = on
        self.refresh()
        self.script.focus(".places-switch" if on else ".sidebar [aria-current=page]")

    def _went(self) -> None:
        """A place was chosen."""
        if not self._folded:
            self._fold(on=True)

    # -- drawing

    def refresh(self) -> None:
        """Draw what changed since last time."""
        people, location, view = self.people, self.navigation.of(self.person), self.person.view
        self.news.look(self.person)
        self._read(location)
        body = [
            sidebar.part(self.person, self.slack, self.shared.reading, self.navigation, self._went, folded=self._folded),
            self._location_part(location),
            *self._thread_parts(location),
        ]
        classes = "side-body has-thread" if location.thread else "side-body"
        lang = {"lang": self.person.user.locale or "en-US"}
        who = Part("who", (self.person.id, len(people)), partial(self._who, people), classes="who-frame")
        wanted = [
            Part("top", classes="side-top", parts=[self._switch(view), who]),
            self.news.part(self.person),
            Part("body", classes=classes, props=lang | ({"inert": True} if view else {}), parts=body),
        ]
        sending = self._shown_view is not None and self._shown_view.id in self.attempts.sending
        if view:
            wanted.append(modal.part(self.person, view, self.slack.world, self.attempts, filled=self.shared.filled[view.id]))
        self._parts.show(wanted)
        team = self.slack.world.teams.index(self.person.user.team)
        self.root.classes(replace=f"side team-{min(team, 2)}")
        set_prop(self.root, "data-person", self.person.name)
        loading = view is not None and not view.get("submit")
        loaded = self._loading and not loading
        if (view is not self._shown_view or loaded) and not sending:
            self._shown_view = view
            if view:
                self.script.modal_opened()
            else:
                self.script.modal_closed()
        self._loading = loading

    def _read(self, location: Location) -> None:
        """What is on the screen counts as read."""
        if location.channel == "home" or not self.script.connected:
            return
        self.shared.reading.saw(self.person, location.channel)
        if location.thread:
            self.shared.reading.saw_thread(self.person, location.channel, location.thread)

    def _switch(self, view: View | None) -> Part:
        """Unfolds the list of channels in narrow windows."""
        unread = any(self.shared.reading.unread(self.person, channel) for channel in self.person.channels())
        words = say(self.person, "channels")
        name = say(self.person, "unread", name=words) if unread else words
        shown = self.person.id, name, self._folded, view is None

        def draw() -> None:
            props = {"aria_expanded": "false" if self._folded else "true", "disabled": view is not None or None}
            button(f"☰ {name}", partial(self._fold, on=not self._folded), "places-switch", name="places", **props)

        return Part("places", shown, draw, classes="places")

    def _who(self, people: Sequence[SlackPerson]) -> None:
        """Hundreds of people are one element, so that they cost the browser little."""
        with element("label", "who"):
            element("span", "who-side", self.label)
            select = ui.html("".join(map(self._option, people)), sanitize=False, tag="select").classes("who-select")
            select.props["aria-label"] = in_language(self.language, "page.person")
            on_value(select, "change", self.choose)

    def _option(self, person: SlackPerson) -> str:
        chosen = " selected" if person is self.person else ""
        return f'<option value="{person.id}"{chosen}>{escape(sidebar.introduction(self.shared.office, person, self.language))}</option>'

    def _location_part(self, location: Location) -> Part:
        if location.channel == "home":
            content = home_pane.parts(self.person, self.slack, self.attempts)
            return Part(("home", self.person.id), classes="place", parts=list(content))
        show = partial(self.navigation.go, self.person)
        writer = self._writer(partial(self.navigation.to_the_last, self.person))
        content = channel_pane.parts(
            location.channel, self._reader(), writer, new_from=location.new_from, near=location.near, show=show
        )
        return Part(("channel", self.person.id, location.channel.id), classes="place", parts=list(content))

    def _thread_parts(self, location: Location) -> Iterator[Part]:
        if location.thread and location.channel != "home":
            close = partial(self.navigation.close_thread, self.person)
            content = thread_pane.parts(
                location.channel, location.thread, self._reader(), self._writer(self.refresh), close=close
            )
            yield Part(
                ("thread", self.person.id, location.thread),
                tag="section",
                classes="place thread",
                props={"aria-label": say(self.person, "thread")},
                parts=list(content),
            )

    def _reader(self) -> MessageReader:
        open_thread = partial(self.navigation.open_thread, self.person)
        return MessageReader(self.person, self.slack, self.shared.reading, self.attempts, open_thread)

    def _writer(self, sent: Callable[[], None]) -> Writer:
        return Writer(self.person, self.drafts, sent)
