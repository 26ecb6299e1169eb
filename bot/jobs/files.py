"""Files the bot sends or removes: a session's calendar file, an export, a file that held a secret."""

import logging
from datetime import UTC, datetime, timedelta

from bot.desk import Desk
from bot.jobs.posts import Messages, Result, task_record
from bot.messages.texts import Texts
from bot.messages.wording import sentence
from bot.slack.client import SlackError
from flows.model import EffectRecord
from storage.export import export

log = logging.getLogger("bot.jobs.handlers")


def session_ics(uid: str, starts: int, minutes: int, title: str, agenda: str, link: str) -> bytes:
    """One meeting as an iCalendar file (RFC 5545), its times in UTC. ``starts``: Unix seconds."""
    from icalendar import Calendar, Event  # noqa: PLC0415  60 ms that the start of the process need not pay

    begins = datetime.fromtimestamp(starts, UTC)
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", begins)
    event.add("dtstart", begins)
    event.add("dtend", begins + timedelta(minutes=minutes))
    event.add("summary", title)
    event.add("description", f"{agenda}\n{link}".strip())
    if link:
        event.add("url", link)
    calendar = Calendar()
    calendar.add("prodid", "-//Pismo onboarding bot//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


class Uploads:
    def __init__(self, desk: Desk, messages: Messages) -> None:
        self.desk, self.messages = desk, messages

    async def session(self, effect: EffectRecord, again: bool) -> Result:
        """The session in the customer's thread, with its calendar file."""
        step_id, item = effect.arguments["step"], effect.arguments["item"]
        snapshot = await self.messages.snapshot(effect.onboarding_id)
        answers = task_record(snapshot, step_id, effect.arguments["task"], item).answers
        texts = Texts(snapshot.onboarding.language)
        starts, minutes = int(answers["starts"]), int(answers["minutes"])
        agenda, link = str(answers.get("agenda") or ""), str(answers.get("link") or "")
        params = {"at": starts, "minutes": minutes, "agenda": agenda, "link": link}
        title = texts("say.session_title", customer=snapshot.onboarding.customer)
        content = session_ics(f"{item}@{snapshot.onboarding.id}", starts, minutes, title, agenda, link)
        channel, thread = await self.messages.root(snapshot, "customer", step_id, again=again)
        comment = f"<@{snapshot.onboarding.lead_id}> " + sentence(texts, "session", params)
        await self.desk.slack.upload_once(
            channel, "pismo-session.ics", content, comment, effect.id, thread_ts=thread, again=again
        )
        return {"channel": channel}

    async def export(self, effect: EffectRecord, again: bool) -> Result:
        """One onboarding as JSON and CSV, to the person of support who asked, as a direct message."""
        asked = effect.arguments
        snapshot = await self.messages.snapshot(effect.onboarding_id)
        files = await export(self.desk.store, effect.onboarding_id)
        texts = self.desk.support_texts()
        channel = await self.desk.slack.direct_channel(asked["user"])
        comment = sentence(texts, "export_done", {"customer": snapshot.onboarding.customer})
        for name, text in {"onboarding.json": files.json, **files.csv}.items():
            effect_id = f"{effect.id}:{name}"
            await self.desk.slack.upload_once(channel, name, text.encode(), comment, effect_id, thread_ts=None, again=again)
        return {"channel": channel}

    async def delete_file(self, effect: EffectRecord, again: bool) -> Result:  # noqa: ARG002  a file is deleted once
        """A file that held a secret. Slack lets a bot delete only some files; where it does not, the person was told to."""
        try:
            await self.desk.slack.delete_file(effect.arguments["file"])
        except SlackError as error:
            if error.transient:
                raise
            log.info("a file could not be deleted", extra={"error": error.error})
        return None
