"""The stand-ins' worlds as JSON, so that a demo can carry on later. What is open on screen or under way is not kept."""

import asyncio
import base64
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from playground.pismo.assertions import Registration
from playground.pismo.programs import Import
from playground.pismo.set_up import OrgSetUp
from playground.pismo.transferred import OrgTransfers, ProgramTransfer
from playground.pismo.world import Org, PismoWorld
from playground.service_desk.world import ServiceDeskWorld, Ticket, TicketComment
from playground.slack import SlackPerson, SlackStandIn
from playground.slack.block_kit import Json
from playground.slack.world import Channel, File, Message, Team, User, View

VERSION = 2
PAUSE, REST = 0.5, 50
"""Seconds between saves; and if there is much to be written as JSON, so many times as long as that takes."""
APP = ("app_id", "bot_id", "bot_user_id", "bot_token", "app_token", "verification_token", "signing_secret", "token_state")


class SavedError(Exception):
    """A file was not saved here, or was saved by another version. The text says which."""


def _plain(thing: Any, *without: str) -> Json:
    """A dataclass as its fields, with teams and channels as their ids."""
    found = {part.name: getattr(thing, part.name) for part in fields(thing) if part.name not in without}
    return {name: _named(value) for name, value in found.items()}


def _named(value: Any) -> Any:
    if isinstance(value, Team | Channel):
        return value.id
    return [_named(item) for item in value] if isinstance(value, list) else value


# -- Slack


def slack_to_json(slack: SlackStandIn) -> Json:
    world = slack.world
    return {
        "version": VERSION,
        "app": {name: getattr(slack, name) for name in APP},
        "last_us": world.last_us,
        "teams": [_plain(team) for team in world.teams],
        "users": [_plain(user, "stack", "home") | {"home": _home(user.home)} for user in world.users.values()],
        "files": [_plain(file) | {"content": base64.b64encode(file.content).decode()} for file in world.files.values()],
        "channels": [
            _plain(channel, "messages") | {"messages": [_message(message) for message in channel.messages]}
            for channel in world.channels.values()
        ],
        "groups": world.groups,
    }


def _message(message: Message) -> Json:
    return _plain(message, "files") | {"files": [file.id for file in message.files]}


def _home(view: View | None) -> Json | None:
    return _plain(view, "user") | {"user": view.user.id} if view else None


def slack_from_json(slack: SlackStandIn, saved: Json) -> None:
    """Fill an empty Slack. Anything that refers to something gone is left out."""
    for name in APP:
        setattr(slack, name, saved["app"][name])
    world = slack.world
    world.teams[:] = [Team(**team) for team in saved["teams"]]
    teams = {team.id: team for team in world.teams}
    for kept in saved["users"]:
        home = kept.pop("home")
        user = world.users[kept["id"]] = User(**kept | {"team": teams[kept["team"]]})
        user.home = View(**home | {"user": user}) if home else None
        if not user.is_bot:
            slack.people[user.id] = SlackPerson(slack, slack.courier, user)
    world.files.update({kept["id"]: File(**kept | {"content": base64.b64decode(kept["content"])}) for kept in saved["files"]})
    for kept in saved["channels"]:
        messages = kept.pop("messages")
        shared = [teams[team] for team in kept["shared_with"]]
        channel = world.channels[kept["id"]] = Channel(**kept | {"team": teams[kept["team"]], "shared_with": shared})
        channel.messages[:] = [_told(message, channel, world.files) for message in messages]
    world.groups.update(saved["groups"])
    world.last_us = saved["last_us"]


def _told(kept: Json, channel: Channel, files: Mapping[str, File]) -> Message:
    return Message(**kept | {"channel": channel, "files": [files[name] for name in kept["files"] if name in files]})


# -- Pismo


def pismo_to_json(world: PismoWorld) -> Json:
    return {
        "version": VERSION,
        "orgs": [_org(org) for org in world.orgs.values()],
        "forbidden": sorted(world.forbidden),
        "secret": base64.b64encode(world.secret).decode(),
        "revoked": sorted(world.revoked),
        "last_id": world.last_id,
    }


def _org(org: Org) -> Json:
    made = {name: asdict(getattr(org, name)) for name in ("set_up", "transfers")}
    created = {"imports": [asdict(one) for one in org.imports], "registrations": [_key(one) for one in org.registrations]}
    return _plain(org, *made, *created) | made | created


def _key(registration: Registration) -> Json:
    pem = registration.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return {"key": pem, "iss": registration.iss, "sub": registration.sub, "aud": registration.aud}


def pismo_from_json(world: PismoWorld, saved: Json) -> None:
    for kept in saved["orgs"]:
        registrations = [Registration(**known | {"key": _public(known["key"])}) for known in kept["registrations"]]
        org = Org(**kept | {"registrations": registrations, "imports": [Import(**one) for one in kept["imports"]]})
        org.set_up = OrgSetUp(**kept["set_up"])
        org.transfers = OrgTransfers(
            **{name: [ProgramTransfer(**one) for one in made] for name, made in kept["transfers"].items()}
        )
        world.orgs[org.id.casefold()] = org
    world.forbidden.update(saved["forbidden"])
    world.secret, world.last_id = base64.b64decode(saved["secret"]), saved["last_id"]
    world.revoked.update(saved["revoked"])


def _public(pem: str) -> RSAPublicKey:
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, RSAPublicKey):
        raise SavedError("it holds a key that is not RSA")
    return key


# -- the Service Desk


def desk_to_json(world: ServiceDeskWorld) -> Json:
    return {
        "version": VERSION,
        "tickets": [_ticket(ticket) for ticket in world.tickets.values()],
        "last_number": world.last_number,
        "last_comment": world.last_comment,
    }


def _ticket(ticket: Ticket) -> Json:
    return asdict(ticket) | {
        "history": [(status, at.isoformat()) for status, at in ticket.history],
        "comments": [asdict(said) | {"at": said.at.isoformat()} for said in ticket.comments],
    }


def desk_from_json(world: ServiceDeskWorld, saved: Json) -> None:
    for kept in saved["tickets"]:
        history = [(status, datetime.fromisoformat(at)) for status, at in kept["history"]]
        comments = [TicketComment(**said | {"at": datetime.fromisoformat(said["at"])}) for said in kept["comments"]]
        world.tickets[kept["key"]] = Ticket(**kept | {"history": history, "comments": comments})
    world.last_number, world.last_comment = saved["last_number"], saved["last_comment"]


# -- files


def load(path: Path) -> Json | None:
    """What was saved; None if nothing was. Raises SavedError."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise SavedError(f"{path.name} cannot be read") from None
    if not isinstance(saved, dict) or saved.get("version") != VERSION:
        raise SavedError(f"{path.name} is of another version")
    return saved


def save(path: Path, text: str) -> None:
    """Atomically, and readable only by this user: it holds tokens."""
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True)
class Kept:
    """Something kept in a file: ``read`` gives it as JSON."""

    path: Path
    read: Callable[[], Json]


class Saver:
    """Writes what changed within half a second, if it is not too much, until cancelled; `now` writes at the end."""

    def __init__(self, slack: SlackStandIn, kept: Sequence[Kept]) -> None:
        self._slack, self._kept = slack, kept
        self._written: dict[Path, bytes] = {}
        """The digest of what each file holds."""

    async def follow(self) -> None:
        with self._slack.listening() as changed:
            took = 0.0
            while True:
                await changed.wait()
                await asyncio.sleep(max(PAUSE, took * REST))
                changed.clear()
                began = time.monotonic()
                changes = self._changes()
                took = time.monotonic() - began
                for path, text in changes:
                    with suppress(OSError):  # a full disk: the next change tries again
                        await self._save(path, text)
                        self._written[path] = digest(text)

    async def _save(self, path: Path, text: str) -> None:
        """In a thread, and once begun, to its end: cancelled half way, it would write over what `now` writes then."""
        saving = asyncio.create_task(asyncio.to_thread(save, path, text))
        try:
            await asyncio.shield(saving)
        finally:
            await asyncio.wait([saving])

    def now(self) -> None:
        """Raises OSError."""
        for path, text in self._changes():
            save(path, text)
            self._written[path] = digest(text)

    def _changes(self) -> list[tuple[Path, str]]:
        texts = [(kept.path, json.dumps(kept.read(), ensure_ascii=False, separators=(",", ":"))) for kept in self._kept]
        return [(path, text) for path, text in texts if self._written.get(path) != digest(text)]
