"""A certificate's last day: announced 90, 30 and 7 days before and once it is over, in working hours, even after the end."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bot.listeners.actions import ACTIONS
from bot.messages.blocks import Drawing, notice
from bot.messages.buttons import Act, parse
from bot.messages.review import review_card
from bot.messages.step import step_message
from bot.messages.texts import Texts
from bot.messages.wording import sentence
from bot.modals.dialogs import DIALOG_DOES, DialogAnswers
from bot.modals.fetched import LookedUp
from bot.modals.subject import FormMeta, subject_of
from flows.business_time import BusinessDuration
from flows.cases import manage, snooze
from flows.cases.case import Case
from flows.cases.settle import side_of, situation_of
from flows.desk import Need, Wanted
from flows.forms.fields import Answers
from flows.model import Onboarding
from flows.people import Side, Who
from flows.ports import Unit
from flows.problems import Refused
from flows.report import TimeSpent
from flows.steps.authentication import example_keys
from playground.pismo.authority import Authority, new_key, signing_request
from playground.slack.screen import tells
from playground.walkthrough import said
from tests.flows.cases.casework import KIM, LEAD, LIZ, MONDAY, OWNER, STEPS, CaseBook, case_book

STEP, TASK = "authentication", "attach_certificate"
RENEWING = said("step_message.renewal", "review.renewal")
SOON, OVER = f"task.{STEP}.{TASK}.expires", f"task.{STEP}.{TASK}.expired"


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    """An onboarding whose authentication was approved; a certificate can be attached."""
    async with case_book(tmp_path) as one:
        await one.start()
        for step in ("planning", "organization"):
            await one.skip(step)
        await one.send(STEP, mtls="csr")
        for person in (OWNER, KIM):
            await one.approve(STEP, person)
        yield one


async def attach(one: CaseBook, last_day: date) -> None:
    await one.task(STEP, TASK, {"certificate": "its PEM", "expires_on": last_day.isoformat()})
    await one.news("say")


def another_request() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api.bank.example")])
    return (
        x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    )


async def told(one: CaseBook, until: date) -> list[tuple[date, str, str, int]]:
    """(day, where, key, days left) with one sweep a day until this one."""
    seen = []
    while one.now.date() < until:
        await one.sweep(one.now + timedelta(days=1))
        seen += [
            (one.now.date(), e.arguments["where"], e.arguments["key"], e.arguments["params"]["count"])
            for e in await one.news("say")
            if e.arguments["key"] in (SOON, OVER)
        ]
    return seen


async def test_it_is_told_90_30_and_7_days_before_and_once_it_is_over(acme: CaseBook) -> None:
    last_day = date(2026, 7, 31)
    await attach(acme, last_day)
    seen = await told(acme, date(2026, 8, 20))
    assert [(key, days) for _, where, key, days in seen if where == "customer"] == [
        (SOON, 88),  # 90 days before is the Saturday of a holiday weekend
        (SOON, 30),
        (SOON, 7),
        (OVER, 0),
    ]
    assert [line[2:] for line in seen if line[1] == "customer"] == [line[2:] for line in seen if line[1] == "support"]


async def test_after_an_outage_it_is_told_once(acme: CaseBook) -> None:
    await attach(acme, date(2026, 7, 31))
    acme.now = datetime(2026, 7, 27, 15, tzinfo=MONDAY.tzinfo)
    await acme.sweep()
    await acme.sweep()
    assert [e.arguments["params"]["count"] for e in await acme.news("say") if e.arguments["key"] == SOON] == [4, 4]


async def test_a_renewed_certificate_has_its_own_last_day(acme: CaseBook) -> None:
    await attach(acme, date(2026, 4, 10))
    assert {days for *_, days in await told(acme, date(2026, 4, 1))} == {31, 30}
    await acme.skip(STEP)
    await acme.act(lambda case: manage.reopen(case, STEP, "A new certificate."), OWNER)
    await acme.send(STEP, mtls="csr", csr=another_request())
    for person in (OWNER, KIM):
        await acme.approve(STEP, person)
    await attach(acme, date(2026, 8, 10))
    assert await ends(acme) == "2026-04-10"  # opened again or not, a renewal takes two
    await acme.send(STEP, mtls="csr", csr=another_request())
    for person in (OWNER, KIM):
        await acme.approve(STEP, person)
    await record(acme, KIM, "2026-08-11")
    assert await ends(acme) == "2026-04-10"  # what was recorded for the earlier revision counts no more
    await record(acme, OWNER, "2026-08-11")
    assert await told(acme, date(2026, 5, 1)) == []
    assert {days for *_, days in await told(acme, date(2026, 5, 20))} == {90}


async def ask(one: CaseBook) -> None:
    await one.task(STEP, "request_renewal", {"csr": "another PEM"}, LEAD)


async def record(one: CaseBook, person: Who, last_day: str = "2026-08-10", pem: str = "a new PEM") -> None:
    await one.task(STEP, TASK, {"certificate": pem, "expires_on": last_day, "ends_first": "Acme CA"}, person)


async def ends(one: CaseBook) -> str:
    async with one.store.read() as unit:
        (expiry,) = await unit.expiries()
    return expiry.last_day.isoformat()


@pytest.mark.parametrize("ended", ["the step", "the onboarding"])
async def test_a_renewal_recorded_in_time_is_told_instead(acme: CaseBook, ended: str) -> None:
    await attach(acme, date(2026, 4, 10))
    assert {days for *_, days in await told(acme, date(2026, 3, 20))} == {31, 30}
    await acme.skip(STEP)
    if ended == "the onboarding":
        await acme.act(manage.close)
        with pytest.raises(Refused, match="closed"):  # anything but a renewal stays closed
            await acme.task(STEP, "prove_access", {"environment": "test"}, LEAD)
    await acme.news("say")
    await ask(acme)
    asked = [effect.arguments for effect in await acme.news("say")]
    assert {one["where"]: one["mention"] for one in asked} == {"customer": [], "support": [OWNER.user_id]}
    await record(acme, OWNER)
    await record(acme, KIM)
    said = [effect.arguments for effect in await acme.news("say")]
    assert [(one["where"], one["key"]) for one in said] == [("support", "task_waits_for_second"), ("customer", "renewed")]
    assert (said[1]["params"]["expires_on"], said[1]["params"]["ends_first"]) == ("2026-08-10", "Acme CA")
    assert await told(acme, date(2026, 5, 1)) == []
    seen = await told(acme, date(2026, 5, 20))
    assert {days for *_, days in seen} == {90}


async def test_a_renewal_counts_once_a_second_person_has_confirmed_it(acme: CaseBook) -> None:
    await attach(acme, date(2026, 4, 10))
    await acme.skip(STEP)
    with pytest.raises(Refused, match="renewal_not_asked"):  # nothing but a request begins one
        await record(acme, OWNER)
    await ask(acme)
    await record(acme, OWNER)
    with pytest.raises(Refused, match="own_confirmation"):
        await record(acme, OWNER)
    assert await ends(acme) == "2026-04-10"
    await acme.news("say")
    await record(acme, KIM, "2026-09-01", pem="another one")  # no confirmation: KIM's is now the first
    (differs,) = [effect.arguments for effect in await acme.news("say")]
    told = notice(sentence(Texts("en"), differs["key"], differs["params"])).text
    assert "with values different from those of <@USAM> in: Signed certificate (PEM)." in told
    assert "another one" not in told
    assert await ends(acme) == "2026-04-10"
    await record(acme, OWNER, "2026-09-01", pem="another one")
    assert await ends(acme) == "2026-09-01"
    with pytest.raises(Refused, match="renewal_not_asked"):
        await record(acme, KIM)


async def test_what_was_recorded_for_an_earlier_request_counts_no_more(acme: CaseBook) -> None:
    await attach(acme, date(2026, 4, 10))
    await acme.skip(STEP)
    await ask(acme)
    await record(acme, OWNER)
    acme.now += timedelta(minutes=1)
    await ask(acme)
    await record(acme, KIM)
    assert await ends(acme) == "2026-04-10"
    await record(acme, OWNER)
    assert await ends(acme) == "2026-08-10"
    acme.now += timedelta(days=1)
    await ask(acme)  # and the next one
    for person in (KIM, OWNER):
        await record(acme, person, "2029-08-10")
    assert await ends(acme) == "2029-08-10"


async def test_a_renewal_is_asked_for_once_there_is_something_to_renew_and_the_step_is_done(acme: CaseBook) -> None:
    with pytest.raises(Refused, match="moved_on"):
        await ask(acme)
    await attach(acme, date(2026, 4, 10))
    with pytest.raises(Refused, match="moved_on"):
        await ask(acme)
    await acme.skip(STEP)
    await ask(acme)
    with pytest.raises(Refused, match="moved_on"):  # of another way
        await acme.task(STEP, "request_new_pair", {}, LEAD)


async def test_who_of_support_asks_on_the_customers_behalf_neither_records_nor_confirms(acme: CaseBook) -> None:
    await attach(acme, date(2026, 4, 10))
    await acme.skip(STEP)
    await acme.task(STEP, "request_renewal", {"csr": "another PEM"}, OWNER)
    with pytest.raises(Refused, match="own_submission"):
        await record(acme, OWNER)
    await record(acme, KIM)
    with pytest.raises(Refused, match="own_submission"):
        await record(acme, OWNER)
    await record(acme, LIZ)
    assert await ends(acme) == "2026-08-10"


def put_off(case: Case) -> None:
    """As the dialog does."""
    subject_of(case, FormMeta(form="snooze", onboarding=case.id, step=STEP)).check(case)
    snooze.snooze(case, STEP, case.now + timedelta(days=1))


@pytest.mark.parametrize("closed", [False, True])
async def test_a_renewal_waits_for_support_until_two_have_recorded_it(acme: CaseBook, closed: bool) -> None:
    async def waits() -> bool:
        async with acme.store.read() as unit:
            page = await unit.waiting(Wanted(step_id=STEP))
        return any(row.need is Need.RENEWAL for row in page.rows)

    await attach(acme, date(2026, 4, 10))
    await acme.skip(*(set(STEPS) - {"planning", "organization"}))
    if closed:
        await acme.act(manage.close)
        assert await acme.next_due() is None
    assert not await waits()
    spent = await time_spent(acme)
    await ask(acme)
    assert await waits()
    reminded = await acme.sweep(await acme.next_due())
    assert [(one.where, one.user, one.steps) for one in reminded] == [("support", OWNER.user_id, (STEP,))]
    await acme.act(put_off, OWNER, closed=True)
    await record(acme, OWNER)
    assert await waits()  # for a second person
    assert await acme.next_due() is not None
    await record(acme, KIM)
    assert not await waits()
    assert await acme.next_due() is None
    assert await time_spent(acme) == spent  # a renewal is no time of the onboarding's
    await ask(acme)  # the next one, years later
    assert await waits()


async def time_spent(one: CaseBook) -> Sequence[TimeSpent]:
    """As the report has it."""
    async with one.store.read() as unit:
        return (await unit.figures(None, one.id)).times


async def shown(one: CaseBook) -> tuple[Drawing, Drawing]:
    """The step's message and its review card."""
    snapshot = await one.snapshot()
    journey, situation = one.rules.journeys.of(snapshot.onboarding), situation_of(snapshot, one.rules, one.now)
    return (
        step_message(snapshot, journey, STEP, Texts("en"), situation, BusinessDuration()),
        review_card(snapshot, journey, STEP, Texts("en"), situation, one.rules),
    )


async def test_a_renewal_waits_only_while_it_can_be_recorded_and_names_both_afterwards(acme: CaseBook) -> None:
    async def sent_and_approved() -> None:
        await acme.send(STEP, mtls="csr")
        for person in (OWNER, KIM):
            await acme.approve(STEP, person)

    await attach(acme, date(2026, 4, 10))
    await acme.skip(STEP)
    await ask(acme)
    assert all(tells(message.text, RENEWING) for message in await shown(acme))
    await acme.act(lambda case: manage.reopen(case, STEP, "Another contact."))
    assert side_of(await acme.step(STEP)) is Side.CUSTOMER
    assert not any(tells(message.text, RENEWING) for message in await shown(acme))
    await sent_and_approved()
    assert side_of(await acme.step(STEP)) is Side.SUPPORT
    assert all(tells(message.text, RENEWING) for message in await shown(acme))
    for person in (OWNER, KIM):
        await record(acme, person)
    await sent_and_approved()  # with the same request, so the certificate stays
    assert f"– <@{OWNER.user_id}>, <@{KIM.user_id}>" in (await shown(acme))[1].text


@pytest.mark.parametrize("closed", [False, True])
async def test_a_renewal_that_was_asked_for_is_declined_and_can_be_asked_for_again(acme: CaseBook, closed: bool) -> None:
    async def declining() -> FormMeta:
        """As the button on the card opens it."""
        values = [
            part["value"] for block in (await shown(acme))[1].blocks for part in block.get("elements", ()) if "value" in part
        ]
        ((opens, value),) = ((ACTIONS[Act.DECLINE_RENEWAL].opens, value) for value in map(parse, values) if value.item)
        assert opens is not None
        return opens(value)

    async def decline(meta: FormMeta) -> None:
        def work(case: Case) -> None:
            subject_of(case, meta).check(case)
            DIALOG_DOES[meta.form](case, DialogAnswers(meta, {"reason": "You have no pair."}, LookedUp()))

        await acme.act(work, KIM, closed=True)

    await attach(acme, date(2026, 4, 10))
    await acme.skip(*(set(STEPS) - {"planning", "organization"}))
    if closed:
        await acme.act(manage.close)
    await ask(acme)
    earlier = await declining()
    acme.now += timedelta(minutes=1)
    await ask(acme)
    await record(acme, OWNER)
    with pytest.raises(Refused, match="renewal_not_waiting"):
        await decline(earlier)
    meta = await declining()
    await acme.news("say")
    await decline(meta)
    said = [effect.arguments for effect in await acme.news("say")]
    assert [(one["where"], one["mention"]) for one in said] == [("customer", [LEAD.user_id]), ("support", [])]
    for one in said:
        assert "You have no pair." in notice(sentence(Texts("en"), one["key"], one["params"])).text
    assert not side_of(await acme.step(STEP))
    assert await acme.next_due() is None
    with pytest.raises(Refused, match="renewal_not_asked"):
        await record(acme, LIZ)
    with pytest.raises(Refused):
        await decline(meta)
    await ask(acme)
    for person in (OWNER, KIM):
        await record(acme, person)
    assert await ends(acme) == "2026-08-10"


async def test_another_certificate_of_ones_own_outdates_the_letter_though_it_comes_as_a_file(acme: CaseBook) -> None:
    def chain(days: int) -> Answers:
        made = authority.issue(request, begins=MONDAY - datetime.now(UTC), lifetime=timedelta(days=days))
        return {"name": "chain.pem", "text": f"# {'x' * 76}\n" * 40 + made}

    authority, request = Authority(), signing_request(new_key(), CN="api.bank.example")
    letter = {"received_on": "2026-03-01", "reference": "ABC-1", "installed": "yes"}
    for days in (30, 60):
        await acme.send(STEP, mtls="own_ca", own_certificate="", own_certificate_file=chain(days))
        for person in (OWNER, KIM):
            await acme.approve(STEP, person)
        for person in (OWNER, KIM)[: 1 if days == 30 else 2]:
            await acme.task(STEP, "record_risk_letter", letter, person)
        assert await ends(acme) == (MONDAY + timedelta(days=days)).date().isoformat()


async def test_a_new_pair_is_asked_for_once_and_handed_over_by_two(acme: CaseBook) -> None:
    await acme.send(STEP, mtls="pismo_pair")
    for person in (OWNER, KIM):
        await acme.approve(STEP, person)
    pair = {"checklist": [], "certificate": "its PEM", "expires_on": "2026-04-10", "ends_first": "Acme"}
    await acme.task(STEP, "hand_over_pair", pair)
    await acme.skip(STEP)
    await acme.task(STEP, "request_new_pair", {}, LEAD)
    with pytest.raises(Refused, match="task_not_ready"):
        await acme.task(STEP, "request_new_pair", {}, LEAD)
    for person in (OWNER, KIM):
        assert await ends(acme) == "2026-04-10"
        await acme.task(STEP, "hand_over_pair", {**pair, "expires_on": "2026-08-10"}, person)
    assert await ends(acme) == "2026-08-10"


async def test_the_last_day_of_ones_own_certificate_is_read_from_it(acme: CaseBook) -> None:
    await acme.send(STEP, mtls="own_ca")
    for person in (OWNER, KIM):
        await acme.approve(STEP, person)
    await acme.task(STEP, "record_risk_letter", {"received_on": "2026-03-01", "reference": "ABC-1", "installed": "yes"})
    assert await ends(acme) == "2099-12-31"
    await acme.skip(STEP)
    sent = {"own_certificate": example_keys.CERTIFICATE}
    await acme.task(STEP, "send_own_renewal", sent, LEAD)
    await acme.news("say")
    for person in (OWNER, KIM):
        await acme.task(
            STEP, "record_risk_letter", {"received_on": "2026-03-01", "reference": "ABC-1", "installed": "yes"}, person
        )
    said = [effect.arguments for effect in await acme.news("say")]
    assert (said[-1]["key"], said[-1]["params"]["ends_first"]) == ("renewed", "Example Bank S.A.")


async def test_nothing_is_told_of_a_certificate_replaced_in_another_way(acme: CaseBook) -> None:
    await attach(acme, date(2026, 4, 10))
    await acme.send(STEP, mtls="pismo_pair")
    for person in (OWNER, KIM):
        await acme.approve(STEP, person)
    assert {days for *_, days in await told(acme, date(2026, 3, 20))} == {31, 30}  # it is still in use
    await acme.task(STEP, "hand_over_pair", {"checklist": [], "expires_on": "2026-08-10"})
    assert await told(acme, date(2026, 5, 1)) == []


async def test_who_is_told(acme: CaseBook) -> None:
    await attach(acme, date(2026, 3, 20))
    await acme.news("say")
    await acme.sweep(acme.now + timedelta(days=1))
    said = [e.arguments for e in await acme.news("say") if e.arguments["key"] == SOON]
    assert {e["where"]: e["mention"] for e in said} == {"customer": [LEAD.user_id], "support": [OWNER.user_id]}
    assert all(e["step"] == STEP for e in said)


async def test_the_button_is_named_only_to_the_customer_and_only_where_it_is(acme: CaseBook) -> None:
    async def named(days: int) -> set[str]:
        await acme.news("say")
        await acme.sweep(acme.now + timedelta(days=days))
        return {e.arguments["where"] for e in await acme.news("say") if e.arguments["key"] == "renew_here"}

    await attach(acme, date(2026, 4, 14))
    assert await named(7) == set()  # the step still goes on
    await acme.skip(STEP)
    assert await named(22) == {"customer"}
    await ask(acme)
    assert await named(8) == set()  # it was pressed: now it is support's turn

    async def sever(unit: Unit) -> None:
        onboarding = await unit.get(Onboarding, acme.id)
        assert onboarding is not None
        onboarding.severed_at = unit.now

    await acme.do(sever)
    await ask(acme)
    for person in (OWNER, KIM):
        await record(acme, person)
    assert await ends(acme) == "2026-08-10"
    assert "customer" not in {where for where, _ in await acme.said()}


async def test_it_outlives_the_onboarding_but_not_its_erasure(acme: CaseBook) -> None:
    await attach(acme, date(2026, 4, 10))

    async def close(unit: Unit) -> None:
        onboarding = await unit.get(Onboarding, acme.id)
        assert onboarding is not None
        onboarding.closed_at = unit.now

    await acme.do(close)
    assert {days for *_, days in await told(acme, date(2026, 3, 20))} == {31, 30}

    async def erase(unit: Unit) -> None:
        onboarding = await unit.get(Onboarding, acme.id)
        assert onboarding is not None
        onboarding.erased_at = unit.now

    await acme.do(erase)
    assert await told(acme, date(2026, 4, 30)) == []
