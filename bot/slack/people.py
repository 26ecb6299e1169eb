"""What the bot knows about people: who belongs to support, and each one's language and zone. Kept in the store so that a click
needs no call, and so that the bot can start while Slack is unreachable."""

from collections.abc import Callable
from contextlib import nullcontext, suppress

from bot.slack.client import Slack, SlackError, UserInfo
from flows.cases.access import Access
from flows.model import Person
from flows.people import Who
from flows.ports import Unit
from storage.store import Store, Unavailable

NOBODY = frozenset({"USLACK", "USLACKBOT"})
"""Slack's own users: their messages and memberships are ignored."""


class People:
    """``for_locale``: the language to use for a Slack locale, or the given default if there is none."""

    def __init__(
        self,
        store: Store,
        slack: Slack,
        access: Access,
        *,
        support_channel: str,
        usergroup: str,
        for_locale: Callable[[str, str], str],
    ) -> None:
        self._store, self._slack, self._access = store, slack, access
        self._channel, self._usergroup, self._for_locale = support_channel, usergroup, for_locale
        self._people: dict[Who, Person] = {}
        self._enterprises: dict[str, str] = {}
        self.bot_user_id = ""
        self.refreshed = False
        """Whether Slack has been reached since startup."""

    async def load(self) -> None:
        """From the store, without Slack: the last known support people and installing team."""
        async with self._store.read() as unit:
            known = await unit.support_people()
        for person in known:
            self._people[Who(person.team_id, person.user_id)] = person
        self._access.support = frozenset(Who(p.team_id, p.user_id) for p in known)
        if known:
            self._access.team_id = known[0].team_id

    async def refresh(self) -> None:
        """From Slack: who the bot is, and who belongs to support now. Raises SlackError."""
        me = await self._slack.whoami()
        self._access.team_id, self.bot_user_id = me.team_id, me.user_id
        ids = (
            await self._slack.usergroup_members(self._usergroup) if self._usergroup else await self._slack.members(self._channel)
        )
        people = [await self.fetch(user_id, fresh=True) for user_id in ids if user_id != me.user_id and user_id not in NOBODY]
        support = {Who(p.team_id, p.user_id) for p in people if p is not None and p.team_id == me.team_id and not p.guest}

        async def remember(unit: Unit) -> None:
            for person in await unit.support_people():
                if Who(person.team_id, person.user_id) not in support:
                    person.support = False
            for who in support:
                row = await unit.get(Person, str(who))
                if row is not None:
                    row.support = True

        await self._store.transact(remember)
        self._access.support = frozenset(support)
        self.refreshed = True

    async def fetch(self, user_id: str, *, fresh: bool = False) -> Person | None:
        """A person by Slack user id, asking Slack if they aren't known. None for bots and for people whom Slack doesn't show."""
        if not fresh and (known := self.by_id(user_id)) is not None:
            return known
        info = await self._slack.user(user_id)
        if info is None or info.is_bot:
            return None
        who = Who(info.team_id, info.id)
        if info.enterprise_id:
            self._enterprises[info.id] = info.enterprise_id
        # Others may write the same person, or hold SQLite's writer for a while, above all at a start: tried again until it is through.
        self._people[who] = await self._store.transact(lambda unit: _remember(unit, who, info))
        return self._people[who]

    async def home_team(self, user_id: str, team_id: str) -> str:
        """The home team of whoever clicks: on Enterprise Grid, a payload may name the organization (E…) instead."""
        if not team_id.startswith("E"):
            return team_id
        if user_id not in self._enterprises:
            with suppress(SlackError):
                await self.fetch(user_id, fresh=True)
        person = self.by_id(user_id)
        return person.team_id if person is not None and self._enterprises.get(user_id) == team_id else team_id

    async def known(self, unit: Unit, who: Who) -> Person | None:
        """A person from memory or store."""
        if who not in self._people:
            row = await unit.person(who)
            if row is None:
                return None
            self._people[who] = row
        return self._people[who]

    def by_id(self, user_id: str) -> Person | None:
        """A person seen before, by user id only."""
        return next((person for who, person in self._people.items() if who.user_id == user_id), None)

    async def language_of(self, unit: Unit | None, who: Who, fallback: str = "en") -> str:
        """The person's, according to Slack; ``fallback`` if it isn't known. Without a unit, the store may be unavailable."""
        person = self._people.get(who)
        if person is None:
            with suppress(Unavailable):
                async with nullcontext(unit) if unit is not None else self._store.read() as reading:
                    person = await self.known(reading, who)
        return self._for_locale(person.locale if person else "", fallback)

    async def customers_in(self, channel_id: str) -> list[Who]:
        """The people in a channel who count as customers (`is_customer`)."""
        found = []
        for user_id in await self._slack.members(channel_id):
            person = None if user_id in NOBODY else await self.fetch(user_id)
            if person is not None:
                who = Who(person.team_id, person.user_id)
                if self.is_customer(person):
                    found.append(who)
        return found

    def is_customer(self, person: Person) -> bool:
        """Whether someone is from another company or a guest of the installing workspace, and not in support."""
        return (person.team_id != self._access.team_id or person.guest) and not self._access.is_support(
            Who(person.team_id, person.user_id)
        )


async def _remember(unit: Unit, who: Who, info: UserInfo) -> Person:
    row = await unit.get(Person, str(who))
    if row is None:
        row = Person(id=str(who), team_id=who.team_id, user_id=who.user_id)
        unit.add(row)
    row.guest, row.locale, row.timezone, row.name, row.seen_at = info.is_guest, info.locale, info.timezone, info.name, unit.now
    return row
