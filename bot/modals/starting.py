"""What the form that begins an onboarding proposes: the channel, the customer's name, and who can lead it."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.modals.neighbours import FIELD, Neighbours
from bot.slack.client import ChannelInfo, Slack, SlackError
from bot.slack.own_channels import OwnChannels
from flows.forms.fields import Answers
from flows.model import Person
from flows.names import customer_of_channel
from flows.problems import Problem
from storage.customers import readable_name
from storage.store import Store

log = logging.getLogger("bot.modals.starting")

NAMED = ("_pismo", "-pismo")
"""How the names of channels end that are shared with a customer."""
ASK_SECONDS = 1.5
"""How long a form waits for what can be proposed."""
TRIED = 20
"""Channels that are looked at, the newest first."""


@dataclass(frozen=True)
class StartProposal:
    """Empty where there is nothing to propose. ``problem``: why the channel that was chosen won't do."""

    channel_id: str = ""
    customer: str = ""
    problem: Problem | None = None

    @property
    def answers(self) -> Answers:
        return {"customer": self.customer} if self.customer else {}


class StartProposals:
    def __init__(self, store: Store, slack: Slack, channels: OwnChannels, neighbours: Neighbours, support_channel: str) -> None:
        self._store, self._slack, self._channels = store, slack, channels
        self._neighbours, self._support_channel = neighbours, support_channel

    async def of(self, typed_in: str) -> StartProposal:
        """The channel where the command was typed if it is free, and shared with a company or named as such a channel; else the newest
        that is all of it. Nothing while Slack does not answer: the form can be filled in without."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                here = await self._free(typed_in)
                found = here if here is not None and (here.is_shared or here.name.endswith(NAMED)) else await self._newest()
        except (SlackError, TimeoutError):
            found = None
        return _of(found)

    async def in_channel(self, channel_id: str) -> StartProposal:
        """The same once a channel is chosen, with what is wrong with it."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                if problem := await self.unfit(channel_id):
                    return StartProposal(channel_id, problem=problem)
                return _of(await self._slack.channel(channel_id))
        except SlackError as error:
            return StartProposal(
                channel_id, problem=Problem(FIELD, "slack_did_not_answer" if error.transient else "channel_not_found")
            )
        except TimeoutError:
            return StartProposal(channel_id, problem=Problem(FIELD, "slack_did_not_answer"))

    async def unfit(self, channel_id: str) -> Problem | None:
        """Why no onboarding can begin in a channel, whoever is there."""
        if channel_id == self._support_channel:
            return Problem(FIELD, "channel_is_support")
        async with self._store.read() as unit:
            there = await unit.by_channel(channel_id)
        if there is not None and there.closed_at is None:
            return Problem(FIELD, "channel_taken", {"customer": readable_name(there)})
        return None

    async def leads(self, channel_id: str) -> Sequence[Person]:
        """Who in a channel can act for a customer. Slack's own list of people leaves out some of them. Raises SlackError."""
        return await self._neighbours.who_can_lead(channel_id) if channel_id else ()

    async def who_can_lead(self, channel_id: str) -> Sequence[Person]:
        """`leads`, or nobody while Slack does not answer: whoever was chosen is then chosen again."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self.leads(channel_id)
        except (SlackError, TimeoutError):
            return ()

    async def _newest(self) -> ChannelInfo | None:
        named = [channel for channel in await self._channels.newest_first() if channel.name.endswith(NAMED)]
        for channel in named[:TRIED]:
            if (found := await self._free(channel.id)) is not None and found.is_shared:
                return found
        return None

    async def _free(self, channel_id: str) -> ChannelInfo | None:
        """The channel, if the bot sees it, and nothing is open there."""
        if not channel_id.startswith(("C", "G")) or await self.unfit(channel_id):
            return None
        try:
            found = await self._slack.channel(channel_id)
        except SlackError as error:
            if error.transient:
                raise
            return None  # the bot is not in it
        return None if found.is_archived else found


def _of(channel: ChannelInfo | None) -> StartProposal:
    return StartProposal(channel.id, customer_of_channel(channel.name)) if channel is not None else StartProposal()


def labels(people: Sequence[Person]) -> Mapping[str, str]:
    """By user id, for a list to choose from."""
    return {person.user_id: person.name or person.user_id for person in people}
