"""Who belongs to support: the members of the support channel, or of a user group, whose home team is the installing one and who are no
guests. Who is there comes first, by one call and by Slack's events; each person's profile later. docs/decisions/0007 says why."""

import asyncio
import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from bot.slack.client import Slack, SlackError
from bot.slack.people import NOBODY, People
from bot.slack.support_channel import SupportChannel
from flows.cases.access import Access
from flows.model import Departure, Person
from flows.people import Who
from flows.ports import Unit
from storage.store import Store, Unavailable

log = logging.getLogger("bot.slack.support_people")

BELIEVED = 600.0
"""Seconds for which an event that somebody left counts for more than Slack's lists, which may be older than it."""
UNWRITTEN = 60.0
"""The same for one that only this process may know of so far. Later, the store's word counts: another may know that they are back."""
JOINED = 10.0
"""The same for an event that somebody joined."""
FIRST_LOOK = 2.0
"""Seconds of a refresh in which profiles that are missing are asked for; the others follow, a round at a time."""
RENEWED_SECONDS = 300.0
"""The age at which a profile of support's is asked for again: a member may become a guest, or change their language."""
RENEWED_AT_ONCE = 2
"""Of these, how many in a round. Slack takes some hundred calls a minute of that kind, and others make them too."""
PAUSE = 5.0
"""Seconds before Slack is asked again for profiles that it could not give, unless it says how long."""
ON_CLICK = 1.0
"""Seconds that a click waits for the profile of a member whose profile is missing. It must be acknowledged within three."""


SETUP = ("channel_not_found", "not_in_channel", "no_such_subteam", "missing_scope", "refused", "nobody")
"""What may keep the bot from knowing support, beside the faults of its channel. The first ones are Slack's errors."""


async def is_still_support(unit: Unit, access: Access, who: Who) -> bool:
    """By the store's word too: another process may have been told that they left."""
    if access.is_support(who):
        row = await unit.get(Person, str(who))
        if row is not None and not row.support:
            access.support -= {who}
    return access.is_support(who)


class SupportPeople:
    """``usergroup``: whose members are support instead of the channel's; empty for the channel's. While that is public, anybody of the
    workspace can join it, so nobody becomes support by joining it."""

    def __init__(
        self, store: Store, slack: Slack, people: People, access: Access, *, channel: SupportChannel, usergroup: str = ""
    ) -> None:
        self._store, self._slack, self._people, self._access = store, slack, people, access
        self._channel, self.usergroup = channel, usergroup
        self._members: frozenset[str] = frozenset()
        self._left: dict[str, float] = {}
        self._joined: dict[str, float] = {}
        """By user id, when the last such event was, by Slack's clock."""
        self._asked: dict[str, float] = {}
        """By user id, when Slack last gave the profile or said that it won't."""
        self._rests_until = 0.0
        self.refreshed = False
        """Whether Slack has been reached since startup."""
        self._refused: SlackError | None = None

    async def load(self) -> None:
        """From the store, without Slack: the last known support people and installing team."""
        async with self._store.read() as unit:
            known = await unit.support_people()
        for person in known:
            self._people.know(person)
        self._members = frozenset(person.user_id for person in known)
        self._access.support = frozenset(Who(p.team_id, p.user_id) for p in known)
        if known:
            self._access.team_id = known[0].team_id

    @property
    def readers(self) -> int:
        """How many of the channel's members are known to be guests or of another company: they read what is posted, and are not support."""
        known = [] if self.usergroup else self._people.among(self._members)
        return sum(person.guest or person.team_id != self._access.team_id for person in known)

    def is_gone(self, user_id: str) -> bool:
        """Whether somebody surely is no longer support: they left, or their profile says that they are a guest or of another company by
        now. Nobody is while Slack was not reached, or names nobody at all."""
        if not (self.refreshed and self._access.support) or any(who.user_id == user_id for who in self._access.support):
            return False
        return user_id not in self._members or self._people.by_id(user_id) is not None

    def faults(self) -> Sequence[tuple[str, str]]:
        """Why nobody of support is reached: what is wrong, one of `SETUP` or of `bot.slack.support_channel.FAULTS`, and Slack's error or
        the scope that is missing. Empty if all is well, as far as this process knows."""
        if (refused := self._refused) is not None:
            known = refused.error if refused.error in SETUP else "refused"
            return [(known, refused.scope or refused.error)]
        if self._channel.fault:
            return [(self._channel.fault, "")]
        return [] if self._access.support else [("nobody", "")]

    def trouble(self) -> str:
        """For /readyz: why Slack does not say who is support; empty if it does, or was not reached."""
        refused = self._refused
        return (
            "" if refused is None else f"{refused}{f' ({refused.scope})' if refused.scope else ''}; run: pismo-onboarding check"
        )

    # -- what Slack's events say

    def leaves(self, user_id: str, at: float) -> None:
        """They have no power from this moment on, whatever else is known. ``at``: by Slack's clock; older than their coming: nothing."""
        if at < self._joined.get(user_id, 0.0):
            return
        self._left[user_id] = at
        self._members -= {user_id}
        self._access.support = frozenset(who for who in self._access.support if who.user_id != user_id)

    async def left(self, unit: Unit, user_id: str, at: float) -> Who | None:
        """The same in the store, for other processes and after a restart. Who they are, if they were support."""
        if at < self._joined.get(user_id, 0.0):
            return None
        gone = await unit.get(Departure, user_id)
        moment = datetime.fromtimestamp(at, UTC)
        if gone is None:
            unit.add(Departure(id=user_id, at=moment))
        else:
            gone.at = max(gone.at, moment)
        found = [person for person in await unit.support_people() if person.user_id == user_id]
        for person in found:
            person.support = False
        return Who(found[0].team_id, user_id) if found else None

    async def joins(self, user_id: str, at: float) -> None:
        """Support at once if they are known, else once their profile says that they may be; a later round asks if Slack can't say now."""
        if at < self._left.get(user_id, 0.0) or user_id in NOBODY:
            return
        async with self._store.read() as unit:
            if await self._takes_nobody(unit):
                return
        self._left.pop(user_id, None)
        self._joined[user_id] = at
        self._members |= {user_id}

        async def work(unit: Unit) -> Collection[Person]:
            gone = await unit.get(Departure, user_id)
            if gone is not None and gone.at.timestamp() > at:
                return []
            if gone is not None:
                await unit.delete(gone)
            known = [one for one in await unit.people_of(self._access.team_id, [user_id]) if not one.guest]
            for person in known:
                person.support = True
            return known

        self._grant(await self._store.transact(work))
        self._asked.pop(user_id, None)
        with suppress(SlackError):
            await self._look_up(user_id)

    async def verify(self, who: Who) -> None:
        """Before what somebody presses or types is handled: another process may have been told that they left; and a member whose
        profile is missing is asked for at once."""
        if self._access.is_support(who):
            if not self._store.one_writer:
                with suppress(Unavailable):
                    async with self._store.read() as unit:
                        await is_still_support(unit, self._access, who)
        elif who.user_id in self._members and self._people.by_id(who.user_id) is None:
            with suppress(SlackError, Unavailable, TimeoutError):
                async with asyncio.timeout(ON_CLICK):
                    await self._look_up(who.user_id)

    # -- what Slack's lists say

    async def refresh(self) -> None:
        """Who the bot is, and who belongs to support now. Raises SlackError if it can't say; a profile that fails is left to `renew`."""
        me = await self._slack.whoami()
        self._access.team_id, self._access.enterprise_id, self._people.bot_user_id = me.team_id, me.enterprise_id, me.user_id
        async with self._store.read() as unit:
            asked = unit.now
        try:
            listed = (
                await self._slack.usergroup_members(self.usergroup)
                if self.usergroup
                else await self._slack.members(self._channel.id)
            )
        except SlackError as error:
            self._refuse(None if error.transient else error)
            raise
        self._refuse(None)

        async def take(unit: Unit) -> Collection[Person]:
            return await self._take(unit, frozenset(listed) - {me.user_id} - NOBODY, asked.timestamp())

        known = await self._store.transact(take)
        self._access.support = frozenset()
        self._grant(known)
        await self._look_up_missing(time.monotonic() + FIRST_LOOK)
        self.refreshed = True

    def _refuse(self, error: SlackError | None) -> None:
        before, self._refused = self._refused, error
        if error is not None and (before is None or before.error != error.error):
            log.error(
                "Slack doesn't say who is support",
                extra={"error": str(error), "scope": error.scope, "how": "run: pismo-onboarding check"},
            )

    async def _takes_nobody(self, unit: Unit) -> bool:
        return not self.usergroup and await self._channel.is_public(unit)

    def _grant(self, people: Collection[Person]) -> None:
        """To those of them who are there at this moment."""
        for person in people:
            self._people.know(person)
        self._access.support |= {Who(person.team_id, person.user_id) for person in people if person.user_id in self._members}

    async def _take(self, unit: Unit, listed: frozenset[str], asked: float) -> Collection[Person]:
        """Write who is support by this list, as far as no event says otherwise. Returns those of them who are known."""
        departures, support = await unit.departures(), await unit.support_people()
        for gone in departures:
            if gone.at.timestamp() <= asked - BELIEVED:
                await unit.delete(gone)
        takes_nobody = await self._takes_nobody(unit)
        # From here to the new members nothing is awaited: what an event says meanwhile would be lost.
        came = {user_id for user_id, at in self._joined.items() if at > asked - JOINED}
        left = {user_id for user_id, at in self._left.items() if at > asked - UNWRITTEN}
        left |= {gone.id for gone in departures if gone.at.timestamp() > asked - BELIEVED}
        self._members = (listed | came) - left
        if takes_nobody:
            self._members &= {person.user_id for person in support}
        for person in support:
            person.support = person.user_id in self._members
        known = [person for person in await unit.people_of(self._access.team_id, self._members) if not person.guest]
        for person in known:
            person.support = True
        return known

    async def renew(self) -> None:
        """One round: the profiles that are missing, as many as Slack gives; else those asked for longest ago, once they are old."""
        if not self.refreshed or await self._look_up_missing():
            return
        now = time.monotonic()
        old = [user_id for user_id in self._members if now - self._asked.get(user_id, -RENEWED_SECONDS) >= RENEWED_SECONDS]
        for user_id in sorted(old, key=lambda one: self._asked.get(one, 0.0))[:RENEWED_AT_ONCE]:
            await self._look_up(user_id)

    async def _look_up_missing(self, until: float = float("inf")) -> bool:
        """Whether any were missing."""
        if time.monotonic() < self._rests_until:
            return True
        missing = [one for one in sorted(self._members) if one not in self._asked and self._people.by_id(one) is None]
        for user_id in missing:
            if time.monotonic() > until:
                break
            try:
                await self._look_up(user_id)
            except SlackError as error:
                log.info("profiles of support's are asked for later", extra={"error": error.error})
                if error.transient:
                    break
        return bool(missing)

    async def _look_up(self, user_id: str) -> None:
        """Whether a member may be support. Raises SlackError; then what was known of them holds."""
        try:
            person = await self._people.fetch(user_id, fresh=True)
        except SlackError as error:
            if error.transient:
                self._rests_until = time.monotonic() + (error.retry_after or PAUSE)
            else:
                self._asked[user_id] = time.monotonic()
            raise
        self._asked[user_id] = time.monotonic()
        if person is None or person.team_id != self._access.team_id or person.guest:
            return  # a bot, or somebody from whom `People.fetch` took it

        async def grant(unit: Unit) -> bool:
            row = await unit.get(Person, person.id)
            if row is None or user_id not in self._members or await unit.get(Departure, user_id) is not None:
                return False
            row.support = True
            return True

        if await self._store.transact(grant):
            self._grant([person])
