"""What each dialog about an onboarding does once it is sent. Raises Refused, which rolls everything back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.modals.fetched import LookedUp
from bot.modals.subject import FormMeta
from flows.cases import limits, manage, renewals, review, ticket_comments
from flows.cases.case import Case
from flows.cases.settle import side_of, timezone_of
from flows.forms.fields import Answers
from flows.people import Side
from flows.problems import Problem, Refused


@dataclass(frozen=True)
class DialogAnswers:
    """``found``: what Slack knows of those whom the answers name."""

    meta: FormMeta
    clean: Answers
    found: LookedUp

    @property
    def step(self) -> str:
        """The id of the step that it was opened for, or that was chosen in it."""
        return self.meta.step or str(self.clean.get("step", ""))


def _request_changes(case: Case, sent: DialogAnswers) -> None:
    review.send_back(case, sent.step, sent.meta.revision, sent.meta.digest, sent.clean["reason"])


def _reject(case: Case, sent: DialogAnswers) -> None:
    review.send_back(case, sent.step, sent.meta.revision, sent.meta.digest, sent.clean["reason"], reject=True)


def _skip(case: Case, sent: DialogAnswers) -> None:
    manage.skip(case, sent.step, sent.clean["reason"])


def _reopen(case: Case, sent: DialogAnswers) -> None:
    manage.reopen(case, sent.step, sent.clean["reason"])


def _assign(case: Case, sent: DialogAnswers) -> None:
    if sent.found.who is None:
        raise Refused("gone")
    manage.assign(case, sent.step, sent.found.who, sent.found.side)


def _snooze(case: Case, sent: DialogAnswers) -> None:
    support = side_of(case.record(sent.step)) is Side.SUPPORT
    zone = case.rules.support_calendar.timezone if support else timezone_of(case.snapshot, case.rules)
    manage.snooze(case, sent.step, snooze_until(sent.clean, case.now, ZoneInfo(zone)))


def snooze_until(clean: Answers, now: datetime, zone: ZoneInfo) -> datetime:
    """Tomorrow, in three days, or on a date: the beginning of that local day; business hours move it to their start."""
    today = now.astimezone(zone).date()
    days: dict[Any, date] = {"tomorrow": today + timedelta(days=1), "three_days": today + timedelta(days=3)}
    day = days.get(clean.get("until")) or date.fromisoformat(clean["date"])
    return datetime.combine(day, time.min, zone)


def _stuck(case: Case, sent: DialogAnswers) -> None:
    manage.stuck(case, sent.step, sent.clean["reason"])


def _decline_renewal(case: Case, sent: DialogAnswers) -> None:
    renewals.decline(case, sent.step, sent.meta.item, sent.clean["reason"])


def _answer_ticket(case: Case, sent: DialogAnswers) -> None:
    ticket_comments.answer(case, sent.meta.item, sent.clean["answer"])


async def too_often(case: Case, meta: FormMeta) -> tuple[Problem, ...]:
    """Why a dialog can't be carried out yet, at its fields; what was typed stays in them."""
    if meta.form == "answer_ticket":
        return await ticket_comments.too_often(case, meta.item)
    return await limits.stuck(case, meta.step) if meta.form == "stuck" else ()


DIALOG_DOES: Mapping[str, Callable[[Case, DialogAnswers], None]] = {
    "request_changes": _request_changes,
    "reject": _reject,
    "skip": _skip,
    "reopen": _reopen,
    "assign": _assign,
    "snooze": _snooze,
    "stuck": _stuck,
    "decline_renewal": _decline_renewal,
    "answer_ticket": _answer_ticket,
}
"""All but `start`, which has no onboarding yet."""
