"""In the authentication thread: commands for the customer's own machine, a token checked before use, files as Windows saves
them. No trace of a token is kept."""

import base64
import json
import secrets

import pytest

from bot.messages.buttons import Act
from flows.cases import review, tasks
from flows.forms.fields import Answers
from playground.acts import example
from playground.pismo import Signer
from playground.pismo.authority import key_pem
from playground.slack import FileUpload
from playground.slack.block_kit import texts
from playground.walkthrough import action_id, ready
from tests.bot.workplace import ENDLESS, Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")
STEP = "authentication"


def said(office: Workplace) -> str:
    return "\n".join(message.text for message in office.journey.thread("step", STEP))


async def sent(office: Workplace, onboarding: str, method: str, signer: Signer) -> str:
    """Sends authentication; the org ID."""
    await office.send(onboarding, "organization")
    await office.approve(onboarding, "organization")
    org_id = office.pismo.create_org({"official_name": "Acme", "org_name": "Acme"})
    await office.do(onboarding, "organization", "record_org_id", {"org_id": org_id})
    await office.skip(onboarding, "first_programs")
    await office.send(onboarding, STEP, method=method, public_key=signer.public_key)
    return org_id


def claims(signer: Signer) -> Answers:
    return {"iss": signer.iss, "sub": signer.sub, "aud": signer.aud}


async def approved(office: Workplace, onboarding: str, method: str, signer: Signer) -> str:
    """Approves authentication, with what support records for OpenID Connect; the org ID."""
    org_id = await sent(office, onboarding, method, signer)
    await office.approve(onboarding, STEP, office.sam, office.kim)
    if method == "oidc":
        await office.do(onboarding, STEP, "upload_key", {"status": "active"})
        await office.do(onboarding, STEP, "record_claims", claims(signer))
    await office.settled()
    return org_id


async def check(office: Workplace, token: str, task: str = "check_token", **values: str) -> dict[str, str]:
    """What Ana reads at the form's fields; nothing if it was accepted."""
    step = office.journey.lasting("step", STEP)
    await office.ana.click(step, action_id=action_id(step.blocks, Act.TASK, task))
    await office.slack.until(lambda: ready(office.ana.view))
    assert office.ana.view is not None
    await office.journey.type_in(office.ana, office.ana.view, {"token": token, **values})
    outcome = await office.ana.submit()
    if outcome.errors and office.ana.view is not None:
        await office.ana.close()
    await office.settled()
    return dict(outcome.errors)


async def test_each_fault_is_read_in_the_form_and_a_good_token_in_the_thread(office: Workplace, onboarding: str) -> None:
    signer = Signer()
    org_id = await approved(office, onboarding, "oidc", signer)
    faulty = signer.assertion(org_id, lifetime=7200, aud="x")
    (sentence,) = (await check(office, faulty)).values()
    assert '`aud` is "x"; Pismo gave "https://audience.example".' in sentence
    assert "`exp` is 7,200 s after `iat`; at most 3,600." in sentence
    assert await office.leaks() == []
    good = signer.assertion(org_id)
    assert await check(office, good) == {}
    assert "nothing wrong was found" in said(office)
    assert await office.leaks() == []
    assert await office.state(onboarding, STEP) in ("approved", "fulfilling")


async def test_a_private_key_in_place_of_the_token_is_refused(office: Workplace, onboarding: str) -> None:
    signer = Signer()
    org_id = await approved(office, onboarding, "basic", signer)

    assert "private key" in " ".join((await check(office, key_pem(signer.key))).values())
    assert await check(office, office.pismo.mint_token(org_id)) == {}
    answered = await check(office, signer.assertion(org_id), token_kind="assertion")
    assert "Only OpenID Connect has a JWT that you sign" in " ".join(answered.values())


@pytest.mark.parametrize("method", ["oauth2", "basic"])
async def test_a_long_lived_secret_is_refused_before_pismo_sees_it(office: Workplace, onboarding: str, method: str) -> None:
    org_id = await approved(office, onboarding, method, Signer())
    key, secret = secrets.token_hex(20), secrets.token_urlsafe(32)
    pasted = {key: "server secret", base64.b64encode(f"{key}:{secret}".encode()).decode(): "server secret"}
    pasted |= {office.pismo.mint_token(org_id, 30 * 86_400): "long-lived token"}
    pasted |= {secret: "If it is a key or a secret, revoke it now"} if method == "basic" else {}
    before, warnings = len(office.pismo.calls), 0
    for one, said_of_it in pasted.items():
        (answer,) = (await check(office, one, "prove_access")).values()
        assert said_of_it in answer
        assert "evoke" in answer or "Deactivate" in answer
        warnings += "tried to send a secret" in office.support.messages[-1].text
    assert warnings >= len(pasted) - 1
    refused = await check(office, "¿" * 30, "prove_access")
    assert "Access token: failed. It is no token" in said(office) if method == "oauth2" else "Not an access token" in str(refused)
    (cut,) = (await check(office, office.pismo.mint_token(org_id)[:60], "prove_access")).values()
    assert "A part of the token is missing" in cut
    assert len(office.pismo.calls) == before
    office.secrets += pasted
    assert await office.leaks() == []
    opaque = secret if method == "oauth2" else office.pismo.mint_token(org_id)
    assert await check(office, opaque, "prove_access") == {}
    assert len(office.pismo.calls) > before


async def test_the_thread_has_the_commands_for_each_kind_of_machine(office: Workplace, onboarding: str) -> None:
    signer = Signer()
    org_id = await approved(office, onboarding, "oidc", signer)
    messages = [
        message for message in office.journey.thread("step", STEP) if "rich_text_preformatted" in json.dumps(message.blocks)
    ]
    assert len(messages) == 2
    keys, tokens = (json.dumps(message.blocks, ensure_ascii=False) for message in messages)
    for words in ("Linux and macOS", "Windows", "openssl genpkey", "icacls", "serialNumber=11.222.333"):
        assert words in keys, words
    for words in (f'\\"tenant_id\\":\\"{org_id}\\"', signer.iss, "/passport/v1/oauth2/token", "Invoke-RestMethod", "curl"):
        assert words in tokens, words
    for message in messages:
        assert all(len(text) <= 3000 for text in texts(message.blocks))  # Slack's limit for a section


async def test_the_commands_come_once_though_slack_was_away_while_all_was_recorded(
    office: Workplace, onboarding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office, "patience", ENDLESS)
    signer = Signer()
    await sent(office, onboarding, "oidc", signer)
    record = (await office.snapshot(onboarding)).steps[STEP]
    office.slack.faults.add("*", "5xx", times=None, channel=office.acme.id)
    try:
        for person in (office.sam, office.kim):
            await office.act(onboarding, lambda case: review.approve(case, STEP, record.revision, record.digest), person)
        await office.act(onboarding, lambda case: tasks.do_task(case, STEP, "upload_key", {"status": "active"}), office.sam)
        await office.act(onboarding, lambda case: tasks.do_task(case, STEP, "record_claims", claims(signer)), office.sam)
    finally:
        office.slack.faults.clear()
    await office.settled()
    messages = [message for message in office.journey.thread("step", STEP) if "curl" in json.dumps(message.blocks)]
    assert len(messages) == 1


async def test_the_thread_has_the_command_of_the_method_once_it_is_approved(office: Workplace, onboarding: str) -> None:
    await approved(office, onboarding, "oauth2", Signer())
    assert "/passport/v2/oauth/token" in said(office)
    assert "Invoke-RestMethod" in said(office)


@pytest.mark.parametrize("form", ["der", "utf-16", "a code page"])
async def test_a_public_key_is_taken_as_windows_saves_it(office: Workplace, onboarding: str, form: str) -> None:
    pem = Signer().public_key
    der = base64.b64decode("".join(pem.splitlines()[1:-1]))
    content = {"der": der, "utf-16": pem.encode("utf-16"), "a code page": f"Chave de São Paulo\n{pem}".encode("cp1252")}[form]
    await office.open_step(onboarding, STEP)
    await office.settled()
    answers = {**example(STEP), "method": "oidc"}
    del answers["public_key"]
    await office.journey.send_step(office.ana, STEP, {**answers, "public_key_file": FileUpload("key.der", content)})
    sent = (await office.snapshot(onboarding)).submissions[STEP][-1].answers
    assert "".join(pem.splitlines()[1:-1]) in "".join(sent["public_key"].split())
