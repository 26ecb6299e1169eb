"""Forms in modals: opened at once, left page by page, sent. One way for steps, tasks and dialogs alike."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from bot import forms
from bot.completing import Completion, Place, complete, may_of, meta_of, place_of
from bot.desk import Desk
from bot.files import read_files
from bot.forms import FormMeta
from bot.options import own_choices
from bot.payloads import Click, Sent
from bot.slack import SlackError
from bot.texts import Texts
from flows import filling, fulfilling
from flows.fields import Answers
from flows.filling import REVIEW, DraftKey, Opened
from flows.form import collect, slots
from flows.model import Seen, Snapshot
from flows.onboarding import need, refuse_closed, situation
from flows.people import Role, Who
from flows.ports import Unit
from flows.problems import Problem, Refused
from flows.step import Situation

log = logging.getLogger("bot.modals")

READY_SECONDS = 0.4
"""A form whose data is ready by then is opened filled; else a loading view is opened and filled after."""

View = dict[str, Any]


class Modals:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def open(self, click: Click, meta: FormMeta) -> None:
        """After the acknowledgement: show the form within the trigger's 3 seconds, whatever the store takes."""
        ready = asyncio.ensure_future(self._first_view(click.who, click.channel_id, meta))
        slack = self.desk.slack
        opener = slack.push_view if click.view.get("type") == "modal" else slack.open_view
        try:
            done, _ = await asyncio.wait({ready}, timeout=READY_SECONDS)
            if done:
                await opener(click.trigger_id, ready.result())
                return
            texts = await self.desk.directory.texts_for(None, click.who)
            shown = await opener(click.trigger_id, forms.loading_view(texts, meta))
            try:
                view = await ready
            except Exception as error:  # noqa: BLE001  every failure is told in the window that is open
                view = forms.message_view(texts, self.desk.explained(texts, error))
            await slack.update_view(shown, view)
        except SlackError as error:
            log.warning("a form could not be shown", extra={"error": error.error})
            await self.desk.answer(click.who, click.channel_id, "refused.late")
        except Exception as error:  # noqa: BLE001  every failure is told to the person
            await self.desk.explain(click.who, click.channel_id, error)

    async def _first_view(self, who: Who, channel_id: str, meta: FormMeta) -> View:
        async with self.desk.store.read() as unit:
            scene = await self._scene(unit, who, meta, channel_id)
            opened = await self._opened(unit, scene)
            return self._page(scene, opened.answers, opened.slot)

    async def _opened(self, unit: Unit, scene: "Scene") -> Opened:
        place, snapshot, rules = scene.place, scene.snapshot, self.desk.rules
        if snapshot is not None and place.step is not None:
            if place.task is None and place.is_step:
                filling.fillable(snapshot, place.step)
            if place.task is not None:
                fulfilling.can_do(rules, snapshot, place.step, place.task, scene.who, unit)
                first = fulfilling.record_of(snapshot, place.step.id, place.task.id)
                if first is not None and first.state == "waiting" and rules.approvals_of(place.step, place.task) > 1:
                    return Opened(filling.as_raw(place.form, first.answers), 0)
        return await filling.resume(unit, place.form, scene.at, scene.key)

    async def _scene(self, unit: Unit, who: Who, meta: FormMeta, channel_id: str = "") -> "Scene":
        """The form's onboarding, if the person may use the form; Refused else."""
        if not meta.onboarding:
            self.desk.access.require_support(who)
            texts = await self.desk.directory.texts_for(unit, who)
            place = place_of(None, meta)
            at = Situation(
                now=unit.now,
                today=unit.now.date(),
                customer="",
                language=texts.language,
                timezone=self.desk.rules.customer_timezone,
                owner_id=who.user_id,
                actor_id=who.user_id,
                channel_id=meta.item,
            )
            return Scene(who, meta, place, None, at, texts)
        snapshot = await need(unit, meta.onboarding)
        place = place_of(snapshot.onboarding, meta)
        if not (place.step and place.task and fulfilling.renewable(snapshot, place.step, place.task)):
            refuse_closed(snapshot)
        role = await self.desk.access.require(unit, who, may_of(place), snapshot, channel_id)
        if role is Role.COLLEAGUE and not await self.desk.access.is_member(unit, who, meta.onboarding):
            await self.desk.meet(who, meta.onboarding)  # a submitted page does not say in which channel it was opened
        texts = await self.desk.directory.texts_for(unit, who, snapshot.onboarding)
        return Scene(who, meta, place, snapshot, situation(snapshot, self.desk.rules, unit.now, who), texts)

    def _page(self, scene: "Scene", answers: Answers, index: int, problems: tuple[Problem, ...] = ()) -> View:
        form, meta = scene.place.form, scene.meta
        order = slots(form, answers)
        if index == REVIEW:
            clean, _ = collect(form, answers, scene.at)
            return forms.review_view(form, order, clean, scene.texts, meta.at(REVIEW), tuple(form.notes(clean, scene.at)))
        index = min(index, len(order) - 1)
        return forms.render(form, order, index, answers, scene.texts, meta.at(index), problems=problems, labels=scene.labels())

    async def submitted(self, sent: Sent) -> dict[str, Any] | None:
        """What to acknowledge a submitted page with; None closes the modal. What was typed is kept in every case but a refusal."""
        try:
            meta = meta_of(sent.view)
        except Refused as gone:
            return await self._told(sent.who, gone)
        files = await read_files(self.desk.slack, sent.values)
        completion = Completion(self.desk, sent, meta)

        async def work(unit: Unit) -> dict[str, Any] | None:
            completion.reset()
            scene = await self._scene(unit, sent.who, meta)
            return await self._leave(unit, scene, sent, files, completion)

        try:
            await completion.prepare()
            answer = await self.desk.transact(work)
        except Exception as error:  # noqa: BLE001  told in the modal, and logged with its id
            completion.undo()
            return await self._told(sent.who, error)
        completion.after()
        return answer

    async def _told(self, who: Who, error: Exception) -> dict[str, Any]:
        """A refusal takes the form's place; a failure is shown over it, so that what was typed can be sent again."""
        texts = await self.desk.directory.texts_for(None, who)
        action = "update" if isinstance(error, Refused) else "push"
        return {"response_action": action, "view": forms.message_view(texts, self.desk.explained(texts, error))}

    async def _leave(
        self, unit: Unit, scene: "Scene", sent: Sent, files: Mapping[str, Answers], completion: Completion
    ) -> dict[str, Any] | None:
        form, index, used = scene.place.form, scene.meta.slot, Answers()
        if await unit.get(Seen, sent.key) is not None:  # delivered again: what it sent is done, and its draft is gone
            return {"response_action": "clear"}
        if scene.place.is_step and scene.snapshot is not None and scene.place.step is not None:
            filling.fillable(scene.snapshot, scene.place.step)
        if index != REVIEW:
            order = slots(form, (await filling.resume(unit, form, scene.at, scene.key)).answers)
            slot = order[min(index, len(order) - 1)]
            raw = forms.parse(sent.values, slot, index, files)
            unreadable = forms.file_problems(raw)
            typed = {name: value for name, value in raw.items() if name not in {problem.field for problem in unreadable}}
            paged = await filling.leave_page(unit, form, index, typed, scene.who, scene.at, scene.key)
            problems = unreadable + paged.problems + completion.problems
            if problems:
                completion.secrets(unit, scene.snapshot, problems, raw)
                return {"response_action": "errors", "errors": forms.errors(problems, slot, index, scene.texts, form.id)}
            if paged.slot != REVIEW or form.review:
                return {"response_action": "update", "view": self._page(scene, paged.answers, paged.slot)}
            used = paged.used
        if not await unit.once(sent.key):
            return {"response_action": "clear"}
        clean, late = await filling.finish(unit, form, scene.at, scene.key, used)
        if late:
            answers = (await filling.resume(unit, form, scene.at, scene.key)).answers
            view = self._page(scene, answers, late[0][0], tuple(problem for _, problem in late))
            return {"response_action": "update", "view": view}
        await complete(unit, scene.snapshot, scene.place, clean, completion)
        return {"response_action": "clear"}

    async def turn_back(self, click: Click, to: int | None) -> None:
        """ "Back", or "Change" on the last page: keep what stands on this page and show another. After the acknowledgement."""

        async def work(unit: Unit) -> View:
            meta = meta_of(click.view)
            scene = await self._scene(unit, click.who, meta)
            form = scene.place.form
            answers = (await filling.resume(unit, form, scene.at, scene.key)).answers
            index = to if to is not None else meta.slot
            if meta.slot != REVIEW:
                order = slots(form, answers)
                slot = order[min(meta.slot, len(order) - 1)]
                values = (click.view.get("state") or {}).get("values") or {}
                raw = forms.parse(values, slot, meta.slot, {})
                paged = await filling.leave_page(unit, form, meta.slot, raw, click.who, scene.at, scene.key, back=True)
                answers, index = paged.answers, paged.slot
            return self._page(scene, answers, index)

        try:
            view = await self.desk.transact(work)
        except Exception as error:  # noqa: BLE001  told in the window that is open
            texts = await self.desk.directory.texts_for(None, click.who)
            view = forms.message_view(texts, self.desk.explained(texts, error))
            if not isinstance(error, Refused):  # over the form: what was typed stays
                await self.desk.slack.push_view(click.trigger_id, view)
                return
        await self.desk.slack.update_view(str(click.view["id"]), view)


class Scene:
    """One form in one onboarding, seen by one person."""

    def __init__(self, who: Who, meta: FormMeta, place: Place, snapshot: Snapshot | None, at: Situation, texts: Texts) -> None:
        self.who, self.meta, self.place, self.snapshot, self.at, self.texts = who, meta, place, snapshot, at, texts
        # A dialog has a draft for each step it speaks of; `start` one for each person.
        item = meta.item or (meta.step if place.is_dialog else "")
        self.key = DraftKey(meta.onboarding, place.form.id, item if meta.onboarding else who.user_id)

    def labels(self) -> dict[str, str]:
        """Labels of values chosen from this onboarding's own lists (accesses, sessions), for prefilled selects."""
        if self.snapshot is None or self.place.task is None:
            return {}
        return dict(own_choices(self.snapshot, self.place.task, self.texts, self.at))
