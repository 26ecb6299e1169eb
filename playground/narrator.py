"""Narrates a journey: what people do, and what then appears in the threads they read, with names instead of ids."""

import html
import math
import re
from collections.abc import Callable

from playground.office import Office
from playground.slack import Message, SeenMessage

WIDTH, LINES, LENGTH = 8, 5, 150

_MENTION = re.compile(r"<[@#]([A-Z0-9]+)(?:\|[^>]*)?>")
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_LINK = re.compile(r"<(?:https?|mailto):[^|>]*\|([^>]*)>")


class Narrator:
    """Call it with who and what; ``print_line`` gets each line of the transcript."""

    def __init__(self, office: Office, print_line: Callable[[str], None]) -> None:
        self.office, self.print_line = office, print_line
        self._told: set[str] = set()

    def __call__(self, who: str, what: str) -> None:
        self.catch_up()
        self._tell(who, what)

    async def listen(self) -> None:
        """Narrate what is said as it comes, until cancelled."""
        while True:
            await self.office.slack.until(self._fresh, timeout=math.inf)
            self.catch_up()

    def _fresh(self) -> bool:
        return bool(self._said())

    def _said(self) -> list[tuple[str, Message]]:
        """Not narrated yet: readers and messages, oldest first."""
        channels = (self.office.acme, self.office.blue, self.office.support)
        fresh = [m for channel in channels for m in channel.messages if m.bot and m.ts not in self._told]
        return [(reader, m) for m in sorted(fresh, key=lambda m: m.ts) if (reader := self._reader(m))]

    def catch_up(self) -> None:
        """Narrate what the bot has said since last time, in threads and to one person only."""
        for reader, message in self._said():
            self._told.add(message.ts)
            files = "".join(f" [{file.name}]" for file in message.files)
            self._tell(reader, self._where(message) + SeenMessage.of(message).said + files)

    def _reader(self, message: Message) -> str:
        """Who reads it; empty for what is redrawn all the time."""
        if message.ephemeral_to:
            return self.office.slack.people[message.ephemeral_to].name
        if message.thread_ts in (None, message.ts):
            return ""
        return "support" if message.channel is self.office.support else "customer"

    def _where(self, message: Message) -> str:
        if message.ephemeral_to:
            return "reads alone: "
        root = message.channel.find(message.thread)
        title = SeenMessage.of(root).said.splitlines()[0] if root else ""
        return f"reads in the thread “{title}”: "

    def _tell(self, who: str, what: str) -> None:
        lines = self.named(what).splitlines() or [""]
        lines = lines if len(lines) <= LINES or who == "card" else [*lines[:LINES], "…"]
        for number, line in enumerate(lines):
            short = line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"
            self.print_line(f"{who if number == 0 else '':>{WIDTH}}  {short}".rstrip())

    def named(self, text: str) -> str:
        """Mentions as names, dates and links as they are read."""
        text = _LINK.sub(r"\1", _DATE.sub(r"\1", text))
        return html.unescape(_MENTION.sub(lambda found: self._name(found.group(1)), text))

    def _name(self, name: str) -> str:
        world = self.office.slack.world
        if name in world.users:
            return world.users[name].name
        return f"#{world.channels[name].name}" if name in world.channels else name
