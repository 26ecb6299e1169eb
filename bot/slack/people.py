"""What the bot knows about people: each one's home company, language and zone. Kept in the store so that a click needs no call."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

from bot.slack.client import Slack, SlackError, UserInfo
from flows.cases import companies
from flows.cases.access import Access
from flows.cases.settle import is_zone
from flows.model import Person, Snapshot
from flows.people import Who
from flows.ports import Unit
from storage.sealing import SealError
from storage.store import Store, Unavailable

SLACK = "USLACK"
NOBODY = frozenset({SLACK, "USLACKBOT"})
"""Slack's own users: their memberships are ignored. The first writes Slack's notices; the other repeats what people had it say, in
reminders and responses."""


SOON_SECONDS = 0.3
"""A language that isn't known by then isn't waited for: a window that says that the form is on its way must not be late itself."""


class People:
    """``for_locale``: the language to use for a Slack locale, or the given default if there is none."""

    def __init__(self, store: Store, slack: Slack, access: Access, *, for_locale: Callable[[str, str], str]) -> None:
        self._store, self._slack, self._access, self._for_locale = store, slack, access, for_locale
        self._people: dict[Who, Person] = {}
        self._addressed_in: dict[tuple[Who, str], str] = {}
        """The language in which someone of a customer was addressed last about an onboarding or in a channel, and by "" about anything;
        empty for whoever is in no onboarding."""
        self.bot_user_id = ""

    def know(self, person: Person) -> None:
        """From a row of the store."""
        self._people[Who(person.team_id, person.user_id)] = person

    async def fetch(self, user_id: str, *, fresh: bool = False) -> Person | None:
        """A person by Slack user id, asking Slack if they aren't known. None for bots and for people whom Slack doesn't show.

        Whoever is a guest or of another company by now is no longer support. Raises SlackError.
        """
        if not fresh and (known := self.by_id(user_id)) is not None:
            return known
        info = await self._slack.user(user_id)
        return None if info is None or info.is_bot else await self.learn(info)

    async def learn(self, info: UserInfo) -> Person:
        """A person as Slack just described them."""
        who = Who(info.team_id, info.id)
        may = info.team_id == self._access.team_id and not info.is_guest
        if not may:
            self._access.support -= {who}
        # Others may write the same person, or hold SQLite's writer for a while, above all at a start: tried again until it is through.
        self._people[who] = await self._store.transact(lambda unit: _remember(unit, who, info, may_be_support=may))
        return self._people[who]

    async def home_team(self, user_id: str, team_id: str) -> str:
        """The home team of whoever clicks: on Enterprise Grid, a payload may name the organization (E…) instead. Slack does not tell
        the organization of people from another company, so they are known by their user id, unless it is known to be another one."""
        if not team_id.startswith("E"):
            return team_id
        person = self.by_id(user_id)
        if person is None:
            with suppress(SlackError, Unavailable):
                person = await self.fetch(user_id)
        return person.team_id if person is not None and person.enterprise_id in ("", team_id) else team_id

    async def known(self, unit: Unit, who: Who) -> Person | None:
        """A person from memory or store; one whose row was damaged is as one who was never seen."""
        if who not in self._people:
            row = None
            with suppress(SealError):
                row = await unit.person(who)
            if row is None:
                return None
            self._people[who] = row
        return self._people[who]

    def by_id(self, user_id: str) -> Person | None:
        """A person seen before, by user id only."""
        return next((person for who, person in self._people.items() if who.user_id == user_id), None)

    def among(self, user_ids: Collection[str]) -> list[Person]:
        """Those of them who were seen before."""
        return [person for who, person in self._people.items() if who.user_id in user_ids]

    async def language_of(self, unit: Unit | None, who: Who, onboarding_language: str = "", *, about: str = "") -> str:
        """In which language to address a person. Support's people: their own, according to Slack. A customer's people: that of their
        onboarding, since Slack does not tell which language people of another company have chosen.

        ``onboarding_language``: of the onboarding it is about. ``about``: its id or its channel's, if the language isn't at hand; of no
        onboarding of theirs, it is that of another one. Without a unit, the store may be unavailable or slow: then it is the language in
        which they were addressed last, about the same if they ever were.
        """
        supports, language = self._access.is_support(who), ""
        if onboarding_language and not supports:
            language = self._addressed_in[who, about] = self._addressed_in[who, ""] = onboarding_language
        elif not supports or who not in self._people:
            language = await self._learned_language(unit, who, about)
        if not supports and (
            language := language or self._addressed_in.get((who, about)) or self._addressed_in.get((who, ""), "")
        ):
            return language
        person = self._people.get(who)
        return self._for_locale(person.locale if person else "", onboarding_language)

    async def _learned_language(self, unit: Unit | None, who: Who, about: str) -> str:
        """Empty for support's people, for whoever is in no onboarding, and if the store doesn't say so soon. It is returned besides being
        kept: what else is being said to the same person may be about another onboarding."""
        if unit is None:
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(SOON_SECONDS), self._store.read() as reading:
                    return await self._learned_language(reading, who, about)
            return ""
        await self.known(unit, who)
        if self._access.is_support(who):
            return ""
        colleagues = who.team_id != self._access.team_id
        language = await unit.language_of(who, about, colleagues=colleagues)
        self._addressed_in[who, about] = self._addressed_in[who, ""] = language
        return language

    async def zone_of(self, unit: Unit, who: Who) -> str:
        """The person's IANA time zone, according to Slack; UTC if it isn't known."""
        person = await self.known(unit, who)
        return person.timezone if person is not None and is_zone(person.timezone) else "UTC"

    async def members(self, channel_id: str) -> list[str]:
        """The user ids of the people in a channel, without Slack's own and the bot's. Raises SlackError."""
        return [one for one in await self._slack.members(channel_id) if one not in NOBODY and one != self.bot_user_id]

    async def visitors_of(self, channel_id: str) -> list[Person]:
        """The people in a channel who are from another company, or guests of the installing workspace. Raises SlackError."""
        found = []
        for user_id in await self._slack.members(channel_id):
            person = None if user_id in NOBODY else await self.fetch(user_id)
            if person is not None and self.is_customer(person):
                found.append(person)
        return found

    def is_customer(self, person: Person) -> bool:
        """Whether someone is surely no one of Pismo's: from another company or a guest of the installing workspace, and not in support."""
        return (person.team_id != self._access.team_id or person.guest) and not self.is_support(person)

    def is_support(self, person: Person) -> bool:
        return self._access.is_support(Who(person.team_id, person.user_id))

    async def is_anothers_guest(self, unit: Unit, snapshot: Snapshot, person: Person) -> bool:
        """Whether a guest of the installing workspace is another customer's. A member there is the customer's by support's choice alone, of
        however many; of people of other companies, their team says whose they are."""
        if not person.guest or person.team_id != self._access.team_id:
            return False
        return await companies.is_of_another_customer(unit, snapshot, Who(person.team_id, person.user_id))

    def is_third(self, person: Person, customer_team: str) -> bool:
        """Whether someone is of neither the customer's workspace nor the installing company's."""
        return person.team_id not in ("", customer_team) and not self.is_of_own_organization(person)

    def is_of_own_organization(self, person: Person) -> bool:
        """Whether someone is of the installing workspace, or of another one of its Enterprise Grid organization."""
        own = bool(person.enterprise_id) and person.enterprise_id == self._access.enterprise_id
        return own or person.team_id == self._access.team_id


async def _remember(unit: Unit, who: Who, info: UserInfo, *, may_be_support: bool) -> Person:
    new = Person(id=str(who), team_id=who.team_id, user_id=who.user_id)
    try:
        row = await unit.get(Person, str(who))
    except SealError:  # as it was damaged it stays, and this process goes by Slack's answer
        row = new
    if row is None:
        unit.add(row := new)
    row.guest, row.locale, row.timezone, row.name, row.seen_at = info.is_guest, info.locale, info.timezone, info.name, unit.now
    row.enterprise_id = info.enterprise_id
    row.support = row.support and may_be_support
    return row
