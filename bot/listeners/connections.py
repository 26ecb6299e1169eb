"""Whose an organization is that a channel is connected with: the customer's, or a third company's.

Slack may name a company by its Enterprise Grid organization (E…), and does not tell that of people from another company. Where it is not
known whose it is, the channel's members say: only while it is connected with the customer are the customer's people among them.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.slack.client import Slack, SlackError
from flows.cases.access import Access
from flows.model import Onboarding
from flows.people import Who
from flows.ports import Unit
from storage.store import Store

Event = Mapping[str, Any]

OLDER = timedelta(seconds=60)
"""How much older than its events Slack's list of members may be."""


class Connections:
    """``look`` asks Slack and adds to the event what the others go by: ``now_shared``, ``companies`` and ``members`` of the channel."""

    def __init__(self, store: Store, slack: Slack, access: Access) -> None:
        self._store, self._slack, self._access = store, slack, access

    async def look(self, channel: str, event: Event) -> dict[str, Any]:
        """Raises SlackError if Slack may answer later, unless the event says all by itself."""
        try:
            info, members = await self._slack.channel(channel), await self._slack.members(channel)
        except SlackError as error:
            if not error.transient:
                return {"now_shared": False, "companies": [], "members": []}
            if await self._says_all(channel, event):
                return {}
            raise
        return {"now_shared": info.is_shared, "companies": sorted(info.companies), "members": members}

    async def is_severed(self, channel: str) -> bool:
        async with self._store.read() as unit:
            return any(one.severed_at for one in await unit.onboardings(channel_id=channel, closed=True))

    async def has_left(self, unit: Unit, onboarding: Onboarding, event: Event, *, third: Sequence[str]) -> bool:
        """By ``channel_unshared``: whether the customer's company is no longer connected. Never so for guests, who share nothing.
        ``third``: companies that are known not to be the customer's."""
        left = str(event.get("previously_connected_team_id") or "")
        if not self._is_foreign(onboarding):
            return False
        if not left or not event.get("is_ext_shared") or left in await self._names(unit, onboarding):
            return True
        if not await self._is_open(unit, onboarding, left, event):
            return False
        if event.get("companies") and left not in third and not self._others(event, left, third):
            return True  # whatever the list of members says, which may be older
        return not await self._is_present(unit, onboarding, event)

    async def is_connected(self, unit: Unit, onboarding: Onboarding, event: Event) -> bool:
        """Whether it is certain that the channel is shared with the customer's company now."""
        listed = {str(team) for team in event.get("companies") or ()}
        if not self._is_foreign(onboarding) or not event.get("now_shared"):
            return False
        if listed & await self._names(unit, onboarding):
            return True
        open_ones = [team for team in listed if await self._is_open(unit, onboarding, team, event)]
        return (not listed or bool(open_ones)) and await self._is_present(unit, onboarding, event)

    async def is_theirs(self, unit: Unit, onboarding: Onboarding, team: str, event: Event, *, third: Sequence[str]) -> bool:
        """Whether it is certain that a company is the customer's. ``third``: companies that are known not to be."""
        if team in await self._names(unit, onboarding):
            return True
        if not await self._is_open(unit, onboarding, team, event):
            return False
        return not self._others(event, team, third) and await self._is_present(unit, onboarding, event)

    # --

    def _is_foreign(self, onboarding: Onboarding) -> bool:
        """Else the customer's people are guests of the installing workspace."""
        return onboarding.team_id not in ("", self._access.team_id)

    async def _names(self, unit: Unit, onboarding: Onboarding) -> set[str]:
        """By which Slack is known to name the customer's company."""
        lead = await unit.person(Who(onboarding.team_id, onboarding.lead_id))
        return {onboarding.team_id, lead.enterprise_id if lead is not None else ""} - {""}

    async def _is_open(self, unit: Unit, onboarding: Onboarding, team: str, event: Event) -> bool:
        """Whether a company may be the customer's or another, by all that is known of both."""
        names = await self._names(unit, onboarding)
        known = len(names) > 1 or onboarding.team_id in event.get("companies", ()) or team in names
        return self._is_foreign(onboarding) and team.startswith("E") and team != self._access.enterprise_id and not known

    def _others(self, event: Event, team: str, third: Sequence[str]) -> set[str]:
        """Organizations beside this one that may be the customer's."""
        return {one for one in event.get("companies") or () if one.startswith("E")} - {team, self._access.enterprise_id, *third}

    async def _is_present(self, unit: Unit, onboarding: Onboarding, event: Event) -> bool:
        """By the list of members, unless that may be from before they were severed; one who joins is back."""
        severed = onboarding.severed_at
        if severed and unit.now - severed < OLDER and event.get("type") != "member_joined_channel":
            return False
        return bool(await unit.people_of(onboarding.team_id, event.get("members", ())))

    async def _says_all(self, channel: str, event: Event) -> bool:
        """Whether it ends a connection, and it is clear with whom."""
        left = str(event.get("previously_connected_team_id") or "")
        if event.get("type") != "channel_unshared":
            return False
        async with self._store.read() as unit:
            found = await unit.onboardings(channel_id=channel, closed=True)
            return not event.get("is_ext_shared") or not any([await self._is_open(unit, one, left, event) for one in found])
