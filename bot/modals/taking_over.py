"""Who takes over from whom, as Slack knows them: the new lead or owner of an onboarding, whoever gets all that another had."""

from collections.abc import Sequence

from bot.modals.assignees import is_of_another
from bot.slack.client import Slack
from bot.slack.people import People
from flows.cases.access import Access
from flows.forms.fields import Answers
from flows.model import Snapshot
from flows.people import Side, Who
from flows.problems import Problem, Refused
from storage.store import Store

Found = tuple[tuple[Problem, ...], Who | None, Side]
"""What is wrong, at its fields; who it is, if anybody; their side."""


class TakingOver:
    """All raise SlackError, and Refused("gone") if there is no such onboarding. ``raw``: what the dialog was filled in with."""

    def __init__(self, store: Store, slack: Slack, people: People, access: Access) -> None:
        self._store, self._slack, self._people, self._access = store, slack, people, access

    async def lead_and_owner(self, onboarding_id: str, raw: Answers) -> Found:
        """Who stays what they were is not asked for: they may have left, and another need not be chosen at once."""
        snapshot = await self._snapshot(onboarding_id)
        lead, owner, onboarding = str(raw.get("lead") or ""), str(raw.get("owner") or ""), snapshot.onboarding
        stays = owner in ("", onboarding.owner_id) or self._supporter(owner) is not None
        found: Sequence[Problem] = () if stays else (Problem("owner", "owner_not_support"),)
        if lead in ("", onboarding.lead_id):
            return (*found,), Who(onboarding.team_id, onboarding.lead_id), Side.CUSTOMER
        who, problems = await self._member(lead, snapshot, "lead")
        return (*problems, *found), who, Side.CUSTOMER

    async def successor(self, onboarding_id: str, raw: Answers) -> Found:
        user_id = str(raw.get("successor") or "")
        if not user_id or (who := self._supporter(user_id)) is not None:
            return (), who if user_id else None, Side.SUPPORT
        who, problems = await self._member(user_id, await self._snapshot(onboarding_id), "successor")
        return problems, who, Side.CUSTOMER

    def _supporter(self, user_id: str) -> Who | None:
        return next((who for who in self._access.support if who.user_id == user_id), None)

    async def _snapshot(self, onboarding_id: str) -> Snapshot:
        async with self._store.read() as unit:
            found = await unit.snapshot(onboarding_id)
        if found is None:
            raise Refused("gone")
        return found

    async def _member(self, user_id: str, snapshot: Snapshot, field: str) -> tuple[Who | None, tuple[Problem, ...]]:
        """A person of the customer who is in their channel; else why not."""
        onboarding = snapshot.onboarding
        members = await self._slack.members(onboarding.channel_id)
        person = await self._people.fetch(user_id)
        if person is None or user_id not in members:
            return None, (Problem(field, "lead_not_in_channel"),)
        if not self._people.is_customer(person):
            return None, (Problem(field, "lead_is_support"),)
        async with self._store.read() as unit:
            other = person.team_id != onboarding.team_id or await is_of_another(unit, snapshot, person)
        if other:
            return None, (Problem(field, "lead_of_another_company"),)
        return Who(person.team_id, user_id), ()
