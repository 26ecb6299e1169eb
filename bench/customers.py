"""Many customers at the same form: onboardings with the organization step filled but not yet sent, and their leads' payloads."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import update

from bot.messages.buttons import Act, ButtonValue
from bot.messages.step import step_message
from bot.messages.texts import Texts
from bot.modals.render import review_view
from bot.modals.subject import FormMeta
from flows.cases import manage, start
from flows.cases.access import Access
from flows.cases.case import Cases
from flows.cases.fill import DraftKey
from flows.cases.settle import situation_of
from flows.forms.drafts import REVIEW
from flows.forms.pages import collect, slots
from flows.journey import JOURNEYS
from flows.model import Draft
from flows.people import Who
from flows.ports import Unit
from flows.rules import Rules
from playground.office import Office
from playground.slack import Channel, Message, SlackPerson, View
from playground.slack.payloads import actions_on_message, on_submission
from storage import tables
from storage.sealing import Keyring
from storage.store import Store

STEP = JOURNEYS.latest.steps["organization"]
"""The one with the most fields."""
TOGETHER = 40
"""Onboardings prepared in one transaction."""


@dataclass(frozen=True)
class Customer:
    lead: SlackPerson
    onboarding: str
    channel: Channel
    blocks: list[dict[str, Any]]
    review: dict[str, Any]


class ManyCustomers(Office):
    """An office with ``size`` customers; their onboardings exist before the bot starts, and their cards were never posted."""

    def __init__(self, size: int, *, socket_mode: bool = False) -> None:
        super().__init__(socket_mode=socket_mode, policies="")
        self.size = size
        self.customers: list[Customer] = []
        self.slack.trigger_seconds = 3600.0  # payloads are made before they are sent

    async def start_bot(self) -> None:
        if not self.customers:
            await self.prepare()
        await super().start_bot()

    async def prepare(self) -> None:
        pismo, acme = self.slack.world.teams[:2]
        leads = [self.slack.add_person(f"Lead {n}", acme) for n in range(self.size)]
        channels = [
            self.slack.add_channel(f"customer-{n}", pismo, [self.sam, lead], shared_with=[acme]) for n, lead in enumerate(leads)
        ]
        store = Store(self.database_url, Keyring.parse(self.keys))
        for first in range(0, self.size, TOGETHER):
            async with store.write() as unit:
                for lead, channel in list(zip(leads, channels, strict=True))[first : first + TOGETHER]:
                    self.customers.append(await self._begin(unit, lead, channel))
        async with store.write() as unit:  # drawing for them is not what is measured
            await unit.session.execute(update(tables.effects).values(state="done"))
        await store.close()

    async def _begin(self, unit: Unit, lead: SlackPerson, channel: Channel) -> Customer:
        rules, sam, who = Rules(), Who(self.sam.team_id, self.sam.id), Who(lead.team_id, lead.id)
        asked = start.StartRequest(channel.name, channel.id, who, self.sam.id, "en", None)
        onboarding = await start.start(unit, rules, asked, sam)
        async with Cases(rules, Access()).open(unit, onboarding, sam) as case:
            manage.skip(case, "planning", "Planned before.")
        form, key = STEP.form, DraftKey(onboarding, STEP.form.id)
        raw = dict(form.example)
        unit.add(
            Draft(id=key.id, onboarding_id=onboarding, form=form.id, slot=REVIEW, answers=raw, user_id=who.user_id, at=unit.now)
        )
        snapshot = await unit.snapshot(onboarding)
        if snapshot is None:
            raise LookupError(onboarding)
        texts, situation = Texts("en"), situation_of(snapshot, rules, unit.now, who)
        meta = FormMeta(form=form.id, onboarding=onboarding, step=STEP.id, slot=REVIEW)
        clean, _ = collect(form, raw, situation)
        return Customer(
            lead,
            onboarding,
            channel,
            step_message(snapshot, JOURNEYS.latest, STEP.id, texts, situation).blocks,
            review_view(form, slots(form, raw), clean, texts, meta, ()),
        )

    def press(self, customer: Customer) -> dict[str, Any]:
        """The customer's lead presses the button on a step's message that opens its form."""
        slack = self.slack
        message = Message(slack.world.new_ts(), customer.channel, slack.bot_user_id, "A step", customer.blocks, bot=True)
        value = ButtonValue(onboarding=customer.onboarding, step=STEP.id).dump()
        action = {"type": "button", "block_id": "b", "action_id": Act.OPEN_FORM.value, "value": value}
        payload = actions_on_message(slack, customer.lead.user, message, {})
        return {**payload, "actions": [{**action, "action_ts": slack.world.new_ts()}]}

    def send(self, customer: Customer) -> dict[str, Any]:
        """The customer's lead sends the last page of the form."""
        slack, name = self.slack, self.slack.world.new_id("V")
        view = View(name, customer.lead.user, customer.review, slack.world.new_ts(), name)
        return on_submission(slack, "view_submission", customer.lead.user, view)
