"""The proof of access: one line per check, in test and in production, repeatable at will, and stored without the token."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.messages.texts import Texts
from bot.modals import submission
from playground.slack.screen import tells
from playground.walkthrough import said as wording
from storage.export import export
from tests.proof_place import STEP, Acme, ProofPlace

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSED = "all checks passed"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def acme() -> AsyncIterator[Acme]:
    """Set up for OpenID Connect; the certificate is not attached yet, so the step stays open."""
    async with ProofPlace() as place:
        one = Acme(place, await place.begin())
        await one.is_approved("oidc")
        await one.support_registers()
        yield one


OWN = EN("say.proof_own_certificate", customer="Acme Bank").partition(". ")[0]


def lines_of(said: str) -> dict[str, str]:
    """The report's lines, by check."""
    signed = [line[2:] for line in said.splitlines() if line.startswith(("✓ ", "! ", "– "))]
    return dict(line.split(" – ", 1) for line in signed if " – " in line)


async def test_each_check_is_a_line_with_outcome_reason_time_and_x_cid(acme: Acme) -> None:
    said = await acme.proves(await acme.token("oidc"))
    assert said.startswith(f"✓ {EN('say.proof_passed', environment=EN('environment.test'))}")
    lines = lines_of(said)
    assert list(lines) == [
        *(EN(f"check.{check}") for check in ("certificate", "handshake", "token", "tenant")),
        EN("check.programs"),
        "Program “Example Credit”",
        "Program “Example Accounts”",
        EN("check.organization"),
        EN("check.approved"),
    ]
    assert all(line.startswith("passed. ") for line in lines.values())
    assert lines[EN("check.approved")] == f"passed. {EN('proof.details_same')}"
    assert lines["Program “Example Credit”"].endswith("CREDITO (BRA, BRL, America/Sao_Paulo): active, as approved.")
    assert "x-cid" not in said  # nothing failed
    told = acme.journey.thread("review", STEP)[-1].text
    assert [line in told for line in said.splitlines()] == [True] * len(said.splitlines())
    assert [f"{check}, x-cid " in told for check in map(EN, ("check.handshake", "check.programs", "check.organization"))] == [
        True
    ] * 3


async def test_it_is_said_whose_certificate_was_tried_and_how_the_other_is(acme: Acme) -> None:
    said = await acme.proves(await acme.token("oidc"))
    assert OWN in said
    assert "`curl --cert mtls.crt --key mtls.key`" in said
    said = await acme.proves(acme.pismo.mint_token(acme.org_id, -60))
    assert OWN in said
    assert not tells(said, wording("say.proof_differs", "proof.details_same"))
    assert "as approved" not in said


async def test_every_run_is_kept_without_the_token(acme: Acme) -> None:
    token = await acme.token("oidc")
    before = {record.item for record in (await acme.place.snapshot(acme.onboarding)).tasks}
    await acme.proves(token)
    await acme.proves(acme.pismo.mint_token(acme.org_id, -60))
    runs = [record for record in (await acme.place.snapshot(acme.onboarding)).tasks if record.item not in before]
    assert sorted(run.state for run in runs) == ["done", "failed"]
    exported = await export(acme.place.bot.store, acme.onboarding)
    events = [event for event in json.loads(exported.json)["events"] if event["tag"].startswith(f"task:{STEP}.prove_access")]
    for run in runs:
        facts = next(event["facts"] for event in events if event["facts"].get("item") == run.item and "lines" in event["facts"])
        assert facts["environment"] == "test"
        assert [line["check"] for line in facts["lines"]][:2] == ["certificate", "handshake"]
        x_cids = {line["x_cid"] for line in run.answers["lines"]} - {""}
        assert all(x_cid in exported.json for x_cid in x_cids)
    assert token not in exported.json
    assert token.split(".")[1] not in exported.json


async def test_a_jwt_that_the_customer_signed_is_exchanged(acme: Acme) -> None:
    said = await acme.proves(acme.machine.signer.assertion(acme.org_id))
    assert PASSED in said
    assert lines_of(said)[EN("check.token")] == f"passed. {EN('proof.token_exchanged')}"


async def test_faults_of_a_signed_jwt_are_told_without_asking_pismo(acme: Acme) -> None:
    calls = len(acme.pismo.calls)
    said = await acme.proves(acme.machine.signer.assertion(acme.org_id, lifetime=7200, aud="x"))
    assert len(acme.pismo.calls) == calls
    assert f"{EN('check.token')} – failed. {EN('error.jwt_lifetime', lifetime='7,200', maximum='3,600')}" in said
    assert f"{EN('check.token')} – failed. “aud” is “x”" in said
    assert lines_of(said)[EN("check.programs")] == f"{EN('outcome.skipped')}. {EN('proof.earlier_failed')}"
    assert PASSED in await acme.proves(acme.machine.signer.assertion(acme.org_id))


async def test_a_signed_jwt_that_pismo_refuses(acme: Acme) -> None:
    signer = acme.machine.signer
    acme.pismo.world.org(acme.org_id).registrations.clear()
    said = await acme.proves(signer.assertion(acme.org_id))
    assert lines_of(said)[EN("check.token")] == f"failed. {EN('proof.assertion_refused')}"
    assert lines_of(said)[EN("check.handshake")].startswith("passed")
    acme.pismo.register_public_key(acme.org_id, signer.public_key, signer.iss, signer.sub, signer.aud)
    assert PASSED in await acme.proves(signer.assertion(acme.org_id))


async def test_where_pismo_stays_away_it_is_told_how_far_it_came(acme: Acme) -> None:
    acme.pismo.faults.add("/orgs", "5xx", times=100)
    said = await acme.proves(await acme.token("oidc"))
    lines = lines_of(said)
    assert lines[EN("check.programs")].startswith("passed")
    assert lines[EN("check.organization")] == f"failed. {EN('proof.unavailable')}"
    assert "x-cid of the failed call " in said
    assert said.splitlines()[-1] == f"[{EN(f'task.{STEP}.prove_access.button')}] [{EN('button.stuck')}]"
    acme.pismo.faults.clear()
    assert PASSED in await acme.proves(await acme.token("oidc"))


async def test_a_token_is_with_one_of_several_processes_and_for_an_hour_at_most(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hour:
        hour.setattr(submission, "TOKENS_LAST", 0.0)
        assert tells(await acme.proves(await acme.token("oidc")), wording("proof.token_lost"))
    assert PASSED in await acme.place.taken_elsewhere(monkeypatch, acme.proves(await acme.token("oidc")))


@pytest.mark.parametrize("wrapped", ["{},", "“{}”;", "bearer {}", "Authorization: Bearer {}"])
async def test_a_token_is_taken_with_what_was_copied_around_it(acme: Acme, wrapped: str) -> None:
    said = await acme.proves(wrapped.format(acme.machine.signer.assertion(acme.org_id)))
    assert lines_of(said)[EN("check.token")].startswith("passed"), said
