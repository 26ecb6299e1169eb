"""What Slack's events tell of channels: who joins and leaves, sharing, new ids, archiving; of customers' channels and of support's.

What takes power or closes support's channel takes effect when the event comes in, before anything is written; the rest once it is
handled.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.listeners.connections import Connections
from bot.slack.client import SlackError
from bot.slack.errors import BARRED
from bot.slack.payloads import reading
from bot.slack.people import People
from bot.slack.support_channel import SupportChannel
from bot.slack.support_people import SupportPeople
from flows.cases import channels, companies, manage, members
from flows.cases.case import Case, Cases
from flows.model import Onboarding, Person
from flows.people import Who
from flows.ports import Unit

log = logging.getLogger("bot.listeners.channels")

Event = Mapping[str, Any]

CLOSES = {
    "channel_shared": "shared",
    "group_archive": "archived",
    "channel_id_changed": "moved",
    "channel_convert_to_public": "public",
}
"""Events, and subtypes of messages, that close support's channel, with the fault. It is private: of a public one Slack would tell by
events of other names, but that is closed already."""
MAY_OPEN = {
    "channel_unshared": "shared",
    "group_unarchive": "archived",
    "channel_convert_to_private": "public",
}
"""After these, Slack is asked how things stand with it; with the fault that may be over."""
CONVERTED = frozenset({"channel_convert_to_public", "channel_convert_to_private"})
"""Subtypes: Slack has no events of their own for these."""


def channel_of(event: Event) -> str:
    """Where it happened, by the id that was known until then; empty if in no channel."""
    return str(event.get("old_channel_id") or event.get("channel") or "")


def what(event: Event) -> str:
    """The type, or for a message that says how a channel was changed, its subtype."""
    subtype = str(event.get("subtype") or "")
    return subtype if subtype in CONVERTED else str(event.get("type") or "")


class ChannelEvents:
    """``does``: by type, what is done in the transaction that marks the event as handled."""

    def __init__(
        self,
        cases: Cases,
        people: People,
        support: SupportPeople,
        support_channel: SupportChannel,
        connections: Connections,
    ) -> None:
        self._cases, self._people, self._support, self._channel = cases, people, support, support_channel
        self._connections, self._access = connections, cases.access
        self.does: Mapping[str, Callable[[Unit, Event], Awaitable[None]]] = {
            "member_joined_channel": self._joined,
            "member_left_channel": self._left,
            "channel_id_changed": self._id_changed,
            "channel_shared": self._shared,
            "channel_unshared": self._unshared,
            "channel_unarchive": self._unarchived,
            "group_unarchive": self._unarchived,
            "subteam_members_changed": self._group_changed,
            "user_change": self._deactivated,
        }

    def of_support(self, event: Event) -> bool:
        """Whether it tells of support's channel itself: such a message is kept, whatever it says."""
        return channel_of(event) == self._channel.id and what(event) in {*CLOSES, *MAY_OPEN}

    def concerns(self, event: Event) -> bool:
        """Slack tells of every change of anybody's profile or status: of these, only that an account was deactivated or became a guest's
        says who is gone."""
        if event.get("type") != "user_change":
            return True
        user = event.get("user")
        if not isinstance(user, Mapping):
            return False
        supports = any(who.user_id == user.get("id") for who in self._access.support)
        guest = user.get("is_restricted") or user.get("is_ultra_restricted")
        return bool(user.get("deleted") or (guest and supports))

    # -- when it comes in

    def takes_effect_at_once(self, event: Event) -> bool:
        return bool(self._departed(event)) or (self.of_support(event) and what(event) in CLOSES)

    def at_once(self, event: Event) -> None:
        with reading():
            departed = self._departed(event)
            at = _at(event) if departed else 0.0
            fault = CLOSES.get(what(event)) if self.of_support(event) else None
        for user_id in departed:
            self._support.leaves(user_id, at)
        if fault:
            self._channel.shut(fault)

    def _departed(self, event: Event) -> list[str]:
        """Who is no longer support by this event."""
        if event.get("type") == "user_change":
            return [_user(event)] if self.concerns(event) else []
        if event.get("type") == "subteam_members_changed":
            ours = bool(self._support.usergroup) and event.get("subteam_id") == self._support.usergroup
            return [str(one) for one in event.get("removed_users") or ()] if ours else []
        left = event.get("type") == "member_left_channel" and channel_of(event) == self._channel.id
        return [str(event["user"])] if left and not self._support.usergroup else []

    def _arrived(self, event: Event) -> list[str]:
        if event.get("type") == "subteam_members_changed":
            ours = bool(self._support.usergroup) and event.get("subteam_id") == self._support.usergroup
            return [str(one) for one in event.get("added_users") or ()] if ours else []
        joined = event.get("type") == "member_joined_channel" and channel_of(event) == self._channel.id
        return [str(event["user"])] if joined and not self._support.usergroup else []

    # -- before the transaction: calls to Slack

    async def prepare(self, event: Event) -> dict[str, Any]:
        """What Slack has to say besides; added to the event. Raises SlackError if Slack may answer later."""
        kind, ours = what(event), channel_of(event) == self._channel.id
        for user_id in self._arrived(event):
            if user_id != self._people.bot_user_id:
                await self._support.joins(user_id, _at(event))
        if self.of_support(event):
            await self._close_or_open(kind)
        if kind in ("member_joined_channel", "member_left_channel", "user_change"):
            try:
                await self._people.fetch(str(event["user"]), fresh=kind == "user_change")
            except SlackError as error:
                if error.transient and str(event.get("team") or "").startswith("E"):
                    raise  # an organization's id does not say whose they are
                log.info("a member could not be looked up", extra={"error": error.error})
        return {} if ours or not await self._tells_of_companies(event) else await self._connections.look(_now(event), event)

    async def _tells_of_companies(self, event: Event) -> bool:
        """One who joins a severed channel may be the customer's, who is back."""
        if event.get("type") == "member_joined_channel":
            return self._is_bot(event) or await self._connections.is_severed(channel_of(event))
        return event.get("type") in ("channel_id_changed", "channel_shared", "channel_unshared")

    async def _close_or_open(self, kind: str) -> None:
        if fault := CLOSES.get(kind):
            await self._channel.close(fault)
            return
        try:
            await self._channel.reopen(MAY_OPEN[kind])
        except SlackError as error:
            if error.transient:
                raise
            log.warning("the support channel can't be looked up", extra={"error": error.error})

    def _is_bot(self, event: Event) -> bool:
        return event.get("type") == "member_joined_channel" and event.get("user") == self._people.bot_user_id

    # -- in the transaction, one event each

    async def _joined(self, unit: Unit, event: Event) -> None:
        if self._is_bot(event):
            await self._let_in(unit, event)
            return
        onboarding, user_id = await unit.by_channel(channel_of(event)), str(event["user"])
        person = self._people.by_id(user_id)
        if onboarding is None:
            return
        if person is None:  # Slack doesn't describe them now; whose they are stands in the event
            team = str(event.get("team") or "")
            person = Person(id=f"{team}/{user_id}", team_id=team, user_id=user_id)
        if self._people.is_support(person):
            return
        for one in await unit.onboardings(channel_id=channel_of(event), closed=True):  # App Home keeps those that ended, too
            async with self._cases.open(unit, one.id, closed=True, shows=False) as case:
                await self._place(case, person)
        if person.team_id == onboarding.team_id and await self._connections.is_connected(unit, onboarding, event):
            await self._reachable(unit, onboarding, event)

    async def _place(self, case: Case, person: Person) -> None:
        """A new colleague at the customer, or somebody of a third company."""
        who = Who(person.team_id, person.user_id)
        if self._people.is_third(person, case.onboarding.team_id):
            await companies.arrive(case, person.team_id, person.user_id)
        elif person.team_id != case.onboarding.team_id or not self._people.is_customer(person):
            members.be_back(case, who)  # of the installing workspace: the customer's only if support chose them before
        elif await self._people.is_anothers_guest(case.unit, case.snapshot, person):
            await companies.arrive(case, person.user_id, person.user_id)
        else:
            await members.join(case, who, welcome=True)

    async def _let_in(self, unit: Unit, event: Event) -> None:
        if channel_of(event) == self._channel.id:
            manage.retry_refused(unit, await unit.refused_effects(BARRED), "support")
            return
        for onboarding in await unit.onboardings(channel_id=channel_of(event), closed=True):
            if await self._connections.is_connected(unit, onboarding, event):
                await self._reachable(unit, onboarding, event)
            else:
                await self._retry_refused(unit, onboarding)

    async def _left(self, unit: Unit, event: Event) -> None:
        for user_id in self._departed(event):
            await self._leaves_support(unit, user_id, event)
        user_id = str(event["user"])
        person = self._people.by_id(user_id)
        team = person.team_id if person is not None else str(event.get("team") or "")
        for onboarding in await unit.onboardings(channel_id=channel_of(event), closed=True):
            async with self._cases.open(unit, onboarding.id, closed=True, shows=False) as case:
                await members.leave(case, Who(team, user_id))
                await companies.leave(case, user_id)

    async def _group_changed(self, unit: Unit, event: Event) -> None:
        for user_id in self._departed(event):
            await self._leaves_support(unit, user_id, event)

    async def _deactivated(self, unit: Unit, event: Event) -> None:
        """Somebody's account, or all that it may do as a guest's. Slack tells of none of the channels that they left with it."""
        user_id = str(event["user"])
        if any(person.user_id == user_id for person in await unit.support_people()):
            await self._leaves_support(unit, user_id, event)
        person = self._people.by_id(user_id)
        who = Who(person.team_id if person is not None else str(event.get("team") or ""), user_id)
        for onboarding in await unit.onboardings(team_id=who.team_id, user_id=user_id):
            async with self._cases.open(unit, onboarding.id, shows=False) as case:
                await members.leave(case, who)

    async def _leaves_support(self, unit: Unit, user_id: str, event: Event) -> None:
        who = await self._support.left(unit, user_id, _at(event))
        if who is not None:
            members.redraw_home(unit, who)

    async def _id_changed(self, unit: Unit, event: Event) -> None:
        old, new = str(event["old_channel_id"]), str(event["new_channel_id"])
        for onboarding in await unit.onboardings(channel_id=old, closed=True):
            async with self._cases.open(unit, onboarding.id, closed=True, shows=False) as case:
                await channels.follow(case, old, new)
            # The event that says that it is shared may have come before this one.
            if await self._connections.is_connected(unit, onboarding, event):
                await self._reachable(unit, onboarding, event)
            else:
                await self._retry_refused(unit, onboarding)

    async def _shared(self, unit: Unit, event: Event) -> None:
        team = str(event.get("connected_team_id") or "")
        own = ("", self._access.team_id, self._access.enterprise_id)
        for onboarding in await unit.onboardings(channel_id=channel_of(event), closed=True):
            if await self._connections.is_connected(unit, onboarding, event):
                await self._reachable(unit, onboarding, event)
            async with self._cases.open(unit, onboarding.id, closed=True, shows=False) as case:
                third = [row.team_id for row in case.snapshot.companies]
                if team not in own and not await self._connections.is_theirs(unit, onboarding, team, event, third=third):
                    await companies.arrive(case, team)

    async def _unshared(self, unit: Unit, event: Event) -> None:
        left = str(event.get("previously_connected_team_id") or "")
        for onboarding in await unit.onboardings(channel_id=channel_of(event), closed=True):
            async with self._cases.open(unit, onboarding.id, closed=True, shows=False) as case:
                third = [row.team_id for row in case.snapshot.companies]
                severs = await self._connections.has_left(unit, case.onboarding, event, third=third)
                await companies.depart(case, left)
                if "members" in event:
                    await companies.remain(case, event["members"])
                if severs:
                    channels.sever(case)

    async def _unarchived(self, unit: Unit, event: Event) -> None:
        for onboarding in await unit.onboardings(channel_id=channel_of(event)):
            await self._retry_refused(unit, onboarding)

    async def _reachable(self, unit: Unit, onboarding: Onboarding, event: Event) -> None:
        async with self._cases.open(unit, onboarding.id, closed=True, shows=False) as case:
            third = [row.team_id for row in case.snapshot.companies]
            for company in third:  # taken for another until the customer's people came
                others = [one for one in third if one != company]
                if await self._connections.is_theirs(unit, onboarding, company, event, third=others):
                    await companies.recognize(case, company)
            await channels.share(case)
        await self._retry_refused(unit, onboarding)

    async def _retry_refused(self, unit: Unit, onboarding: Onboarding) -> None:
        refused = [record for record in await unit.failed_effects(onboarding.id) if record.error in BARRED]
        manage.retry_refused(unit, refused, "customer")


def _now(event: Event) -> str:
    """Where it happened, by the id that the channel has since."""
    return str(event.get("new_channel_id") or channel_of(event))


def _user(event: Event) -> str:
    """Whom it is about; `user_change` describes them, until it is stored."""
    user = event["user"]
    return str(user.get("id", "")) if isinstance(user, Mapping) else str(user)


def _at(event: Event) -> float:
    """When it happened, by Slack's clock, in seconds."""
    return float(event.get("event_ts") or event.get("date_update") or time.time())
