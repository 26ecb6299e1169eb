"""Reminders: one message for everything that is due for one person, whose buttons go with what they are for."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.jobs.lasting import GONE, customer_texts
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages.links import Links
from bot.messages.reminder import reminder
from bot.messages.support import Support
from bot.slack.client import Slack
from bot.slack.errors import SlackError
from flows.cases.case import Cases
from flows.cases.remind import person_to_remind
from flows.cases.settle import side_of
from flows.model import Reminder
from flows.outbox import RedrawReminder, Remind, Room, Where
from flows.people import Side
from flows.ports import Unit
from storage.store import Store

CHANNELS: Mapping[Where, Room] = {"customer": "customer_channel", "support": "support_channel"}


class Reminders:
    def __init__(self, store: Store, cases: Cases, slack: Slack, threads: Threads, support: Support) -> None:
        self._store, self._cases, self._slack, self._threads, self._support = store, cases, slack, threads, support

    async def remind(self, run: Run[Remind]) -> Finished | None:
        """In the first step's thread. An earlier one of the same steps loses their buttons."""
        asked = run.effect
        if not asked.steps:
            return None
        thread = await self._threads.of(run, asked.where, asked.steps[0])
        case = thread.case
        steps = [step_id for step_id in asked.steps if side_of(case.record(step_id)) == asked.where]
        if not steps:
            return None  # while it waited for Slack, everything it reminds of was done
        if steps[0] != thread.step_id:
            thread = await self._threads.of(run, asked.where, steps[0])
        side = Side.CUSTOMER if asked.where == "customer" else Side.SUPPORT
        whose = [person_to_remind(case.snapshot, case.record(step_id), side) for step_id in steps]
        user = asked.user if asked.user in whose else whose[0]  # they left while it waited, or another was chosen
        if not user:  # in a thread, nobody would see it
            thread = replace(thread, where=CHANNELS[asked.where])
        drawn_as = _row(run, user, steps)
        urls = await self._cards(case.id, steps) if side is Side.SUPPORT else {}
        drawn = reminder(case.snapshot, case.journey, drawn_as, thread.texts, case.situation, urls)
        finished = await self._threads.post(run, thread, [drawn])

        async def keep(unit: Unit) -> None:
            snapshot = await unit.snapshot(run.onboarding_id)
            if snapshot is None:
                return
            row = _row(run, user, steps)
            row.channel_id, row.ts = str(finished.result["channel"]), str(finished.result["ts"])
            row.waits = [step_id for step_id in steps if side_of(snapshot.steps[step_id]) == asked.where]
            outdated = [row] if row.waits != steps else []
            for one in snapshot.reminders:
                left = [step_id for step_id in one.waits if one.side != row.side or step_id not in steps]
                if left != one.waits:
                    one.waits = left
                    outdated.append(one)
            unit.add(row)
            for one in outdated:
                unit.ask(run.onboarding_id, RedrawReminder(where=asked.where, reminder=one.id))

        return replace(finished, also=keep)

    async def redraw(self, run: Run[RedrawReminder]) -> Finished:
        """One without buttons is not kept any longer."""
        asked = run.effect
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
            row = await unit.get(Reminder, asked.reminder)
        customers = asked.where == "customer"
        if row is None or (customers and case.onboarding.severed_at):
            return Finished(called=False)  # redrawn once the channel can be reached again
        if not customers and row.channel_id != self._support.channel:  # it was another when this was posted
            return Finished(also=lambda unit: _drop(unit, row.id), called=False)
        texts = customer_texts(case) if customers else self._support.texts(case.onboarding.journey)
        urls = {} if customers else await self._cards(case.id, row.waits)
        drawn = reminder(case.snapshot, case.journey, row, texts, case.situation, urls)
        channel = case.onboarding.channel_id if customers else row.channel_id
        try:
            await self._slack.update(channel, row.ts, drawn.text, drawn.blocks)
        except SlackError as error:
            if error.error not in GONE:
                raise
        ids = {"channel": channel, "ts": row.ts}
        if row.waits:  # also if none waits by now: then it is to be drawn once more
            return Finished(ids)
        return Finished(ids, lambda unit: _drop(unit, row.id))

    async def _cards(self, onboarding_id: str, steps: Iterable[str]) -> Mapping[str, str]:
        """By step, a link to its review card, or to its message where there is none."""
        links, found = Links(self._slack.address), dict[str, str]()
        async with self._store.read() as unit:
            for step in steps:
                card = await unit.posted(onboarding_id, "review", step) or await unit.posted(onboarding_id, "step", step)
                found[step] = links.to(card)
        return found


async def _drop(unit: Unit, reminder_id: str) -> None:
    """Unless a button of it still stands."""
    row = await unit.get(Reminder, reminder_id)
    if row is not None and not row.waits:
        await unit.delete(row)


def _row(run: Run[Remind], user_id: str, steps: list[str]) -> Reminder:
    return Reminder(
        id=f"{run.onboarding_id}:{run.id}",
        onboarding_id=run.onboarding_id,
        side=run.effect.where,
        user_id=user_id,
        steps=list(steps),
        waits=list(steps),
        channel_id="",
        ts="",
    )
