"""Sessions in the customer's thread: set, moved, cancelled. The message says all that matters; the calendar file is an extra."""

import logging

from bot.jobs.calendar_file import session_ics
from bot.jobs.records import declared, task_record
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Thread, Threads
from bot.messages.texts import Raw, Texts
from bot.messages.wording import calling, sentence
from bot.slack.errors import SlackError
from flows.cases.presence import called
from flows.cases.tasks import task_of
from flows.forms.step import Meeting
from flows.outbox import AttachSession, Say, SendSession
from flows.ports import Unit

OF_CHANNEL = frozenset({"channel_not_found", "not_in_channel", "is_archived", "is_inactive", "invalid_channel"})
"""Refusals that are about the channel itself, not about files in it: messages are refused there too."""

log = logging.getLogger("bot.jobs.sessions")


class Sessions:
    """``organizer``: the email address that invitations name; empty if none is configured, so that none are sent."""

    def __init__(self, threads: Threads, organizer: str) -> None:
        self._threads, self._organizer = threads, organizer

    async def tell(self, run: Run[SendSession]) -> Finished:
        """Tell of it in the customer's thread; the file follows by itself, so that it keeps nothing waiting."""
        asked = run.effect
        thread = await self._threads.of(run, "customer", asked.step)
        lead = called(thread.case.snapshot, thread.case.onboarding.lead_id)
        done = await self._threads.say(run, thread, calling(lead, told(_meeting(thread, asked), thread.texts)))

        async def attach(unit: Unit) -> None:
            unit.ask(run.onboarding_id, AttachSession(step=asked.step, task=asked.task, item=asked.item))

        return Finished(done.result, attach)

    async def attach(self, run: Run[AttachSession]) -> Finished:
        """The calendar file. A workspace may allow none in this channel: then support hears of it, and the message stands."""
        asked = run.effect
        thread = await self._threads.of(run, "customer", asked.step)
        onboarding, texts, meeting = thread.case.onboarding, thread.texts, _meeting(thread, asked)
        title = texts("say.session_title", customer=onboarding.customer)
        uid, stamp = f"{meeting.session or asked.item}@{onboarding.id}", task_record(thread.case, asked).at or thread.case.now
        names = texts("say.session_attendees", addresses=", ".join(meeting.attendees)) if meeting.attendees else ""
        content = session_ics(uid, meeting, title, stamp, self._organizer, names)
        words = sentence(texts, self._announced(meeting), {"at": meeting.starts})
        try:
            return await self._threads.upload(run, thread, "pismo-session.ics", content, words)
        except SlackError as error:
            if error.transient or error.error in OF_CHANNEL:
                raise
            refused = error.error
        log.info("a calendar file was refused", extra={"error": refused})
        params = {"at": meeting.starts, "why": f"why.{refused}"}

        async def tell(unit: Unit) -> None:
            unit.ask(run.onboarding_id, Say(where="support", step=asked.step, key="session_without_file", params=params))

        return Finished({}, tell)

    def _announced(self, meeting: Meeting) -> str:
        """Without an organizer, a calendar need not know the entry of an earlier file again."""
        if meeting.sequence and not self._organizer:
            return "session_file_called_off" if meeting.cancelled else "session_file_anew"
        return "session_file_cancels" if meeting.cancelled else "session_file"


def _meeting(thread: Thread, asked: SendSession | AttachSession) -> Meeting:
    case = thread.case
    task = task_of(case.step(asked.step), asked.task)
    return declared(task.meeting)(task_record(case, asked).answers, case.situation)


def told(meeting: Meeting, texts: Texts) -> str:
    """What is said of it, as mrkdwn: all of it, and if it was moved, what changed."""
    params = {"at": meeting.starts, "minutes": meeting.minutes, "agenda": meeting.agenda, "link": meeting.link}
    if meeting.cancelled:
        return sentence(texts, "session_cancelled", {**params, "reason": meeting.cancelled})
    if meeting.was is None:
        return sentence(texts, "session", params)
    return sentence(texts, "session_moved", {**params, "lines": Raw("\n".join(_changes(meeting.was, meeting, texts)))})


def _changes(was: Meeting, now: Meeting, texts: Texts) -> list[str]:
    changes = (
        ("say.session_time_changed", texts.at(was.starts), texts.at(now.starts)),
        ("say.session_minutes_changed", was.minutes, now.minutes),
        ("say.session_link_changed", was.link, now.link),
        ("say.session_agenda_changed", was.agenda, now.agenda),
    )
    return [texts.md(key, before=before, now=after) for key, before, after in changes if before != after]
