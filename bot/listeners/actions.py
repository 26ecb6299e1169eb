"""Every button: what it is called, who may press it, what it does. One listener looks it up here.

A press that changes something is carried out before it is acknowledged, in one transaction; a press that opens a window is acknowledged
first, since the window must come within 3 seconds.
"""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from flows.cases.onboarding import need, step_of

from bot.desk import Desk
from bot.messages.buttons import Act, ButtonValue, OldButton, parse
from bot.modals.meta import FormMeta
from bot.modals.windows import Modals
from bot.slack.payloads import Click
from flows.cases import review, start, tasks
from flows.cases.access import May, for_side
from flows.journey import JOURNEYS
from flows.model import EffectRecord, Snapshot
from flows.ports import Unit
from flows.problems import Refused

log = logging.getLogger("bot.listeners.actions")

Change = Callable[[Unit, "Press"], Awaitable[None]]
Open = Callable[["Press"], FormMeta]


@dataclass(frozen=True)
class Press:
    """A click whose value was read."""

    desk: Desk
    click: Click
    value: ButtonValue


@dataclass(frozen=True)
class Action:
    """One kind of button: ``opens`` a form, or makes a ``change`` (in the transaction). ``after``: follows the commit.
    ``said``: the private answer after it, ``say.<said>``."""

    may: May
    change: Change | None = None
    opens: Open | None = None
    after: Callable[["Press"], Coroutine[Any, Any, None]] | None = None
    said: str = ""


def _form(form: str) -> Open:
    def meta(press: Press) -> FormMeta:
        value = press.value
        return FormMeta(form=form, onboarding=value.onboarding, step=value.step, revision=value.revision, digest=value.digest)

    return meta


def _step_form(press: Press) -> FormMeta:
    return FormMeta(form=press.value.step, onboarding=press.value.onboarding, step=press.value.step)


def _task_form(press: Press) -> FormMeta:
    value = press.value
    return FormMeta(form=f"{value.step}.{value.task}", onboarding=value.onboarding, step=value.step, item=value.item)


async def _approve(unit: Unit, press: Press) -> None:
    value = press.value
    await review.approve(unit, press.desk.rules, value.onboarding, value.step, value.revision, value.digest, press.click.who)


async def _claim(unit: Unit, press: Press) -> None:
    await review.claim(unit, press.value.onboarding, press.value.step, press.click.who)


async def _task(unit: Unit, press: Press) -> None:
    """A task without a form."""
    value, who = press.value, press.click.who
    if value.task == tasks.CLOSE:
        await tasks.do_task(unit, press.desk.rules, value.onboarding, value.step, value.task, {}, who)
        await start.close(unit, press.desk.rules, value.onboarding, who)
        return
    await tasks.do_task(unit, press.desk.rules, value.onboarding, value.step, value.task, {}, who)


async def _retry(unit: Unit, press: Press) -> None:
    effect = await unit.get(EffectRecord, press.value.item)
    if effect is None or effect.state != "failed" or effect.onboarding_id != press.value.onboarding:
        raise Refused("gone")
    unit.record(effect.onboarding_id, f"effect:{effect.kind}:retry", press.click.who, facts={"effect": effect.id})


async def _retry_now(press: Press) -> None:
    await press.desk.retry_effect(press.value.item)


async def _show(press: Press) -> None:
    """A link to the review card; of a step that was not sent yet, to its message."""
    value, desk = press.value, press.desk
    async with desk.store.read() as unit:
        posted = await unit.posted(value.onboarding, "review", value.step) or await unit.posted(
            value.onboarding, "step", value.step
        )
    if posted is None:
        await desk.answer(press.click.who, press.click.channel_id, "refused.gone")
        return
    link = await desk.slack.permalink(posted.channel_id, posted.ts)
    await desk.answer(press.click.who, press.click.channel_id, "review.show", link=link)


ACTIONS: dict[Act, Action] = {
    Act.OPEN_FORM: Action(May.EITHER, opens=_step_form),
    Act.TASK: Action(May.EITHER, change=_task, opens=_task_form),
    Act.APPROVE: Action(May.SUPPORT, change=_approve),
    Act.REQUEST_CHANGES: Action(May.SUPPORT, opens=_form("request_changes")),
    Act.REJECT: Action(May.SUPPORT, opens=_form("reject")),
    Act.CLAIM: Action(May.SUPPORT, change=_claim),
    Act.SNOOZE: Action(May.EITHER, opens=_form("snooze")),
    Act.STUCK: Action(May.CUSTOMER, opens=_form("stuck")),
    Act.RETRY_EFFECT: Action(May.SUPPORT, change=_retry, after=_retry_now, said="retrying"),
    Act.SHOW: Action(May.SUPPORT, after=_show),
}
"""What buttons of messages and App Home do; BACK and PAGE, which live in modals, are taken by `Modals.turn_back`."""


class Buttons:
    """The one listener of all buttons."""

    def __init__(self, desk: Desk, modals: Modals) -> None:
        self.desk, self.modals = desk, modals

    async def pressed(self, click: Click, ack: Callable[[], Awaitable[object]]) -> None:
        """Acknowledge and carry out. Every press is answered; an old or unknown button tells how things stand."""
        try:
            press = Press(self.desk, click, parse(click.value))
            act = Act(click.action_id.partition(":")[0])
            if not (press.value.onboarding if act in ACTIONS else act is Act.LINK or click.view.get("type") == "modal"):
                raise OldButton  # noqa: TRY301  one answer for all that lead nowhere
        except (OldButton, ValueError):
            await ack()
            self.desk.later(self.desk.answer(click.who, click.channel_id, "refused.gone"))
            return
        if act in (Act.BACK, Act.PAGE):
            await ack()
            self.desk.later(self.modals.turn_back(click, press.value.slot if act is Act.PAGE else None))
            return
        action = ACTIONS.get(act)
        if action is None:
            await ack()
            return
        if action.opens is not None and (action.change is None or self._has_form(press)):
            await ack()
            self.desk.later(self.modals.open(click, action.opens(press)))
            return
        await self._change(press, action)
        await ack()

    def _has_form(self, press: Press) -> bool:
        """Whether a task is done by a form, in whichever journey has it."""
        steps = (journey.steps.get(press.value.step) for journey in JOURNEYS.values())
        return any(task.id == press.value.task and task.form is not None for step in steps if step for task in step.tasks)

    async def _change(self, press: Press, action: Action) -> None:
        click, change = press.click, action.change

        async def work(unit: Unit) -> None:
            if not await unit.once(click.key):
                return
            snapshot = await need(unit, press.value.onboarding)
            await self.desk.access.require(unit, click.who, self._may(press, action, snapshot), snapshot, click.channel_id)
            if change is not None:
                await change(unit, press)

        try:
            await self.desk.transact(work)
        except Exception as error:  # noqa: BLE001  told to the person who pressed
            self.desk.later(self.desk.explain(click.who, click.channel_id, error))
            return
        if action.change is not None:
            self.desk.later(self.desk.refresh_home(click.who))
        if action.after:
            self.desk.later(action.after(press))
        if action.said:
            self.desk.later(self.desk.answer(click.who, click.channel_id, action.said))

    def _may(self, press: Press, action: Action, snapshot: Snapshot) -> May:
        """A task belongs to one side."""
        if not press.value.task:
            return action.may
        return for_side(tasks.task_of(step_of(snapshot.onboarding, press.value.step), press.value.task).side)
