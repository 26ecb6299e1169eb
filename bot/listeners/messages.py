"""Messages in channels: looked into for secrets before Slack gets its answer, so that only what was found is stored, never a text.

Files are looked into afterwards. What could not be looked into is told like what was found.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import islice
from typing import Any
from weakref import WeakValueDictionary

from bot.inspection.inspections import Hindrance, Inspections, Verdict
from bot.inspection.messages import MAX_DEPTH
from bot.slack.client import Slack, SlackError
from bot.slack.files import MAX_BYTES
from bot.slack.payloads import reading
from bot.slack.people import NOBODY, SLACK, People
from flows.cases import channels, secrets
from flows.cases.case import Cases
from flows.checks.guard import Unread
from flows.people import SYSTEM, Who
from flows.ports import Unit
from storage.sealing import current
from storage.store import Store


class NotYet(Exception):  # noqa: N818  an answer, not a failure
    """A file could not be had from Slack, or no process was free to look into it: it is tried again."""


Body = Mapping[str, Any]
Json = dict[str, Any]

YOUNG = 60.0
"""A message deleted before that age in seconds is posted again only when it changes: a filter that deleted it would delete it for
ever."""
TURN_SECONDS = 30.0
"""How long a message with files waits for others of its channel, before it is left for later."""
MAX_FILES = 20
"""Of one message, forwarded ones included. Slack takes ten at once."""
GONE = frozenset({"file_not_found", "file_deleted", "http_404", "http_410"})
DIGEST = 16
"""Hex digits of it that are kept."""
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}$")


def deleted(body: Body) -> str:
    """The ts of a bot's message that somebody deleted, with or without replies; with them, a mark of it stays. Empty if it is none."""
    event = body.get("event") or {}
    before, subtype = event.get("previous_message") or {}, event.get("subtype")
    gone = subtype == "message_deleted" or (event.get("message") or {}).get("subtype") == "tombstone"
    return str(before.get("ts", "")) if gone and before.get("bot_id") else ""


def message_of(body: Body) -> tuple[Json, Json | None]:
    """The message that an event tells of, and what it was if it was changed: by an edit, a preview, a reply."""
    event = dict(body.get("event") or {})
    if event.get("subtype") != "message_changed":
        return event, None
    return {**(event.get("message") or {}), "channel": event.get("channel")}, event.get("previous_message") or {}


class Messages:
    def __init__(self, store: Store, cases: Cases, people: People, slack: Slack, inspections: Inspections) -> None:
        self._store, self._cases, self._people, self._slack, self._inspections = store, cases, people, slack, inspections
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    # -- before the acknowledgement

    async def kept(self, body: Body) -> Json | None:
        """What is stored of a message: where, who, when, what was found, never its text. None if there is nothing to do about it."""
        with reading():
            if ts := deleted(body):
                event = body["event"]
                at = str(event.get("event_ts") or event.get("ts") or "")
                return {"type": "message", "channel": event["channel"], "deleted": ts, "at": at}
            now, before = message_of(body)
            if now.get("subtype") in ("message_deleted", "tombstone") or now.get("user") == SLACK or self._is_own(body, now):
                return None
            old = {file.get("id") for file in _files(before or {})}
            new = [file for file in _files(now) if file.get("id") not in old]
            files = [_kept(file) for file in new[:MAX_FILES]]
        verdict = await self._inspections.message(now, before)
        if len(new) > MAX_FILES:
            verdict |= _unread(Unread.TOO_MANY)
        if not (files or verdict.found or verdict.unread):
            return None
        return {
            "type": "message",
            **{name: now[name] for name in ("user", "user_team", "team", "channel", "ts") if name in now},
            "app": bool(now.get("bot_id")) or not now.get("user") or now["user"] in NOBODY,
            "looks": {"": _look(verdict)},
            "files": files,
        }

    def _is_own(self, body: Body, message: Body) -> bool:
        """Whether the bot itself posted it. Slack names the bot's user with each event, also before the bot could ask."""
        own = {self._people.bot_user_id, *(one.get("user_id") for one in body.get("authorizations") or () if one.get("is_bot"))}
        user, app = message.get("user"), message.get("app_id")
        return bool((user and user in own) or (app and app == body.get("api_app_id")))

    # -- after it

    async def look_into_files(self, event: Json, *, last: bool) -> None:
        """Adds what is in the files of a customer's channel; ``files`` are then those that could not be had yet. ``last``: of those it is
        said that they were not looked into."""
        channel = str(event.get("channel", ""))
        async with self._store.read() as unit:
            if await unit.by_channel(channel) is None:
                event["files"] = []
        left: list[Json] = []
        with suppress(TimeoutError):
            async with self._turn(channel, None if last else TURN_SECONDS):
                for file in event["files"]:
                    try:
                        event["looks"][str(file["id"])] = _look(await self.file(file, last=last))
                    except (SlackError, NotYet):
                        left.append(file)
                event["files"] = left

    @asynccontextmanager
    async def _turn(self, channel: str, seconds: float | None) -> AsyncIterator[None]:
        """One message of a channel at a time, so that many files in one hold up no other channel's. Raises TimeoutError."""
        turn = self._turns.setdefault(channel, asyncio.Lock())
        async with asyncio.timeout(seconds):
            await turn.acquire()
        try:
            yield
        finally:
            turn.release()

    async def file(self, file: Body, *, last: bool = False) -> Verdict:
        """The beginning and the end of a large one. Nothing for one that is gone, or elsewhere than at Slack. Raises SlackError if Slack
        may answer later, NotYet if no process was free, unless it was asked for the ``last`` time."""
        try:
            if not (file.get("url_private_download") or file.get("url_private")):  # shared by another company
                file = await self._slack.file(str(file.get("id")))
            if _is_elsewhere(file):
                return Verdict()
            ends = await self._slack.ends(file, MAX_BYTES)
        except SlackError as error:
            if error.transient and not last:
                raise
            if error.error in GONE:
                return Verdict()
            return _unread(Hindrance.NOT_DELIVERED if error.transient else Hindrance.NOT_ALLOWED)
        name = str(file.get("name") or file.get("suffix") or "")
        verdict = await self._inspections.message({"files": [file]})
        for part in ends:
            verdict |= await self._inspections.file(name, part, cut=len(ends) > 1, patient=True)
        if Hindrance.NOT_BEGUN in verdict.unread and not last:
            raise NotYet
        return verdict

    async def look_into_change(self, event: Json, *, last: bool) -> None:
        """A file was changed, a snippet edited, perhaps only its title: adds who gave it, where it stands, and what is in it now.
        Raises SlackError, which is not transient the ``last`` time, and NotYet."""
        event["places"] = []
        try:
            file = await self._slack.file(str(event.get("file_id")))
        except SlackError as error:
            if error.transient and last:
                raise SlackError(error.method, Hindrance.NOT_DELIVERED) from None
            if error.transient:
                raise
            return  # in no place that the bot sees
        if file.get("user") == self._people.bot_user_id:
            return
        async with self._store.read() as unit:
            places = [place for place in _places(file) if await unit.by_channel(place[0]) is not None]
        if places:
            verdict = await self.file(file, last=last)
            event |= {"user": str(file.get("user") or ""), "team": str(file.get("user_team") or ""), "places": places}
            event["app"] = bool(file.get("bot_id")) or not event["user"]
            event["looks"] = {str(file["id"]): _look(verdict)}

    # -- in the transaction

    async def carry_out_change(self, unit: Unit, event: Body) -> None:
        for channel, ts in event["places"]:
            await self.carry_out(unit, {**event, "channel": channel, "ts": ts})

    async def carry_out(self, unit: Unit, event: Body) -> None:
        if "deleted" in event:
            await self._deleted(unit, str(event["channel"]), event["deleted"], event.get("at", ""))
            return
        looks = {place: secrets.Look(**found) for place, found in event["looks"].items() if any(found.values())}
        onboarding = await unit.by_channel(str(event.get("channel", ""))) if looks else None
        if onboarding is None:
            return
        who = Who(str(event.get("user_team") or event.get("team") or ""), str(event.get("user", "")))
        post = secrets.Post(str(event["channel"]), str(event.get("ts", "")), looks, by_app=bool(event["app"]))
        actor = SYSTEM if post.by_app else who
        async with self._cases.open(unit, onboarding.id, actor, closed=True, shows=False) as case:
            await secrets.in_channel(case, post)

    async def _deleted(self, unit: Unit, channel: str, ts: str, at: str) -> None:
        """A lasting message is posted again, as it should be now. ``at``: when it was deleted, by Slack's clock; empty if unknown."""
        posted = await unit.posted_at(channel, ts)
        if posted is None or (at and float(at) - float(ts) < YOUNG):
            return
        async with self._cases.open(unit, posted.onboarding_id, closed=True, shows=False) as case:
            await channels.post_again(case, posted)


def _files(message: Body) -> list[Json]:
    """Attached, or in a message that was forwarded, perhaps in another one; each once."""
    shown = islice(_shown(message, 0), 10 * MAX_FILES)
    return list({str(file["id"]): file for file in shown if not _is_elsewhere(file)}.values())


def _shown(value: Any, depth: int) -> Iterator[Json]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for part in value:
            yield from _shown(part, depth + 1)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name in ("files", "file"):
                files = part if isinstance(part, list) else [part]
                yield from (file for file in files if isinstance(file, dict) and file.get("id"))
            elif name != "root":  # a message of its own
                yield from _shown(part, depth + 1)


def _places(file: Body) -> list[tuple[str, str]]:
    """Where a file stands: channels, and the ts of the message there, empty if Slack doesn't say."""
    shares = [each for kind in (file.get("shares") or {}).values() for each in kind.items()]
    told = [(channel, str(one.get("ts") or "")) for channel, messages in shares for one in messages[:1]]
    known = {channel for channel, _ in told}
    others = [*(file.get("channels") or ()), *(file.get("groups") or ())]
    return told + [(channel, "") for channel in dict.fromkeys(others) if channel not in known]


def _is_elsewhere(file: Body) -> bool:
    """A link to a file of another service, or what is left of a deleted one."""
    return (
        bool(file.get("is_external"))
        or file.get("mode") in ("external", "tombstone")
        or file.get("file_access") == "file_not_found"
    )


def _kept(file: Body) -> Json:
    """Its name is looked into with the message; of it, only its kind is kept."""
    suffix = _SUFFIX.search(str(file.get("name") or ""))
    small = {name: file[name] for name in ("id", "size", "url_private_download") if name in file}
    return small | ({"suffix": suffix[0]} if suffix else {})


def _look(verdict: Verdict) -> Json:
    """As `secrets.Look`, to be stored: of a secret a keyed digest that tells it from another."""
    marks = (mark.partition(":")[0] + ":" + current().mac("secret", mark)[-DIGEST:] for mark in sorted(verdict.marks))
    return {"found": tuple(marks), "unread": tuple(sorted(verdict.unread))}


def _unread(why: str) -> Verdict:
    return Verdict(unread=frozenset({why}))
