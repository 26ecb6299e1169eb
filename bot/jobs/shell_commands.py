"""Commands for the customer to run on their own machine, posted in the thread of the step that has them."""

from collections.abc import Sequence

from bot.jobs.records import declared
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Thread, Threads
from bot.messages.blocks import drawing, section
from bot.messages.rich_text import code
from bot.messages.wording import sentence
from flows.cases.case import Case
from flows.cases.review import approvals
from flows.forms.step import Script
from flows.outbox import ShowKeyCommands, ShowTokenCommands


class ShellCommands:
    """``secret_field``: Pismo's name for the field with an OAuth 2 client's secret."""

    def __init__(self, threads: Threads, secret_field: str) -> None:
        self._threads, self._secret_field = threads, secret_field

    async def keys(self, run: Run[ShowKeyCommands]) -> Finished:
        """The exact `openssl` commands for this customer's keys, for each kind of machine."""
        thread = await self._threads.of(run, "customer", run.effect.step)
        scripts = declared(thread.case.step(run.effect.step).key_commands)
        return await self._post(run, thread, "commands", scripts(thread.case.situation))

    async def tokens(self, run: Run[ShowTokenCommands]) -> Finished:
        """How to get a short-lived access token by the approved method; nothing until everything it needs is recorded, and once if the
        approval's effect had to wait for that long."""
        thread = await self._threads.of(run, "customer", run.effect.step)
        scripts = declared(thread.case.step(run.effect.step).token_commands)(thread.case.situation, self._secret_field)
        if not scripts or (not run.effect.task and _are_asked_for_since_approval(thread.case, run.effect)):
            return Finished(called=False)
        return await self._post(run, thread, "token_commands", scripts)

    async def _post(
        self, run: Run[ShowKeyCommands] | Run[ShowTokenCommands], thread: Thread, intro: str, scripts: Sequence[Script]
    ) -> Finished:
        texts = thread.texts
        blocks = [section(sentence(texts, intro, {}))]
        for script in scripts:
            blocks += [section(sentence(texts, script.key, {})), code(script.code)]
        return await self._threads.post(run, thread, [drawing(blocks)])


def _are_asked_for_since_approval(case: Case, effect: ShowTokenCommands) -> bool:
    """Whether a task was recorded that brings them as well."""
    step, snapshot = case.step(effect.step), case.snapshot
    approved = max((decision.at for decision in approvals(snapshot, step.id)), default=None)
    bring = {task.id for task in step.tasks if task.effect is type(effect)}
    return approved is not None and any(
        task.step_id == step.id and task.task_id in bring and task.at is not None and task.at > approved
        for task in snapshot.tasks
    )
