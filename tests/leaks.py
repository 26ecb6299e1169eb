"""Where a secret that somebody typed can be read: looked for at the end of every place in which the bot was at work."""

import io
import logging
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import cache
from typing import Any

from bot.telemetry import logs
from flows.checks.guard import find_in_file, find_secrets, text_of
from playground.office import Office
from playground.slack import SlackStandIn
from storage.engine import is_sqlite
from storage.export import export
from storage.sealing import Keyring, Place
from storage.store import Store
from storage.tables import id_column, metadata, sealed_columns
from tests.databases import rows

_RUN = re.compile(r"[A-Za-z0-9+/=_-]{16,}")
"""What a piece of a key or a token looks like."""
_PEM_EDGE = re.compile(r"-----(?:BEGIN|END)[^-]*-----")


class Log:
    """What the bot would write to its log at DEBUG, from `open` to `close`."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self._handler = logs.handler(self.stream)

    def open(self) -> None:
        logging.getLogger().addHandler(self._handler)
        for name in logs.OWN:
            logging.getLogger(name).setLevel(logging.DEBUG)

    def close(self) -> None:
        logging.getLogger().removeHandler(self._handler)
        for name in logs.OWN:
            logging.getLogger(name).setLevel(logging.NOTSET)


def listen(office: Office) -> None:
    """Keep what the bot sends, to be searched later."""
    for wire in (office.slack.wire, office.sandbox.test.wire, office.sandbox.production.wire, office.service_desk.wire):
        wire.keep()


async def leaks(office: Office, log: str, known: Iterable[str] = ()) -> list[str]:
    """The places that hold a piece of a secret, each with the piece's first characters.

    Secrets are ``known``, and what the guard finds in all that people typed, attached and said; a piece that also stands in
    what they typed that is none, such as a public key, is not one. Places: the database, as its files or rows are and with its sealed
    values opened, exports, the log, what was sent to Slack, Pismo and the Service Desk.
    """
    texts, known = set(typed(office.slack)), set(known)
    told = {piece for text in texts for piece in pieces(text)} | {piece for text in known for piece in runs(text) or [text]}
    public = bare("".join(text for text in texts - known if ("-----BEGIN" in text or '"kty"' in text) and not pieces(text)))
    places = [*[place async for place in readable(office)], ("log", log)]
    found = [(name, piece) for name, text in places for piece in told if piece in text]
    return sorted({f"{name}: {piece[:8]}…" for name, piece in found if bare(piece) not in public})


def typed(slack: SlackStandIn) -> Iterator[str]:
    """All texts that people gave to the bot: in forms, commands, messages and files."""
    for sent in slack.deliveries:
        payload = sent.payload
        view = payload.get("view") or {}
        yield from strings((view.get("state") or {}).get("values"))
        yield from strings(payload.get("text"))
        event = payload.get("event") or {}
        yield from strings([event.get(name) for name in ("text", "blocks", "attachments")])
    people = {person.id for person in slack.people.values()}
    for channel in slack.world.channels.values():
        yield from (message.text for message in channel.messages if message.user in people)
    yield from (text_of(file.content) for file in slack.world.files.values() if file.user in people and file.content)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


@cache
def pieces(text: str) -> frozenset[str]:
    """Of every secret in a text."""
    found = find_secrets(text) or find_in_file("", text.encode())
    return frozenset(piece for finding in found for piece in runs(text[slice(*finding.span)]))


def runs(secret: str) -> list[str]:
    """Stretches of 24 characters that give a secret away: not the armour of a PEM, and not a JWT's header, which many share."""
    told = [run for run in _RUN.findall(_PEM_EDGE.sub("\n", secret)) if not run.startswith("eyJ") or "." in run]
    return [run[start : start + 24] for run in told for start in range(0, max(1, len(run) - 23), 24)]


def bare(text: str) -> str:
    """Without line ends, and with the alphabet of base64url: a private key holds the public one, which may be kept in any form."""
    return re.sub(r"\s", "", text).translate(str.maketrans("+/", "-_"))


async def readable(office: Office) -> AsyncIterator[tuple[str, str]]:
    """Each place with all that it holds."""
    if is_sqlite(office.database_url):
        for file in office.path.glob("*.db*"):
            yield file.name, file.read_bytes().decode("latin-1")
    else:
        for table in metadata.sorted_tables:
            yield table.name, repr(rows(office.database_url, f"SELECT * FROM {table.name}"))  # noqa: S608  own names
    for name, wire in (
        ("Slack", office.slack.wire),
        ("Pismo", office.sandbox.test.wire),
        ("Pismo's production", office.sandbox.production.wire),
        ("the Service Desk", office.service_desk.wire),
    ):
        # Whom a secret is for may have it: Pismo's calls for a token, made by customers' own machines or with a JWT of theirs.
        yield name, "\n".join(said for said in wire.kept or () if not said.partition("\n")[0].endswith("/token"))
    for name, text in opened(office):
        yield name, text
    store = Store(office.database_url, Keyring.parse(office.keys))
    try:
        async with store.read() as unit:
            ids = [one.id for one in await unit.onboardings(closed=True)]
        for one in ids:
            exported = await export(store, one)
            yield "an export", exported.json + "".join(exported.csv.values())
    finally:
        await store.close()


def opened(office: Office) -> Iterator[tuple[str, str]]:
    """All sealed values of the database in the clear, by table and column."""
    keyring = Keyring.parse(office.keys)
    for table in metadata.sorted_tables:
        for column in sealed_columns(table):
            stored = rows(office.database_url, f"SELECT {id_column(table).name}, {column.name} FROM {table.name}")  # noqa: S608  own names
            texts = [keyring.open(sealed, Place(table.name, column.name, row_id)) for row_id, sealed in stored if sealed]
            yield f"{table.name}.{column.name}", "\n".join(texts)
