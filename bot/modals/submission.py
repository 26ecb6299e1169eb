"""What a sent form does: a step's goes to support, a task is recorded, a dialog carries out what it asked. And who may use each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flows.cases.onboarding import side_of, step_of, timezone_of
from pydantic import ValidationError

from bot.desk import Desk
from bot.messages.buttons import VERSION
from bot.modals.meta import FormMeta
from bot.modals.parse import parse_page
from bot.slack.client import SlackError
from bot.slack.payloads import Sent
from flows.cases import fill, manage, review, start, tasks
from flows.cases.access import May, for_side
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Answers
from flows.forms.pages import forgotten, slots
from flows.forms.step import Form, Step, Task
from flows.journey import form_of
from flows.model import Onboarding, Person, Snapshot, new_id
from flows.people import Side, Who
from flows.ports import Unit
from flows.problems import Problem, Refused

LOOK_SECONDS = 1.8
"""How long a submission may look something up in Slack before it must be acknowledged."""

DIALOG_MAY: Mapping[str, May] = {
    "start": May.SUPPORT,
    "request_changes": May.SUPPORT,
    "reject": May.SUPPORT,
    "skip": May.SUPPORT,
    "reopen": May.SUPPORT,
    "assign": May.SUPPORT,
    "snooze": May.EITHER,
    "stuck": May.CUSTOMER,
}


@dataclass(frozen=True)
class Place:
    """What a modal is about: a dialog, a step's own form, or a task of a step."""

    form: Form
    step: Step | None = None
    task: Task | None = None

    @property
    def is_dialog(self) -> bool:
        return self.form.id in DIALOGS

    @property
    def is_step(self) -> bool:
        return self.step is not None and self.task is None and not self.is_dialog


def meta_of(view: Mapping[str, Any]) -> FormMeta:
    """What a modal carries along. Raises Refused("gone") for one that is not understood any more, or comes from a newer version."""
    try:
        meta = FormMeta.model_validate_json(str(view.get("private_metadata") or ""))
        form_of(meta.form)
    except (ValidationError, KeyError):
        raise Refused("gone") from None
    if meta.v > VERSION:
        raise Refused("gone")
    return meta


def place_of(onboarding: Onboarding | None, meta: FormMeta) -> Place:
    """Raises Refused("gone") for a form that this customer's journey does not have."""
    if meta.form in DIALOGS:
        form = DIALOGS[meta.form]
        asks_step = any("step" in page.model.model_fields for page in form.pages)
        step = step_of(onboarding, meta.step) if onboarding is not None and (meta.step or not asks_step) else None
        return Place(form, step)
    if onboarding is None:
        raise Refused("gone")
    step = step_of(onboarding, meta.step)
    if meta.form == step.form.id:
        return Place(step.form, step)
    task = tasks.task_of(step, meta.form.partition(".")[2])
    if task.form is None:
        raise Refused("gone")
    return Place(task.form, step, task)


def may_of(place: Place) -> May:
    """Who may open and send a form."""
    if place.is_dialog:
        return DIALOG_MAY[place.form.id]
    return for_side(place.task.side) if place.task is not None else May.EITHER


class Completion:
    """What sending one form needs besides its answers: what Slack says of a channel or a person, and a token that is used once."""

    def __init__(self, desk: Desk, sent: Sent, meta: FormMeta) -> None:
        self.desk, self.sent, self.meta = desk, sent, meta
        self.problems: tuple[Problem, ...] = ()
        self.lead: Person | None = None
        self.person: Person | None = None
        self._items: list[str] = []

    def reset(self) -> None:
        """The transaction is tried again."""
        self.undo()
        self._items.clear()

    async def prepare(self) -> None:
        """Look up in Slack what the answers name, before the transaction, within the time of an acknowledgement."""
        looking = {"start": self._look_at_channel, "assign": self._look_at_person}.get(self.meta.form)
        if looking is None:
            return
        form = DIALOGS[self.meta.form]
        order = slots(form, {})
        raw = parse_page(self.sent.values, order[0], 0, {})
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                self.problems = tuple(await looking(raw))
        except (TimeoutError, SlackError):
            self.problems = (Problem("channel" if self.meta.form == "start" else "person", "slack_did_not_answer"),)

    async def _look_at_channel(self, raw: Answers) -> list[Problem]:
        directory, channel = self.desk.directory, str(raw.get("channel") or "")
        if channel == self.desk.support_channel:
            return [Problem("channel", "channel_is_support")]
        try:
            info = await self.desk.slack.channel(channel)
            members = await self.desk.slack.members(channel)
        except SlackError as error:
            if error.error in ("channel_not_found", "not_in_channel"):
                return [Problem("channel", "channel_not_found")]
            raise
        if not info.is_member and directory.bot_user_id not in members:
            return [Problem("channel", "channel_without_bot")]
        lead, owner = str(raw.get("lead") or ""), str(raw.get("owner") or "")
        found: list[Problem] = []
        self.lead = await directory.fetch(lead) if lead else None
        if lead and (self.lead is None or lead not in members):
            found.append(Problem("lead", "lead_not_in_channel"))
        elif self.lead is not None and not directory.is_customer(self.lead):
            found.append(Problem("lead", "lead_is_support"))
        if owner and not any(who.user_id == owner for who in self.desk.access.support):
            found.append(Problem("owner", "owner_not_support"))
        return found

    async def _look_at_person(self, raw: Answers) -> list[Problem]:
        self.person = await self.desk.directory.fetch(str(raw.get("person") or ""))
        return [] if self.person is not None else [Problem("person", "lead_not_in_channel")]

    def keep_token(self, token: str) -> str:
        """Hold a token in memory until its proof runs; returns the proof's item."""
        item = new_id("proof")
        self.desk.tokens[item] = token
        self._items.append(item)
        return item

    def undo(self) -> None:
        for item in self._items:
            self.desk.tokens.pop(item, None)

    def after(self) -> None:
        """After the commit: the person's App Home shows what changed."""
        self.desk.later(self.desk.refresh_home(self.sent.who))


def refuse_secrets(
    unit: Unit, snapshot: Snapshot | None, who: Who, form: str, problems: tuple[Problem, ...], raw: Answers
) -> None:
    """Warn support of refused secrets, without them, and delete the files that held them where Slack lets the bot."""
    if snapshot is None:
        return
    for problem in problems:
        if problem.key.startswith("secret_"):
            fill.refuse_secret(unit, snapshot, who, problem.key, f"{form}.{problem.field}")
            value = raw.get(problem.field)
            if isinstance(value, dict):
                unit.effect(snapshot.onboarding.id, "delete_file", file=value["id"])


async def complete(unit: Unit, snapshot: Snapshot | None, place: Place, clean: Answers, completion: Completion) -> None:
    """Carry out a sent form in the transaction. Raises Refused, which rolls everything back."""
    rules, who = completion.desk.rules, completion.sent.who
    if place.is_dialog:
        await DIALOG_DOES[place.form.id](unit, clean, completion)
        return
    if snapshot is None or place.step is None:
        raise Refused("gone")
    if place.task is None:
        fill.submit(unit, rules, snapshot, place.step, clean, who)
        return
    once = forgotten(place.form)
    tokens = [str(clean[name]) for name in once if clean.get(name)]
    kept = {name: value for name, value in clean.items() if name not in once}
    item = completion.keep_token(tokens[0]) if tokens and place.task.effect else ""  # only an effect takes it out again
    await tasks.do_task(unit, rules, snapshot.onboarding.id, place.step.id, place.task.id, kept, who, item=item)


async def _start(unit: Unit, clean: Answers, done: Completion) -> None:
    if done.lead is None:
        raise Refused("gone")
    asked = start.Start(
        customer=clean["customer"],
        channel_id=clean["channel"],
        lead=Who(done.lead.team_id, done.lead.user_id),
        owner_id=clean["owner"],
        language=clean["language"],
        go_live=date.fromisoformat(clean["go_live"]) if clean.get("go_live") else None,
    )
    await start.start(unit, done.desk.rules, asked, done.sent.who)


async def _send_back(unit: Unit, clean: Answers, done: Completion) -> None:
    meta = done.meta
    await review.send_back(
        unit,
        done.desk.rules,
        meta.onboarding,
        meta.step,
        meta.revision,
        meta.digest,
        done.sent.who,
        clean["reason"],
        reject=meta.form == "reject",
    )


async def _skip(unit: Unit, clean: Answers, done: Completion) -> None:
    step = done.meta.step or str(clean.get("step", ""))
    await manage.skip(unit, done.desk.rules, done.meta.onboarding, step, done.sent.who, clean["reason"])


async def _reopen(unit: Unit, clean: Answers, done: Completion) -> None:
    step = done.meta.step or str(clean.get("step", ""))
    await manage.reopen(unit, done.desk.rules, done.meta.onboarding, step, done.sent.who, clean["reason"])


async def _assign(unit: Unit, clean: Answers, done: Completion) -> None:
    if done.person is None:
        raise Refused("gone")
    who = Who(done.person.team_id, done.person.user_id)
    side = Side.SUPPORT if done.desk.access.is_support(who) else Side.CUSTOMER
    step = done.meta.step or str(clean.get("step", ""))
    if side is Side.CUSTOMER:
        snapshot = await unit.snapshot(done.meta.onboarding)
        if snapshot is None or who.team_id != snapshot.onboarding.team_id:
            raise Refused("not_yours")
    await manage.assign(unit, done.meta.onboarding, step, who, side, done.sent.who)


async def _snooze(unit: Unit, clean: Answers, done: Completion) -> None:
    snapshot = await unit.snapshot(done.meta.onboarding)
    if snapshot is None:
        raise Refused("gone")
    side = side_of(snapshot.steps[done.meta.step])
    rules = done.desk.rules
    zone = ZoneInfo(rules.support_calendar.timezone if side is Side.SUPPORT else timezone_of(snapshot, rules))
    until = snooze_until(clean, unit.now, zone)
    of = Side.SUPPORT if done.desk.access.is_support(done.sent.who) else Side.CUSTOMER
    await manage.snooze(unit, done.desk.rules, done.meta.onboarding, done.meta.step, until, done.sent.who, of)


def snooze_until(clean: Answers, now: datetime, zone: ZoneInfo) -> datetime:
    """Tomorrow, in three days, or on a date: the beginning of that local day; business hours move it to their opening."""
    today = now.astimezone(zone).date()
    days: dict[Any, date] = {"tomorrow": today + timedelta(days=1), "three_days": today + timedelta(days=3)}
    day = days.get(clean.get("until")) or date.fromisoformat(clean["date"])
    return datetime.combine(day, time.min, zone)


async def _stuck(unit: Unit, clean: Answers, done: Completion) -> None:
    await manage.stuck(unit, done.meta.onboarding, done.meta.step, clean["reason"], done.sent.who)


DIALOG_DOES: Mapping[str, Callable[[Unit, Answers, Completion], Awaitable[None]]] = {
    "start": _start,
    "request_changes": _send_back,
    "reject": _send_back,
    "skip": _skip,
    "reopen": _reopen,
    "assign": _assign,
    "snooze": _snooze,
    "stuck": _stuck,
}
