"""What the people of the demo answer: the forms' own examples with the values of an invented company, dated by the demo's clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from bot.messages.texts import for_locale
from flows import business_time
from flows.business_time import BusinessDuration
from flows.cases.settle import situation_of
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Answers
from flows.forms.step import Form, Situation
from flows.journey import JOURNEYS
from flows.outbox import CreateProgram, Draw, FileRequest, MoveProgram, RequestAccess, RunProof, RunSetupCheck, load
from flows.rules import Rules
from flows.steps.first_programs.recording import to_record
from flows.steps.org_details import org_id, to_org_details
from playground.certificates import certificate, new_request
from playground.clock import CUSTOMER
from playground.companies import CustomerCompany, first_company, second_company, third_company
from playground.office import Office
from playground.own_answers import OWN_ANSWERS
from playground.pismo.signer import public_pem, rsa_key
from playground.slack import Channel

STEPS = JOURNEYS.latest.steps
FORMS: Mapping[str, Form] = {
    form.id: form
    for form in (
        *DIALOGS.values(),
        *(step.form for step in STEPS.values()),
        *(task.form for step in STEPS.values() for task in step.tasks if task.form),
    )
}


def demo_companies(office: Office) -> Sequence[CustomerCompany]:
    third = third_company(office)
    return [first_company(office, "Acme Bank"), second_company(office), *([third] if third else [])]


@dataclass(frozen=True)
class Examples:
    """What a company's people, and support for it, put into forms."""

    office: Office
    company: CustomerCompany

    async def answers(self, form_id: str) -> Answers:
        """Valid answers to every page of a form. Raises KeyError for an unknown form."""
        return {**self._said(form_id), **dates_of(self.office.clock(), form_id), **await self._made(form_id)}

    def _said(self, form_id: str) -> Answers:
        own = OWN_ANSWERS[self.company.name]
        return {**FORMS[form_id].example, **self.company.choices.get(form_id, {}), **own.get(form_id, {})}

    async def _made(self, form_id: str) -> Answers:
        """What somebody else has to make first: Pismo's organization and tokens, the customer's keys."""
        pismo, (lead, *others) = self.office.pismo, self.company.people
        if form_id == "start":
            begun = {"customer": self.company.name, "channel": self.company.channel.id, "lead": lead, "owner": self.office.sam}
            return begun | {"language": for_locale(lead.user.locale or "")}
        if form_id == "assign":
            return {"person": (others or [lead])[0]}
        if form_id == "authentication":
            return {**self._named(), "csr": self._request(), **self._keys}
        if form_id == "organization.record_org_id":
            return {"org_id": await self._organization()}
        if form_id == "first_programs.record_program":
            return await self._program()
        if form_id == "first_programs.create_in_test":
            return {"program": None, "token": pismo.mint_token(await self._known_organization())}
        if form_id == "production" or form_id.endswith(".request_renewal"):
            return {"csr": self._request()}
        if form_id.endswith((".attach_certificate", ".hand_over_pair")):
            return await self._certificate(form_id)
        if form_id.startswith("production."):
            return await self._in_production(form_id)
        if form_id == "authentication.prove_access":
            return {"token": pismo.mint_token(await self._known_organization())}
        if form_id.endswith(".check_setup"):
            known = await self._known_organization()
            pismo.set_up(known)
            return {"token": pismo.mint_token(known)}
        return {}

    def _named(self) -> Answers:
        """The details of the certificate, as the organization's form has them."""
        said = self._said("organization")
        same = {name: said[name] for name in ("city", "state", "country")}
        return {**same, "company": said["official_name"], "document": said["document_number"]}

    @cached_property
    def _keys(self) -> Answers:
        signed = self.company.method == "oidc"
        return {name: public_pem(rsa_key()) for name in ("public_key", "production_key") if signed}

    def _request(self) -> str:
        """A signing request (PEM) for a new key, with the details of the certificate."""
        named = self._named()
        return new_request(C="BR", ST=named["state"], L=named["city"], O=named["company"], serialNumber=named["document"])

    async def _known_organization(self) -> str:
        """That whose org ID is recorded, if Pismo has it; else the one that Pismo creates."""
        situation = await self._stored()
        known = org_id(situation) if situation else ""
        return known if known.casefold() in self.office.pismo.world.orgs else await self._organization()

    async def _in_production(self, form_id: str) -> Answers:
        """The organization that Pismo opens in production, and tokens of both environments; nothing before there is one in test."""
        situation = await self._stored()
        if situation is None or "organization" not in situation.answers:
            return {}
        known = await self._known_organization()
        there = self.office.sandbox.open_production(known)
        made: dict[str, Answers] = {
            "production.record_org": {"org_id": known},
            "production.move_program": {
                "program": None,
                "test_token": self.office.pismo.mint_token(known),
                "token": there.mint_token(known),
            },
            "production.record_program": {"program": None},
            "production.prove_access": {"token": there.mint_token(known)},
        }
        return made.get(form_id, {})

    async def _program(self) -> Answers:
        """The program that waits to be recorded, created at Pismo if it isn't there yet."""
        situation = await self._stored()
        waiting = to_record(situation) if situation else []
        if not waiting:
            return {}
        asked, organization = waiting[0], await self._known_organization()
        programs = self.office.pismo.world.org(organization).programs
        number = next((program["id"] for program in programs if program["name"] == asked.name), 0)
        number = number or self.office.pismo.add_program(organization, asked.name, asked.type)
        return {"program": asked.name, "program_id": number, "type": asked.type, "status": "ACTIVE"}

    async def _certificate(self, form_id: str) -> Answers:
        """For the request that waits to be signed, else for a pair that Pismo makes; the form's example if that request can't be
        signed."""
        situation, (step, _, task) = await self._stored(), form_id.partition(".")
        if situation is None:
            return {}
        renewal = STEPS[step].item_now(STEPS[step].task(task), situation)
        request = FORMS[form_id].copied(situation).get("request", "")
        try:
            return {"certificate": certificate(self.office, renewal, self._said("organization")["official_name"], request)}
        except ValueError:
            return {}

    async def _organization(self) -> str:
        """The org ID of the organization that Pismo creates from what the customer sent, or of the one already there."""
        situation = await self._stored()
        details = to_org_details(_numbered(situation.answers["organization"] if situation else self._said("organization")))
        for org in self.office.pismo.world.orgs.values():
            if org.details | details == org.details:
                return org.id
        return self.office.pismo.create_org(details)

    async def _stored(self) -> Situation | None:
        return await stored(self.office, self.company.channel)


def _numbered(sent: Answers) -> Answers:
    number = str(sent.get("number", ""))
    return {**sent, "number": int(number)} if number.isdecimal() else sent


def dates_of(now: datetime, form_id: str) -> Answers:
    """What a form's example leaves out, since it depends on the day."""
    zone = ZoneInfo(CUSTOMER.timezone)

    def day(business_days: int) -> datetime:
        return business_time.add(CUSTOMER, now, BusinessDuration(days=business_days)).astimezone(zone)

    def at(business_days: int, hour: int) -> int:
        return int(day(business_days).replace(hour=hour, minute=0, second=0, microsecond=0).timestamp())

    soon = int(now.timestamp() // 3600 + 2) * 3600
    later = (now + timedelta(days=60)).astimezone(zone).date().isoformat()
    dates: dict[str, Answers] = {
        "start": {"go_live": later},
        "planning": {"go_live": later, "session_1": soon, "session_2": at(1, 15)},
        "planning.schedule_session": {"starts": soon},
        "production": {"access_from": (now + timedelta(days=45)).date().isoformat(), "go_live": later},
        "environments": {"production_from": (now + timedelta(days=45)).date().isoformat()},
    }
    return dates.get(form_id, {})


async def stored(office: Office, channel: Channel) -> Situation | None:
    """The state of the onboarding in a customer's channel in the bot's store; None if there is none."""
    async with office.reading() as unit:
        for onboarding in reversed(await unit.onboardings(channel_id=channel.id, closed=True)):
            snapshot: Any = await unit.snapshot(onboarding.id)
            if snapshot is not None:
                return situation_of(snapshot, Rules(), office.clock())
    return None


BUSY = Draw | RequestAccess | FileRequest | RunProof | RunSetupCheck | CreateProgram | MoveProgram
"""The bot is asking Pismo or its Service Desk, or is about to draw a message."""


async def under_way(office: Office, onboarding: str, kinds: Any = BUSY) -> frozenset[str]:
    """The steps of an onboarding for which the bot is doing something, so that their tasks may soon be over."""
    async with office.reading() as unit:
        own = (record for record in await unit.open_effects() if record.onboarding_id == onboarding)
        begun = [load(record.kind, record.arguments) for record in own]
    return frozenset(effect.step for effect in begun if isinstance(effect, kinds))
