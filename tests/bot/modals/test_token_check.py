"""In the authentication step's forms: commands for the customer's own machine, a token checked before use, files as Windows saves
them. No trace of a token is kept."""

import base64

import pytest

from bot.messages.buttons import Act
from bot.messages.texts import Texts
from flows.forms.fields import Answers
from flows.steps.org_details import to_org_details
from playground.acts import example
from playground.pismo import Signer
from playground.pismo.authority import key_pem
from playground.slack import FileUpload
from playground.slack.block_kit import texts
from playground.slack.screen import tells
from playground.walkthrough import FormRefusedError, action_id, page_title, ready
from playground.walkthrough import said as wording
from tests.bot.workplace import Workplace

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")
STEP = "authentication"


def said(office: Workplace) -> str:
    return "\n".join(message.text for message in office.journey.thread("step", STEP))


async def sent(office: Workplace, onboarding: str, method: str, signer: Signer) -> str:
    """Sends authentication; the org ID."""
    await office.send(onboarding, "organization")
    await office.approve(onboarding, "organization")
    details = (await office.snapshot(onboarding)).submissions["organization"][0].answers
    org_id = office.pismo.create_org(to_org_details(details))
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
        for person in (office.sam, office.kim):
            await office.do(onboarding, STEP, "record_claims", claims(signer), person)
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
    assert EN("error.jwt_claim_differs", claim="aud", found="x", expected="https://audience.example") in sentence
    assert EN("error.jwt_lifetime", lifetime="7,200", maximum="3,600") in sentence
    assert await office.leaks() == []
    good = signer.assertion(org_id)
    assert await check(office, good) == {}
    assert tells(said(office), wording("task.authentication.check_token.done"))
    assert await office.leaks() == []
    assert await office.state(onboarding, STEP) in ("approved", "fulfilling")


async def test_a_private_key_in_place_of_the_token_is_refused(office: Workplace, onboarding: str) -> None:
    signer = Signer()
    org_id = await approved(office, onboarding, "basic", signer)

    assert "private key" in " ".join((await check(office, key_pem(signer.key))).values())
    assert await check(office, office.pismo.mint_token(org_id)) == {}
    answered = await check(office, signer.assertion(org_id), token_kind="assertion")
    assert tells(" ".join(answered.values()), wording("error.jwt_method"))


@pytest.mark.parametrize("method", ["oauth2", "basic"])
async def test_a_long_lived_secret_is_refused_before_pismo_sees_it(office: Workplace, onboarding: str, method: str) -> None:
    org_id = await approved(office, onboarding, method, Signer())
    key, secret = "5d0c" * 10, "vT3-" * 10 + "Qa_"  # as Pismo gives them: 40 digits, 43 signs
    pasted = {key: "server secret", base64.b64encode(f"{key}:{secret}".encode()).decode(): "server secret"}
    pasted |= {office.pismo.mint_token(org_id, 30 * 86_400): "long-lived token"}
    pasted |= {secret: "If it's a key or a secret, revoke it now"} if method == "basic" else {}
    before, warnings = len(office.pismo.calls), 0
    for one, said_of_it in pasted.items():
        (answer,) = (await check(office, one, "prove_access")).values()
        assert said_of_it in answer
        assert "evoke" in answer or "Deactivate" in answer
        warnings += "tried to send a secret" in office.support.messages[-1].text
    assert warnings >= len(pasted) - 1
    refused = await check(office, "¿" * 30, "prove_access")
    if method == "oauth2":
        assert tells(said(office), wording("proof.token_unusable"))
    else:
        assert tells(str(list(refused.values())), wording("error.token_no_jwt"))
    (cut,) = (await check(office, office.pismo.mint_token(org_id)[:60], "prove_access")).values()
    assert tells(cut, wording("error.jwt_cut"))
    assert len(office.pismo.calls) == before
    office.secrets += pasted
    assert await office.leaks() == []
    opaque = secret if method == "oauth2" else office.pismo.mint_token(org_id)
    assert await check(office, opaque, "prove_access") == {}
    assert len(office.pismo.calls) > before


async def opened(office: Workplace, task: str) -> str:
    """What Ana sees in a task's form, which she closes again."""
    step = office.journey.lasting("step", STEP)
    await office.ana.click(step, action_id=action_id(step.blocks, Act.TASK, task))
    await office.slack.until(lambda: ready(office.ana.view))
    assert office.ana.view is not None
    assert all(len(text) <= 3000 for text in texts(office.ana.view.blocks))  # Slack's limit for a section
    shown = office.shown(office.ana)
    await office.ana.close()
    return shown


async def test_commands_come_after_the_choice_where_what_they_print_is_pasted(office: Workplace, onboarding: str) -> None:
    signer, pages = Signer(), dict[str, str]()
    await office.open_step(onboarding, STEP)
    await office.settled()
    assert "openssl" not in said(office)

    def look() -> bool:
        if ready(office.ana.view) and office.ana.view is not None:
            pages[page_title(office.ana.view).partition(": ")[2].partition(" · ")[0]] = office.shown(office.ana)
        return False

    typed = {**example(STEP), "method": "oidc", "mtls": "csr", "platform": "windows", "public_key": signer.public_key}
    opens = office.journey.opens(office.ana, lambda: office.journey.lasting("step", STEP), Act.OPEN_FORM)
    await office.journey.fill_form(office.ana, opens, typed, look, stop_at=5)
    shown = [page for page, words in pages.items() if "openssl" in words]
    assert shown == ["Public key", "Public key for production", "Certificate signing request"]
    assert "icacls" in pages["Public key"]
    assert "umask" not in pages["Public key"]
    assert "rsakey-production.pem" in pages["Public key for production"]
    assert "serialNumber=11.222.333" in pages["Certificate signing request"]


async def test_the_form_that_asks_for_a_token_shows_how_to_get_it(office: Workplace, onboarding: str) -> None:
    signer = Signer()
    org_id = await approved(office, onboarding, "oidc", signer)
    for task in ("check_token", "prove_access"):
        shown = await opened(office, task)
        for words in (org_id, signer.iss, "/passport/v1/oauth2/token", "curl", "pismo-v1:accounts:rw, or pismo-v1:cards:rw"):
            assert words in shown, words
        assert "Invoke-RestMethod" not in shown
    assert "curl" not in said(office)


async def test_the_forms_of_oauth2_show_its_call_and_the_step_where_its_key_comes_from(
    office: Workplace, onboarding: str
) -> None:
    await approved(office, onboarding, "oauth2", Signer())
    shown = await opened(office, "prove_access")
    assert "/passport/v2/oauth/token" in shown
    assert "scope='pismo-v1:accounts:rw pismo-v1:cards:rw'" in shown
    assert office.journey.says("step", STEP, "Access keys → Create key")


async def test_a_token_of_another_group_than_was_approved_is_told(office: Workplace, onboarding: str) -> None:
    signer = Signer()
    org_id = await approved(office, onboarding, "oidc", signer)
    office.pismo.register_public_key(org_id, signer.public_key, signer.iss, signer.sub, signer.aud)
    office.pismo.add_program(org_id, "Cards", "CREDITO")
    for claim, words in (
        ({"group": "pismo-v1:admin:rw"}, "Approved: pismo-v1:accounts:rw, pismo-v1:cards:rw."),
        (None, EN("error.jwt_no_group")),
    ):
        (sentence,) = (await check(office, signer.assertion(org_id, pismo=claim))).values()
        assert words in sentence
    good = f"JWT={signer.assertion(org_id, pismo='pismo-v1:cards:rw')}%"
    assert await check(office, good) == {}
    assert await check(office, good, "prove_access") == {}
    assert "Pismo accepted your signed JWT" in said(office)
    assert "all checks passed" in said(office)


async def test_productions_key_is_sent_later_and_support_reads_its_fingerprint(office: Workplace, onboarding: str) -> None:
    signer = Signer()
    await approved(office, onboarding, "oidc", signer)
    opens = office.journey.opens(office.ana, lambda: office.journey.lasting("step", STEP), Act.TASK, "send_production_key")
    with pytest.raises(FormRefusedError, match="This is the other environment's key"):
        await office.journey.fill_form(office.ana, opens, {"production_key": signer.public_key}, lambda: False)
    sent = lambda: tells(said(office), wording("task.authentication.send_production_key.done"))  # noqa: E731
    await office.journey.fill_form(office.ana, opens, {"production_key": Signer().public_key}, sent)
    await office.settled()
    told = "\n".join(message.text for message in office.journey.thread("review", STEP))
    assert "Production public key: RSA, 2048 bits. SHA-256 fingerprint:" in told


async def test_the_customers_administrator_records_the_upload(office: Workplace, onboarding: str) -> None:
    await sent(office, onboarding, "oidc", Signer())
    await office.approve(onboarding, STEP, office.sam, office.kim)
    await office.do(onboarding, STEP, "record_upload", {"status": "waiting_approval"}, office.ana)
    waits = wording("note.key_waits_for_approval")
    assert office.journey.says("step", STEP, waits)
    assert office.journey.says("review", STEP, EN("task.authentication.record_claims.title")) is False
    await office.do(onboarding, STEP, "record_upload", {"status": "active"}, office.ana)
    assert not office.journey.says("step", STEP, waits)
    for person, state in ((office.sam, "waiting"), (office.kim, "done")):
        await office.do(onboarding, STEP, "record_claims", claims(Signer()), person)
        records = [record for record in (await office.snapshot(onboarding)).tasks if record.task_id == "record_claims"]
        assert [record.state for record in records] == [state]


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
