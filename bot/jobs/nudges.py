"""Nudges: those who are invited are told before their code expires, where they can be known."""

from contextlib import suppress

from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages.blocks import actions, button, drawing, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.wording import calling, sentence
from flows.cases.case import Case
from flows.cases.matrix import in_order
from flows.cases.presence import there
from flows.checks.people_columns import folded
from flows.model import LEFT, Grant, Person
from flows.outbox import Nudge
from flows.people import Side
from flows.state import StepState
from storage.sealing import SealError
from storage.store import Store


class Nudges:
    def __init__(self, store: Store, threads: Threads) -> None:
        self._store, self._threads = store, threads

    async def nudge(self, run: Run[Nudge]) -> Finished | None:
        """One message for all of a step. Nothing about those who came in, or whose code expired, while it waited for Slack, nor of a
        step that was skipped."""
        asked = run.effect
        thread = await self._threads.of(run, asked.where, asked.step)
        case, texts = thread.case, thread.texts
        grants = [one for one in in_order(case.snapshot, case.journey) if one.id in asked.grants]
        waiting = [one for one in grants if one.state == "invited" and one.expires_at]
        ends = [int(one.expires_at.timestamp()) for one in waiting if one.expires_at]
        if not ends or case.record(asked.step).state is StepState.SKIPPED:
            return None
        invited = await self._invited(case, waiting)
        words = sentence(texts, "invitation_expires", {"count": len(waiting), "at": min(ends)})
        value = ButtonValue(onboarding=case.id)
        comes_in = [
            button(
                texts(f"task.{asked.step}.{task.id}.button"),
                Act.TASK,
                value.model_copy(update={"step": asked.step, "task": task.id}),
                style="primary",
            )
            for task in case.step(asked.step).tasks
            if task.side is Side.CUSTOMER and "invited" in task.grant_from
        ]
        buttons = actions(*comes_in, button(texts("button.matrix"), Act.MATRIX, value))
        return await self._threads.post(run, thread, [drawing([section(calling(invited, words)), buttons])])

    async def _invited(self, case: Case, grants: list[Grant]) -> list[str]:
        """The user ids of those invited; the lead stands in for whoever is not known, if still there. Their name is all that the list and
        Slack both say of them: one that a single person in the channel has, of two words at least."""
        present = [one for one in case.snapshot.members if one.role != LEFT]
        teams = {one.team_id for one in present}
        async with self._store.read() as unit:
            people = [person for team in teams for person in await unit.people_of(team, [one.user_id for one in present])]
        by_name: dict[str, list[str]] = {}
        for person in people:
            by_name.setdefault(_name(person), []).append(person.user_id)
        found: list[str] = []
        for grant in grants:
            named = by_name.get(folded(grant.name), []) if " " in folded(grant.name) else []
            found.append(named[0] if len(named) == 1 else case.onboarding.lead_id)
        return list(there(case.snapshot, *found))


def _name(person: Person) -> str:
    """Empty for one whose row was damaged."""
    with suppress(SealError):
        return folded(person.name)
    return ""
