"""What each dialog about an onboarding does once it is sent. Raises Refused, which rolls everything back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.modals.fetched import LookedUp
from bot.modals.subject import FormMeta
from flows.cases import calls, change, limits, manage, notes, renewals, review, snooze, ticket_comments
from flows.cases.case import Case
from flows.cases.change import Particulars
from flows.cases.settle import calendar_of
from flows.forms.fields import Answers
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
        return self.meta.step or str(self.clean.get("step") or "")


def _request_changes(case: Case, sent: DialogAnswers) -> None:
    clean, meta = sent.clean, sent.meta
    review.send_back(case, sent.step, meta.revision, meta.digest, clean["reason"], named=clean.get("fields") or ())


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
    snooze.snooze(case, sent.step, _snoozed_until(case, sent.step, sent.clean))


def _snoozed_until(case: Case, step_id: str, answers: Answers) -> datetime:
    calendar = calendar_of(snooze.side_to_snooze(case, step_id), case.snapshot, case.rules)
    return snooze_until(answers, case.now, ZoneInfo(calendar.timezone))


def snooze_until(clean: Answers, now: datetime, zone: ZoneInfo) -> datetime:
    """Tomorrow, in three days, or on a date: the beginning of that local day; business hours move it to their start."""
    today = now.astimezone(zone).date()
    days: dict[Any, date] = {"tomorrow": today + timedelta(days=1), "three_days": today + timedelta(days=3)}
    day = days.get(clean.get("until")) or date.fromisoformat(clean["date"])
    return datetime.combine(day, time.min, zone)


def _stuck(case: Case, sent: DialogAnswers) -> None:
    calls.stuck(case, sent.step, sent.clean["reason"])


def _answer_call(case: Case, sent: DialogAnswers) -> None:
    calls.answer(case, sent.meta.item, sent.clean["answer"])


def _settle_call(case: Case, sent: DialogAnswers) -> None:
    calls.settle(case, sent.meta.item, sent.clean.get("answer") or "")


def _note(case: Case, sent: DialogAnswers) -> None:
    notes.add(case, sent.step, sent.clean["words"])


def _decline_renewal(case: Case, sent: DialogAnswers) -> None:
    renewals.decline(case, sent.step, sent.meta.item, sent.clean["reason"])


def _answer_ticket(case: Case, sent: DialogAnswers) -> None:
    ticket_comments.answer(case, sent.meta.item, sent.clean["answer"])


def _change(case: Case, sent: DialogAnswers) -> None:
    clean = sent.clean
    if sent.found.who is None:
        raise Refused("gone")
    go_live = date.fromisoformat(clean["go_live"]) if clean.get("go_live") else None
    change.change(case, Particulars(clean["customer"], sent.found.who, clean["owner"], clean["language"], go_live))


def _hand_over(case: Case, sent: DialogAnswers) -> None:
    if sent.found.who is None:
        raise Refused("gone")
    person, successor = sent.clean["person"], sent.found.who
    if sent.clean.get("everywhere"):
        change.hand_over_everywhere(case, person, successor)
    else:
        change.hand_over(case, person, successor, sent.found.side)


def may_open(case: Case, meta: FormMeta) -> None:
    """Before a dialog opens. Raises Refused, which says how things stand by now, where an old button offers what has passed."""
    if meta.form == "snooze":
        snooze.side_to_snooze(case, meta.step)
    elif meta.form == "stuck":
        calls.may_call(case, meta.step)
    elif meta.form in ("answer_call", "settle_call"):
        calls.open_call(case, meta.item)


async def unfit(case: Case, meta: FormMeta, answers: Answers, found: LookedUp) -> tuple[Problem, ...]:
    """Why a dialog can't be carried out like this, at its fields; what was typed stays in them."""
    if meta.form == "hand_over" and found.who is not None:
        person, everywhere = str(answers.get("person") or ""), bool(answers.get("everywhere"))
        return await change.hand_over_problems(case, person, found.who.user_id, found.side, everywhere=everywhere)
    if meta.form == "answer_ticket":
        return await ticket_comments.too_often(case, meta.item)
    if meta.form in ("answer_call", "settle_call"):
        return await calls.answered(case, meta.item)
    if meta.form == "stuck":
        return calls.ended(case, meta.step) or await limits.stuck(case, meta.step)
    if meta.form == "snooze":
        field = "date" if answers["until"] == "date" else "until"
        return await snooze.day_off(case, meta.step, _snoozed_until(case, meta.step, answers), field)
    return ()


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
    "answer_call": _answer_call,
    "settle_call": _settle_call,
    "note": _note,
    "step_note": _note,
    "change": _change,
    "hand_over": _hand_over,
}
"""All but those that are about no onboarding yet."""
