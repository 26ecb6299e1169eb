"""Support's channel: whether customers' data may be posted there. It must be private and nobody else's, for it shows all answers of all
customers. Asked at the start, watched by Slack's events, and asked again every few minutes; kept in the store for all processes."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress

from bot.slack.client import ChannelInfo, Slack, SlackError
from flows.model import WatchedChannel
from flows.ports import Unit
from storage.sealing import SealError
from storage.store import Conflict, Store, Unavailable
from storage.verify_rows import is_explained

log = logging.getLogger("bot.slack.support_channel")

AT_START = 3.0
"""Seconds that a start waits for Slack's answer. Without one, the store's last word counts until there is."""
DOUBT = 60.0
"""Seconds after an event that closed it in which an answer of Slack that all is well counts for nothing: it may be from before."""

FAULTS: Mapping[str, tuple[str, str]] = {
    "public": ("is public: anybody in the workspace can read it, and join support", "make it private, or set another channel"),
    "shared": ("is shared with another company", "end the sharing, or set another channel"),
    "invited": ("another company is invited to it", "revoke the invitation, or set another channel"),
    "org_shared": ("is shared with other workspaces of the organization", "take a channel of this workspace alone"),
    "archived": ("is archived", "unarchive it, or set another channel"),
    "customers": ("is a customer's channel", "set a channel of support's own"),
    "moved": ("has got another ID", "set the new ID, once it is Pismo's alone"),
}
"""What is wrong, and what to do, in the words of operators. All answers of all customers are shown there. Of several the first counts:
while it is public, nobody becomes support by joining it, whatever else is wrong."""


class UnfitChannelError(Exception):
    """The process refuses to start. ``fault``: see `FAULTS`."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def fault_of(channel: ChannelInfo) -> str:
    """The first of `FAULTS` that holds; empty if none does."""
    found = {
        "public": not channel.is_private,
        "shared": channel.is_shared,
        "invited": channel.is_pending_shared,
        "org_shared": channel.is_org_shared,
        "archived": channel.is_archived,
    }
    return _first(fault for fault, holds in found.items() if holds)


def _first(faults: Iterable[str]) -> str:
    known = set(faults)
    return next((fault for fault in FAULTS if fault in known), "")


class SupportChannel:
    """``fault``: as this process knows it; `check` asks the store, which is told by all. ``on_open``: called once a fault is over."""

    def __init__(self, store: Store, slack: Slack, channel: str) -> None:
        self._store, self._slack, self.id = store, slack, channel
        self.fault = ""
        self.on_open: Callable[[], Awaitable[None]] | None = None
        self._looked = False
        self._in_turn = asyncio.Lock()
        """Of two answers, the later one is kept last."""
        self._doubted_until: dict[str, float] = {}
        """By fault of which an event told."""

    async def begin(self) -> None:
        """Raises UnfitChannelError if Slack says so. If it says nothing, what was known last holds."""
        self.fault = await self._stored()
        with suppress(SlackError, TimeoutError, Conflict, Unavailable, SealError):
            async with asyncio.timeout(AT_START):
                await self.look()
        if self._looked and self.fault:
            raise UnfitChannelError(self.fault)

    async def look(self) -> None:
        """Ask Slack, and the store for a customer whose people are guests: their channel is private and not shared. Raises SlackError."""
        async with self._in_turn:
            found = fault_of(await self._slack.channel(self.id))
            async with self._store.read() as unit:
                there = await unit.onboardings(channel_id=self.id, closed=True)
                # A row that no log explains makes it nobody's: else whoever adds one cuts support off.
                theirs = "customers" if any([await is_explained(unit.connection, one.id) for one in there]) else ""
            await self._keep(_first([found, theirs, *self._told()]))
        self._looked = True

    def _told(self) -> list[str]:
        """The faults of which an event told so lately that Slack's answers may be from before."""
        now = time.monotonic()
        return [fault for fault, until in self._doubted_until.items() if until > now]

    async def is_public(self, unit: Unit) -> bool:
        """As far as any process knows."""
        return "public" in (self.fault, await self._stored_in(unit))

    async def check(self) -> str:
        """The fault that holds now, before something is posted there. Raises SlackError if Slack wasn't reached since the start."""
        if not self._looked:
            await self.look()
        if not self.fault and self._store.one_writer:
            return ""  # no other process could be told of one
        if stored := await self._stored():
            self.fault = stored
        elif self.fault:  # another process was told that it is over, or this one is writing down what it was told
            await self.look()
        return self.fault

    def shut(self, fault: str) -> None:
        """As an event says; for this process, from this moment on."""
        self.fault, self._doubted_until[fault] = _first([fault, self.fault]), time.monotonic() + DOUBT

    async def close(self, fault: str) -> None:
        """The same for all processes."""
        self.shut(fault)
        async with self._in_turn:
            await self._keep(_first([self.fault, await self._stored()]))

    async def reopen(self, over: str) -> None:
        """An event says that a fault is over: Slack's answer counts. Raises SlackError."""
        self._doubted_until.pop(over, None)
        await self.look()

    async def _stored(self) -> str:
        async with self._store.read() as unit:
            return await self._stored_in(unit)

    async def _stored_in(self, unit: Unit) -> str:
        """What was damaged says nothing: Slack's answer counts."""
        with suppress(SealError):
            row = await unit.get(WatchedChannel, self.id)
            return row.fault if row is not None and row.fault in FAULTS else ""
        return ""

    async def _keep(self, fault: str) -> None:
        """It is closed here before others know, and opened here once they do."""
        was = self.fault
        self.fault = fault or self.fault
        is_news = fault != await self._stored()
        if is_news:
            await self._write(fault)
        self.fault = fault = _first([fault, *self._told()])  # what an event told meanwhile counts
        if fault and is_news:
            what, how = FAULTS[fault]
            log.error(
                "nothing of customers is posted in the support channel any more: %s", what, extra={"channel": self.id, "how": how}
            )
        if not fault and (was or is_news):
            log.info("the support channel may be posted into again", extra={"channel": self.id})
            if self.on_open is not None:
                await self.on_open()

    async def _write(self, fault: str) -> None:
        async def work(unit: Unit) -> None:
            row = await unit.get(WatchedChannel, self.id)
            if row is None:
                unit.add(WatchedChannel(id=self.id, fault=fault, at=unit.now))
            else:
                row.fault, row.at = fault, unit.now

        await self._store.transact(work)

    def trouble(self) -> str:
        """For /readyz; empty if all is well."""
        if not self.fault:
            return ""
        what, how = FAULTS[self.fault]
        return f"{what}; what is for support waits: {how}"
