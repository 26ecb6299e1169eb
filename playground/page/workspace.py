"""One side of the page: a workspace as one of its people sees it."""

from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from nicegui import background_tasks
from nicegui.events import GenericEventArguments

from playground.page import channel as channel_pane
from playground.page import home as home_pane
from playground.page import modal, sidebar, troubles
from playground.page import thread as thread_pane
from playground.page.parts import Part, Parts, element, on_value
from playground.slack import Channel, Message, Outcome, Person, Slack, View

if TYPE_CHECKING:
    from playground.page.desk import Desk


@dataclass(frozen=True)
class Place:
    """Where a person is. ``thread``: the root's `ts` when one is open. ``new_from``: how far she had read when she came."""

    channel: Channel | Literal["home"]
    thread: str = ""
    new_from: str = ""


class Side:
    """``name``: "Customer" or "Support". What is looked at is of this browser; the world and what is typed in forms are shared."""

    def __init__(self, desk: "Desk", name: str, people: Sequence[Person]) -> None:
        self.desk, self.page, self.name, self.people = desk, desk.page, name, people
        self.slack: Slack = desk.page.slack
        self.person = people[0]
        self.warnings: dict[str, str] = {}
        self.sending: set[str] = set()
        self.drafts: dict[tuple[str, str, str], str] = {}
        self._client_errors: dict[str, dict[str, str]] = {}
        self._places: dict[str, Place] = {}
        self._shown_view: View | None = None
        self.root = element("section", "side", aria_label=name)
        self.root.on("click", self._follow_link, js_handler="(event) => { const to = permalink(event); if (to) emit(to); }")
        self.root.on("keydown", lambda _event: self.close(back=True), js_handler="(event) => { if (leavesModal(event)) emit(); }")
        self._parts = Parts(self.root)

    # -- where

    @property
    def place(self) -> Place:
        known = self._places.get(self.person.id)
        if known is None or (known.channel != "home" and known.channel not in self.person.channels()):
            own = [channel for channel in self.person.channels() if not channel.im]
            known = self._places[self.person.id] = self._arrive(own[0]) if own else Place("home")
        return known

    @property
    def new_from(self) -> str:
        return self.place.new_from

    def _arrive(self, channel: Channel) -> Place:
        last = self.page.reading.last(self.person, channel)
        return Place(channel, new_from=last if self.page.reading.unread(self.person, channel) else "")

    def choose(self, person_id: str) -> None:
        """Another person sits down here."""
        self.person = next(person for person in self.people if person.id == person_id)
        self.refresh()

    def go(self, channel: Channel, ts: str = "") -> None:
        """To a channel, or to one message of it."""
        message = channel.find(ts) if ts else None
        place = self.place
        if place.channel is not channel or not ts:
            place = self._arrive(channel)
        in_thread = message is not None and message.thread_ts not in (None, message.ts)
        self._places[self.person.id] = replace(place, thread=message.thread if message and in_thread else "")
        self.refresh()
        if ts:
            self.desk.javascript(f"showMessage({self.root.id}, {ts!r})")

    def _follow_link(self, event: GenericEventArguments) -> None:
        """A permalink of Slack leads to a message here, for those who are in its channel."""
        channel_id, ts = event.args
        channel = next((channel for channel in self.person.channels() if channel.id == channel_id), None)
        if channel:
            self.go(channel, ts)

    def go_home(self) -> None:
        self._places[self.person.id] = Place("home")
        background_tasks.create(self.person.open_home(), name="opens the home")
        self.refresh()

    def go_direct(self) -> None:
        """To the direct message with the app, which hears of it."""
        channel = self.slack.world.dm(self.person.user, self.slack.bot_user_id)
        background_tasks.create(self.person.open_home(wait=0, tab="messages"), name="opens the messages")
        self.go(channel)

    def open_thread(self, channel: Channel, root: str) -> None:
        place = self.place if self.place.channel is channel else self._arrive(channel)
        self._places[self.person.id] = replace(place, thread=root)
        self.refresh()
        self.desk.javascript(f'focusInside({self.root.id}, ".thread textarea")')

    def close_thread(self) -> None:
        self._places[self.person.id] = replace(self.place, thread="")
        self.refresh()
        self.desk.javascript(f'focusInside({self.root.id}, ".composer textarea")')

    # -- what there is to see

    def messages(self, channel: Channel, thread: str = "") -> list[Message]:
        """As the person sees them; the world's own messages, not copies, so that what is drawn can be clicked."""
        seen = [message for message in channel.messages if message.ephemeral_to in (None, self.person.id)]
        if thread:
            return [message for message in seen if thread in (message.ts, message.thread_ts)]
        return [message for message in seen if message.thread_ts in (None, message.ts) or message.broadcast]

    def replies(self, root: Message) -> list[Message]:
        return [message for message in self.messages(root.channel, root.ts) if message.ts != root.ts]

    def errors(self, view: View) -> dict[str, str]:
        """By block_id: what the app, or Slack's client itself, found wrong at the last submission."""
        return {**view.errors, **self._client_errors.get(view.id, {})}

    # -- acts

    async def run(self, key: str, act: Awaitable[Outcome]) -> None:
        """Await an act on the message or view ``key`` and show there what went wrong, if anything did."""
        self.warnings.pop(key, None)
        trouble = await troubles.of(act)
        if trouble:
            self.warnings[key] = trouble
        self.refresh()

    async def submit(self) -> None:
        view = self.person.view
        if view is None or view.id in self.sending:
            return
        self.sending.add(view.id)
        self.warnings.pop(view.id, None)
        self.refresh()
        try:
            outcome = await self.person.submit()
        finally:
            self.sending.discard(view.id)
        self._client_errors.pop(view.id, None)
        if outcome.client_errors:
            self._client_errors[view.id] = troubles.by_block(view, outcome.client_errors)
        elif not outcome.ok and not outcome.errors:
            self.warnings[view.id] = troubles.sentence(outcome.error or "")
        self.refresh()
        if not outcome.ok:
            self.desk.javascript(f"focusError({self.root.id})")

    async def close(self, *, back: bool) -> None:
        if self.person.view is None:
            return
        key = self.person.view.id
        await self.run(key, self.person.close(back=back))
        self.warnings.pop(key, None)

    # -- drawing

    def refresh(self) -> None:
        """Draw what changed since the last time."""
        self._read()
        view = self.person.view
        body = [sidebar.part(self), self._place_part(), *self._thread_parts()]
        classes = "side-body has-thread" if self.place.thread else "side-body"
        wanted = [
            Part("top", self.person.id, self._top, classes="side-top"),
            Part("body", classes=classes, props={"inert": True} if view else {}, parts=body),
        ]
        sending = self._shown_view is not None and self._shown_view.id in self.sending
        if view:
            wanted.append(modal.part(self, view))
        self._parts.show(wanted)
        team = self.slack.world.teams.index(self.person.user.team)
        self.root.classes(replace=f"side team-{min(team, 2)}")
        self.root.props["data-person"] = self.person.name
        if view is not self._shown_view and not sending:
            self._shown_view = view
            self.desk.javascript(f"{'modalOpened' if view else 'modalClosed'}({self.root.id})")

    def _read(self) -> None:
        """What is on the screen is read."""
        place = self.place
        if place.channel == "home" or not self.desk.client.has_socket_connection:
            return
        self.page.reading.saw(self.person, place.channel)
        if place.thread:
            self.page.reading.saw_thread(self.person, place.channel, place.thread)

    def _top(self) -> None:
        with element("label", "who"):
            element("span", "who-side", self.name)
            with on_value(element("select", "who-select", aria_label="Person"), "change", self.choose):
                for person in self.people:
                    chosen = True if person is self.person else None
                    element("option", "", sidebar.introduction(self, person), value=person.id, selected=chosen)

    def _place_part(self) -> Part:
        place = self.place
        if place.channel == "home":
            return Part(("home", self.person.id), classes="place", parts=list(home_pane.parts(self)))
        key = ("channel", self.person.id, place.channel.id)
        return Part(key, classes="place", parts=list(channel_pane.parts(self, place.channel)))

    def _thread_parts(self) -> Iterator[Part]:
        place = self.place
        if place.thread and place.channel != "home":
            yield Part(
                ("thread", self.person.id, place.thread),
                tag="section",
                classes="place thread",
                props={"aria-label": "Thread"},
                parts=list(thread_pane.parts(self, place.channel, place.thread)),
            )
