"""Files the bot sends or removes: a text to copy, an export, a file that contained a secret."""

import logging

from bot.jobs.packs import pack, receipt_of
from bot.jobs.records import declared
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages.blocks import comment, notice
from bot.messages.support import Support
from bot.messages.texts import Raw, Texts
from bot.messages.wording import sentence
from bot.slack.client import Slack
from bot.slack.errors import NO_FILE, SlackError
from bot.slack.support_people import is_still_support
from flows.cases.case import Cases
from flows.cases.tasks import task_of
from flows.forms.fields import MAX_LENGTH, inputs
from flows.model import Onboarding
from flows.outbox import DeleteFile, SendCopied, SendExport, SendReceipt, ShareExport
from flows.people import Who
from flows.ports import Unit
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
        """One file, so that it comes whole or not at all. Nothing to who is no longer support."""
        by, onboarding = await self._asker(run)
        if by is None:
            return Finished(called=False)
        made = await pack(self._store, self._cases, onboarding.id, by=str(by))
        try:
            file = await self._slack.upload(made.name, made.content)
        except SlackError as error:
            return await self._refused(run, onboarding, error)
        shares = ShareExport(user=by.user_id, file=file, name=made.name, flawed=not made.holds)

        async def ask(unit: Unit) -> None:
            unit.ask(onboarding.id, shares)

        return Finished(also=ask)

    async def share_export(self, run: Run[ShareExport]) -> Finished:
        """As a direct message, once. What Slack has not kept for so long is made and uploaded anew."""
        asked = run.effect
        by, onboarding = await self._asker(run)
        if by is None:
            return Finished(called=False)
        channel = await self._slack.direct_channel(by.user_id)
        told = comment(_told(asked, onboarding.customer, self._support.texts(onboarding.journey)))
        try:
            await self._slack.share(channel, asked.file, asked.name, told, again=run.again)
        except SlackError as error:
            if run.again and error.error == NO_FILE:
                return Finished(also=lambda unit: _export_anew(unit, onboarding.id, by))
            return await self._refused(run, onboarding, error)
        return Finished({"channel": channel})

    async def _asker(self, run: Run[SendExport] | Run[ShareExport]) -> tuple[Who | None, Onboarding]:
        """Who asked for the export; None once they are no longer support."""
        access = self._cases.access
        async with self._store.read() as unit:
            named = [who for who in access.support if who.user_id == run.effect.user]
            still = [who for who in named if await is_still_support(unit, access, who)]
            onboarding = (await self._cases.look(unit, run.onboarding_id, closed=True)).onboarding
        return next(iter(still), None), onboarding

    async def _refused(self, run: Run[SendExport] | Run[ShareExport], onboarding: Onboarding, error: SlackError) -> Finished:
        """Where Slack takes no file, the person reads how to get it all the same. Raises what may pass."""
        if error.transient:
            raise error
        log.info("an export was refused", extra={"error": error.error})
        params = {"customer": onboarding.customer, "why": f"why.{error.error}", "onboarding": onboarding.id}
        refused = notice(sentence(self._support.texts(onboarding.journey), "export_refused", params))
        channel = await self._slack.direct_channel(run.effect.user)
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


async def _export_anew(unit: Unit, onboarding_id: str, by: Who) -> None:
    unit.ask(onboarding_id, SendExport(user=by.user_id))


def _told(sent: ShareExport, customer: str, texts: Texts) -> str:
    said = sentence(texts, "export_done", {"customer": customer, "file": Raw(sent.name)})
    return f"{said}\n{sentence(texts, 'export_flawed', {})}" if sent.flawed else said
