"""What the people of the demo answer: the forms' own examples with the values of an invented company, dated by the demo's clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

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
from playground.office import Office
from playground.pismo.signer import public_pem, rsa_key
from storage.sealing import Keyring
from storage.store import Store

STEPS = JOURNEYS.latest.steps
FORMS: Mapping[str, Form] = {
    form.id: form
    for form in (
        *DIALOGS.values(),
        *(step.form for step in STEPS.values()),
        *(task.form for step in STEPS.values() for task in step.tasks if task.form),
    )
}
NAME = "Acme Bank"
COMPANY: Mapping[str, Answers] = {
    "planning": {
        "goals": "Launch a credit card for our 400,000 account holders this year, and move their accounts over after that.",
        "challenges": "Our present core closes the day at midnight and takes no payments until it is done.",
        "attendees": "beatriz.prado@acmebank.example\nrafael.nunes@acmebank.example",
    },
    "planning.schedule_session": {"link": "https://meet.example/acme-planning", "agenda": "Goals, products, the path to go-live"},
    "planning.hold_session": {"notes": "Credit cards first. Accounts follow in the second quarter."},
    "organization": {
        "official_name": "Acme Bank S.A.",
        "org_name": NAME,
        "legal_proxy_name": "Acme Participações Ltda.",
        "responsible": "beatriz.prado@acmebank.example",
    },
    "service_desk": {
        "users": "Beatriz Prado <beatriz.prado@acmebank.example>\nrafael.nunes@acmebank.example; plantao@acmebank.example"
    },
    "environments": {
        "test_users": "rafael.nunes@acmebank.example\nlia.torres@acmebank.example",
        "production_users": "beatriz.prado@acmebank.example",
    },
    "control_center": {
        "people": "Nome; E-mail; Papéis; Ambientes; Idioma\n"
        "Beatriz Prado; beatriz.prado@acmebank.example; Administrador, Aprovador de chaves de API; teste, produção; português\n"
        "Rafael Nunes; rafael.nunes@acmebank.example; Administrador, Operador de setup; teste, produção; português\n"
        "Lia Torres; lia.torres@acmebank.example; Leitor de setup; teste; português"
    },
    "production": {
        "key": "same",
        "users": "beatriz.prado@acmebank.example",
        "keys_by": "rafael.nunes@acmebank.example",
        "cutover_contact": "beatriz.prado@acmebank.example",
    },
    "production.environment_ready": {"base_url": "https://pismo.acmebank.example"},
    "authentication": {"method": "oidc", "company": "Acme Bank S.A."},
    "request_changes": {"reason": "The street is that of the branch. Please give the head office."},
    "stuck": {"reason": "Who in our company has the articles of association? We look for the legal proxy's document."},
    "next_steps": {"comment": "It was always clear whose turn it was."},
}


async def answers(office: Office, form_id: str) -> Answers:
    """Valid answers to every page of a form. Raises KeyError for an unknown form."""
    found = {**FORMS[form_id].example, **COMPANY.get(form_id, {}), **_dates(office.clock(), form_id)}
    return found | await _made(office, form_id)


def _dates(now: datetime, form_id: str) -> Answers:
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


async def _made(office: Office, form_id: str) -> Answers:
    """What somebody else has to make first: Pismo's organization and tokens, the customer's keys."""
    if form_id == "start":
        return {"customer": NAME, "channel": office.acme.id, "lead": office.ana, "owner": office.sam}
    if form_id == "assign":
        return {"person": office.bruno}
    if form_id == "authentication":
        return {"public_key": public_pem(rsa_key()), "production_key": public_pem(rsa_key())}
    if form_id == "organization.record_org_id":
        return {"org_id": await _organization(office)}
    if form_id == "first_programs.record_program":
        return await _program(office)
    if form_id == "first_programs.create_in_test":
        return {"program": None, "token": office.pismo.mint_token(await _known_organization(office))}
    if form_id.endswith(".request_renewal"):
        return {"csr": new_request(COMPANY["authentication"]["company"])}
    if form_id.endswith((".attach_certificate", ".hand_over_pair")):
        return await _certificate(office, form_id)
    if form_id.startswith("production."):
        return await _in_production(office, form_id)
    if form_id == "authentication.prove_access":
        return {"token": office.pismo.mint_token(await _known_organization(office))}
    if form_id.endswith(".check_setup"):
        known = await _known_organization(office)
        office.pismo.set_up(known)
        return {"token": office.pismo.mint_token(known)}
    return {}


async def _known_organization(office: Office) -> str:
    """That whose org ID is recorded, if Pismo has it; else the one that Pismo creates."""
    situation = await stored(office)
    known = org_id(situation) if situation else ""
    return known if known.casefold() in office.pismo.world.orgs else await _organization(office)


async def _in_production(office: Office, form_id: str) -> Answers:
    """The organization that Pismo opens in production, and tokens of both environments; nothing before there is one in test."""
    situation = await stored(office)
    if situation is None or "organization" not in situation.answers:
        return {}
    known = await _known_organization(office)
    there = office.sandbox.open_production(known)
    made: dict[str, Answers] = {
        "production.record_org": {"org_id": known},
        "production.move_program": {
            "program": None,
            "test_token": office.pismo.mint_token(known),
            "token": there.mint_token(known),
        },
        "production.record_program": {"program": None},
        "production.prove_access": {"token": there.mint_token(known)},
    }
    return made.get(form_id, {})


async def _program(office: Office) -> Answers:
    """The program that waits to be recorded, created at Pismo if it isn't there yet."""
    situation = await stored(office)
    waiting = to_record(situation) if situation else []
    if not waiting:
        return {}
    asked, organization = waiting[0], await _known_organization(office)
    programs = office.pismo.world.org(organization).programs
    number = next((program["id"] for program in programs if program["name"] == asked.name), 0)
    number = number or office.pismo.add_program(organization, asked.name, asked.type)
    return {"program": asked.name, "program_id": number, "type": asked.type, "status": "ACTIVE"}


async def _certificate(office: Office, form_id: str) -> Answers:
    """For the request that waits to be signed, else for a pair that Pismo makes; the form's example if that request can't be signed."""
    situation, (step_id, _, task) = await stored(office), form_id.partition(".")
    if situation is None:
        return {}
    renewal = STEPS[step_id].item_now(STEPS[step_id].task(task), situation)
    request = FORMS[form_id].copied(situation).get("request", "")
    try:
        return {"certificate": certificate(office, renewal, COMPANY["authentication"]["company"], request)}
    except ValueError:
        return {}


async def _organization(office: Office) -> str:
    """The org ID of the organization that Pismo creates from what the customer sent, or of the one already there."""
    situation = await stored(office)
    details = to_org_details(_numbered(situation.answers["organization"] if situation else await answers(office, "organization")))
    for org in office.pismo.world.orgs.values():
        if org.details | details == org.details:
            return org.id
    return office.pismo.create_org(details)


def _numbered(sent: Answers) -> Answers:
    number = str(sent.get("number", ""))
    return {**sent, "number": int(number)} if number.isdecimal() else sent


async def stored(office: Office) -> Situation | None:
    """The state of the onboarding in the shared channel in the bot's store; None if there is none."""
    store = Store(office.database_url, Keyring.parse(office.keys), clock=office.clock)
    try:
        async with store.read() as unit:
            for onboarding in reversed(await unit.onboardings(closed=True)):
                snapshot: Any = await unit.snapshot(onboarding.id) if onboarding.channel_id == office.acme.id else None
                if snapshot is not None:
                    return situation_of(snapshot, Rules(), office.clock())
    finally:
        await store.close()
    return None


async def under_way(office: Office) -> frozenset[str]:
    """The steps whose tasks may soon be over: the bot is asking Pismo or its Service Desk, or is about to draw their messages."""
    store = Store(office.database_url, Keyring.parse(office.keys), clock=office.clock)
    try:
        async with store.read() as unit:
            begun = [load(record.kind, record.arguments) for record in await unit.open_effects()]
            kinds = Draw | RequestAccess | FileRequest | RunProof | RunSetupCheck | CreateProgram | MoveProgram
            return frozenset(effect.step for effect in begun if isinstance(effect, kinds))
    finally:
        await store.close()
