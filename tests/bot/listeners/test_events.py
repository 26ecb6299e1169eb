"""Slack's events: none lost, none handled twice; people joining, channels changing, and secrets in the customer's channel."""

import contextlib
import json
import sqlite3

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts, languages, table
from flows.model import Received
from flows.outbox import Remind
from playground.slack import Channel, FileUpload, Sent, SlackPerson
from tests.bot.workplace import PROMPT, Workplace
from tests.storage.example import raw

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = {language: table(language)["own.for_support"].format(verb="queue") for language in languages()}
"""What whoever is not in support reads of a command of support's."""

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def acme(office: Workplace, onboarding: str) -> Channel:
    """The channel of the test's own onboarding."""
    return office.acme


def newcomer(office: Workplace) -> SlackPerson:
    return office.slack.add_person("Carla", office.slack.world.teams[1])


def delivered(office: Workplace, kind: str) -> list[Sent]:
    return [sent for sent in office.slack.deliveries if sent.kind == kind]


def told_in_support(office: Workplace, words: str) -> int:
    return sum(words in message.text for message in office.support.messages)


async def onboarding_of(office: Workplace, channel: Channel) -> str:
    async with office.bot.store.read() as unit:
        found = await unit.by_channel(channel.id)
    assert found is not None
    return found.id


async def test_an_event_the_store_cannot_take_is_not_acknowledged_and_comes_again(office: Workplace, acme: Channel) -> None:
    carla, before = newcomer(office), len(office.slack.deliveries)
    with contextlib.closing(sqlite3.connect(office.file, isolation_level=None)) as other:
        other.execute("ALTER TABLE received RENAME TO away")
        office.slack.invite(carla, acme)
        await office.slack.until(lambda: len(office.slack.deliveries) > before)
        other.execute("ALTER TABLE away RENAME TO received")
    first = office.slack.deliveries[before]
    assert (first.kind, first.status) == ("member_joined_channel", 500)
    await office.slack.until(lambda: carla.find(acme, "Welcome to the onboarding of Acme Bank"))
    assert {sent.id for sent in office.slack.deliveries[before:]} == {first.id}


async def test_an_event_delivered_twice_is_handled_once(office: Workplace, acme: Channel) -> None:
    office.slack.faults.duplicate_deliveries = True
    carla = newcomer(office)
    office.slack.invite(carla, acme)
    await office.slack.until(lambda: office.answers(carla))
    await office.settled()
    assert len(office.answers(carla)) == 1


async def test_a_new_colleague_is_welcomed_once_in_the_onboardings_language(office: Workplace) -> None:
    carla, acme = newcomer(office), office.new_channel()
    await office.begin(acme, language="pt_BR")
    office.slack.invite(carla, acme)
    await office.slack.until(lambda: carla.find(acme, "Boas-vindas ao onboarding de Acme Bank"))
    office.slack.remove(carla, acme)
    office.slack.invite(carla, acme)
    await office.settled()
    assert len(office.answers(carla)) == 1


async def test_a_new_colleague_may_fill_the_form_at_once(office: Workplace, acme: Channel) -> None:
    carla = newcomer(office)
    office.slack.invite(carla, acme)
    await office.settled()
    onboarding = await onboarding_of(office, acme)
    await office.press(carla, acme, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step="planning"))
    await office.slack.until(lambda: carla.view)


async def test_people_of_pismo_are_not_welcomed(office: Workplace, acme: Channel) -> None:
    office.slack.invite(office.pat, acme)
    office.slack.invite(office.kim, acme)
    await office.settled()
    assert not [m for m in acme.messages if m.ephemeral_to in (office.pat.id, office.kim.id)]


async def test_who_joins_the_support_channel_is_support_from_then_on(office: Workplace, acme: Channel) -> None:
    rita = office.slack.add_person("Rita", office.slack.world.teams[0])
    refused = await rita.command("/onboarding queue", office.support)
    assert REFUSED["en"] in refused.text
    office.slack.invite(rita, office.support)

    async def served() -> bool:
        return REFUSED["en"] not in (await rita.command("/onboarding queue", office.support)).text

    await office.slack.until(served)


async def test_a_severed_channel_is_told_to_support_and_goes_on_where_it_was_once_shared(
    office: Workplace, acme: Channel
) -> None:
    onboarding, team = await onboarding_of(office, acme), office.slack.world.teams[1]
    office.slack.sever(acme)
    await office.slack.until(lambda: told_in_support(office, f"The bot can't reach Acme Bank in <#{acme.id}>"))
    calls = len(office.slack.calls)
    await office.send(onboarding, "planning", office.ana)
    failed = [c for c in office.slack.calls[calls:] if c.outcome != "ok"]
    assert failed == []
    card = next(m for m in acme.messages if f"{onboarding}:card:" in json.dumps(m.metadata))
    assert EN("state.submitted") not in json.dumps(card.blocks)
    office.slack.share(acme, team)
    await office.slack.until(lambda: told_in_support(office, f"The bot can reach Acme Bank in <#{acme.id}> again"))
    await office.slack.until(lambda: EN("state.submitted") in json.dumps(card.blocks))
    assert sum(f"{onboarding}:card:" in json.dumps(m.metadata) for m in acme.messages) == 1


async def test_the_bot_s_coming_back_makes_the_channel_reachable_again(office: Workplace, acme: Channel) -> None:
    office.slack.sever(acme)
    await office.slack.until(lambda: told_in_support(office, f"The bot can't reach Acme Bank in <#{acme.id}>"))
    office.slack.remove_bot_from(acme)
    office.slack.add_bot_to(acme, office.sam)
    await office.settled()
    assert not told_in_support(office, f"The bot can reach Acme Bank in <#{acme.id}> again")
    office.slack.remove_bot_from(acme)
    acme.shared_with.append(office.slack.world.teams[1])  # which the bot wasn't told
    office.slack.add_bot_to(acme, office.sam)
    await office.slack.until(lambda: told_in_support(office, f"The bot can reach Acme Bank in <#{acme.id}> again"))


async def test_everything_follows_a_channel_whose_id_changes(office: Workplace, acme: Channel) -> None:
    onboarding, old = await onboarding_of(office, acme), acme.id
    office.slack.change_id(acme)
    await office.settled()
    assert (await office.snapshot(onboarding)).onboarding.channel_id == acme.id != old
    await office.send(onboarding, "planning")
    cards = [m for m in acme.messages if f"{onboarding}:card:" in json.dumps(m.metadata)]
    steps = [m for m in acme.messages if f"{onboarding}:step:planning" in json.dumps(m.metadata)]
    assert (len(cards), len(steps)) == (1, 1)
    assert EN("state.submitted") in json.dumps(cards[0].blocks)
    assert any(m.thread_ts == steps[0].ts for m in acme.messages)


# -- secrets


def pkcs12_file() -> bytes:
    return pkcs12.serialize_key_and_certificates(b"acme", KEY, None, None, BestAvailableEncryption(b"password"))


async def warned_once(office: Workplace, acme: Channel, warnings: int) -> None:
    await office.slack.until(lambda: told_in_support(office, "posted a secret") > warnings)
    await office.settled()
    assert told_in_support(office, "posted a secret") == warnings + 1
    (word,) = [m for m in acme.messages if m.ephemeral_to]
    assert word.ephemeral_to == office.ana.id
    assert "private key" in word.text
    assert told_in_support(office, "this failed: ") == 0


async def test_a_private_key_in_a_message(office: Workplace, acme: Channel) -> None:
    warnings = told_in_support(office, "posted a secret")
    await office.ana.say(acme, f"Here it is:\n{PRIVATE.decode()}")
    await warned_once(office, acme, warnings)
    assert await office.leaks() == []


async def test_a_private_key_is_told_of_where_the_customers_answers_cannot_be_read(
    office: Workplace, onboarding: str, acme: Channel
) -> None:
    await office.send(onboarding, "planning")
    warnings = told_in_support(office, "posted a secret")
    with office.damaged(onboarding, "submissions"):
        await office.ana.say(acme, f"Here it is:\n{PRIVATE.decode()}")
        await warned_once(office, acme, warnings)


async def test_a_private_key_put_in_by_an_edit(office: Workplace, acme: Channel) -> None:
    warnings = told_in_support(office, "posted a secret")
    said = await office.ana.say(acme, "I will paste the key here.")
    await office.ana.edit(said, PRIVATE.decode())
    await warned_once(office, acme, warnings)
    assert await office.leaks() == []


@pytest.mark.parametrize(("name", "content"), [("acme.pem", PRIVATE), ("acme.p12", pkcs12_file())], ids=["pem", "p12"])
async def test_a_private_key_in_a_file(office: Workplace, acme: Channel, name: str, content: bytes) -> None:
    warnings = told_in_support(office, "posted a secret")
    await office.ana.say(acme, "See the file.", files=[FileUpload(name, content)])
    await warned_once(office, acme, warnings)
    assert await office.leaks() == []


async def test_what_is_no_secret_passes_without_a_word(office: Workplace, acme: Channel) -> None:
    warnings, before = told_in_support(office, "posted a secret"), len(acme.messages)
    await office.ana.say(acme, f"Our public key:\n{PUBLIC.decode()}", files=[FileUpload("public.pem", PUBLIC)])
    await office.ana.say(acme, "Where do I find the private key? And which password do I need?")
    await office.settled()
    assert told_in_support(office, "posted a secret") == warnings
    assert len(acme.messages) == before + 2


async def test_of_messages_nothing_is_kept(office: Workplace, acme: Channel) -> None:
    await office.ana.say(acme, "An ordinary sentence about quarterly figures.", files=[FileUpload("figures.csv", b"1;2;3")])
    await office.slack.until(lambda: delivered(office, "message"))
    await office.settled()
    with contextlib.closing(sqlite3.connect(office.file)) as look:
        stored = look.execute("SELECT * FROM received").fetchall()
    assert "quarterly" not in repr(stored)
    async with office.bot.store.read() as unit:
        assert all([(await unit.get(Received, row[0])).payload == {} for row in stored])  # type: ignore[union-attr]


# -- restarts and the end


async def test_an_event_left_by_a_crash_is_handled_at_the_next_start(office: Workplace, acme: Channel) -> None:
    """Stored and acknowledged, then the process died."""
    carla = newcomer(office)
    acme.members.append(carla.id)
    event = {"type": "member_joined_channel", "user": carla.id, "channel": acme.id, "team": carla.team_id}
    assert await office.bot.events.store({"event_id": "Ev0LEFT", "event": event})
    await office.restart()
    await office.slack.until(lambda: office.answers(carla))
    await office.restart()
    await office.settled()
    assert len(office.answers(carla)) == 1


async def test_an_event_that_cannot_be_read_keeps_no_other_waiting(office: Workplace, acme: Channel) -> None:
    carla = newcomer(office)
    acme.members.append(carla.id)
    event = {"type": "member_joined_channel", "user": carla.id, "channel": acme.id, "team": carla.team_id}
    for name in ("Ev0DAMAGED", "Ev0GOOD"):
        assert await office.bot.events.store({"event_id": name, "event": event})
    url = office.settings().database_url
    ((payload,),) = raw(url, "SELECT payload FROM received WHERE id = 'Ev0DAMAGED'")
    raw(url, "UPDATE received SET payload = payload || 'A' WHERE id = 'Ev0DAMAGED'")
    await office.bot.events.handle_left()
    raw(url, "UPDATE received SET payload = :payload WHERE id = 'Ev0DAMAGED'", payload=payload)
    await office.settled()
    assert len(office.answers(carla)) == 1
    await office.bot.events.handle_left()
    await office.settled()
    assert len(office.answers(carla)) == 1
    assert raw(url, "SELECT id FROM received WHERE handled_at IS NULL") == []


async def test_an_event_whose_handling_failed_is_handled_by_a_later_round(
    office: Workplace, acme: Channel, onboarding: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Slack withholds a file that must be scanned: the secret in it is reported once Slack delivers."""
    warnings = told_in_support(office, "posted a secret")
    office.slack.faults.add("download", "5xx", times=None)
    await office.ana.say(acme, "See the file.", files=[FileUpload("key.pem", PRIVATE)])
    await office.slack.until(lambda: delivered(office, "message")[-1].status == 200)
    await office.settled()
    assert told_in_support(office, "posted a secret") == warnings
    await office.bot.events.handle_left()
    (failed,) = [record for record in caplog.records if record.getMessage() == "an event failed and will be retried"]
    assert vars(failed)["onboarding"] == onboarding
    office.slack.faults.clear()
    await office.bot.events.handle_left()
    await warned_once(office, acme, warnings)


async def test_a_harmless_file_beside_a_secret_stays(office: Workplace, acme: Channel) -> None:
    warnings, calls = told_in_support(office, "posted a secret"), len(office.slack.calls)
    await office.ana.say(acme, PRIVATE.decode(), files=[FileUpload("plan.txt", b"Our plan for the launch.")])
    await warned_once(office, acme, warnings)
    assert "files.delete" not in [call.method for call in office.slack.calls[calls:]]


async def test_another_company_s_leaving_does_not_sever_the_customer(office: Workplace, acme: Channel) -> None:
    warnings = told_in_support(office, "is no longer shared")
    third = office.slack.add_team("Third Party")
    event = {"type": "channel_unshared", "previously_connected_team_id": third.id, "channel": acme.id, "is_ext_shared": True}
    office.slack.emit(event, acme)
    await office.settled()
    assert told_in_support(office, "is no longer shared") == warnings
    await office.send(await onboarding_of(office, acme), "planning")


@pytest.mark.parametrize("what", ["restricted", "deleted"])
async def test_a_guest_and_who_was_deactivated_are_no_longer_support(office: Workplace, acme: Channel, what: str) -> None:
    """Though Slack still lists them in the channel."""
    setattr(office.kim.user, what, True)
    await office.bot.people.fetch(office.kim.id, fresh=True)
    assert REFUSED["pt_BR"] in (await office.kim.command("/onboarding queue", office.support)).text
    await office.bot.support_people.refresh()
    assert office.kim.id not in {who.user_id for who in office.bot.cases.access.support}
    setattr(office.kim.user, what, False)
    await office.bot.people.fetch(office.kim.id, fresh=True)
    await office.bot.support_people.refresh()
    assert REFUSED["pt_BR"] not in (await office.kim.command("/onboarding queue", office.support)).text


async def test_a_reminder_that_waited_for_slack_is_not_sent_for_what_is_done_meanwhile(office: Workplace, acme: Channel) -> None:
    onboarding = await onboarding_of(office, acme)
    posted = len(acme.messages)
    await office.send(onboarding, "planning")
    await office.settled()
    sent = len(acme.messages) - posted

    late = Remind(where="customer", user=office.ana.id, steps=("planning",), count=(1,))
    await office.act(onboarding, lambda case: case.ask(late))
    await office.settled()
    assert len(acme.messages) == posted + sent


@pytest.mark.parametrize("how", ["uninstall", "revoke_tokens"])
async def test_a_bot_that_slack_no_longer_accepts_says_so_and_keeps_its_data(
    office: Workplace, acme: Channel, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    onboarding = await onboarding_of(office, acme)
    getattr(office.slack, how)()
    await office.slack.until(lambda: "reinstall the app" in office.bot.ready().get("slack", ""))
    await office.slack.until(lambda: office.slack.quiet)
    assert "install it again" in caplog.text
    office.slack.token_state = None
    await office.restart()
    assert office.bot.ready() == {}
    await office.send(onboarding, "planning")
    assert await office.state(onboarding, "planning") == "submitted"


@pytest.mark.parametrize("fault", ["5xx", "drop_before", "429"])
async def test_a_warning_that_slack_did_not_take_at_first_still_comes(office: Workplace, acme: Channel, fault: str) -> None:
    office.patience = PROMPT
    warnings = told_in_support(office, "posted a secret")
    office.slack.faults.add("chat.postEphemeral", fault, retry_after=0)
    await office.ana.say(acme, PRIVATE.decode())
    await warned_once(office, acme, warnings)


async def test_who_cannot_be_told_in_the_channel_is_told_directly(office: Workplace, acme: Channel) -> None:
    told = len(office.answers(office.ana))
    office.slack.faults.add("chat.postEphemeral", "user_not_in_channel")
    await office.ana.say(acme, PRIVATE.decode())
    await office.slack.until(lambda: len(office.answers(office.ana)) > told)
    assert "private key" in office.answers(office.ana)[-1]
    assert not [m for m in acme.messages if m.ephemeral_to]


async def test_after_a_restart_people_are_told_in_the_onboardings_language(office: Workplace) -> None:
    acme = office.new_channel()
    await office.begin(acme, language="pt_BR")
    for _ in range(2):
        await office.bruno.say(acme, PRIVATE.decode())
        await office.settled()
        assert "chave privada" in office.answers(office.bruno)[-1]
        await office.restart()


async def test_who_left_the_channel_sees_nothing_of_it_any_more_and_what_they_typed_stays(
    office: Workplace, acme: Channel
) -> None:
    earlier = await onboarding_of(office, acme)
    await office.close(earlier)
    onboarding = await office.begin(acme)
    step = ButtonValue(onboarding=onboarding, step="planning")
    await office.press(office.bruno, acme, Act.OPEN_FORM, step)
    await office.slack.until(lambda: office.bruno.view is not None)
    await office.send(onboarding, "planning", office.bruno)
    office.bruno.user.stack.clear()
    office.slack.remove(office.bruno, acme)
    await office.settled()
    office.slack.remove(office.ana, acme)
    await office.slack.until(lambda: told_in_support(office, "from Acme Bank left"))
    for person in (office.ana, office.bruno):
        await office.press(person, office.blue, Act.OPEN_FORM, step)  # as from the App Home, or an old message elsewhere
        await office.bot.background.drain()
        assert person.view is None
        assert office.answers(person)[-1].startswith(
            tuple(table(language)["refused.not_in_onboarding"] for language in languages())
        )
        for one in (earlier, onboarding):
            assert one not in str(person.home and person.home.data)
            left = (await office.snapshot(one)).members
            assert {member.role for member in left if member.user_id == person.id} == {"left"}
    assert (await office.snapshot(onboarding)).last("planning") is not None
    office.slack.invite(office.ana, acme)
    await office.settled()
    await office.press(office.ana, office.blue, Act.OPEN_FORM, step)
    await office.slack.until(lambda: office.ana.view is not None)
    assert {one.role for one in (await office.snapshot(earlier)).members if one.user_id == office.ana.id} == {"lead"}
