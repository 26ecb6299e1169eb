"""What a review card has no room for, in its thread: everything that was sent, and what a resubmission changed."""

from bot.jobs.errors import Impossible
from bot.jobs.records import declared, task_record
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Thread, Threads
from bot.messages import changes, review
from flows.cases.tasks import task_of
from flows.model import Submission
from flows.outbox import ShowDifferences, ShowInFull, ShowTaskInFull


class Submissions:
    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def in_full(self, run: Run[ShowInFull]) -> Finished | None:
        """All values of a revision if the card can't show them all, so that whoever approves it can see them."""
        asked = run.effect
        thread = await self._threads.of(run, "support", asked.step)
        form = thread.case.step(asked.step).form
        sent = _revision(thread, asked.step, asked.revision)
        drawn = review.in_full(form, sent, thread.texts, thread.case.situation)
        return await self._threads.post(run, thread, drawn) if drawn else None

    async def differences(self, run: Run[ShowDifferences]) -> Finished:
        """The old and new value of every field that a resubmission changed."""
        asked = run.effect
        thread = await self._threads.of(run, "support", asked.step)
        form = thread.case.step(asked.step).form
        old, new = (_revision(thread, asked.step, number).answers for number in (asked.revision - 1, asked.revision))
        changed = changes.diff(old, new, form, thread.texts)
        return await self._threads.post(run, thread, changes.differences(changed, asked.revision, thread.texts))

    async def task(self, run: Run[ShowTaskInFull]) -> Finished | None:
        """All that a task was sent with, and the notes on it: support has no review card of a task."""
        asked = run.effect
        thread = await self._threads.of(run, "support", asked.step)
        form = declared(task_of(thread.case.step(asked.step), asked.task).form)
        answers = task_record(thread.case, asked).answers
        drawn = review.task_in_full(form, answers, thread.texts, thread.case.situation)
        return await self._threads.post(run, thread, drawn)


def _revision(thread: Thread, step_id: str, revision: int) -> Submission:
    for sent in thread.case.snapshot.submissions.get(step_id, ()):
        if sent.revision == revision:
            return sent
    raise Impossible("gone")
