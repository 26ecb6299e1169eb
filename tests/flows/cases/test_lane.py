"""The lane to production in four words, who has to do what is left, and the gate at its end."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.messages import board
from bot.messages.parity import lane as drawn
from bot.messages.parity import parity as compared
from bot.messages.texts import CLOSE, OPEN, Texts
from bot.messages.wording import sentence
from flows.cases import manage, moves, proof, shared
from flows.cases.case import Case
from flows.cases.parity import lacking, parity
from flows.forms.fields import Answers
from flows.forms.parity import ParityState
from flows.forms.step import Comparison, Difference, Situation
from flows.journey import JOURNEYS
from flows.model import TaskRecord
from flows.outbox import MoveProgram, RunProof
from flows.problems import Problem, Refused
from flows.state import StepState
from flows.steps import org_details
from flows.steps.production import lane, programs
from tests.flows.cases.casework import KIM, LEAD, LIZ, OWNER, STEPS, CaseBook, case_book
from tests.flows.steps.filled_forms import MEXICO, a_situation

EN = Texts("en")

ADDRESS = {"base_url": "https://pismo.bank.example"}
ORG = {"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"}
SIGNED = {"certificate": "its PEM", "expires_on": "2027-06-30", "ends_first": "Acme CA"}
REASON = {"reason": "They go on testing for a year."}
LINES = [{"check": "programs", "outcome": "passed", "reason": "ok", "params": {"count": 2}, "x_cid": "", "ms": 1}]
KINDS = {"card_issuing": "CREDITO", "core_banking": "CURRENT ACCOUNTS"}


class Acme:
    """A customer with access by Basic and two programs in test, before production."""

    def __init__(self, book: CaseBook) -> None:
        self.book = book

    async def does(self, task: str, answers: Answers | None = None, who: Any = OWNER) -> None:
        await self.book.task("production", task, answers or {}, who)

    async def refused(self, task: str, answers: Answers | None = None, who: Any = OWNER) -> str:
        with pytest.raises(Refused) as caught:
            await self.does(task, answers, who)
        return caught.value.key

    async def opened(self, **changed: Any) -> None:
        """Sent, and approved by two."""
        await self.book.send("production", **changed)
        for who in (OWNER, KIM):
            await self.book.approve("production", who)

    async def look(self) -> Situation:
        return await self.book.act(lambda case: case.situation, closed=True)  # type: ignore[no-any-return]

    async def words(self) -> dict[str, str]:
        return {item.what: lane.cell(await self.look(), item.what).state.value for item in lane.ITEMS}

    async def moves(self, program: str, status: str) -> None:
        """As the effect does."""
        await self.does("move_program", {"program": program}, LEAD)

        def work(case: Case) -> None:
            moves.finish(case, self.effect(case), LINES, {"program_id": f"9{program}", "status": status})

        await self.book.act(work)

    def effect(self, case: Case) -> MoveProgram:
        return MoveProgram(step="production", task="move_program", item=self.waiting(case, "move_program").item)

    def waiting(self, case: Case, task: str) -> TaskRecord:
        return next(one for one in case.snapshot.tasks if one.task_id == task and one.state == "waiting")

    async def proves(self, *differences: Difference) -> None:
        """``differences``: what it finds of the programs."""
        await self.does("prove_access", {}, LEAD)
        found = proof.Proved(LINES, {"programs": Comparison((), differences)})

        async def work(case: Case) -> None:
            item = self.waiting(case, "prove_access").item
            await proof.finish(case, RunProof(step="production", task="prove_access", item=item), found)

        await self.book.act(work)

    async def all_but_the_proof(self, *, of_test: bool = False) -> None:
        """By hand. ``of_test``: with the certificate that was recorded in test."""
        await self.opened(way="hand")
        await self.does("record_org", ORG)
        for who in (OWNER, KIM):
            await self.does("environment_ready", ADDRESS, who)
        for number in (1, 2):
            await self.does("record_program", {"program": str(number), "program_id": 90 + number, "status": "ACTIVE"})
        if of_test:
            await self.does("confirm_certificate")
        else:
            await self.does("attach_certificate", SIGNED)
        await self.does("users_ready")
        await self.does("keys_made", {}, LEAD)

    async def ends(self) -> list[str]:
        async with self.book.store.read() as unit:
            return [str(one.last_day) for one in await unit.expiries()]

    async def has_one_more_program(self) -> None:
        """In test."""
        await self.book.act(lambda case: manage.reopen(case, "first_programs", "A second country."))
        chosen = [*STEPS["first_programs"].form.example["products"], "further"]
        await self.book.send("first_programs", products=chosen, further=[MEXICO])
        await self.book.approve("first_programs")
        known = {"program": "seller_management:Merchants Mexico", "program_id": 3, "type": "MERCHANT", "status": "ACTIVE"}
        await self.book.task("first_programs", "record_program", known)

    async def close(self) -> None:
        await self.book.task("next_steps", "close_onboarding", {})

    async def cannot_close(self) -> Refused:
        with pytest.raises(Refused) as caught:
            await self.close()
        return caught.value


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Acme]:
    async with case_book(tmp_path) as book:
        await book.start()
        await book.skip("planning", "organization", "service_desk", "environments", "control_center")
        await book.send("first_programs")
        await book.approve("first_programs")
        for number, (product, kind) in enumerate(KINDS.items(), start=1):
            known = {"program": product, "program_id": number, "type": kind, "status": "ACTIVE"}
            await book.task("first_programs", "record_program", known)
        await book.send("authentication")
        await book.skip("authentication")
        yield Acme(book)


async def test_from_the_form_to_the_last_row_and_the_end(acme: Acme) -> None:
    await acme.opened()
    assert await acme.words() == {
        "organization": "missing",
        "environment": "missing",
        "key": "not_needed",
        "certificate": "missing",
        "program": "missing",
        "access_keys": "missing",
        "users": "missing",
        "proof": "missing",
    }
    assert await acme.refused("move_program", {"program": "1"}, LEAD) == "task_not_ready"  # nothing can be called there yet
    await acme.does("record_org", ORG)
    await acme.does("environment_ready", ADDRESS)
    assert await acme.refused("environment_ready", ADDRESS) == "own_confirmation"
    await acme.does("environment_ready", ADDRESS, KIM)
    await acme.does("attach_certificate", SIGNED)
    await acme.does("users_ready")
    assert (await acme.book.step("production")).turn.startswith("customer")
    await acme.does("keys_made", {}, LEAD)
    assert await acme.refused("prove_access", {}, LEAD) == "task_not_ready"  # before the programs are there
    await acme.moves("1", "ACTIVE")
    await acme.moves("2", "PENDING")
    assert (await acme.words())["program"] == "missing"
    record = await acme.book.step("production")
    assert record.turn.startswith("support")  # who configures what it lacks
    await acme.does("record_program", {"program": "2", "program_id": 92, "status": "ACTIVE"})
    assert (await acme.words())["program"] == "there"
    refused = await acme.cannot_close()
    assert (refused.key, refused.params["fields"]) == ("production_lacks", "parity.what.proof")
    await acme.proves()
    assert set((await acme.words()).values()) == {"there", "not_needed"}
    assert (await acme.book.step("production")).state is StepState.DONE
    await acme.does("correct_program", {"program": "2", "program_id": 93, "status": "ACTIVE"})  # it was recorded wrongly
    assert [one.there for one in programs.programs(await acme.look())] == ["91", "93"]
    await acme.has_one_more_program()
    assert (await acme.words())["program"] == "missing"
    refused = await acme.cannot_close()
    assert (refused.params["steps"], refused.params["fields"]) == ("production", "parity.what.program")
    assert (await acme.book.step("production")).turn.startswith("customer")
    await acme.moves("3", "ACTIVE")
    assert (await acme.words())["program"] == "there"
    await acme.close()
    assert (await acme.book.snapshot()).onboarding.closed_at is not None


async def test_who_was_named_for_production_has_access_once_support_says_so(acme: Acme) -> None:
    """The form for production has the last word on those whom the environments' form named."""

    async def accesses() -> dict[str, str]:
        return {one.email: one.state for one in (await acme.book.snapshot()).grants if one.resource == "production_environment"}

    await acme.book.act(lambda case: manage.reopen(case, "environments", "People are missing."))
    await acme.book.send("environments", production_users="ana@bank.example, left@bank.example")
    await acme.book.approve("environments")
    await acme.book.skip("environments")
    await acme.opened(users="ana@bank.example, rui@bank.example")
    assert await accesses() == {"ana@bank.example": "asked", "left@bank.example": "withdrawn", "rui@bank.example": "asked"}
    await acme.does("users_ready")
    assert await accesses() == {"ana@bank.example": "granted", "left@bank.example": "withdrawn", "rui@bank.example": "granted"}


async def test_a_program_by_hand_is_supports(acme: Acme) -> None:
    await acme.opened(way="hand")
    await acme.does("record_org", ORG)
    for who in (OWNER, KIM):
        await acme.does("environment_ready", ADDRESS, who)
    assert await acme.refused("move_program", {"program": "1"}, LEAD) == "task_not_ready"
    for number in ("1", "2"):
        await acme.does("record_program", {"program": number, "program_id": 90 + int(number), "status": "ACTIVE"})
    assert (await acme.words())["program"] == "there"
    assert await acme.refused("record_program", {"program": "1", "program_id": 91, "status": "ACTIVE"}) == "task_not_ready"


async def test_in_another_organization_all_is_done_anew_but_the_address_and_the_certificate(acme: Acme) -> None:
    await acme.all_but_the_proof()
    await acme.opened(way="hand", org="own")
    assert {what for what, state in (await acme.words()).items() if state == "missing"} == {
        "organization",
        "program",
        "access_keys",
        "users",
        "proof",
    }


async def test_what_was_found_after_it_was_recorded_counts(acme: Acme) -> None:
    await acme.opened()
    await acme.does("record_org", ORG)
    for who in (OWNER, KIM):
        await acme.does("environment_ready", ADDRESS, who)
    await acme.moves("1", "ACTIVE")
    await acme.does("record_program", {"program": "2", "program_id": 92, "status": "PENDING"})
    acme.book.now += timedelta(minutes=1)
    await acme.moves("2", "ACTIVE")
    assert (await acme.words())["program"] == "there"
    assert await acme.refused("record_program", {"program": "2", "program_id": 92, "status": "ACTIVE"}) == "task_not_ready"


async def test_what_is_missing_is_said_at_the_close(acme: Acme) -> None:
    await acme.opened()
    await acme.does("record_org", ORG)
    refused = await acme.cannot_close()
    assert refused.key == "production_lacks"
    assert refused.params["steps"] == "production"
    assert refused.params["fields"] == ",".join(
        f"parity.what.{what}" for what in ("environment", "users", "program", "certificate", "proof", "access_keys")
    )
    words = sentence(Texts("en"), "refused.production_lacks", refused.params).replace(OPEN, "").replace(CLOSE, "")
    assert (
        "still open: Production. Missing in production: Access to the environment, Users, Programs, Client certificate" in words
    )
    assert f"press “{EN('task.production.finish_with_test.title')}” under /onboarding status" in words
    snapshot = await acme.book.snapshot()
    said = str(board.one(snapshot, acme.book.rules.journeys.of_customer(snapshot), Texts("en"), await acme.look()).blocks)
    assert "Still missing in production before this onboarding can be closed: Access to the environment, Users, Programs" in said
    assert Texts("en")("task.production.finish_with_test.button") in said


async def test_test_alone_takes_two_people_and_a_reason(acme: Acme) -> None:
    await acme.does("finish_with_test", REASON)
    assert (await acme.book.step("production")).state is StepState.OPEN
    assert await acme.refused("finish_with_test", REASON) == "skip_asked_by_you"
    assert (await acme.cannot_close()).key == "production_lacks"
    await acme.book.act(lambda case: manage.agree_to_skip(case, "production", 0), LIZ)
    record = await acme.book.step("production")
    assert (record.state, record.reason) == (StepState.SKIPPED, REASON["reason"])
    assert ("customer", "skip") in await acme.book.said()
    assert set((await acme.words()).values()) == {"not_needed"}
    rows = parity(await acme.look(), await acme.book.act(lambda case: case.journey))
    said = str(compared("Acme Bank", rows, Texts("en")).blocks)
    assert "Nothing is missing in production, as far as we know." in said  # nor is it said to have anything
    await acme.close()


async def test_test_alone_ends_what_had_begun_and_can_be_taken_back(acme: Acme) -> None:
    """But an import that was sent is followed."""
    await acme.opened()
    await acme.does("record_org", ORG)
    for who in (OWNER, KIM):
        await acme.does("environment_ready", ADDRESS, who)
    for program in ("1", "2"):
        await acme.does("move_program", {"program": program}, LEAD)

    def keeps(sent: dict[str, bool]) -> Callable[[Case], list[bool]]:
        def work(case: Case) -> list[bool]:
            waiting = {one.answers["program"]: one.item for one in case.snapshot.tasks if one.state == "waiting"}
            effects = {of: MoveProgram(step="production", task="move_program", item=item) for of, item in waiting.items()}
            return [moves.keep(case, effects[of], {"org_id": ORG["org_id"], "sent": now}) for of, now in sent.items()]

        return work

    assert await acme.book.act(keeps({"1": False, "2": True})) == [True, True]
    for who in (OWNER, KIM):
        await acme.does("finish_with_test", REASON, who)
    assert await acme.book.act(keeps({"1": True, "2": True})) == [False, True]
    words = await acme.words()
    assert (words["organization"], words["proof"]) == ("there", "not_needed")
    await acme.book.act(lambda case: manage.reopen(case, "production", "They go live after all."))
    assert (await acme.words())["proof"] == "missing"
    assert (await acme.book.step("production")).state is StepState.OPEN


async def test_what_differs_in_production_is_mended_and_proved_again_or_accepted_with_a_reason(acme: Acme) -> None:
    differs: Difference = ("program:Example Cards:bin", "456789", "999999")
    await acme.all_but_the_proof()
    for _ in range(2):  # what is said to be mended is asked about again if the next proof finds it as it was
        await acme.proves(differs)
        assert (await acme.words())["proof"] == "missing"
        assert (await acme.book.step("production")).turn.startswith("support")
        assert (await acme.cannot_close()).params["fields"] == "parity.what.proof"
        acme.book.now += timedelta(minutes=1)
        await acme.does("settle_differences", {"decision": "mended"})
        assert (await acme.book.step("production")).turn.startswith("customer")
        assert lane.cell(await acme.look(), "proof").note == "to_prove_again"
    await acme.proves(differs)
    await acme.does("settle_differences", {"decision": "accepted", "reason": "The network assigned it."})
    assert (await acme.words())["proof"] == "there"
    assert (await acme.book.step("production")).state is StepState.DONE


async def test_the_end_of_productions_own_certificate_is_told_and_its_renewal_takes_two(acme: Acme) -> None:
    async def told(at: datetime) -> list[tuple[str, str]]:
        await acme.book.news("say")
        await acme.book.sweep(at)
        said = await acme.book.said()
        return [one for one in said if "certificate" in one[1] or one[1] == "renew_here"]

    await acme.all_but_the_proof()
    await acme.proves()
    for days in (90, 30, 7):
        soon = "task.production.attach_certificate.expires"
        at = datetime(2027, 6, 30, 15, tzinfo=UTC) - timedelta(days=days)
        assert await told(at) == [("customer", soon), ("customer", "renew_here"), ("support", soon)], days
        assert await told(at) == []
    await acme.does("request_renewal", {"csr": "another PEM"}, LEAD)
    for who in (OWNER, KIM):
        assert await acme.ends() == ["2027-06-30"]
        await acme.does("attach_certificate", {**SIGNED, "certificate": "a new PEM", "expires_on": "2030-06-30"}, who)
    assert await acme.ends() == ["2030-06-30"]
    assert lane.cell(await acme.look(), "certificate").params == {"date": "2030-06-30"}


async def test_with_tests_certificate_after_all_nobody_is_told_of_productions_own(acme: Acme) -> None:
    await acme.opened()
    await acme.does("attach_certificate", SIGNED)
    await acme.book.act(lambda case: manage.reopen(case, "authentication", "They have one now."))
    await acme.book.send("authentication")
    for who in (OWNER, KIM):
        await acme.book.approve("authentication", who)
    await acme.book.task("authentication", "hand_over_pair", {"checklist": [], **SIGNED, "expires_on": "2028-01-31"})
    await acme.opened(certificate="another")
    assert await acme.ends() == ["2027-06-30", "2028-01-31"]  # until production accepts test's
    await acme.opened(certificate="same")
    await acme.does("confirm_certificate")
    assert await acme.ends() == ["2028-01-31"]


def test_production_accepts_tests_certificate_anew_once_that_is_renewed() -> None:
    def row(of_test: Answers, confirmed: Answers | None) -> str:
        done = {"authentication.attach_certificate": of_test}
        known = a_situation(
            answers={"authentication": {"mtls": "csr"}, "production": {"certificate": "same"}},
            done=done if confirmed is None else {**done, "production.confirm_certificate": confirmed},
            unfinished=frozenset({"production"}),
        )
        confirm = JOURNEYS.latest.steps["production"].task("confirm_certificate")
        found = lane.cell(known, "certificate")
        assert confirm.is_ready(known) is found.lacks
        return str(found.params.get("date", found.state.value))

    renewed = {**SIGNED, "certificate": "a new PEM", "expires_on": "2030-06-30"}
    assert [row(SIGNED, None), row(SIGNED, SIGNED), row(renewed, SIGNED)] == ["missing", "2027-06-30", "missing"]
    assert row(renewed, renewed) == "2030-06-30"


async def test_after_the_end_production_accepts_tests_renewed_certificate_too(acme: Acme) -> None:
    renewed = {**SIGNED, "certificate": "a new PEM", "expires_on": "2030-06-30"}
    await acme.book.act(lambda case: manage.reopen(case, "authentication", "They have one now."))
    await acme.book.send("authentication")
    for who in (OWNER, KIM):
        await acme.book.approve("authentication", who)
    await acme.book.task("authentication", "hand_over_pair", {"checklist": [], **SIGNED})
    await acme.book.skip("authentication")
    await acme.all_but_the_proof(of_test=True)
    await acme.proves()
    await acme.close()
    acme.book.now += timedelta(minutes=1)
    await acme.book.task("authentication", "request_new_pair", {}, LEAD)
    await acme.book.news("draw")
    for who in (OWNER, KIM):
        await acme.book.task("authentication", "hand_over_pair", {"checklist": [], **renewed}, who)
    drawn = [(one.arguments["what"], one.arguments["step"]) for one in await acme.book.news("draw")]
    assert ("review", "production") in drawn
    assert (await acme.words())["certificate"] == "missing"
    await acme.does("confirm_certificate")
    assert {name: word for name, word in (await acme.words()).items() if word not in ("there", "not_needed")} == {}
    assert await acme.refused("users_ready") == "closed"


async def test_the_day_that_productions_form_names_becomes_the_onboardings(acme: Acme) -> None:
    async def day() -> str:
        return str((await acme.book.snapshot()).onboarding.go_live)

    await acme.opened(go_live="2027-03-01")
    assert await day() == "2027-03-01"
    await acme.book.send("production", go_live="2027-04-01")
    await acme.book.approve("production")
    assert await day() == "2027-03-01"  # one approval opens nothing
    await acme.book.approve("production", KIM)
    assert await day() == "2027-04-01"
    said = [one.arguments["params"] for one in await acme.book.news("say") if one.arguments["key"] == "go_live_changed"]
    assert [(one["before"], one["now"]) for one in said] == [("2027-03-01", "2027-04-01")]


def test_nothing_is_said_of_what_nobody_knows() -> None:
    found = {item.what: lane.cell(a_situation(unfinished=frozenset({"production"})), item.what).state for item in lane.ITEMS}
    assert {what for what, state in found.items() if state is ParityState.UNKNOWN} == {"key", "program", "access_keys"}


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("oidc", {"key": "missing", "access_keys": "not_needed"}),
        ("basic", {"key": "not_needed", "access_keys": "missing"}),
    ],
)
def test_keys_are_those_of_the_method(method: str, words: dict[str, str]) -> None:
    known = a_situation(answers={"authentication": {"method": method}}, unfinished=frozenset({"production"}))
    assert {what: lane.cell(known, what).state.value for what in words} == words


def test_productions_key_is_there_once_it_is_active_and_two_recorded_its_claims() -> None:
    step, ready = JOURNEYS.latest.steps["production"], {"production.record_org": ORG, "production.environment_ready": ADDRESS}

    def at(**done: Answers) -> Situation:
        known = {f"production.{task}": answers for task, answers in done.items()}
        answers = {"authentication": {"method": "oidc"}}
        return a_situation(answers=answers, done={**ready, **known}, unfinished=frozenset({"production"}))

    by_customer = {"record_upload": {"status": "waiting_approval", "iss": "https://issuer.example", "sub": None}}
    waits, active = at(**by_customer), at(**by_customer, activate_key={"status": "active"})
    known = at(**by_customer, activate_key={"status": "active"}, record_claims={"iss": "i", "sub": "s", "aud": "a"})
    notes = [lane.cell(one, "key").note for one in (waits, active)]
    assert notes == ["waits_in_cc", "claims_missing"]
    assert [note.key for note in step.facts(waits)] == []  # nothing was sent for production
    claims = step.task("record_claims")
    assert claims.form is not None
    assert [claims.is_ready(one) for one in (waits, active)] == [False, True]
    again = step.task("record_upload").form
    assert again is not None
    for form in (claims.form, again):  # as the customer's administrator saw it
        assert form.prefill(active) == {"iss": "https://issuer.example"}
    assert lane.cell(known, "key").state is ParityState.THERE
    assert [step.task("prove_access").is_ready(one) for one in (active, known)] == [False, True]


@pytest.mark.parametrize(("org", "proved", "words"), [("same", 2, "there"), ("own", 2, "missing"), ("same", 0, "missing")])
def test_a_proof_that_authentication_asked_for_counts_in_production_for_the_same_organization(
    org: str, proved: int, words: str
) -> None:
    """And if production's form was not sent anew since, with another key for instance. Nor does it register a key."""
    at = datetime(2026, 3, 9, 13, tzinfo=UTC)
    known = a_situation(
        answers={"authentication": {"method": "oidc"}, "production": {"org": org}},
        done={"organization.record_org_id": ORG},
        items={"authentication.prove_access": [("item", {"environment": "production", "lines": LINES})]},
        done_at={"authentication.prove_access:item": at + timedelta(hours=proved)},
        sent_at={"production": at + timedelta(hours=1)},
        unfinished=frozenset({"production"}),
    )
    assert {lane.cell(known, what).state.value for what in ("organization", "proof", "program")} == {
        words,
        "there" if words == "there" else "unknown",
    }
    assert lane.cell(known, "key").state is ParityState.MISSING


async def test_the_comparison_with_test_is_this_lane(acme: Acme) -> None:
    situation = await acme.look()
    journey = await acme.book.act(lambda case: case.journey)
    rows = {row.what: row for row in parity(situation, journey)}
    assert {what for what, row in rows.items() if row.lacks} == set(lacking(situation, journey))
    assert list(rows) == list(dict.fromkeys(rows))
    assert rows["access_keys"].test.state is ParityState.UNKNOWN
    said = str(drawn(journey.steps["production"], situation, Texts("pt_BR")))
    assert "*Verificação de acesso*: falta" in said
    assert "*Chave para tokens*: não necessário" in said


async def test_an_org_id_of_production_is_one_customers_in_every_environment(acme: Acme) -> None:
    await acme.opened(org="own")
    await acme.does("record_org", {"org_id": "TN-44778262-f4f0-464d-b4c6-a14e2dc6f4be"})
    await acme.does("correct_org", ORG)
    assert org_details.production_org_id(await acme.look()) == ORG["org_id"]
    await acme.book.start("C2", "Blue Coop")

    async def told(case: Case) -> list[Problem]:
        step = case.step("organization")
        return list(await shared.unexplained(case, step, step.task("record_org_id"), ORG))

    assert await acme.book.act(told) == [Problem("shared_reason", "org_id_shared", {"customer": "Acme Bank"})]
