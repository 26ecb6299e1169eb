"""`/onboarding` of the customer's people, where Slack lets them type it: guests and members of the installing workspace. Alone it opens
their next form; it shows nothing of an onboarding that they aren't part of."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.listeners.commands import OTHER_WORDS, Answer, SlashCommands, answer_of
from bot.messages import card, own_command
from bot.messages.blocks import Block, Drawing, notice
from bot.messages.buttons import ButtonValue, parse
from bot.messages.texts import Texts
from bot.modals.newcomers import Newcomers
from bot.modals.private_answers import PrivateAnswers, explained
from bot.modals.subject import FormMeta, step_form, task_form
from bot.modals.windows import Modals, ShownInstead
from bot.slack.background import Background
from bot.slack.command_line import nearest, parted
from bot.slack.payloads import Click, SlashCommand
from bot.slack.people import People
from flows.cases.access import May
from flows.cases.case import Case, Cases
from flows.cases.given import form_given
from flows.model import Onboarding, Snapshot
from flows.names import folded
from flows.people import Who
from flows.ports import Unit
from flows.problems import Refused
from storage.customers import readable_name
from storage.sealing import SealError
from storage.store import Store

NEXT, STATUS, HELP = "", "status", "help"
OWN_WORDS: Mapping[str, str] = dict.fromkeys(
    ("next", "form", "fill", "proximo", "proxima", "formulario", "preencher", "siguiente", "completar", "continue", "continuar"),
    NEXT,
)
"""How else people say that they want their next form, without accents."""
MANY = 10
"""Onboardings of one person that are asked back."""


COPIES = 1000
"""Commands that are remembered, so that one that Slack sends again opens no second window."""


class OwnCommand:
    """``supports``: support's words."""

    def __init__(
        self,
        store: Store,
        cases: Cases,
        people: People,
        modals: Modals,
        newcomers: Newcomers,
        answers: PrivateAnswers,
        background: Background,
        supports: Collection[str],
    ) -> None:
        self._store, self._cases, self._people, self._modals = store, cases, people, modals
        self._newcomers, self._answers, self._background, self._supports = newcomers, answers, background, supports
        self._opened = deque[str](maxlen=COPIES)

    async def run(self, command: SlashCommand) -> Answer | None:
        """The acknowledgement: an answer only its author sees, or None if a form opens."""
        word, rest = parted(command.verb, command.rest, {*self._supports, *OTHER_WORDS, *OWN_WORDS})
        command = replace(command, verb=OWN_WORDS.get(word, OTHER_WORDS.get(word, word)), rest=rest)
        if command.verb == NEXT:
            self._open(command)
            return None
        texts = await self._answers.texts(command.who, command.mentioned or command.channel_id)
        try:
            return answer_of(await self._answer(command, word, texts))
        except ShownInstead as instead:
            return answer_of(instead.shown)
        except Exception as error:  # noqa: BLE001  the person is told
            return answer_of(notice(explained(texts, error)))

    def _open(self, command: SlashCommand) -> None:
        if not command.key or command.key not in self._opened:
            self._opened.append(command.key)
            self._background.later(self._modals.open(_click(command), self._next(command)))

    async def _answer(self, command: SlashCommand, word: str, texts: Texts) -> Drawing:
        """``word``: as they called what they want."""
        verb = command.verb
        if verb == STATUS:
            return await self._status(command)
        if verb == HELP:
            return own_command.own_help(texts)
        if verb in self._supports:
            return await self._not_theirs(command.who, word, texts)
        near = nearest(verb, [STATUS, HELP, *OWN_WORDS, *(one for one, of in OTHER_WORDS.items() if of in (STATUS, HELP))])
        if near:
            words = (OWN_WORDS.get(one, OTHER_WORDS.get(one, one)) for one in near)
            meant = " / ".join(dict.fromkeys(f"/onboarding {word}".strip() for word in words))
            return notice(texts.md("refused.did_you_mean", verb=verb, meant=meant))
        if near := nearest(verb, [*filter(None, self._supports), *OTHER_WORDS]):
            return await self._not_theirs(command.who, near[0], texts)
        return own_command.unknown(verb, texts)

    async def _not_theirs(self, who: Who, word: str, texts: Texts) -> Drawing:
        """``word``: one of support's, in any language."""
        async with self._store.read() as unit:
            takes_part = bool(await unit.onboardings(team_id=who.team_id, user_id=who.user_id, closed=True))
        if not takes_part:
            return own_command.for_support_alone(word, self._support, texts)
        return own_command.for_support(word, OTHER_WORDS.get(word, word), texts)

    @property
    def _support(self) -> Sequence[str]:
        return [one.user_id for one in self._cases.access.support]

    async def _status(self, command: SlashCommand) -> Drawing:
        async with self._store.read() as unit:
            case = await self._meant(unit, command)
            texts = await self._answers.texts_of(case)
            usual = case.rules.reminders.support_first
            shown = card.card(case.snapshot, case.journey, texts, case.situation, usual)
        self._newcomers.note(case)
        return shown

    async def _next(self, command: SlashCommand) -> FormMeta:
        """What a press on the checklist's button would open; a step that was given to them comes before the others. Raises ShownInstead."""
        async with self._store.read() as unit:
            case = await self._meant(unit, command)
            texts = await self._answers.texts_of(case)
            value = _pressed(card.next_button(case.snapshot, case.journey, texts, case.situation))
            given = form_given(case.snapshot, case.journey, command.who.user_id)
            if given and case.onboarding.closed_at is None:
                value = ButtonValue(onboarding=case.id, step=given)
            if value is not None and not value.task:
                return step_form(value)
            if value is not None and case.step(value.step).task(value.task).form is not None:
                return task_form(value)
            self._newcomers.note(case)
            raise ShownInstead(own_command.nothing_to_fill(case.snapshot, case.journey, texts, case.situation))

    # -- which onboarding

    async def _meant(self, unit: Unit, command: SlashCommand) -> Case:
        """The one whose channel is mentioned, or whose name is; else that of the channel in which it is typed, else the only one.

        Raises ShownInstead where they are of several, or of none; Refused if their channel is severed, or the one that is mentioned is not
        theirs.
        """
        who = command.who
        theirs = await unit.onboardings(team_id=who.team_id, user_id=who.user_id, closed=True)
        if command.mentioned and not any(one.channel_id == command.mentioned for one in theirs):
            raise Refused("not_in_onboarding")
        chosen = _chosen(theirs, command)
        found = [one for one in chosen if not one.severed_at]
        if chosen and not found:
            raise Refused("not_shared")
        if len(found) == 1:
            return await self._cases.look(unit, found[0].id, who, May.EITHER, channel_id=command.channel_id, closed=True)
        texts = Texts(await self._people.language_of(unit, who, about=command.channel_id))
        if not found:
            raise ShownInstead(own_command.no_onboarding(self._support, texts))
        offered = []
        for one in found[:MANY]:
            with suppress(SealError):
                case = await self._cases.look(unit, one.id, who, May.EITHER, closed=True)
                offered.append(_offered(case, await self._answers.texts_of(case)))
        raise ShownInstead(own_command.which(offered, max(0, len(found) - MANY), texts))


@dataclass(frozen=True)
class Commands:
    """`/onboarding` of everybody: support's commands, and everybody else's own."""

    support: SlashCommands
    own: OwnCommand

    async def run(self, command: SlashCommand) -> Answer | None:
        """The acknowledgement: an answer only its author sees, or None if a window opens."""
        theirs = self.support if self.support.serves(command.who) else self.own
        return await theirs.run(command)


def _chosen(theirs: Sequence[Onboarding], command: SlashCommand) -> Sequence[Onboarding]:
    """Those that may be meant, of a channel's the open one, else its last; where none is told, those that are open and can be reached."""
    for channel in filter(None, (command.mentioned, "" if command.rest else command.channel_id)):
        if here := [one for one in theirs if one.channel_id == channel]:
            return [min(here, key=lambda one: (one.closed_at is not None, -(one.closed_at or one.started_at).timestamp()))]
    words = folded(command.rest)
    named = [one for one in theirs if words and words in folded(readable_name(one) or "")]
    still_open = [one for one in theirs if one.closed_at is None and not one.severed_at]
    return named or still_open or theirs


def _pressed(offered: Block | None) -> ButtonValue | None:
    return parse(offered["value"]) if offered is not None else None


def _offered(case: Case, texts: Texts) -> tuple[Snapshot, Block | None]:
    offered = None
    if case.onboarding.closed_at is None:
        offered = card.next_button(case.snapshot, case.journey, texts, case.situation)
    if offered is not None:  # several stand in one message
        offered = {**offered, "action_id": f"{offered['action_id'].partition(':')[0]}:{case.id}"}
    return case.snapshot, offered


def _click(command: SlashCommand) -> Click:
    return Click(
        command.who, "command", "", command.trigger_id, command.channel_id, key=command.key, response_url=command.response_url
    )
