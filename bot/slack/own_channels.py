"""The channels that the bot is in, as Slack lists them."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from bot.slack.client import ChannelInfo, Slack

NAMES_SECONDS = 1.0
"""How long a list or a command waits for the names of channels."""
KEPT = 300.0
"""Seconds for which names are kept: the list of a thousand channels takes Slack two answers."""


class OwnChannels:
    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._names: Mapping[str, str] = {}
        self._until = 0.0
        self._asking: asyncio.Future[Sequence[ChannelInfo]] | None = None

    async def newest_first(self) -> Sequence[ChannelInfo]:
        """Without archived ones, as they are now. Raises SlackError."""
        found = sorted(await self._slack.own_channels(), key=lambda channel: (channel.created, channel.id), reverse=True)
        self._names = {channel.id: channel.name for channel in found}
        self._until = time.monotonic() + KEPT
        return found

    async def names(self) -> Mapping[str, str]:
        """By channel id. Whoever comes meanwhile waits for the same answer; it comes for the next ones though all stop waiting. Raises
        SlackError."""
        if time.monotonic() >= self._until:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.ensure_future(self.newest_first())
                self._asking.add_done_callback(lambda one: one.cancelled() or one.exception())
            await asyncio.shield(self._asking)
        return self._names
