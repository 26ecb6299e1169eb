"""Files the bot sends or removes: a text to copy, an export, a file that contained a secret."""

import io
import logging
import zipfile

from bot.jobs.records import declared
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages.blocks import comment
from bot.messages.receipt import receipt
from bot.messages.support import Support
from bot.messages.wording import sentence
from bot.slack.client import Slack
from bot.slack.errors import SlackError
from bot.slack.support_people import is_still_support
from flows.cases.case import Cases
from flows.cases.tasks import task_of
from flows.forms.fields import MAX_LENGTH, inputs
from flows.outbox import DeleteFile, SendCopied, SendExport, SendReceipt
from storage.export import Export, export
from storage.store import Store

log = logging.getLogger("bot.jobs.files")


def zipped(exported: Export) -> bytes:
    """``onboarding.json`` and a CSV file per kind of row, as one ZIP file."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("onboarding.json", exported.json)
        for name, text in exported.csv.items():
            archive.writestr(f"{name}.csv", text)
    return whole.getvalue()


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
            ends = await unit.expiries(onboarding_id=case.id)
            people = await unit.people_of(self._cases.access.team_id, {one.user_id for one in case.snapshot.decisions})
        names = {person.user_id: person.name for person in people if person.name}
        content = receipt(case.snapshot, case.journey, texts, case.situation, ends=ends, names=names)
        name = texts("receipt.file", day_closed=f"{case.onboarding.closed_at or case.now:%Y-%m-%d}")
        return await self._threads.upload(run, thread, name, content.encode(), sentence(texts, "receipt_file", {}))

    async def export(self, run: Run[SendExport]) -> Finished:
        """Send it as a direct message: one file, so that it comes whole or not at all. Nothing to who is no longer support."""
        access = self._cases.access
        async with self._store.read() as unit:
            known = [who for who in access.support if who.user_id == run.effect.user]
            if not any([await is_still_support(unit, access, who) for who in known]):
                return Finished(called=False)
            onboarding = (await self._cases.look(unit, run.onboarding_id, closed=True)).onboarding
        content = zipped(await export(self._store, onboarding.id))
        channel = await self._slack.direct_channel(run.effect.user)
        texts = self._support.texts(onboarding.journey)
        words = comment(sentence(texts, "export_done", {"customer": onboarding.customer}))
        await self._slack.upload_once(channel, "onboarding.zip", content, words, run.id, again=run.again)
        return Finished({"channel": channel})

    async def delete(self, run: Run[DeleteFile]) -> None:
        """Slack lets a bot delete only some files; the person was asked to delete the others."""
        try:
            await self._slack.delete_file(run.effect.file)
        except SlackError as error:
            if error.transient:
                raise
            log.info("a file could not be deleted", extra={"error": error.error})
