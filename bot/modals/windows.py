"""Forms in modals: opened at once, left page by page, sent. One way for steps, tasks and dialogs alike."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.cases.onboarding import need, refuse_closed, situation_of

from bot.desk import Desk
from bot.modals.attachments import read_files
from bot.modals.meta import FormMeta
from bot.modals.parse import file_problems, parse_page
from bot.modals.render import errors_of, loading_view, message_view
from bot.modals.session import Scene, View
from bot.modals.submission import Completion, complete, may_of, meta_of, place_of, refuse_secrets
from bot.slack.client import SlackError
from bot.slack.payloads import Click, Sent, window_of
from flows.cases import fill, tasks
from flows.cases.fill import Opened
from flows.forms import drafts
from flows.forms.drafts import REVIEW
from flows.forms.fields import Answers
from flows.forms.pages import Slot, screen, slots
from flows.forms.step import Situation
from flows.model import Draft, Seen
from flows.people import Role, Who
from flows.ports import Unit
from flows.problems import Problem, Refused

log = logging.getLogger("bot.modals.windows")

READY_SECONDS = 0.4
"""A form whose data is ready by then is opened filled; else a loading view is opened and filled after."""


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
            shown = await opener(click.trigger_id, loading_view(texts, meta))
            try:
                view = await ready
            except Exception as error:  # noqa: BLE001  every failure is told in the window that is open
                view = message_view(texts, self.desk.explained(texts, error))
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
            kept = await fill.resume(unit, scene.place.form, scene.situation, scene.key)
            return scene.page(opened.answers, opened.slot, kept=kept.answers)

    async def _opened(self, unit: Unit, scene: Scene) -> Opened:
        place, snapshot, rules = scene.place, scene.snapshot, self.desk.rules
        if snapshot is not None and place.step is not None:
            if place.task is None and place.is_step:
                fill.fillable(snapshot, place.step)
            if place.task is not None:
                tasks.can_do(rules, snapshot, place.step, place.task, scene.who, unit)
                first = tasks.record_of(snapshot, place.step.id, place.task.id)
                if first is not None and first.state == "waiting" and rules.approvals_of(place.step, place.task) > 1:
                    return Opened(fill.as_raw(place.form, first.answers), 0)
        return await fill.resume(unit, place.form, scene.situation, scene.key)

    async def _scene(self, unit: Unit, who: Who, meta: FormMeta, channel_id: str = "") -> Scene:
        """The form's onboarding, if the person may use the form; Refused else."""
        if not meta.onboarding:
            self.desk.access.require_support(who)
            texts = await self.desk.directory.texts_for(unit, who)
            place = place_of(None, meta)
            situation = Situation(
                now=unit.now,
                today=unit.now.date(),
                customer="",
                language=texts.language,
                timezone=self.desk.rules.customer_timezone,
                owner_id=who.user_id,
                actor_id=who.user_id,
                channel_id=meta.item,
            )
            return Scene(who, meta, place, None, situation, texts)
        snapshot = await need(unit, meta.onboarding)
        place = place_of(snapshot.onboarding, meta)
        if not (place.step and place.task and tasks.renewable(snapshot, place.step, place.task)):
            refuse_closed(snapshot)
        role = await self.desk.access.require(unit, who, may_of(place), snapshot, channel_id)
        if role is Role.COLLEAGUE and not await self.desk.access.is_member(unit, who, meta.onboarding):
            await self.desk.meet(who, meta.onboarding)  # a submitted page does not say in which channel it was opened
        texts = await self.desk.directory.texts_for(unit, who, snapshot.onboarding)
        return Scene(who, meta, place, snapshot, situation_of(snapshot, self.desk.rules, unit.now, who), texts)

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
        return {"response_action": action, "view": message_view(texts, self.desk.explained(texts, error))}

    async def _leave(
        self, unit: Unit, scene: Scene, sent: Sent, files: Mapping[str, Answers], completion: Completion
    ) -> dict[str, Any] | None:
        form, index, used = scene.place.form, scene.meta.slot, Answers()
        if await unit.get(Seen, sent.key) is not None:  # delivered again: what it sent is done, and its draft is gone
            return {"response_action": "clear"}
        if scene.place.is_step and scene.snapshot is not None and scene.place.step is not None:
            fill.fillable(scene.snapshot, scene.place.step)
        if index != REVIEW:
            left = await self._left(unit, scene, sent.values, files, sent.key)
            problems = left.problems + completion.problems
            if problems:
                refuse_secrets(unit, scene.snapshot, scene.who, form.id, problems, left.raw)
                errors = errors_of(problems, left.slot, index, scene.texts, form.id, scene.meta.anew)
                return {"response_action": "errors", "errors": errors}
            if left.view is not None:
                return {"response_action": "update", "view": left.view}
            used = left.used
        elif await self._changed_since(unit, scene, sent.key):
            answers = (await fill.resume(unit, form, scene.situation, scene.key)).answers
            return {"response_action": "update", "view": scene.review_again(answers)}
        clean, late = await fill.finish(unit, form, scene.situation, scene.key, used)
        if late:
            answers = (await fill.resume(unit, form, scene.situation, scene.key)).answers
            return {"response_action": "update", "view": scene.page(answers, late[0][0], tuple(problem for _, problem in late))}
        if not await unit.once(sent.key):
            return {"response_action": "clear"}
        await complete(unit, scene.snapshot, scene.place, clean, completion)
        return {"response_action": "clear"}

    async def _left(
        self,
        unit: Unit,
        scene: Scene,
        values: Mapping[str, Any],
        files: Mapping[str, Answers],
        window: str,
        *,
        back: bool = False,
    ) -> "Left":
        """Keep what was typed on a page, unless somebody else changed it since it was shown: then it is shown anew.

        ``window``: the view as it was drawn. One that comes twice has one effect: keeping the same again changes nothing, and an
        entry is removed once.
        """
        form, meta = scene.place.form, scene.meta
        answers = (await fill.resume(unit, form, scene.situation, scene.key)).answers
        order = slots(form, answers)
        slot = drafts.slot_of(form, meta.page) or order[min(meta.slot, len(order) - 1)]
        raw = parse_page(values, slot, meta.slot, files)
        unreadable = file_problems(raw)
        typed = {name: value for name, value in raw.items() if name not in {problem.field for problem in unreadable}}
        removes = slot.item is not None and typed.get("then") == "remove"
        if removes and await unit.get(Seen, f"removed:{window}") is not None:
            after = fill.following(form, answers, meta.slot, back=back, removed=True)
            return Left(slot, raw, view=scene.page(answers, after, anew=True))
        if await self._changed_since(unit, scene, window):
            screened = screen(slot.page, typed)
            problems = unreadable + screened.problems
            if problems:
                view = scene.page(answers, meta.slot, problems, anew=True) if back else None
                return Left(slot, raw, problems, view)
            return Left(slot, raw, view=scene.page_again(answers, slot, screened.raw))
        paged = await fill.leave_page(
            unit, form, meta.slot, typed, scene.who, scene.situation, scene.key, back=back, page=meta.page
        )
        problems = unreadable + paged.problems
        if removes and not problems:
            await unit.once(f"removed:{window}")
        else:
            await unit.once(await self._made_by(unit, scene, window))
        if problems:
            view = scene.page(paged.answers, meta.slot, problems, anew=True) if back else None
            return Left(slot, raw, problems, view)
        if paged.slot == REVIEW and not form.review:
            return Left(slot, raw, used=paged.used)
        return Left(slot, raw, view=scene.page(paged.answers, paged.slot, anew=removes))

    async def _changed_since(self, unit: Unit, scene: Scene, window: str) -> bool:
        """Whether what a window shows was changed by another. Windows of an older version do not tell; of a draft that is gone is told
        when it is sent."""
        form, meta = scene.place.form, scene.meta
        if not meta.draft or (meta.slot == REVIEW and await unit.get(Draft, scene.key.id) is None):
            return False
        answers = (await fill.resume(unit, form, scene.situation, scene.key)).answers
        order, index = slots(form, answers), REVIEW
        if meta.slot != REVIEW:
            slot = drafts.slot_of(form, meta.page)
            order = drafts.order_with(form, answers, slot) if slot is not None else order
            found = drafts.index_of(order, slot) if slot is not None else None
            if found is None:
                return True
            index = found
        if drafts.version(form, answers, order, index) == meta.draft:
            return False
        return await unit.get(Seen, await self._made_by(unit, scene, window)) is None

    async def _made_by(self, unit: Unit, scene: Scene, window: str) -> str:
        """The mark that the draft as it stands was written from this window: a page that was refused is sent again from the same."""
        draft = await unit.get(Draft, scene.key.id)
        return f"page:{window}:{draft.at.isoformat() if draft is not None and draft.at is not None else ''}"

    async def turn_back(self, click: Click, to: int | None) -> None:
        """ "Back", or "Change" on the last page: keep what stands on this page and show another. After the acknowledgement."""
        values = (click.view.get("state") or {}).get("values") or {}

        async def work(unit: Unit) -> View:
            meta = meta_of(click.view)
            scene = await self._scene(unit, click.who, meta)
            if scene.meta.slot == REVIEW:
                answers = (await fill.resume(unit, scene.place.form, scene.situation, scene.key)).answers
                return scene.page(answers, to if to is not None else 0)
            left = await self._left(unit, scene, values, files, window_of(click.view), back=True)
            refuse_secrets(unit, scene.snapshot, click.who, meta.form, left.problems, left.raw)
            if left.view is None:
                raise Refused("gone")
            return left.view

        try:
            files = await read_files(self.desk.slack, values)
            view = await self.desk.transact(work)
        except Exception as error:  # noqa: BLE001  told in the window that is open
            texts = await self.desk.directory.texts_for(None, click.who)
            view = message_view(texts, self.desk.explained(texts, error))
            if not isinstance(error, Refused):  # over the form: what was typed stays
                await self.desk.slack.push_view(click.trigger_id, view)
                return
        await self.desk.slack.update_view(str(click.view["id"]), view)


@dataclass(frozen=True)
class Left:
    """What leaving a page came to: what is wrong with it, or the next view. ``view`` is None where the form is to be sent now.

    ``raw``: what was typed; ``used``: what of it must not be kept.
    """

    slot: Slot
    raw: Answers
    problems: tuple[Problem, ...] = ()
    view: View | None = None
    used: Answers = field(default_factory=dict)
