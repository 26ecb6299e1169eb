"""Sending a page of a form. After the last one, a step's form goes to support, a task is recorded, a dialog takes effect."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import SecretStr

from bot.modals import same_name
from bot.modals.dialogs import DIALOG_DOES, DialogAnswers, unfit
from bot.modals.fetched import LookedUp, SlackLookups
from bot.modals.inspected import Inspected, PageInspections
from bot.modals.leaving import Left, leave, refuse_secrets
from bot.modals.parse import field_name, parse_page
from bot.modals.private_answers import PrivateAnswers
from bot.modals.refused_forms import RefusedForms
from bot.modals.render import View, errors_of
from bot.modals.session import FormSession, FormSessions
from bot.modals.subject import FormMeta, Subject, asked_for, meta_of
from bot.slack.payloads import Submitted
from bot.telemetry import traces
from flows.cases import fill, shared, tasks
from flows.cases.case import Case
from flows.cases.start import StartRequest, start
from flows.forms.dialogs import CHOOSE, DIALOGS, START, dialog_of
from flows.forms.drafts import REVIEW
from flows.forms.fields import Answers, inputs
from flows.forms.pages import Slot, forgotten, held_as, raw_of, validate
from flows.forms.step import Step, Task
from flows.model import Draft, new_id
from flows.people import Who
from flows.ports import Unit
from flows.problems import Problem, Refused
from flows.rules import Rules
from storage.customers import readable_name
from storage.store import Store

Response = dict[str, Any]
"""What a submission is acknowledged with."""

TOKENS_LAST = 3600.0
"""Seconds after which a pasted token is forgotten, whatever became of it: none lives longer."""

CLEAR: Response = {"response_action": "clear"}
"""Closes all windows: the form was carried out."""


class FormSubmissions:
    """``tokens``: pasted access tokens, by the task's item (`held_as`); only in memory, removed when used, or after an hour."""

    def __init__(
        self,
        store: Store,
        pages: PageInspections,
        sessions: FormSessions,
        lookups: SlackLookups,
        answers: PrivateAnswers,
        rules: Rules,
        tokens: dict[str, SecretStr],
    ) -> None:
        self._store, self._pages, self._sessions, self._lookups = store, pages, sessions, lookups
        self._refused, self._rules, self._tokens = RefusedForms(store, answers), rules, tokens

    async def submitted(self, sent: Submitted) -> Response:
        """Whatever happens, what was typed is kept, unless the form is refused."""
        proof, held = new_id("proof"), set[str]()

        def hold(tokens: Mapping[str, str]) -> str:
            for name, token in tokens.items():
                self._tokens[held_as(proof, name)] = SecretStr(token)
                held.add(held_as(proof, name))
                # Where several processes run, another may have written down how it ended.
                asyncio.get_running_loop().call_later(TOKENS_LAST, self._tokens.pop, held_as(proof, name), None)
            return proof

        def drop() -> None:
            for name in held:
                self._tokens.pop(name, None)

        onboarding_id, inspected = "", Inspected()
        try:
            meta = meta_of(sent.view)
            onboarding_id = meta.onboarding
            inspected = await self._pages.of(meta, sent.values)
            found = await self._lookups.of(meta, sent.values)

            async def work(unit: Unit) -> Response:
                drop()  # the transaction may be retried
                async with self._sessions.open(unit, sent.who, meta) as session:
                    return await self._take(session, sent, inspected, found, hold)

            return await self._store.transact(work)
        except Exception as error:  # noqa: BLE001  shown in the modal, and logged with its id
            drop()
            view = await self._refused.told(sent.who, error, onboarding_id, inspected, sent.values)
            return _show(view) if isinstance(error, Refused) else {"response_action": "push", "view": view}

    async def _take(
        self,
        session: FormSession,
        sent: Submitted,
        inspected: Inspected,
        found: LookedUp,
        hold: Callable[[Mapping[str, str]], str],
    ) -> Response:
        unit, case, subject = session.unit, session.case, session.subject
        traces.rename(f"submit {subject.form.id}")
        if await unit.was_seen(sent.key):  # redelivered: it was carried out, and its draft is gone
            return CLEAR
        if subject.is_step and case is not None and subject.step is not None:
            fill.fillable(case, subject.step.id)
        answers, used, draft = session.answers, Answers(), session.opened.draft
        if session.meta.slot != REVIEW:
            insists = session.typed_by_actor
            left = await leave(session, sent.view, inspected)
            insists = insists and raw_of(left.slot, answers) == raw_of(left.slot, left.answers)
            problems = left.problems + found.problems or await _misfits(session, left, found, insists=insists)
            if problems:
                if case is not None:
                    await unit.count_refused(case.id, session.form.id, {(one.field, one.key) for one in problems})
                await refuse_secrets(session, problems, left.raw)
                return _refusal(session, sent.view, left, problems)
            asked = await same_name.unconfirmed(session, left.draft) if left.draft is not None else None
            if (view := left.view or asked) is not None:
                return _show(view)
            answers, used, draft = left.answers, left.used, left.draft
        elif session.outdated:
            raise Refused("form_outdated")
        elif await session.changed_since(sent.key):
            return _show(session.review_again())
        clean, late = await fill.finish(unit, session.form, session.situation, draft, used, session.to_send_again)
        if late and case is not None:
            await unit.count_refused(case.id, session.form.id, {(one.field, one.key) for _, one in late})
        if late:
            return _show(session.page(answers, late[0][0], tuple(problem for _, problem in late)))
        if session.form.id == CHOOSE:
            return await self._chosen(session, clean)
        if await unit.once(sent.key):
            await self._carry_out(session, clean, found, hold)
        return CLEAR

    async def _chosen(self, session: FormSession, clean: Answers) -> Response:
        """The dialog of the command, now that its customer is known. A command that answers is carried out by its listener."""
        asked = session.meta
        if not dialog_of(asked.verb):
            return CLEAR
        meta = asked_for(asked.verb, str(clean["customer"]), asked.person).model_copy(update={"home": asked.home})
        dialog = await self._sessions.look(session.unit, session.who, meta, "")
        return _show(dialog.page(dialog.answers, 0))

    async def _carry_out(
        self, session: FormSession, clean: Answers, found: LookedUp, hold: Callable[[Mapping[str, str]], str]
    ) -> None:
        """Raises Refused, which rolls everything back."""
        case, subject = session.case, session.subject
        if case is None:
            await _start(session.unit, self._rules, clean, found, session.who)
        elif subject.is_dialog:
            DIALOG_DOES[session.form.id](case, DialogAnswers(session.meta, clean, found))
        elif subject.step is None:
            raise Refused("gone")
        elif subject.task is None:
            fill.submit(case, subject.step.id, clean)
        else:
            await _do_task(case, subject.step, subject.task, clean, hold)


def chosen_customer(values: Mapping[str, Any]) -> str:
    """The id that was chosen in the dialog which asks for a customer. ``values``: the modal's state."""
    return str(parse_page(values, Slot(DIALOGS[CHOOSE].pages[0]), {}).get("customer") or "")


def _refusal(session: FormSession, view: Mapping[str, Any], left: Left, problems: Sequence[Problem]) -> Response:
    """The problems at their fields; if one of these isn't in the window yet, the page with it. ``view``: as it was drawn."""
    if _unasked(view, left.slot, problems):
        return _show(session.page(left.answers, session.meta.slot, tuple(problems)))
    return {"response_action": "errors", "errors": errors_of(problems, left.slot, session.texts, session.meta)}


def _unasked(view: Mapping[str, Any], slot: Slot, problems: Sequence[Problem]) -> bool:
    """Whether a problem is with an input that the window doesn't have yet. ``view``: as it was drawn."""
    drawn = {field_name(block["block_id"]) for block in view.get("blocks") or () if block["type"] == "input"}
    fields = {name for name, _, _ in inputs(slot.page.model)}
    return any(problem.field in fields - drawn for problem in problems)


async def _misfits(session: FormSession, left: Left, found: LookedUp, *, insists: bool) -> tuple[Problem, ...]:
    """What only the store can tell of a page that is right by itself. ``insists``: the same person sends again what is unlike the first
    person's."""
    if session.case is None:
        return await _not_begun(session.unit, left.draft) if left.draft is not None and session.form.id == START else ()
    problems = await _unfit(session.case, session.subject, session.meta, left, found)
    return problems or (() if insists else session.unlike_first(left.slot, left.answers))


async def _unfit(case: Case, subject: Subject, meta: FormMeta, left: Left, found: LookedUp) -> tuple[Problem, ...]:
    """Of a form about an onboarding."""
    if subject.is_dialog:
        return await unfit(case, meta, left.answers, found)
    step, task = subject.step, subject.task
    if step is None or task is None or task.unique not in left.slot.page.model.model_fields:
        return ()
    clean, _ = validate(left.slot.page.model, raw_of(left.slot, left.answers))
    return await shared.unexplained(case, step, task, clean)


async def _not_begun(unit: Unit, draft: Draft) -> tuple[Problem, ...]:
    """That the channel was taken meanwhile."""
    there = await unit.by_channel(draft.answers["channel"])
    if there is not None and there.closed_at is None:
        return (Problem("channel", "channel_taken", {"customer": readable_name(there)}),)
    return ()


async def _start(unit: Unit, rules: Rules, clean: Answers, found: LookedUp, actor: Who) -> None:
    if found.who is None:
        raise Refused("gone")
    asked = StartRequest(
        customer=clean["customer"],
        channel_id=clean["channel"],
        lead=found.who,
        owner_id=clean["owner"],
        language=clean["language"],
        go_live=date.fromisoformat(clean["go_live"]) if clean.get("go_live") else None,
        team_id=found.company,
    )
    await start(unit, rules, asked, actor)


async def _do_task(case: Case, step: Step, task: Task, clean: Answers, hold: Callable[[Mapping[str, str]], str]) -> None:
    once = forgotten(task.form) if task.form is not None else frozenset()
    tokens = {name: str(clean[name]) for name in once if clean.get(name)}
    kept = {name: value for name, value in clean.items() if name not in once}
    item = hold(tokens) if tokens and task.effect is not None else ""  # only an effect removes it again
    await tasks.do_task(case, step.id, task.id, kept, item=item)


def _show(view: View) -> Response:
    return {"response_action": "update", "view": view}
