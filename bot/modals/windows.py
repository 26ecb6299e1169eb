"""Opening forms in modals, and going back in them: the same for steps, tasks and dialogs."""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.messages.blocks import Drawing
from bot.modals.dialogs import may_open
from bot.modals.inspected import Inspected, PageInspections
from bot.modals.leaving import leave, refuse_secrets
from bot.modals.newcomers import Newcomers
from bot.modals.parse import parse_page
from bot.modals.private_answers import PrivateAnswers
from bot.modals.refused_forms import RefusedForms
from bot.modals.render import View, loading_view, message_view, notice_view
from bot.modals.session import FormSession, FormSessions
from bot.modals.starting import StartProposal, StartProposals, labels
from bot.modals.subject import FormMeta, meta_of
from bot.slack.client import Slack, SlackError, Window
from bot.slack.payloads import Click, values_of, window_of
from flows.cases import calls, fill, tasks
from flows.forms.dialogs import ANSWER_CALL, DIALOGS, START
from flows.forms.drafts import REVIEW, mark
from flows.forms.fields import Answers
from flows.forms.pages import Slot
from flows.model import Person
from flows.people import Who
from flows.ports import Unit
from flows.problems import Refused
from storage.store import Store, Unavailable

log = logging.getLogger("bot.modals.windows")


@dataclass
class _Drawing:
    """A window that is being drawn anew, as it was drawn last. ``asked``: how often something was chosen in it meanwhile; the last
    choice counts."""

    window: Window
    meta: FormMeta
    asked: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class ShownInstead(Exception):  # noqa: N818  an answer, not a failure
    """No form is to be opened; this is told instead, to whoever asked for one."""

    def __init__(self, shown: Drawing) -> None:
        super().__init__("no form")
        self.shown = shown


READY_SECONDS = 0.4
"""A form whose data is ready by then opens filled in; otherwise a loading view opens and is filled in later."""


class Modals:
    def __init__(
        self,
        store: Store,
        slack: Slack,
        sessions: FormSessions,
        pages: PageInspections,
        newcomers: Newcomers,
        answers: PrivateAnswers,
        proposals: StartProposals,
    ) -> None:
        self._store, self._slack, self._sessions, self._pages = store, slack, sessions, pages
        self._newcomers, self._answers, self._proposals = newcomers, answers, proposals
        self._refused = RefusedForms(store, answers)
        self._drawing: dict[str, _Drawing] = {}
        """By window, while it is being drawn anew."""

    async def open(self, click: Click, asked: FormMeta | Coroutine[Any, Any, FormMeta]) -> None:
        """After the acknowledgement: show the form within the trigger's 3 seconds, however long the store takes. ``asked``: which; or what
        finds it out, and may raise ShownInstead."""
        meta = asked if isinstance(asked, FormMeta) else FormMeta(form="")
        ready, in_window = asyncio.ensure_future(self._first_view(click, asked)), click.view.get("type") == "modal"
        opener = self._slack.push_view if in_window else self._slack.open_view
        try:
            done, _ = await asyncio.wait({ready}, timeout=READY_SECONDS)
            if done:
                await opener(click.trigger_id, await self._or_why_not(ready, click, meta) if in_window else ready.result())
                return
            texts = await self._answers.texts(click.who, meta.onboarding or click.channel_id)
            shown = await opener(click.trigger_id, loading_view(texts, meta))
            await self._slack.update_view(shown, await self._or_why_not(ready, click, meta))
        except SlackError as error:
            log.warning("a form could not be shown", extra={"error": error.error})
            await self._answers.answer(click.who, click.channel_id, "refused.no_answer" if error.unsure else "refused.late")
        except ShownInstead as instead:
            await self._answers.show(click.who, click.channel_id, instead.shown, click.response_url)
        except Exception as error:  # noqa: BLE001  the person is told of every failure
            await self._answers.explain(click.who, click.channel_id, error, meta.onboarding)

    async def _or_why_not(self, ready: Awaitable[View], click: Click, meta: FormMeta) -> View:
        """Where a window is open, which an answer in the channel would stand behind."""
        try:
            return await ready
        except ShownInstead as instead:
            texts = await self._answers.texts(click.who, meta.onboarding or click.channel_id)
            return notice_view(texts("form_ui.message"), instead.shown.blocks, texts)
        except Exception as error:  # noqa: BLE001  every failure is shown
            told = await self._answers.explained(click.who, error, meta.onboarding, click.channel_id)
            return message_view(await self._answers.texts(click.who, meta.onboarding or click.channel_id), told)

    async def _first_view(self, click: Click, asked: FormMeta | Coroutine[Any, Any, FormMeta]) -> View:
        meta, proposed = asked if isinstance(asked, FormMeta) else await asked, StartProposal()
        if meta.form == START:
            named = meta.item != click.channel_id  # in the command, and not only where it was typed
            proposed = await (self._proposals.in_channel(meta.item) if named and meta.item else self._proposals.of(meta.item))
            meta = meta.model_copy(update={"item": proposed.channel_id, "proposed": mark(proposed.answers)})
        problems = (proposed.problem,) if proposed.problem is not None else ()
        free = meta.form != ANSWER_CALL or await self._store.transact(lambda unit: self._claimed(unit, click.who, meta))
        async with self._store.read() as unit:
            session = await self._sessions.look(unit, click.who, meta, click.channel_id)
            _openable(session)
            view = session.beginning(proposed.answers, problems) if free else session.taken()
            new = session.case is not None and self._newcomers.is_new(session.case)
        if session.case is not None and not new:
            self._newcomers.note(session.case)
        if new:
            await self._newcomers.remember(click.who, meta.onboarding)
        return view

    async def _claimed(self, unit: Unit, who: Who, meta: FormMeta) -> bool:
        """False if a colleague has it."""
        async with self._sessions.open(unit, who, meta) as session:
            return session.case is None or calls.claim(session.case, meta.item, over=meta.over)

    async def redraw(self, click: Click) -> None:
        """What is proposed depends on what was chosen just now: the channel in which an onboarding is to begin. After the
        acknowledgement. Of two choices in quick succession, the later one stands.

        Slack keeps what stands in a block whose block id and action id stay the same, also what was typed since the press, and ignores
        what the new view would have in it (docs.slack.dev, *views.update*, "Preserving input entry"; slackapi/bolt-js#290). So only two
        blocks get a new id: the lead's, whose list would else be the former channel's (clients keep lists by block id:
        slackapi/bolt-js#1920), and the name's, unless the person typed one. Slack tells nobody what is typed before a press, nor does
        it change the view's hash: a name of which the first letter is typed while the proposal is on its way is lost.
        """
        window, asked = Window.of(click.view), 0
        try:
            meta = meta_of(click.view)
            if meta.form != START:
                await self._choose(click, meta)
                return
            raw = parse_page(values_of(click.view), Slot(DIALOGS[START].pages[0]), {})
            drawing = self._drawing.setdefault(window.id, _Drawing(window, meta))
            drawing.asked = asked = drawing.asked + 1
            channel = str(raw.get("channel") or "")
            proposed = await self._proposals.in_channel(channel)
            leads = await self._proposals.who_can_lead(channel) if raw.get("lead") else ()
            async with drawing.turn:
                if asked == drawing.asked and channel != drawing.meta.item:
                    await self._propose(click, drawing, raw, proposed, leads)
        except (Refused, SlackError, Unavailable) as error:  # what they choose is checked when they send it
            log.info("a form proposes nothing else", extra={"error": type(error).__name__})
        finally:
            if window.id in self._drawing and asked == self._drawing[window.id].asked:
                del self._drawing[window.id]

    async def _choose(self, click: Click, meta: FormMeta) -> None:
        """What else is asked depends on what was chosen just now."""
        async with self._store.read() as unit:
            session = await self._sessions.look(unit, click.who, meta, click.channel_id)
            others = await session.changed_since(window_of(click.view))
            view = session.chosen(values_of(click.view), others=others)
        await self._slack.update_view(Window.of(click.view), view)

    async def _propose(
        self, click: Click, drawing: "_Drawing", raw: Answers, proposed: StartProposal, leads: Sequence[Person]
    ) -> None:
        """``leads``: who can lead in the channel, if a lead was chosen."""
        name, fields = raw.get("customer"), ["lead"]
        if name in (None, "") or mark({"customer": name}) == drawing.meta.proposed:
            fields += ["customer"] * (name != proposed.customer)
            name = proposed.customer
        meta = drawing.meta.model_copy(update={"item": proposed.channel_id, "proposed": mark(proposed.answers)})
        async with self._store.read() as unit:
            session = await self._sessions.look(unit, click.who, meta, click.channel_id)
        problems = (proposed.problem,) if proposed.problem is not None else ()
        session = replace(session, offers={"leads": labels(leads)})
        view = session.page({**raw, "customer": name}, 0, problems, kept=session.answers, redrawn=fields)
        drawing.window, drawing.meta = await self._slack.update_view(drawing.window, view), meta_of(view)

    async def turn_back(self, click: Click, to: int | None, *, out: bool = False) -> None:
        """ "Back", or "Change" on the last page: keep what is on this page and show another. ``out``: its entry is left out instead.
        After the acknowledgement."""
        values = values_of(click.view)

        onboarding_id, inspected = "", Inspected()

        async def work(unit: Unit) -> View:
            async with self._sessions.open(unit, click.who, meta) as session:
                if meta.slot == REVIEW:
                    return session.mending().page(session.answers, to or 0)
                left = await leave(session, click.view, inspected, back=not out, out=out)
                await refuse_secrets(session, left.problems, left.raw)
                if to is not None and left.kept:
                    return session.mending().page(left.answers, to)
                if left.view is None:
                    raise Refused("gone")
                return left.view

        try:
            meta = meta_of(click.view)
            onboarding_id = meta.onboarding
            inspected = await self._pages.of(meta, values)
            view = await self._store.transact(work)
        except Exception as error:  # noqa: BLE001  shown in the open window
            view = await self._refused.told(click.who, error, onboarding_id, inspected, values)
            if not isinstance(error, Refused):  # shown over the form: what was typed stays
                await self._slack.push_view(click.trigger_id, view)
                return
        await self._slack.update_view(Window.of(click.view), view)


def _openable(session: FormSession) -> None:
    """Raises Refused if the form can't be filled in now."""
    case, step, task = session.case, session.subject.step, session.subject.task
    if case is not None and session.subject.is_dialog:
        may_open(case, session.meta)
    if case is None or step is None:
        return
    if session.subject.is_step:
        fill.fillable(case, step.id)
    if task is not None:
        tasks.can_do(case, step.id, task)
