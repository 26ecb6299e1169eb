"""Slack's events: stored before acknowledgement, handled once per id. One that fails twice is set aside and shown to support.

An attempt is counted before the event is looked at, so that one that ends the process counts too. Those that fail because Slack or the
database is away are made again for as long as it takes.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from bot.listeners.app_home import AppHome
from bot.listeners.messages import Messages
from bot.slack.background import Background
from bot.slack.client import Slack, SlackError
from bot.slack.errors import BARRED
from bot.slack.people import People
from bot.telemetry import metrics
from flows.cases import channels, manage, members
from flows.cases.case import Cases
from flows.cases.set_aside import set_aside
from flows.model import Onboarding, Received
from flows.people import SYSTEM, Who
from flows.ports import Unit
from storage.sealing import SealError
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger("bot.listeners.events")

Body = Mapping[str, Any]

LATE = timedelta(seconds=60)
"""An event not handled by then was left behind by a failure."""
PAUSE = 1.0
"""Seconds before an event is tried again for which the database was away."""

ATTEMPTS = 2
"""How often an event may fail."""

HANDLED = (
    "app_home_opened",
    "message",
    "file_change",
    "member_joined_channel",
    "member_left_channel",
    "channel_rename",
    "channel_id_changed",
    "channel_shared",
    "channel_unshared",
    "app_uninstalled",
    "tokens_revoked",
)
"""A test keeps these equal to the manifest's bot events (where messages are `message.channels` and `message.groups`)."""


def _kept(event: Body) -> dict[str, Any]:
    """The part of an event that is stored, unless it is a message."""
    names = (
        "type",
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
        "is_ext_shared",
        "file_id",
    )
    small = {name: event[name] for name in names if name in event}
    if isinstance(small.get("channel"), dict):  # channel_rename
        small["channel"] = {"id": small["channel"].get("id", "")}
    return small


def _is_away(error: Exception) -> bool:
    """Whether the event is not to blame: Slack or the database can't do it now, or the key is missing that opens what is stored."""
    return isinstance(error, (Unavailable, Conflict, SealError)) or (isinstance(error, SlackError) and error.transient)


def _channel_of(event: Body) -> str:
    """Where it happened; empty if in no channel, or for a rename."""
    channel = event.get("old_channel_id") or event.get("channel")
    return channel if isinstance(channel, str) else ""


async def _set_aside(unit: Unit, row: Received) -> None:
    onboarding = None
    with suppress(SealError):  # support hears of it all the same
        onboarding = await unit.by_channel(_channel_of(row.payload))
    set_aside(unit, row, onboarding)


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
        support_channel: str,
    ) -> None:
        self._store, self._cases, self._people, self._slack = store, cases, people, slack
        self._messages, self._home = messages, home
        self._background, self._support_channel = background, support_channel
        self._does: dict[str, Callable[[Unit, Body], Awaitable[None]]] = {
            "message": messages.carry_out,
            "file_change": messages.carry_out_change,
            "member_joined_channel": self._joined,
            "member_left_channel": self._left,
            "channel_id_changed": self._id_changed,
            "channel_shared": self._shared,
            "channel_unshared": self._unshared,
            "app_uninstalled": self._revoked,
            "tokens_revoked": self._revoked,
        }
        self._excused: set[str] = set()
        """Events whose last attempt doesn't count, though the database did not take that."""
        self.lost = ""

    async def received(self, body: Body) -> None:
        """Store it before the acknowledgement, handle it after. Raises if it can't be stored, so that Slack sends it again."""
        if await self.store(body):
            self._background.later(self._handle_new(str(body["event_id"])))

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
        event_id, kind = str(body["event_id"]), str(body["event"].get("type"))
        payload = await self._messages.kept(body) if kind == "message" else _kept(body["event"]) if kind in HANDLED else None
        if payload is None:
            return False

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
            payload, kind = dict(row.payload), row.type
        if kind == "message":
            await self._messages.look_into_files(payload)
        if kind == "file_change":
            await self._messages.look_into_change(payload)
        if kind in ("member_joined_channel", "member_left_channel"):
            await self._know(payload)
        if kind == "app_home_opened":
            await self._home_opened(payload)
        if kind == "channel_id_changed":
            payload["is_ext_shared"] = await self._is_shared(str(payload["new_channel_id"]))

        async def work(unit: Unit) -> None:
            row = await unit.get(Received, event_id)
            if row is None or row.handled_at is not None:
                return
            if kind in self._does:
                await self._does[kind](unit, payload)
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
                extra = {"event": event_id, "onboarding": await self._onboarding_of(event_id), "error": type(error).__name__}
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
            await _set_aside(unit, row)
            return False, True

        begins, ended = await self._store.transact(work)
        if ended:
            _tell_set_aside(event_id)
        return begins

    async def _ends(self, event_id: str) -> bool:
        """After a failure of its own: whether that was the last attempt, and the event is set aside."""

        async def work(unit: Unit) -> bool:
            row = await unit.get(Received, event_id)
            last = row is not None and row.handled_at is None and row.attempts >= ATTEMPTS
            if row is not None and last:
                await _set_aside(unit, row)
            return last

        ended = await self._store.transact(work)
        if ended:
            _tell_set_aside(event_id)
        return ended

    async def _onboarding_of(self, event_id: str) -> str:
        """For the log: the onboarding's id, empty where that can't be found out."""
        try:
            async with self._store.read() as unit:
                row = await unit.get(Received, event_id)
                onboarding = await unit.by_channel(_channel_of(row.payload)) if row is not None else None
        except Exception:  # noqa: BLE001  what failed before may fail again
            return ""
        return onboarding.id if onboarding is not None else ""

    # -- before the transaction: calls to Slack

    async def _home_opened(self, event: Body) -> None:
        if event.get("tab", "home") != "home":
            return
        try:
            person = await self._people.fetch(str(event["user"]))
            if person is not None:
                await self._home.opened(Who(person.team_id, person.user_id))
        except SlackError as error:
            log.warning("an App Home could not be refreshed", extra={"error": error.error})

    async def _know(self, event: Body) -> None:
        if event.get("channel") == self._support_channel:
            self._background.later(self._people.refresh())
        try:
            await self._people.fetch(str(event["user"]))
        except SlackError as error:
            log.info("a member could not be looked up", extra={"error": error.error})

    async def _is_shared(self, channel: str) -> bool:
        """Whether another company is in it. Raises SlackError if Slack may answer later."""
        try:
            return (await self._slack.channel(channel)).is_shared
        except SlackError as error:
            if error.transient:
                raise
            return False

    # -- in the transaction, one event each

    async def _joined(self, unit: Unit, event: Body) -> None:
        user_id = str(event["user"])
        if user_id == self._people.bot_user_id:
            await self._shared(unit, event)
            if event["channel"] == self._support_channel:
                manage.retry_refused(unit, await unit.refused_effects(BARRED), "support")
            return
        onboarding = await unit.by_channel(str(event["channel"]))
        person = self._people.by_id(user_id)
        if onboarding is None or person is None or not self._people.is_customer(person):
            return
        if person.team_id == onboarding.team_id:
            async with self._cases.open(unit, onboarding.id, closed=True, shows=False) as case:
                await members.join(case, Who(person.team_id, person.user_id), welcome=True)

    async def _left(self, unit: Unit, event: Body) -> None:
        onboarding = await unit.by_channel(str(event["channel"]))
        person = self._people.by_id(str(event["user"]))
        if onboarding is not None and person is not None:
            async with self._cases.open(unit, onboarding.id, closed=True, shows=False) as case:
                await members.leave(case, Who(person.team_id, person.user_id))

    async def _id_changed(self, unit: Unit, event: Body) -> None:
        old, new = str(event["old_channel_id"]), str(event["new_channel_id"])
        onboarding = await unit.by_channel(old)
        if onboarding is not None:
            async with self._cases.open(unit, onboarding.id, closed=True, shows=False) as case:
                await channels.follow(case, old, new)
            if event.get("is_ext_shared"):  # the event that said so may have come before this one
                await self._reachable(unit, onboarding)
            else:
                await self._retry_refused(unit, onboarding)

    async def _shared(self, unit: Unit, event: Body) -> None:
        onboarding = await unit.by_channel(str(event["channel"]))
        if onboarding is not None:
            await self._reachable(unit, onboarding)

    async def _reachable(self, unit: Unit, onboarding: Onboarding) -> None:
        async with self._cases.open(unit, onboarding.id, closed=True) as case:
            channels.share(case)
        await self._retry_refused(unit, onboarding)

    async def _retry_refused(self, unit: Unit, onboarding: Onboarding) -> None:
        refused = [record for record in await unit.failed_effects(onboarding.id) if record.error in BARRED]
        manage.retry_refused(unit, refused, "customer")

    async def _unshared(self, unit: Unit, event: Body) -> None:
        onboarding = await unit.by_channel(str(event["channel"]))
        left = event.get("previously_connected_team_id")
        if onboarding is None or (left and left != onboarding.team_id and event.get("is_ext_shared")):
            return  # another company left; the customer is still there
        async with self._cases.open(unit, onboarding.id, closed=True) as case:
            channels.sever(case)

    async def _revoked(self, unit: Unit, event: Body) -> None:
        """Slack no longer accepts the bot: say so in /readyz and the log; the data stays for a new installation."""
        self.lost = str(event["type"])
        log.error("Slack no longer accepts the bot: install it again and set its new token", extra={"kind": self.lost})
        for onboarding in await unit.onboardings():
            unit.record(onboarding.id, f"slack:{self.lost}", SYSTEM)
