"""Files the bot sends or removes: a text to copy, an export, a file that contained a secret."""

import logging

from bot.jobs.packs import Pack, pack, receipt_of
from bot.jobs.records import declared
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages.blocks import comment, notice
from bot.messages.support import Support
from bot.messages.texts import Raw, Texts
from bot.messages.wording import sentence
from bot.slack.client import Slack
from bot.slack.errors import SlackError
from bot.slack.support_people import is_still_support
from flows.cases.case import Cases
from flows.cases.tasks import task_of
from flows.forms.fields import MAX_LENGTH, inputs
from flows.outbox import DeleteFile, SendCopied, SendExport, SendReceipt
from storage.store import Store

log = logging.getLogger("bot.jobs.files")


class Files:
    def __init__(self, store: Store, cases: Cases, slack: Slack, threads: Threads, support: Support) -> None:
        self._store, self._cases, self._slack, self._threads, self._support = store, cases, slack, threads, support

    async def copied(self, run: Run[SendCopied]) -> Finished:
        """As it stands by now; nothing if that is to be copied from the form."""
        asked = run.effect
        thread = await self._threads.of(run, "support", asked.step)
        form = declared(task_of(thread.case.step(asked.step), asked.task).form)
        content = str(form.copied(thread.case.situation).get(asked.name, ""))
        if len(content) <= MAX_LENGTH:
            return Finished(called=False)
        kinds = [item.filetypes for page in form.pages for name, _, item in inputs(page.model) if name == asked.name]
        name = f"{asked.name}.{next((kind[0] for kind in kinds if kind), 'txt')}"
        task, field = f"task.{asked.step}.{asked.task}.title", f"field.{form.id}.{asked.name}.label"
        words = sentence(thread.texts, "copied", {"task": task, "field": field})
        return await self._threads.upload(run, thread, name, f"{content}\n".encode(), words)

    async def receipt(self, run: Run[SendReceipt]) -> Finished:
        """Drawn from what is stored when it is sent."""
        thread = await self._threads.of(run, "customer", run.effect.step)
        case, texts = thread.case, thread.texts
        async with self._store.read() as unit:
            content = await receipt_of(unit, case)
        name = texts("receipt.file", day_closed=f"{case.onboarding.closed_at or case.now:%Y-%m-%d}")
        return await self._threads.upload(run, thread, name, content.encode(), sentence(texts, "receipt_file", {}))

    async def export(self, run: Run[SendExport]) -> Finished:
        """Send it as a direct message: one file, so that it comes whole or not at all. Nothing to who is no longer support.

        Where Slack takes no file, the person reads how to get it all the same.
        """
        access = self._cases.access
        async with self._store.read() as unit:
            named = [who for who in access.support if who.user_id == run.effect.user]
            still = [who for who in named if await is_still_support(unit, access, who)]
            if not still:
                return Finished(called=False)
            onboarding = (await self._cases.look(unit, run.onboarding_id, closed=True)).onboarding
        made = await pack(self._store, self._cases, onboarding.id, by=str(still[0]))
        channel = await self._slack.direct_channel(run.effect.user)
        texts = self._support.texts(onboarding.journey)
        try:
            await self._slack.upload(channel, made.name, made.content, comment(_told(made, onboarding.customer, texts)))
        except SlackError as error:
            if error.transient:
                raise
            log.info("an export was refused", extra={"error": error.error})
            params = {"customer": onboarding.customer, "why": f"why.{error.error}", "onboarding": onboarding.id}
            refused = notice(sentence(texts, "export_refused", params))
            await self._slack.post_once(channel, refused.text, refused.blocks, run.id, again=run.again)
        return Finished({"channel": channel})

    async def delete(self, run: Run[DeleteFile]) -> None:
        """Slack lets a bot delete only some files; the person was asked to delete the others."""
        try:
            await self._slack.delete_file(run.effect.file)
        except SlackError as error:
            if error.transient:
                raise
            log.info("a file could not be deleted", extra={"error": error.error})


def _told(made: Pack, customer: str, texts: Texts) -> str:
    said = sentence(texts, "export_done", {"customer": customer, "file": Raw(made.name)})
    return said if made.holds else f"{said}\n{sentence(texts, 'export_flawed', {})}"
