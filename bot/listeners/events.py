"""Slack's events: stored before acknowledgement, handled once per id. Of a message, only the secret guard's findings are kept."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from bot.listeners.app_home import AppHome
from bot.listeners.channels import ChannelEvents
from bot.slack.background import Background
from bot.slack.client import Slack, SlackError
from bot.slack.files import MAX_BYTES
from bot.slack.people import NOBODY, People
from bot.telemetry import metrics
from flows.cases import channels, secrets
from flows.cases.case import Cases
from flows.checks import guard
from flows.model import Received
from flows.people import SYSTEM, Who
from flows.ports import Unit
from storage.store import Store, Unavailable

log = logging.getLogger("bot.listeners.events")

Body = Mapping[str, Any]

LATE = timedelta(seconds=60)
"""An event not handled by then was left behind by a failure."""
YOUNG = 60.0
"""A message deleted before that age in seconds is posted again only when it changes: a filter that deleted it would delete it for
ever."""

PAUSE = 1.0
"""Seconds before an event is tried again for which the database was away."""

HANDLED = (
    "app_home_opened",
    "message",
    "member_joined_channel",
    "member_left_channel",
    "channel_rename",
    "channel_id_changed",
    "channel_shared",
    "channel_unshared",
    "channel_archive",
    "channel_unarchive",
    "group_archive",
    "group_rename",
    "group_unarchive",
    "subteam_members_changed",
    "app_uninstalled",
    "tokens_revoked",
)
"""A test keeps these equal to the manifest's bot events (where messages are `message.channels` and `message.groups`)."""


def _event(body: Body) -> dict[str, Any]:
    """The event; for an edited message, its new text, or none if only its surroundings changed (a preview, a reply)."""
    event = dict(body.get("event") or {})
    if event.get("subtype") != "message_changed":
        return event
    now, before = event.get("message") or {}, event.get("previous_message") or {}
    text = "" if now.get("text") == before.get("text") else now.get("text")
    return {**now, "type": "message", "channel": event.get("channel"), "text": text, "files": []}


def _deleted(body: Body) -> str:
    """The ts of a bot's message that somebody deleted, with or without replies; with them, a mark of it stays. Empty if it is none."""
    event = body.get("event") or {}
    before, subtype = event.get("previous_message") or {}, event.get("subtype")
    gone = subtype == "message_deleted" or (event.get("message") or {}).get("subtype") == "tombstone"
    return str(before.get("ts", "")) if gone and before.get("bot_id") else ""


def kept(body: Body) -> dict[str, Any]:
    """The part of an event that is stored. Of a message: where, who, when and the kinds of secret found, never its text."""
    event = _event(body)
    if deleted := _deleted(body):
        deletion = body["event"]
        at = str(deletion.get("event_ts") or deletion.get("ts") or "")
        return {"type": "message", "channel": deletion["channel"], "deleted": deleted, "at": at, "found": [], "files": []}
    names = (
        "type",
        "subtype",
        "user",
        "user_team",
        "team",
        "source_team",
        "channel",
        "ts",
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
    )
    small = {name: event[name] for name in names if name in event}
    if isinstance(small.get("channel"), dict):  # channel_rename
        small["channel"] = {"id": small["channel"].get("id", "")}
    if event.get("type") == "message":
        text = str(event.get("text") or "")
        small["found"] = sorted({str(finding.kind) for finding in guard.find_secrets(text)})
        small["files"] = [_file(file) for file in event.get("files") or []]
        small["bot"] = bool(event.get("bot_id"))
    return small


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    return {name: file[name] for name in ("id", "size", "file_access", "url_private_download") if name in file}


def _channel_of(event: Body) -> str:
    """Where it happened; empty if in no channel, or for a rename."""
    channel = event.get("old_channel_id") or event.get("channel")
    return channel if isinstance(channel, str) else ""


class Events:
    """``lost``: why Slack no longer accepts the bot, once it has said so; shown by /readyz."""

    def __init__(
        self,
        store: Store,
        cases: Cases,
        people: People,
        slack: Slack,
        home: AppHome,
        background: Background,
        of_channels: ChannelEvents,
    ) -> None:
        self._store, self._cases, self._people, self._slack = store, cases, people, slack
        self._home, self._background, self._channels = home, background, of_channels
        self._does: dict[str, Callable[[Unit, Body], Awaitable[None]]] = {
            "message": self._message,
            **of_channels.does,
            "app_uninstalled": self._revoked,
            "tokens_revoked": self._revoked,
        }
        self.lost = ""

    async def received(self, body: Body) -> None:
        """Store it before the acknowledgement, handle it after. Raises if it can't be stored, so that Slack sends it again."""
        self._channels.at_once(_event(body))
        if self.concerns(body) and await self.store(body):
            self._background.later(self._handle_new(str(body["event_id"])))

    async def _handle_new(self, event_id: str) -> None:
        """As soon as the database lets it; what it doesn't within LATE is left to `handle_late`."""
        late = time.monotonic() + LATE.total_seconds()
        while True:
            try:
                await self.handle(event_id)
            except Unavailable:
                if time.monotonic() >= late:
                    raise
                await asyncio.sleep(PAUSE)
            else:
                return

    def concerns(self, body: Body) -> bool:
        """Whether an event is worth storing: messages only if they may contain a secret, or if one of a bot was deleted."""
        if _deleted(body):
            return True
        event = _event(body)
        if event.get("type") != "message":
            return event.get("type") in HANDLED
        if self._channels.of_support(event):
            return True
        if event.get("bot_id") or event.get("user") in (None, *NOBODY):
            return False
        return bool(event.get("files")) or bool(guard.find_secrets(str(event.get("text") or "")))

    async def store(self, body: Body) -> bool:
        """True if the event is new."""
        event_id = str(body["event_id"])

        async def work(unit: Unit) -> bool:
            if await unit.get(Received, event_id) is not None:
                return False
            unit.add(Received(id=event_id, type=str(body["event"]["type"]), payload=kept(body), at=unit.now))
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
            looked = await self._look_into(payload["files"])
            payload["found"] = sorted({*payload["found"], *(kind for kinds in looked.values() for kind in kinds)})
            payload["files"] = [file for file in payload["files"] if looked.get(file["id"])]  # those that contained a secret
        payload |= await self._channels.prepare(payload)
        if kind == "app_home_opened":
            await self._home_opened(payload)

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
                await self.handle(event_id)
            except Exception as error:  # noqa: BLE001  one event doesn't hold up the others
                metrics.CHORE_FAILURES.labels("left_events").inc()
                extra = {"event": event_id, "onboarding": await self._onboarding_of(event_id), "error": type(error).__name__}
                log.warning("an event failed and will be retried", extra=extra)

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

    async def _look_into(self, files: list[Mapping[str, Any]]) -> dict[str, list[str]]:
        """The kinds of secret found, by file id. Raises SlackError if Slack may answer later."""
        found: dict[str, list[str]] = {}
        for file in files:
            try:
                content = await self._slack.download(file, MAX_BYTES)
            except SlackError as error:
                if error.transient:
                    raise  # retried by the next sweep
                log.info("a file could not be checked for secrets", extra={"error": error.error})
                continue
            found[file["id"]] = [str(finding.kind) for finding in guard.find_in_file("", content)]
        return found

    # -- in the transaction, one event each

    async def _message(self, unit: Unit, event: Body) -> None:
        if "deleted" in event:
            await self._message_deleted(unit, str(event["channel"]), event["deleted"], event.get("at", ""))
            return
        onboarding = await unit.by_channel(str(event.get("channel", "")))
        if onboarding is None or not event["found"] or event.get("bot"):
            return
        who = Who(str(event.get("user_team") or event.get("team") or ""), str(event["user"]))
        async with self._cases.open(unit, onboarding.id, who, closed=True, shows=False) as case:
            secrets.in_channel(case, event["found"], str(event.get("ts", "")), [file["id"] for file in event["files"]])

    async def _message_deleted(self, unit: Unit, channel: str, ts: str, at: str) -> None:
        """A lasting message is posted again, as it should be now. ``at``: when it was deleted, by Slack's clock; empty in events that
        an older version stored."""
        posted = await unit.posted_at(channel, ts)
        if posted is None or (at and float(at) - float(ts) < YOUNG):
            return
        async with self._cases.open(unit, posted.onboarding_id, closed=True, shows=False) as case:
            await channels.post_again(case, posted)

    async def _revoked(self, unit: Unit, event: Body) -> None:
        """Slack no longer accepts the bot: say so in /readyz and the log; the data stays for a new installation."""
        self.lost = str(event["type"])
        log.error("Slack no longer accepts the bot: install it again and set its new token", extra={"kind": self.lost})
        for onboarding in await unit.onboardings():
            unit.record(onboarding.id, f"slack:{self.lost}", SYSTEM)
