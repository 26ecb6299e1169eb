"""Slack's events: stored before acknowledgement, handled once per id. One that fails twice is set aside and shown to support.

An attempt is counted before the event is looked at, so that one that ends the process counts too. Those that fail because Slack or the
database is away are made again for as long as it takes.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from bot.listeners.app_home import AppHome
from bot.listeners.channels import CONVERTED, ChannelEvents, what
from bot.listeners.messages import Messages, NotYet
from bot.slack.background import Background
from bot.slack.client import Slack, SlackError
from bot.slack.payloads import event_id_of, reading
from bot.slack.people import People
from bot.telemetry import logs, metrics, traces
from flows.cases.case import Cases
from flows.cases.set_aside import set_aside
from flows.model import Received
from flows.people import SYSTEM, Who
from flows.ports import Unit
from storage.audit import Altered
from storage.sealing import SealError
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger("bot.listeners.events")

T = TypeVar("T")
Body = Mapping[str, Any]

LATE = timedelta(seconds=60)
"""An event not handled by then was left behind by a failure."""
PAUSE = 1.0
"""Seconds before an event is tried again for which the database was away."""

ATTEMPTS = 2
"""How often an event may fail."""

FILES_WAIT = timedelta(hours=1)
"""How long files are tried to be had from Slack, before it is said that they were not looked into."""

HANDLED = (
    "app_home_opened",
    "message",
    "file_change",
    "member_joined_channel",
    "member_left_channel",
    "channel_id_changed",
    "channel_shared",
    "channel_unshared",
    "channel_unarchive",
    "group_archive",
    "group_unarchive",
    "subteam_members_changed",
    "user_change",
    "app_uninstalled",
    "tokens_revoked",
)
"""A test keeps these equal to the manifest's bot events (where messages are `message.channels` and `message.groups`)."""
REVOKED = ("app_uninstalled", "tokens_revoked")
"""Slack no longer accepts the bot."""
BATCH = 100
"""Onboardings that one transaction writes to, where all are."""


def _kept(event: Body) -> dict[str, Any]:
    """The part of an event that is stored, unless it is a message."""
    names = (
        "type",
        "subtype",
        "user",
        "user_team",
        "team",
        "source_team",
        "channel",
        "tab",
        "old_channel_id",
        "new_channel_id",
        "tokens",
        "previously_connected_team_id",
        "connected_team_id",
        "subteam_id",
        "added_users",
        "removed_users",
        "date_update",
        "event_ts",
        "is_ext_shared",
        "file_id",
    )
    small = {name: event[name] for name in names if name in event}
    if isinstance(small.get("user"), dict):  # user_change
        small |= {"team": str(small["user"].get("team_id", "")), "user": str(small["user"].get("id", ""))}
    return small


def _is_away(error: Exception) -> bool:
    """Whether the event is not to blame: Slack or the database can't do it now, the key is missing that opens what is stored, or the
    customer's log was altered."""
    return isinstance(error, (Unavailable, Conflict, SealError, Altered, NotYet)) or (
        isinstance(error, SlackError) and error.transient
    )


def _channel_of(event: Body) -> str:
    """Where it happened; empty if in no channel."""
    return str(event.get("old_channel_id") or event.get("channel") or "")


async def _set_aside(unit: Unit, row: Received, altered: Collection[str]) -> None:
    """``altered``: whose log can't be appended to."""
    onboarding = None
    with suppress(SealError):  # support hears of it all the same
        found = await unit.by_channel(_channel_of(row.payload))
        onboarding = found if found is not None and found.customer else None
    set_aside(unit, row, onboarding, records=onboarding is not None and onboarding.id not in altered)


def _tell_set_aside(event_id: str) -> None:
    metrics.EVENTS_SET_ASIDE.inc()
    log.error("an event failed twice and is set aside: look at what it tells of", extra={"event": event_id})


class Events:
    """``lost``: why Slack no longer accepts the bot, once it has said so; shown by /readyz."""

    def __init__(
        self,
        store: Store,
        cases: Cases,
        people: People,
        slack: Slack,
        messages: Messages,
        home: AppHome,
        background: Background,
        of_channels: ChannelEvents,
    ) -> None:
        self._store, self._cases, self._people, self._slack = store, cases, people, slack
        self._messages, self._home = messages, home
        self._background, self._channels = background, of_channels
        self._does: dict[str, Callable[[Unit, Body], Awaitable[None]]] = {
            "message": messages.carry_out,
            "file_change": messages.carry_out_change,
            **of_channels.does,
        }
        self._excused: set[str] = set()
        """Events whose last attempt doesn't count, though the database did not take that."""
        self.lost = ""

    async def received(self, body: Body) -> None:
        """Store it before the acknowledgement, handle it after. Raises MalformedPayload, or another error if it can't be stored, so that
        Slack sends it again."""
        event = body["event"]
        if self._channels.takes_effect_at_once(event) and await self._is_new(str(body["event_id"])):
            self._channels.at_once(event)
        if await self.store(body):
            self._background.later(self._handle_new(str(body["event_id"])))

    async def _is_new(self, event_id: str) -> bool:
        """Slack's repeats may come long after the opposite. True as well if the database can't say."""
        with suppress(Unavailable):
            async with self._store.read() as unit:
                return await unit.get(Received, event_id) is None
        return True

    async def _handle_new(self, event_id: str) -> None:
        """As soon as the database lets it; what it doesn't within LATE is left to `handle_late`."""
        late = time.monotonic() + LATE.total_seconds()
        while True:
            try:
                await self.handle(event_id)
            except Unavailable:
                if time.monotonic() >= late:
                    await self._excuse(event_id)
                    raise
                await asyncio.sleep(PAUSE)
            except Exception as error:
                if _is_away(error):
                    await self._excuse(event_id)
                raise
            else:
                return

    async def store(self, body: Body) -> bool:
        """True if the event is new and there is something to do about it."""
        with reading():
            event_id, event = event_id_of(body), body["event"]
            kind = what(event) if self._channels.of_support(event) else str(event.get("type"))
            payload = _kept(event) if kind in {*HANDLED, *CONVERTED} and self._channels.concerns(event) else None
        if kind == "message":
            payload = await self._messages.kept(body)
        if payload is None:
            return False
        traces.rename(f"event {kind}")

        async def work(unit: Unit) -> bool:
            if await unit.get(Received, event_id) is not None:
                return False
            unit.add(Received(id=event_id, type=kind, payload=payload, at=unit.now, attempted_at=unit.now))
            return True

        return await self._store.transact(work)

    async def handle(self, event_id: str) -> None:
        """Called after the acknowledgement, and at startup for what a crash left. Changes and mark are one transaction."""
        async with self._store.read() as unit:
            row = await unit.get(Received, event_id)
            if row is None or row.handled_at is not None:
                return
            payload, kind, last = dict(row.payload), row.type, row.at < unit.now - FILES_WAIT
        if payload.get("files"):
            if any(payload["looks"].get("", {}).values()):  # what was found already waits for no file
                await self._carry_out(event_id, kind, payload)
            payload["looks"] = {}
            await self._messages.look_into_files(payload, last=last)
        if kind == "file_change":
            await self._messages.look_into_change(payload, last=last)
        payload |= await self._channels.prepare(payload)
        if kind == "app_home_opened":
            await self._home_opened(payload)
        if kind in REVOKED:
            await self._revoked(event_id, kind)

        await self._carry_out(event_id, kind, payload)
        if payload.get("files"):
            raise NotYet

    async def _carry_out(self, event_id: str, kind: str, payload: Body) -> None:
        """Changes and mark. With files that could not be had yet, these are what is left to do about the event."""

        async def work(unit: Unit) -> None:
            row = await unit.get(Received, event_id)
            if row is None or row.handled_at is not None:
                return
            if kind in self._does:
                await self._does[kind](unit, payload)
            if payload.get("files"):
                row.payload = {**payload, "looks": {}}
            else:
                row.handled_at, row.payload = unit.now, {}

        await self._store.transact(work)

    async def handle_late(self) -> None:
        """Handle what a failure left behind, but not recent events: those are still being handled."""
        await self.handle_left(LATE)

    async def handle_left(self, older: timedelta = timedelta(0)) -> None:
        """Handle what was stored but not handled, because the process ended or the database or Slack failed."""
        async with self._store.read() as unit:
            left = [row.id for row in await unit.unhandled() if row.at is None or row.at <= unit.now - older]
        for event_id in left:
            try:
                if event_id in self._excused or await self._begins(event_id):
                    self._excused.discard(event_id)
                    await self.handle(event_id)
            except Exception as error:  # noqa: BLE001  one event doesn't hold up the others
                metrics.CHORE_FAILURES.labels("left_events").inc()
                extra = {"event": event_id, "onboarding": await self._onboarding_of(event_id), "error": logs.named(error)}
                if _is_away(error):
                    await self._excuse(event_id)
                elif await self._ends(event_id):
                    continue
                log.warning("an event failed and will be retried", extra=extra)

    async def _excuse(self, event_id: str) -> None:
        async def work(unit: Unit) -> None:
            row = await unit.get(Received, event_id)
            if row is not None and row.handled_at is None:
                row.attempts -= 1

        try:
            await self._store.transact(work)
        except (Unavailable, Conflict):
            self._excused.add(event_id)

    async def _begins(self, event_id: str) -> bool:
        """Count another attempt. False if it may not be made: the event has had its attempts, or another process is at it."""

        async def work(unit: Unit) -> tuple[bool, bool]:
            row = await unit.get(Received, event_id)
            if row is None or row.handled_at is not None:
                return False, False
            if row.attempts < ATTEMPTS:
                row.attempts, row.attempted_at = row.attempts + 1, unit.now
                return True, False
            if row.attempted_at is not None and row.attempted_at > unit.now - LATE:
                return False, False
            await _set_aside(unit, row, self._store.altered)
            return False, True

        begins, ended = await self._transact(work)
        if ended:
            _tell_set_aside(event_id)
        return begins

    async def _ends(self, event_id: str) -> bool:
        """After a failure of its own: whether that was the last attempt, and the event is set aside."""

        async def work(unit: Unit) -> bool:
            row = await unit.get(Received, event_id)
            last = row is not None and row.handled_at is None and row.attempts >= ATTEMPTS
            if row is not None and last:
                await _set_aside(unit, row, self._store.altered)
            return last

        try:
            ended = await self._transact(work)
        except Exception as error:  # noqa: BLE001  it is tried again
            log.warning("an event could not be set aside", extra={"event": event_id, "error": logs.named(error)})
            return False
        if ended:
            _tell_set_aside(event_id)
        return ended

    async def _transact(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        """Once more where a customer's log was found altered, which the store knows from then on: the event is set aside without an
        entry."""
        try:
            return await self._store.transact(work)
        except Altered:
            return await self._store.transact(work)

    async def _onboarding_of(self, event_id: str) -> str:
        """For the log: the onboarding's id, empty where that can't be found out."""
        try:
            async with self._store.read() as unit:
                row = await unit.get(Received, event_id)
                onboarding = await unit.by_channel(_channel_of(row.payload)) if row is not None else None
        except Exception:  # noqa: BLE001  what failed before may fail again
            return ""
        return onboarding.id if onboarding is not None else ""

    # -- before the transaction: calls to Slack, and what takes transactions of its own

    async def _home_opened(self, event: Body) -> None:
        if event.get("tab", "home") != "home":
            return
        try:
            person = await self._people.fetch(str(event["user"]))
            if person is not None:
                await self._home.opened(Who(person.team_id, person.user_id))
        except SlackError as error:
            log.warning("an App Home could not be refreshed", extra={"error": error.error})

    async def _revoked(self, event_id: str, kind: str) -> None:
        """Slack no longer accepts the bot: say so in /readyz and the log; the data stays for a new installation."""
        self.lost = kind
        log.error("Slack no longer accepts the bot: install it again and set its new token", extra={"kind": kind})
        async with self._store.read() as unit:
            known = await unit.open_onboardings(severed=True)
        for first in range(0, len(known), BATCH):
            await self._record_revoked(event_id, kind, known[first : first + BATCH])

    async def _record_revoked(self, event_id: str, kind: str, onboardings: Sequence[str]) -> None:
        """In each one's log, once. One that was altered takes nothing, which support is told by the store."""

        async def work(unit: Unit) -> None:
            for onboarding_id in onboardings:
                if await unit.once(f"{event_id}:{onboarding_id}"):
                    unit.record(onboarding_id, f"slack:{kind}", SYSTEM)

        try:
            await self._store.transact(work)
        except Altered:
            for onboarding_id in onboardings if len(onboardings) > 1 else ():
                await self._record_revoked(event_id, kind, [onboarding_id])
