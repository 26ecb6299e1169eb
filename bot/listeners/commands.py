"""`/onboarding …`, for support; what the customer's people type is `bot.listeners.own_command`'s. Customers in another company can't use
it: Slack refuses them commands; they have buttons."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bot.listeners.lists import SupportLists
from bot.listeners.reports import Reports, report_period
from bot.listeners.which_customer import UnclearCustomerError, customer_meant
from bot.messages import board, matrix, parity, which_customer
from bot.messages.blocks import Drawing, drawing, notice, section
from bot.messages.lists import ListKind, message
from bot.messages.tables import has_tables
from bot.messages.texts import Texts
from bot.modals.private_answers import PrivateAnswers, explained
from bot.modals.subject import FormMeta, asked_for
from bot.modals.windows import Modals
from bot.slack.background import Background
from bot.slack.client import SlackError
from bot.slack.command_line import nearest, parted
from bot.slack.own_channels import NAMES_SECONDS, OwnChannels
from bot.slack.payloads import Click, SlashCommand
from bot.telemetry import traces
from flows.cases import manage, notes, repair
from flows.cases.access import May
from flows.cases.case import Case, Cases
from flows.cases.parity import parity as parity_of
from flows.desk import Page, Standing
from flows.forms.dialogs import CHOOSE, START
from flows.names import folded
from flows.people import Who
from flows.ports import Unit
from flows.problems import Refused
from storage.store import Store

Answer = dict[str, Any]

OTHER_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("ajuda", "ayuda"), "help"),
    **dict.fromkeys(("iniciar", "comecar", "empezar", "begin", "new"), "start"),
    **dict.fromkeys(("situacao", "situacion", "estado", "list"), "status"),
    **dict.fromkeys(("fila", "cola"), "queue"),
    **dict.fromkeys(("buscar", "procurar", "encontrar", "search"), "find"),
    **dict.fromkeys(("matriz", "acessos", "accesos"), "matrix"),
    **dict.fromkeys(("paridade", "paridad"), "parity"),
    "exportar": "export",
    "reparar": "repair",
    **dict.fromkeys(("atribuir", "asignar"), "assign"),
    **dict.fromkeys(("pular", "omitir"), "skip"),
    "reabrir": "reopen",
    **dict.fromkeys(("relatorio", "informe"), "report"),
    **dict.fromkeys(("nota", "anotar"), "note"),
    **dict.fromkeys(("mudar", "alterar", "cambiar"), "change"),
    **dict.fromkeys(("handover", "transferir", "entregar"), "hand-over"),
}
"""What people of support call the commands in Portuguese, Spanish or otherwise, without accents."""


OF_PEOPLE = frozenset({"assign", "hand-over", "start", "help", ""})
"""Commands behind which people mention somebody: the others are about a customer."""
_CHANNEL_TYPED = re.compile(r"[^\W_]\S*[-_]\S*|[cg][a-z0-9]{8,}")
"""What may be a channel's name or id, in small letters."""
READS = frozenset({"status", "queue", "find", "matrix", "parity", "report", "help", ""})
"""What changes nothing is answered again if it comes again: nobody waits until it is written down that it came."""


class SlashCommands:
    """``verbs``: what each word after `/onboarding` does, once for each command that somebody typed: a request that is repeated,
    by Slack or by whoever got hold of it, finds it done."""

    def __init__(
        self,
        store: Store,
        cases: Cases,
        modals: Modals,
        answers: PrivateAnswers,
        lists: SupportLists,
        reports: Reports,
        background: Background,
        channels: OwnChannels,
    ) -> None:
        self._store, self._cases, self._modals, self._lists, self._reports = store, cases, modals, lists, reports
        self._channels = channels
        self._answers, self._background = answers, background
        self._running: dict[str, asyncio.Future[Answer | None]] = {}
        self.verbs: dict[str, Callable[[SlashCommand, Texts], Awaitable[Answer | None]]] = {
            "start": self._start,
            "status": self._status,
            "queue": self._queue,
            "find": self._find,
            "matrix": self._matrix,
            "parity": self._parity,
            "export": self._export,
            "repair": self._repair,
            "report": self._report,
            "assign": self._dialog,
            "change": self._dialog,
            "hand-over": self._dialog,
            "skip": self._dialog,
            "reopen": self._dialog,
            "note": self._dialog,
            "help": self._help,
            "": self._help,
        }

    def serves(self, who: Who) -> bool:
        """Whether their commands are these: they are support."""
        return self._cases.access.is_support(who)

    async def run(self, command: SlashCommand) -> Answer | None:
        """The acknowledgement of a command: an answer only its author sees, or None if a window opens. A copy that comes while the
        command is carried out gets the same answer."""
        if not command.key:
            return await self._run(command)
        if command.key not in self._running:
            self._running[command.key] = running = asyncio.ensure_future(self._run(command))
            running.add_done_callback(lambda _: self._running.pop(command.key))
        return await self._running[command.key]

    async def _run(self, command: SlashCommand) -> Answer | None:
        texts = await self._answers.texts(command.who)
        try:
            self._cases.access.require_support(command.who)
            meant, rest = parted(command.verb, command.rest, {*self.verbs, *OTHER_WORDS})
            command = await self._in_channel(replace(command, verb=OTHER_WORDS.get(meant, meant), rest=rest))
            verb = self.verbs.get(command.verb)
            if verb is None:
                return await self._unknown(command, texts)
            traces.rename(f"command {command.verb}".strip())
            if command.person and command.verb not in OF_PEOPLE:
                raise Refused("person_named")  # noqa: TRY301  told like any other
            changes = command.verb not in READS
            if changes and command.key and not await self._store.transact(lambda unit: unit.once(command.key)):
                raise Refused("command_repeated")  # noqa: TRY301  told like any other
            return self._sent(command, await verb(command, texts))
        except UnclearCustomerError as unclear:
            return self._ask(unclear.command, unclear.fitting, texts)
        except Exception as error:  # noqa: BLE001  the person is told
            return answer_of(notice(explained(texts, error)))

    async def go_on(
        self,
        who: Who,
        channel_id: str,
        verb: str,
        onboarding: str,
        *,
        trigger_id: str = "",
        key: str = "",
        days: int = 0,
        person: str = "",
    ) -> None:
        """Carry out a command once its customer is chosen: pressed in a list, or picked in a window. After the acknowledgement."""
        command = SlashCommand(who, verb, "", channel_id, trigger_id, key, person=person, onboarding=onboarding, days=days)
        answer = await self.run(command)
        if answer is not None:
            shown = answer["blocks"] if "blocks" in answer else notice(answer["text"]).blocks
            await self._answers.show(who, channel_id, drawing(shown))

    async def _in_channel(self, command: SlashCommand) -> SlashCommand:
        """With the channel that was typed by its name or id, as people copy them, where Slack's app made no mention of it: it knows
        none that whoever types is not in. As it is while Slack does not tell the names, and for `find`, which looks for names alone."""
        typed = command.rest.casefold()
        if command.mentioned or command.onboarding or command.verb == "find" or not _CHANNEL_TYPED.fullmatch(typed):
            return command
        names: Mapping[str, str] = {}
        with suppress(SlackError, TimeoutError):
            async with asyncio.timeout(NAMES_SECONDS):
                names = await self._channels.names()
        found = next((one for one, name in names.items() if typed in (name, one.casefold())), "")
        async with self._store.read() as unit:
            theirs = bool(found) and (command.verb == "start" or await unit.by_channel(found) is not None)
        return replace(command, rest="", mentioned=found) if theirs else command

    # -- what was not clear

    async def _unknown(self, command: SlashCommand, texts: Texts) -> Answer:
        """Asks back whether a word of one wrong letter is meant, or a customer; else says what there is."""
        near = nearest(command.verb, [*filter(None, self.verbs), *OTHER_WORDS])
        lines = [f"{OTHER_WORDS.get(verb, verb)} {command.rest}" for verb in near]
        whole = f"{command.verb} {command.rest}".strip()
        before, _, last = whole.rpartition(" ")
        if not near and folded(last) in {*self.verbs, *OTHER_WORDS}:  # the name first
            lines = [f"{OTHER_WORDS.get(folded(last), folded(last))} {before}"]
        elif not near:
            async with self._store.read() as unit:
                lines = [f"status {whole}"] if (await unit.named(whole, limit=1)).rows else []
        if lines:
            meant = " / ".join(dict.fromkeys(f"/onboarding {line.strip()}" for line in lines))
            return answer_of(notice(texts.md("refused.did_you_mean", verb=command.verb, meant=meant)))
        said = section(texts.md("refused.unknown_command", verb=command.verb))
        return answer_of(drawing([said, *board.help_view(texts).blocks]))

    def _ask(self, command: SlashCommand, fitting: Page[Standing] | None, texts: Texts) -> Answer | None:
        """Which customer is meant: of those that fit, in a list; of all, in a window."""
        if fitting is not None:
            text, days, person = command.rest, command.days, command.person
            return answer_of(which_customer.which(command.verb, text, fitting, texts, days=days, person=person))
        self._open(command, FormMeta(form=CHOOSE, verb=command.verb, item=command.channel_id, person=command.person))
        return None

    def _sent(self, command: SlashCommand, answer: Answer | None) -> Answer | None:
        """The acknowledgement. Tables come after it: Slack tells nobody that it refuses those in an acknowledgement."""
        if answer is None or not has_tables(answer.get("blocks", ())):
            return answer
        shown = Drawing(answer["text"], answer["blocks"], "")
        self._background.later(self._answers.show(command.who, command.channel_id, shown, command.response_url))
        return None

    # -- windows

    async def _start(self, command: SlashCommand, texts: Texts) -> None:  # noqa: ARG002  the window has its own
        self._open(command, FormMeta(form=START, item=command.mentioned or command.channel_id))

    async def _dialog(self, command: SlashCommand, texts: Texts) -> None:  # noqa: ARG002
        async with self._store.read() as unit:
            onboarding = await customer_meant(unit, command)
        self._open(command, asked_for(command.verb, onboarding.id, command.person))

    def _open(self, command: SlashCommand, meta: FormMeta) -> None:
        click = Click(command.who, "command", "", command.trigger_id, command.channel_id)
        self._background.later(self._modals.open(click, meta))

    # -- answers

    async def _help(self, command: SlashCommand, texts: Texts) -> Answer:  # noqa: ARG002
        return answer_of(board.help_view(texts))

    async def _status(self, command: SlashCommand, texts: Texts) -> Answer:
        """Of all, narrowed down or not, where no customer is meant."""
        asked = self._lists.asked(ListKind.BOARD, command.rest, texts)
        async with self._store.read() as unit:
            elsewhere = not _says_which(command) and await unit.by_channel(command.channel_id) is None
            of_all = asked is not None and (command.rest or elsewhere)
        if asked is not None and of_all:
            return answer_of(await self._lists.draw(command.who, asked, texts))
        async with self._store.read() as unit:
            case = await self._look(unit, command)
            texts = texts.of(case.onboarding.journey)
            return answer_of(board.one(case.snapshot, case.journey, texts, case.situation, notes.last(case.snapshot)))

    async def _queue(self, command: SlashCommand, texts: Texts) -> Answer:
        asked = self._lists.asked(ListKind.QUEUE, command.rest, texts)
        if asked is None:
            raise Refused("no_filter", text=command.rest)
        return answer_of(await self._lists.draw(command.who, asked, texts))

    async def _find(self, command: SlashCommand, texts: Texts) -> Answer:
        if command.mentioned:  # there is nothing to search for
            return await self._status(command, texts)
        return answer_of(message(await self._lists.find(command.who, command.rest, texts)))

    async def _matrix(self, command: SlashCommand, texts: Texts) -> Answer:
        async with self._store.read() as unit:
            case = await self._look(unit, command)
            return answer_of(matrix.matrix(case.snapshot, case.journey, texts.of(case.onboarding.journey), unit.now))

    async def _parity(self, command: SlashCommand, texts: Texts) -> Answer:
        async with self._store.read() as unit:
            case = await self._look(unit, command)
            rows = parity_of(case.situation, case.journey)
            return answer_of(parity.parity(case.onboarding.customer, rows, texts.of(case.onboarding.journey)))

    async def _export(self, command: SlashCommand, texts: Texts) -> Answer:
        async def work(unit: Unit) -> None:
            onboarding = await customer_meant(unit, command, closed=True)
            async with self._cases.open(unit, onboarding.id, command.who, May.SUPPORT, closed=True, shows=False) as case:
                manage.export(case)

        await self._store.transact(work)
        return {"response_type": "ephemeral", "text": texts("status.export_comes")}

    async def _report(self, command: SlashCommand, texts: Texts) -> Answer:
        """Of so many days, or of all time; of all onboardings unless one is named. It comes once it is added up."""
        if not command.onboarding:  # else it was read before the customer was chosen
            days, rest = report_period(command.rest)
            command = replace(command, days=days, rest=rest)
        onboarding_id = ""
        if _says_which(command):
            async with self._store.read() as unit:
                onboarding_id = (await customer_meant(unit, command, closed=True)).id
        self._background.later(self._reports.show(command.who, command.channel_id, command.days, onboarding_id))
        return {"response_type": "ephemeral", "text": texts("status.report_comes")}

    async def _repair(self, command: SlashCommand, texts: Texts) -> Answer:
        async def work(unit: Unit) -> str:
            onboarding = await customer_meant(unit, command, closed=True)
            async with self._cases.open(unit, onboarding.id, command.who, May.SUPPORT, closed=True, shows=False) as case:
                await repair.repair(case)
                return case.onboarding.customer

        customer = await self._store.transact(work)
        return answer_of(notice(texts.md("status.repair_begins", customer=customer)))

    # -- which onboarding

    async def _look(self, unit: Unit, command: SlashCommand) -> Case:
        onboarding = await customer_meant(unit, command, closed=True)
        return await self._cases.look(unit, onboarding.id, command.who, May.SUPPORT, closed=True)


def _says_which(command: SlashCommand) -> bool:
    return bool(command.rest or command.mentioned or command.onboarding)


def answer_of(shown: Drawing) -> Answer:
    return {"response_type": "ephemeral", "text": shown.text, "blocks": shown.blocks}
