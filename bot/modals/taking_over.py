"""Who takes over from whom, as Slack knows them: the new lead or owner of an onboarding, whoever gets all that another had."""

from collections.abc import Sequence

from bot.modals.candidates import Candidates
from bot.slack.client import Slack
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

    def __init__(self, store: Store, slack: Slack, access: Access, candidates: Candidates) -> None:
        self._store, self._slack, self._access, self._candidates = store, slack, access, candidates

    async def lead_and_owner(self, onboarding_id: str, raw: Answers) -> Found:
        """Who stays what they were is not asked for: they may have left, and another need not be chosen at once."""
        snapshot = await self._snapshot(onboarding_id)
        lead, owner, onboarding = str(raw.get("lead") or ""), str(raw.get("owner") or ""), snapshot.onboarding
        stays = owner in ("", onboarding.owner_id) or self._supporter(owner) is not None
        found: Sequence[Problem] = () if stays else (Problem("owner", "owner_not_support"),)
        if lead in ("", onboarding.lead_id):
            return (*found,), snapshot.lead(), Side.CUSTOMER
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
        """Whoever can act for the customer; else why not."""
        members = await self._slack.members(snapshot.onboarding.channel_id)
        person = await self._candidates.person(user_id)
        if isinstance(person, str):
            return None, (Problem(field, person),)
        if key := await self._candidates.fault_in(person, snapshot, members):
            return None, (Problem(field, key),)
        return Who(person.team_id, user_id), ()
