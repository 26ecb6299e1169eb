"""What Slack, Pismo and its Service Desk know outlives the demo: saved whole, read back unchanged, and the bot goes on with it."""

import asyncio
import json
import os
import threading
from pathlib import Path

import pytest

from bot.messages.buttons import Act
from playground.acts import Acts
from playground.lasting import SLACK, LastingOffice, clear
from playground.office import CALM
from playground.pismo.signer import public_pem, rsa_key
from playground.pismo.transferred import ProgramTransfer
from playground.pismo.world import PismoWorld
from playground.saving import (
    Kept,
    SavedError,
    Saver,
    desk_from_json,
    desk_to_json,
    load,
    pismo_from_json,
    pismo_to_json,
    save,
    slack_from_json,
    slack_to_json,
)
from playground.service_desk.world import EN, SETTINGS, ServiceDeskWorld
from playground.slack import FileUpload, SlackStandIn
from playground.walkthrough import Walkthrough, ready

SECRET = "thesecretofthetest"


async def furnished() -> SlackStandIn:
    slack = SlackStandIn(SECRET)
    pismo, acme = slack.add_team("Pismo"), slack.add_team("Acme Bank")
    sam, ana = slack.add_person("Sam", pismo), slack.add_person("Ana", acme, locale="pt-BR", tz="America/Sao_Paulo")
    channel = slack.add_channel("acme_pismo", pismo, [sam, ana], shared_with=[acme])
    root = await ana.say(channel, "Olá :wave:", files=[FileUpload("plan.pdf", b"\x00\xff plan")])
    await sam.say(channel, "seen", thread=root)
    channel.pins.append(root.ts)
    channel.bookmarks.append({"id": "Bk1", "title": "Checklist", "link": "https://slack.example/x"})
    slack.world.groups["S1"] = [sam.id]
    return slack


async def test_slack_is_read_as_it_was_written() -> None:
    slack, again = await furnished(), SlackStandIn("another")
    saved = json.dumps(slack_to_json(slack))
    slack_from_json(again, json.loads(saved))
    assert json.dumps(slack_to_json(again)) == saved
    assert again.bot_token == slack.bot_token
    ana = next(person for person in again.people.values() if person.name == "Ana")
    (channel,) = ana.channels()
    (root,) = ana.sees(channel)
    assert (root.text, root.files[0].content, root.channel) == ("Olá :wave:", b"\x00\xff plan", channel)
    assert [m.text for m in ana.sees(channel, root)] == ["Olá :wave:", "seen"]
    assert (await ana.say(channel, "later")).ts > channel.messages[0].ts


def test_pismo_is_read_as_it_was_written() -> None:
    world, again = PismoWorld(), PismoWorld()
    org = world.create_org({"org_name": "Acme Bank"}).id
    key, secret = world.mint_access_key(org)
    world.register_public_key(org, public_pem(rsa_key()), "i", "s", "a")
    world.add_program(org, "Cards", "CREDITO", "ACTIVE")
    world.org(org).set_up.fill()
    world.create_program(org, {"name": "Loans", "type": "CREDITO"})
    world.org(org).transfers.exports.append(ProgramTransfer(1, "export", "Cards", {"id": 1}))
    token, revoked = world.mint_token(org, 600), world.mint_token(org, 900)
    world.revoke_token(revoked)
    saved = json.dumps(pismo_to_json(world))
    pismo_from_json(again, json.loads(saved))
    assert json.dumps(pismo_to_json(again)) == saved
    assert again.bearer_of(f"Bearer {token}") == org
    assert again.bearer_of(f"Bearer {revoked}") is None
    assert again.org_of_access_key(key, secret) is again.org(org)
    assert again.org(org).set_up == world.org(org).set_up
    assert again.org(org).transfers == world.org(org).transfers


def test_the_service_desk_is_read_as_it_was_written() -> None:
    world, again = ServiceDeskWorld(), ServiceDeskWorld()
    key = world.file(EN, SETTINGS, {"summary": "Acme Bank [acme]"}, "bot").key
    world.write(key, "Which of them?")
    world.move(key, "PENDING")
    saved = json.dumps(desk_to_json(world))
    desk_from_json(again, json.loads(saved))
    assert json.dumps(desk_to_json(again)) == saved
    assert again.tickets == world.tickets
    assert again.file(EN, SETTINGS, {"summary": "Blue Coop"}, "bot").key != key


def test_a_token_expires_by_the_moved_clock() -> None:
    world = PismoWorld()
    token = world.mint_token(world.create_org({"org_name": "Acme Bank"}).id, 600)
    assert world.bearer_of(f"Bearer {token}")
    now = world.clock()
    world.clock = lambda: now + 601
    assert world.bearer_of(f"Bearer {token}") is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 0}'])
def test_a_file_that_is_not_ours_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "slack.json").write_text(content)
    with pytest.raises(SavedError, match=r"slack\.json"):
        load(tmp_path / "slack.json")


def test_what_was_saved_stays_when_saving_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "slack.json"
    save(path, '{"version": 2}')
    assert path.stat().st_mode & 0o777 == 0o600

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        save(path, '{"version": 2, "more": true}')
    assert load(path) == {"version": 2}


async def test_only_what_changed_is_written(tmp_path: Path) -> None:
    slack = await furnished()
    saver = Saver(slack, [Kept(tmp_path / "slack.json", lambda: slack_to_json(slack))])
    saver.now()
    (tmp_path / "slack.json").unlink()
    saver.now()
    assert not (tmp_path / "slack.json").exists()
    slack.add_team("Blue Coop")
    saver.now()
    assert "Blue Coop" in (tmp_path / "slack.json").read_text()


async def test_what_is_being_written_at_the_end_is_written_before_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = await furnished()
    saver = Saver(slack, [Kept(tmp_path / "slack.json", lambda: slack_to_json(slack))])
    writing, may_end = threading.Event(), threading.Event()

    def slow(_: int) -> None:
        writing.set()
        assert may_end.wait(30)

    following = asyncio.create_task(saver.follow())
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", slow)
        await asyncio.sleep(0)
        slack.changed()
        assert await asyncio.to_thread(writing.wait, 30)
        following.cancel()
        done, _ = await asyncio.wait([following], timeout=0.05)
        may_end.set()
        assert not done
        await asyncio.gather(following, return_exceptions=True)
    slack.add_team("Blue Coop")
    saver.now()
    assert "Blue Coop" in (tmp_path / "slack.json").read_text()


@pytest.mark.process
async def test_the_next_start_goes_on_even_with_a_world_that_lost_the_last_messages(tmp_path: Path) -> None:
    async with LastingOffice(tmp_path, policies=CALM) as office:
        assert office.fresh
        await Acts(Walkthrough(office)).start()
        ana, token = office.ana.id, office.slack.bot_token
    saved = json.loads((tmp_path / SLACK).read_text())
    shared = next(channel for channel in saved["channels"] if channel["name"] == "acme_pismo")
    shared["messages"] = [m for m in shared["messages"] if "planning" in json.dumps(m["metadata"])]
    (tmp_path / SLACK).write_text(json.dumps(saved))  # without the card, as after a crash
    async with LastingOffice(tmp_path, policies=CALM) as office:
        assert not office.fresh
        assert (office.ana.id, office.slack.bot_token) == (ana, token)
        journey = Walkthrough(office)
        await journey.opens(office.ana, lambda: journey.lasting("step", "planning"), Act.OPEN_FORM)()
        await office.slack.until(lambda: ready(office.ana.view))
        assert office.process is not None
        assert office.process.returncode is None
        assert not office.slack.violations
    clear(tmp_path)
    assert load(tmp_path / SLACK) is None
