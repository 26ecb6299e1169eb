"""The onboarding that is copied: the use cases begin it, in a database of its own. It is at the step with the most fields, filled in but
not yet sent, and its messages have been posted."""

import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bench.customers import MODEL, NEWCOMER, Change, Example, Row
from bench.slack import PISMO, SAM
from bot.messages.buttons import Act, ButtonValue
from bot.messages.step import step_message
from bot.messages.texts import Texts
from bot.modals.render import page_view, review_view
from bot.modals.subject import FormMeta
from flows.cases import fill, manage, start
from flows.cases.access import Access
from flows.cases.case import Cases
from flows.cases.fill import DraftKey
from flows.cases.settle import situation_of
from flows.forms import drafts
from flows.forms.dialogs import DIALOGS
from flows.forms.drafts import REVIEW
from flows.forms.pages import collect, slots
from flows.journey import JOURNEYS
from flows.model import Draft, Person, Posted
from flows.people import Who
from flows.ports import Unit
from flows.rules import Rules
from flows.state import StepState
from playground.slack import Channel, Message, SlackPerson, SlackStandIn, View
from playground.slack.forms import initial_state
from playground.slack.payloads import actions_on_message, on_submission
from storage import tables
from storage.columns import Sealed
from storage.migrate import upgrade
from storage.sealing import Place, Plain, current
from storage.store import Store

STEP = JOURNEYS.latest.steps["organization"]
"""The one with the most fields."""
KEPT: Sequence[Table] = (
    *(tables.onboardings, tables.steps, tables.submissions, tables.drafts, tables.members, tables.posted),
    *(tables.people, tables.name_marks, tables.audit_events, tables.audit_heads),
)


def example() -> Example:
    """Begins one in a database of its own and sends its form there."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        return asyncio.run(_example(f"sqlite+aiosqlite:///{Path(folder)}/model.db"))


async def _example(url: str) -> Example:
    upgrade(url)
    store = Store(url, current())
    office = _Office()
    async with store.write() as unit:
        started = await office.begin(unit)
    async with store.write() as unit:  # what it asked for was done long ago
        await unit.session.execute(update(tables.effects).values(state="done"))
    async with store.read() as unit:
        before = await _rows(unit)
        press, send, view = await office.payloads(unit, started)
        begin = office.begins()
    async with store.write() as unit, Cases(office.rules, Access()).open(unit, started, office.lead) as case:
        answers, _ = collect(STEP.form, dict(STEP.form.example), case.situation)
        fill.submit(case, STEP.id, answers)
        draft = await unit.get(Draft, DraftKey(started, STEP.form.id).id)
        await unit.delete(draft)
        await unit.once(f"view:V{MODEL.lead}:sent")
    async with store.read() as unit:
        after = await _rows(unit)
    await store.close()
    # Ids that chance chose: the onboarding's, and those of effects.
    chosen = {started: MODEL.onboarding} | {
        key: f"{MODEL.effect}{number:04x}" for number, key in enumerate(key for name, key in after if name == "effects")
    }

    def named(value: Any) -> Any:
        if isinstance(value, Plain):
            place = value.place
            return Plain(named(value.text), Place(place.table, place.column, named(place.row)))
        if isinstance(value, str) and not isinstance(value, StepState):
            for old, new in chosen.items():
                value = value.replace(old, new)
        elif isinstance(value, dict):
            value = json.loads(named(json.dumps(value)))
        return value

    def row(found: Row | None) -> Row | None:
        return {name: named(value) for name, value in found.items() if name != "seq" or "queue" not in found} if found else None

    by_name = {table.name: table for table in tables.metadata.tables.values()}
    kept = {table.name for table in KEPT}
    rows = [(by_name[name], row(one) or {}) for (name, _), one in before.items() if name in kept]
    changed = sorted({key for key in before | after if before.get(key) != after.get(key)})
    writes = [Change(by_name[key[0]], row(before.get(key)), row(after.get(key))) for key in changed]
    return Example(rows, writes, named(press), named(send), view, begin)


async def _rows(unit: Unit) -> dict[tuple[str, str], Row]:
    """All rows by table and id, opened."""
    session: AsyncSession = unit.session  # type: ignore[attr-defined]  # this is for databases alone
    found: dict[tuple[str, str], Row] = {}
    for table in tables.metadata.tables.values():
        key = "id" if "id" in table.c else next(iter(table.primary_key)).name
        for row in (await session.execute(select(table))).mappings():
            opened = {
                column.name: _opened(table, column.name, str(row[key]), row[column.name])
                if isinstance(column.type, Sealed)
                else row[column.name]
                for column in table.columns
            }
            found[(table.name, str(row[key]))] = opened
    return found


def _opened(table: Table, column: str, row_id: str, sealed: str) -> Plain:
    place = Place(table.name, column, row_id)
    return Plain(current().open(sealed, place), place)


class _Office:
    """Invented people: one from support, one customer's lead. Nothing here listens: it makes payloads."""

    def __init__(self) -> None:
        self.rules = Rules()
        slack = self.slack = SlackStandIn(signing_secret="none")
        pismo, acme = replace(slack.add_team("Pismo"), id=PISMO), slack.add_team("Acme Bank")
        self.pismo, self.acme = pismo, acme
        self.sender: SlackPerson = slack.add_person("Sam", pismo)
        self.sender.user.id = SAM  # this and the team's as the stand-in beside the bot has them
        self.sam = Who(PISMO, SAM)
        self.person: SlackPerson = slack.add_person("Lead", acme)
        self.person.user.id = MODEL.lead
        self.lead = Who(acme.id, MODEL.lead)
        self.channel = Channel(MODEL.channel, "customer", pismo, shared_with=[acme])

    async def begin(self, unit: Unit) -> str:
        asked = start.StartRequest("Acme Bank", MODEL.channel, self.lead, self.sam.user_id, "en", None)
        unit.add(
            Person(
                id=str(self.lead), team_id=self.lead.team_id, user_id=MODEL.lead, locale="en-US", name="Lead", seen_at=unit.now
            )
        )
        onboarding = await start.start(unit, self.rules, asked, self.sam)
        async with Cases(self.rules, Access()).open(unit, onboarding, self.sam) as case:
            manage.skip(case, "planning", "Planned before.")
            shown = [step for step in case.journey.steps if case.record(step).state is not StepState.LOCKED]
        raw, key = dict(STEP.form.example), DraftKey(onboarding, STEP.form.id)
        user = MODEL.lead
        unit.add(
            Draft(id=key.id, onboarding_id=onboarding, form=STEP.form.id, slot=REVIEW, answers=raw, user_id=user, at=unit.now)
        )
        for kind, subject in [("card", ""), *(("step", step) for step in shown)]:
            ts = self.slack.world.new_ts()
            unit.add(
                Posted(
                    id=f"{onboarding}:{kind}:{subject}",
                    onboarding_id=onboarding,
                    kind=kind,
                    subject=subject,
                    channel_id=MODEL.channel,
                    ts=ts,
                    digest="",
                )
            )
        return onboarding

    async def payloads(self, unit: Unit, onboarding: str) -> tuple[str, str, Mapping[str, Any]]:
        """The lead presses the button that opens the form; the lead sends its last page; that page."""
        snapshot = await unit.snapshot(onboarding)
        if snapshot is None:
            raise LookupError(onboarding)
        slack, form, texts = self.slack, STEP.form, Texts("en")
        situation = situation_of(snapshot, self.rules, unit.now, self.lead)
        journey, usual = self.rules.journeys.of_customer(snapshot), self.rules.reminders.support_first
        blocks = step_message(snapshot, journey, STEP.id, texts, situation, usual).blocks
        message = Message(slack.world.new_ts(), self.channel, slack.bot_user_id, "A step", blocks, bot=True)
        value = ButtonValue(onboarding=onboarding, step=STEP.id).dump()
        action = {"type": "button", "block_id": "b", "action_id": Act.OPEN_FORM.value, "value": value, "action_ts": message.ts}
        press = actions_on_message(slack, self.person.user, message, {}) | {"actions": [action], "trigger_id": MODEL.trigger}

        raw = dict(form.example)
        clean, _ = collect(form, raw, situation)
        meta = FormMeta(form=form.id, onboarding=onboarding, step=STEP.id, slot=REVIEW)
        page = review_view(form, slots(form, raw), clean, texts, meta, ())
        name = f"V{MODEL.lead}"
        view = View(name, self.person.user, page, slack.world.new_ts(), name)
        send = on_submission(slack, "view_submission", self.person.user, view) | {"trigger_id": MODEL.trigger}
        return json.dumps(press), json.dumps(send), page

    def begins(self) -> str:
        """Somebody of support sends the form that begins an onboarding."""
        slack, form, texts = self.slack, DIALOGS["start"], Texts("en")
        raw = {
            "customer": "Acme Bank",
            "channel": NEWCOMER.channel,
            "lead": NEWCOMER.lead,
            "owner": self.sam.user_id,
            "language": "en",
        }
        order = slots(form, raw)
        meta = FormMeta(form=form.id, item=NEWCOMER.channel)
        offered = {"channel": NEWCOMER.channel, "owner": self.sam.user_id, "language": "en"}
        meta = meta.on(0, order[0].name, drafts.version(form, offered, order, 0))
        page = page_view(form, order, 0, raw, texts, meta)
        name = f"V{NEWCOMER.lead}begin"
        view = View(name, self.sender.user, page, slack.world.new_ts(), name, inputs=initial_state(page))
        return json.dumps(on_submission(slack, "view_submission", view.user, view) | {"trigger_id": NEWCOMER.trigger})
