"""`/onboarding …`, for support. Customers of another company never reach it: Slack refuses them the command; they have buttons."""

from collections.abc import Awaitable, Callable
from typing import Any

from flows.cases.onboarding import need, situation_of

from bot.desk import Desk
from bot.messages import board, matrix, parity
from bot.messages.blocks import Drawing
from bot.messages.texts import Texts
from bot.modals.meta import FormMeta
from bot.modals.windows import Modals
from bot.slack.payloads import Click, Command
from flows.cases.naming import meant, mentions
from flows.cases.parity import parity as parity_of
from flows.journey import journey_of
from flows.model import Onboarding, Snapshot
from flows.ports import Unit
from flows.problems import Refused

Answer = dict[str, Any]


class Commands:
    def __init__(self, desk: Desk, modals: Modals) -> None:
        self.desk, self.modals = desk, modals
        self._verbs: dict[str, Callable[[Command, Texts], Awaitable[Answer | None]]] = {
            "start": self._start,
            "status": self._status,
            "queue": self._queue,
            "find": self._find,
            "matrix": self._matrix,
            "parity": self._parity,
            "export": self._export,
            "assign": self._dialog,
            "skip": self._dialog,
            "reopen": self._dialog,
            "help": self._help,
            "": self._help,
        }

    async def run(self, command: Command) -> Answer | None:
        """The acknowledgement of a command: an answer only its author sees, or None where a window opens."""
        texts = await self.desk.directory.texts_for(None, command.who)
        try:
            self.desk.access.require_support(command.who)
            verb = self._verbs.get(command.verb)
            if verb is None:
                shown = board.help_view(texts)
                return _answer(shown, before=texts.md("refused.unknown_command", verb=command.verb))
            return await verb(command, texts)
        except Exception as error:  # noqa: BLE001  told to the person
            return {"response_type": "ephemeral", "text": self.desk.explained(texts, error)}

    # -- windows

    async def _start(self, command: Command, texts: Texts) -> None:  # noqa: ARG002  the window brings its own
        self._open(command, FormMeta(form="start", item=command.channel_id))

    async def _dialog(self, command: Command, texts: Texts) -> None:  # noqa: ARG002
        async with self.desk.store.read() as unit:
            onboarding = await self._one(unit, command)
        self._open(command, FormMeta(form=command.verb, onboarding=onboarding.id))

    def _open(self, command: Command, meta: FormMeta) -> None:
        click = Click(command.who, "command", "", command.trigger_id, command.channel_id)
        self.desk.later(self.modals.open(click, meta))

    # -- answers

    async def _help(self, command: Command, texts: Texts) -> Answer:  # noqa: ARG002
        return _answer(board.help_view(texts))

    async def _status(self, command: Command, texts: Texts) -> Answer:
        async with self.desk.store.read() as unit:
            if not command.rest and await self._here(unit, command) is None:
                snapshots = await self._all(unit)
                return _answer(board.overview(snapshots, texts, unit.now))
            snapshot = await need(unit, (await self._one(unit, command, closed=True)).id)
            situation = situation_of(snapshot, self.desk.rules, unit.now)
            return _answer(board.one(snapshot, journey_of(snapshot.onboarding.journey), texts, situation))

    async def _queue(self, command: Command, texts: Texts) -> Answer:  # noqa: ARG002
        async with self.desk.store.read() as unit:
            return _answer(board.queue(await self._all(unit), texts, unit.now))

    async def _find(self, command: Command, texts: Texts) -> Answer:
        async with self.desk.store.read() as unit:
            found = [await need(unit, o.id) for o in await unit.onboardings(closed=True) if mentions(o, command.rest)]
            if not found:
                raise Refused("no_match", text=command.rest)
            return _answer(board.overview(found, texts, unit.now))

    async def _matrix(self, command: Command, texts: Texts) -> Answer:
        async with self.desk.store.read() as unit:
            snapshot = await need(unit, (await self._one(unit, command, closed=True)).id)
            return _answer(matrix.matrix(snapshot, texts, unit.now))

    async def _parity(self, command: Command, texts: Texts) -> Answer:
        async with self.desk.store.read() as unit:
            snapshot = await need(unit, (await self._one(unit, command, closed=True)).id)
            rows = parity_of(situation_of(snapshot, self.desk.rules, unit.now))
            return _answer(parity.parity(snapshot.onboarding.customer, rows, texts))

    async def _export(self, command: Command, texts: Texts) -> Answer:
        async def work(unit: Unit) -> None:
            onboarding = await self._one(unit, command, closed=True)
            unit.record(onboarding.id, "onboarding:export", command.who)
            unit.effect(onboarding.id, "export", user=command.who.user_id)

        await self.desk.transact(work)
        return {"response_type": "ephemeral", "text": texts("status.export_comes")}

    # -- which onboarding

    async def _all(self, unit: Unit) -> list[Snapshot]:
        return [await need(unit, onboarding.id) for onboarding in await unit.onboardings()]

    async def _here(self, unit: Unit, command: Command) -> Onboarding | None:
        return await unit.by_channel(command.channel_id)

    async def _one(self, unit: Unit, command: Command, *, closed: bool = False) -> Onboarding:
        """The onboarding that a command means: by a part of the customer's name, else that of the channel it was typed in.

        ``closed``: what only reads means one that is over, where no open one is meant.
        """
        if not command.rest:
            here = await self._here(unit, command)
            if here is None:
                raise Refused("say_customer")
            return here
        known = await unit.onboardings(closed=closed)
        found = meant([o for o in known if o.closed_at is None], command.rest) or meant(known, command.rest)
        if not found:
            raise Refused("no_match", text=command.rest)
        if len(found) > 1:
            raise Refused("several_match", text=command.rest, names=", ".join(o.customer for o in found[:5]))
        return found[0]


def _answer(shown: Drawing, *, before: str = "") -> Answer:
    text = f"{before}\n{shown.text}" if before else shown.text
    blocks = shown.blocks
    if before:
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": before}}, *blocks]
    return {"response_type": "ephemeral", "text": text, "blocks": blocks}
