"""What people paste and attach by mistake, end to end: refused with a reason, no secret kept anywhere, and the form goes on."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from bot.messages.buttons import Act
from bot.modals.parse import block_id
from bot.modals.render import CALLBACK
from bot.modals.subject import FormMeta
from flows.cases import manage
from flows.checks.visible import visible
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Kind, inputs
from flows.forms.pages import slots
from flows.forms.step import Form
from playground.acts import example
from playground.slack import FileUpload, Outcome, View
from playground.slack.payloads import on_submission
from playground.slack.screen import tells
from playground.walkthrough import action_id, ready
from playground.walkthrough import said as wording
from tests.bot.messages.slack_reader import read
from tests.bot.workplace import STEPS, Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")

RSA, CURVE, EDWARDS = (
    rsa.generate_private_key(65537, 2048),
    ec.generate_private_key(ec.SECP256R1()),
    ed25519.Ed25519PrivateKey.generate(),
)
LOCK = BestAvailableEncryption(b"of this test alone")
PLAIN = NoEncryption()
PRIVATE = {
    "pkcs8": RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN),
    "pkcs1": RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, PLAIN),
    "openssh": RSA.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, PLAIN),
    "encrypted": RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, LOCK),
    "ec": CURVE.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, PLAIN),
    "ed25519": EDWARDS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN),
}
BINARY = {
    "der": RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, PLAIN),
    "pkcs12": serialize_key_and_certificates(b"key", RSA, None, None, LOCK),
}
PUBLIC = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
TYPED = (Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.URL)


async def open_form(office: Workplace, step: str) -> View:
    message = office.journey.lasting("step", step)
    await office.ana.click(message, action_id=action_id(message.blocks, Act.OPEN_FORM))
    await office.slack.until(lambda: ready(office.ana.view))
    assert office.ana.view is not None
    return office.ana.view


async def submit_as_it_is(office: Workplace, form: Form, onboarding: str, texts: dict[str, str]) -> Outcome:
    """Sends a first page with these texts, bypassing what the client would have stopped."""
    slot = slots(form, {})[0]
    step = form.id.partition(".")[0] if form.id not in DIALOGS else "organization"
    meta = FormMeta(form=form.id, onboarding=onboarding, step=step)
    blocks = [
        {"type": "input", "block_id": block_id(name, slot), "element": {"type": "plain_text_input", "action_id": "value"}}
        for name in texts
    ]
    data = {"type": "modal", "private_metadata": meta.model_dump_json(), "blocks": blocks, "callback_id": CALLBACK}
    view = View(office.slack.world.new_id("V"), office.sam.user, data, office.slack.world.new_ts(), "")
    for name, text in texts.items():
        view.inputs[block_id(name, slot)] = {"value": {"type": "plain_text_input", "value": text}}
    office.sam.user.stack[:] = [view]
    outcome = await office.deliver(office.sam, on_submission(office.slack, "view_submission", office.sam.user, view))
    office.sam.user.stack.clear()
    return outcome


# -- secrets


async def test_a_private_key_is_refused_in_every_field_of_every_form(office: Workplace, onboarding: str) -> None:
    tried = 0
    secrets = list(PRIVATE.values())

    async def one(form: Form) -> None:
        nonlocal tried
        slot = slots(form, {})[0]
        names = [name for name, _, item in inputs(slot.page.model) if item.kind in TYPED]
        if not names:
            return
        secret = secrets[tried % len(secrets)].decode()
        outcome = await submit_as_it_is(office, form, onboarding, dict.fromkeys(names, secret))
        assert isinstance(outcome.body, dict), (form.id, outcome)
        said = outcome.body.get("errors", {})
        for name in names:
            assert "private key" in said.get(block_id(name, slot), ""), (form.id, name, outcome.body)
        tried += 1

    for dialog in DIALOGS.values():
        if dialog.id not in ("start", "stuck"):
            await one(dialog)
    for step in STEPS.values():
        await office.open_step(onboarding, step.id)
        await one(step.form)
        for task in step.tasks:
            if task.form is not None and task.side.value == "support":
                await one(task.form)
    await office.settled()
    assert tried >= 15
    async with office.bot.store.read() as unit:
        refused = (await unit.figures(None, onboarding)).refused
    assert refused
    assert {(one.reason, one.onboardings) for one in refused} == {("secret_private_key", 1)}
    assert await office.leaks() == []
    assert office.sam.find(office.support, "tried to send a secret")


@pytest.mark.parametrize("name", [*PRIVATE, *BINARY])
async def test_an_attached_private_key_is_refused_and_the_public_one_goes_on(
    office: Workplace, onboarding: str, name: str
) -> None:
    secret = {**PRIVATE, **BINARY}[name]
    office.secrets += [secret[40:80].decode("latin-1"), base64.b64encode(secret).decode()]
    await office.open_step(onboarding, "authentication")
    await office.settled()
    view = await open_form(office, "authentication")
    answers = {**example("authentication"), "method": "oidc"}
    await office.journey.send_page(office.ana, view, answers)
    view = await on_screen(office)
    del answers["public_key"]
    outcome = await office.journey.send_page(office.ana, view, {**answers, "public_key_file": FileUpload("key.pem", secret)})
    assert "private key" in " ".join(outcome.errors.values())
    await office.ana.close()
    await office.journey.send_step(
        office.ana, "authentication", {**answers, "public_key_file": FileUpload("key.pem", PUBLIC.encode())}
    )
    assert await office.state(onboarding, "authentication") == "submitted"


async def on_screen(office: Workplace) -> View:
    await office.slack.until(lambda: ready(office.ana.view))
    assert office.ana.view is not None
    return office.ana.view


@pytest.mark.parametrize(
    "garbage",
    [
        "-----BEGIN PUBLIC KEY-----\nthis is no key\n-----END PUBLIC KEY-----",
        PUBLIC[:200],
        PUBLIC.replace("M", "!", 3),
        "-----BEGIN PUBLIC KEY-----",
        "\u202e" + PUBLIC[::-1],
    ],
)
async def test_a_pem_with_garbage_is_said_and_can_be_put_right(office: Workplace, onboarding: str, garbage: str) -> None:
    await office.open_step(onboarding, "authentication")
    await office.settled()
    answers = {**example("authentication"), "method": "oidc", "public_key": garbage}
    await office.journey.send_page(office.ana, await open_form(office, "authentication"), answers)
    outcome = await office.journey.send_page(office.ana, await on_screen(office), answers)
    assert outcome.errors
    await office.ana.close()
    await office.journey.send_step(office.ana, "authentication", {**answers, "public_key": PUBLIC})
    assert await office.state(onboarding, "authentication") == "submitted"


# -- long, foreign and odd texts


async def test_a_text_that_shows_nothing_is_refused_at_its_field_and_the_form_goes_on(office: Workplace, onboarding: str) -> None:
    answers = {**example("planning"), "goals": "\u200b\u3164\u202e"}
    outcome = await office.journey.send_page(office.ana, await open_form(office, "planning"), answers)
    assert outcome.errors is not None
    assert [tells(said, wording("error.invisible")) for said in outcome.errors.values()] == [True]
    await office.ana.close()
    await office.journey.send_step(office.ana, "planning", {**answers, "goals": "\u202eCards\u200b first"})
    sent = (await office.snapshot(onboarding)).last("planning")
    assert sent is not None
    assert sent.answers["goals"] == "Cards first"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 3000,
        "👩‍👩‍👧‍👦🏳️‍🌈" * 100,
        "مرحبا بكم في المنصة " * 100,
        "\u202eevil\u202c <!channel> <@U1> *bold* `code` & <https://example.com|here>",
        "line\n" * 600,
        "e\u0301" * 1500,
    ],
)
async def test_what_people_write_arrives_as_they_wrote_it(office: Workplace, onboarding: str, text: str) -> None:
    text = text[:3000].strip()
    await office.journey.send_step(office.ana, "planning", {**example("planning"), "goals": text})
    await office.settled()
    sent = (await office.snapshot(onboarding)).last("planning")
    assert sent is not None
    assert sent.answers["goals"].split() == visible(text, lines=True).split()
    review = office.journey.lasting("review", "planning")
    marks = read(review.blocks).marks
    assert marks
    assert all(mark.startswith(("@U", "#C", "!date^")) for mark in marks)
    assert "@U1" not in marks
    assert office.slack.violations == []
    reason = {"reason": text[:2000]}
    opens = office.journey.opens(office.sam, lambda: office.journey.lasting("review", "planning"), Act.REQUEST_CHANGES)
    await office.journey.fill_form(
        office.sam, opens, reason, lambda: office.journey.says("step", "planning", "changes requested")
    )
    await office.settled()
    assert office.slack.violations == []


# -- files and lists


async def to_the_list(office: Workplace, onboarding: str, upload: FileUpload) -> Outcome:
    await office.open_step(onboarding, "service_desk")
    await office.settled()
    answers = {**example("service_desk"), "users_file": upload}
    return await office.journey.send_page(office.ana, await open_form(office, "service_desk"), answers)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("users.csv", "".join(f"person.{n}@bank.example\n" for n in range(5000)).encode(), "at most 1000"),
        ("users.csv", b"a@bank.example\n" * (10 * 1024 * 1024 // 15), "larger than 200 KB"),
        ("users.csv", bytes(range(128, 256)) * 20, "isn't a text file"),
    ],
    ids=["5,000 addresses", "10 MB", "binary"],
)
async def test_a_list_that_cannot_be_taken_is_said_and_a_better_one_goes_on(
    office: Workplace, onboarding: str, name: str, content: bytes, words: str
) -> None:
    outcome = await to_the_list(office, onboarding, FileUpload(name, content))
    assert words in " ".join(outcome.errors.values()).replace(",", "").replace("\u00a0", "")
    await office.ana.close()
    good = FileUpload("users.csv", "".join(f"person.{n}@bank.example\n" for n in range(900)).encode())
    await office.journey.send_step(office.ana, "service_desk", {**example("service_desk"), "users_file": good})
    await office.settled()
    assert await office.state(onboarding, "service_desk") == "submitted"
    assert office.slack.violations == []
    await office.act(onboarding, lambda case: manage.skip(case, "service_desk", "Enough."), office.sam)
