"""A customer's people who press a button in its channel before Slack has reported that they joined it, and the first to press
any."""

import logging

from bot.slack.background import Background
from bot.slack.client import SlackError
from bot.slack.people import People
from flows.cases import members
from flows.cases.access import is_member
from flows.cases.case import THEIRS, Case, Cases
from flows.people import Who
from flows.ports import Unit
from storage.store import Store

log = logging.getLogger("bot.modals.newcomers")


class Newcomers:
    def __init__(self, store: Store, cases: Cases, people: People, background: Background) -> None:
        self._store, self._cases, self._people, self._background = store, cases, people, background

    def is_new(self, case: Case) -> bool:
        """Whether the actor is one of the customer's people only because of the channel they pressed in; of a lead that is so if they
        were seen leaving it."""
        return case.role in THEIRS and not is_member(case.snapshot, case.actor)

    def note(self, case: Case) -> None:
        """Whoever is the first of the customer's to press or type something, or is new here. After the acknowledgement."""
        if self.is_new(case) or (case.role in THEIRS and case.is_first(case.actor)):
            self._background.later(self.remember(case.actor, case.id))

    async def remember(self, who: Who, onboarding_id: str) -> None:
        """Record a newcomer: what they submit doesn't say in which channel its form was opened, so they must be known by then."""

        async def work(unit: Unit) -> None:
            async with self._cases.open(unit, onboarding_id, closed=True) as case:
                await members.join(case, who, welcome=False)
                if case.onboarding.closed_at is None:
                    case.hear(who)

        await self._store.transact(work)
        self._background.later(self._fetch(who))

    async def _fetch(self, who: Who) -> None:
        try:
            await self._people.fetch(who.user_id)
        except SlackError as error:
            log.info("a person's language is not known yet", extra={"error": error.error})
