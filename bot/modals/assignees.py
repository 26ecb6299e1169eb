"""Whom a step can be given to: whoever can act for the customer in its channel, or somebody of support."""

from bot.modals.candidates import Candidates
from bot.slack.client import Slack
from bot.slack.people import People
from flows.model import Person, Snapshot
from flows.problems import Problem, Refused
from storage.store import Store

FIELD = "person"
NAMING = {"lead_not_in_channel": "assignee_not_there", "lead_of_another_company": "assignee_stranger"}
"""What is said here in other words, which name the person, the customer and its channel."""


class Assignees:
    def __init__(self, store: Store, slack: Slack, people: People, candidates: Candidates) -> None:
        self._store, self._slack, self._people, self._candidates = store, slack, people, candidates

    async def look_up(self, onboarding_id: str, user_id: str) -> Person | Problem:
        """The person, or why it can't be them, in words for support. Slack is asked anew: somebody may have left.

        Raises SlackError, and Refused if there is no such onboarding.
        """
        async with self._store.read() as unit:
            snapshot = await unit.snapshot(onboarding_id)
        if snapshot is None:
            raise Refused("gone")
        person = await self._candidates.person(user_id)
        if isinstance(person, str):
            return Problem(FIELD, person)
        if self._people.is_support(person):
            return person
        members = await self._slack.members(snapshot.onboarding.channel_id)
        key = await self._candidates.fault_in(person, snapshot, members)
        return await self._problem(key, snapshot, person) if key else person

    async def _problem(self, key: str, snapshot: Snapshot, person: Person) -> Problem:
        if key not in NAMING:
            return Problem(FIELD, key)
        channel = await self._slack.channel(snapshot.onboarding.channel_id)
        about = {"name": person.name or person.user_id, "customer": snapshot.onboarding.customer}
        return Problem(FIELD, NAMING[key], {**about, "channel": channel.name or channel.id})
