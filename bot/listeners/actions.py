"""Every button: what it is called, who may press it, what it does. One listener looks it up here.

A press that changes something is carried out before it is acknowledged, in one transaction; a press that opens a window is
acknowledged first, since the window must open within 3 seconds.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.listeners.app_home import AppHome
from bot.listeners.commands import SlashCommands
from bot.listeners.customer_search import CustomerSearch
from bot.listeners.lists import SupportLists
from bot.listeners.next_item import NextItem
from bot.listeners.reports import Reports, days_of
from bot.messages.blocks import Drawing
from bot.messages.buttons import Act, ButtonValue, OldButton, parse
from bot.messages.card import card
from bot.messages.lists import Asked
from bot.messages.matrix import matrix
from bot.messages.texts import Texts
from bot.modals.parse import ACTION
from bot.modals.private_answers import PrivateAnswers
from bot.modals.subject import FormMeta, step_form, task_form
from bot.modals.windows import Modals
from bot.slack.background import Background
from bot.slack.client import Slack, SlackError
from bot.slack.payloads import Click
from bot.telemetry import traces
from flows.cases import calls, companies, manage, review, tasks
from flows.cases.access import May, for_side
from flows.cases.case import Case, Cases
from flows.forms.dialogs import ANSWER_CALL, CHOOSE, START
from flows.journey import JourneyError
from flows.model import Onboarding, Posted
from flows.ports import Unit
from flows.problems import Refused
from storage.store import Store, Unavailable

Change = Callable[[Case, ButtonValue], Awaitable[None]]
Open = Callable[[ButtonValue], FormMeta]
Read = Callable[[Case, ButtonValue, Texts], Drawing]


@dataclass(frozen=True)
class Action:
    """One kind of button: ``opens`` a form, makes a ``change``, ``shows`` how a step stands with a link to its card, or ``reads`` something
    out privately.

    ``turns``: what it reads out takes the place of the private answer that it stands in. ``runs``: goes on with a command whose customer
    is chosen. ``closed``: also works once the onboarding is closed. ``said``: the private answer afterwards, ``say.<said>``. ``decides``:
    whoever of support did it is offered what waits next.
    """

    may: May
    change: Change | None = None
    opens: Open | None = None
    shows: bool = False
    reads: Read | None = None
    turns: bool = False
    runs: bool = False
    closed: bool = False
    said: str = ""
    decides: bool = False


def _form(form: str) -> Open:
    def meta(value: ButtonValue) -> FormMeta:
        return FormMeta(
            form=form,
            onboarding=value.onboarding,
            step=value.step,
            item=value.item,
            revision=value.revision,
            digest=value.digest,
        )

    return meta


def _take_call(value: ButtonValue) -> FormMeta:
    return _form(ANSWER_CALL)(value).model_copy(update={"over": True})


async def _approve(case: Case, value: ButtonValue) -> None:
    review.approve(case, value.step, value.revision, value.digest)


async def _claim(case: Case, value: ButtonValue) -> None:
    review.claim(case, value.step)


async def _agree_to_skip(case: Case, value: ButtonValue) -> None:
    manage.agree_to_skip(case, value.step, value.revision)


async def _withdraw_skip(case: Case, value: ButtonValue) -> None:
    manage.withdraw_skip(case, value.step, value.revision)


async def _task(case: Case, value: ButtonValue) -> None:
    """A task without a form. Its side decides who may do it."""
    for_side(tasks.task_of(case.step(value.step), value.task).side).check(case.role)
    await tasks.do_task(case, value.step, value.task, {})


async def _accept_company(case: Case, value: ButtonValue) -> None:
    companies.accept(case, value.item)


async def _release_call(case: Case, value: ButtonValue) -> None:
    calls.release(case, value.item)


def _matrix(case: Case, value: ButtonValue, texts: Texts) -> Drawing:
    return matrix(case.snapshot, case.journey, texts, case.now, value.slot)


def _checklist(case: Case, value: ButtonValue, texts: Texts) -> Drawing:  # noqa: ARG001  of the onboarding as a whole
    return card(case.snapshot, case.journey, texts, case.situation, case.rules.reminders.support_first)


async def _retry(case: Case, value: ButtonValue) -> None:
    await manage.retry(case, value.item)


ACTIONS: dict[Act, Action] = {
    Act.OPEN_FORM: Action(May.EITHER, opens=step_form),
    Act.TASK: Action(May.EITHER, change=_task, opens=task_form, closed=True, decides=True),
    Act.APPROVE: Action(May.SUPPORT, change=_approve, decides=True),
    Act.REQUEST_CHANGES: Action(May.SUPPORT, opens=_form("request_changes")),
    Act.REJECT: Action(May.SUPPORT, opens=_form("reject")),
    Act.CLAIM: Action(May.SUPPORT, change=_claim),
    Act.AGREE_TO_SKIP: Action(May.SUPPORT, change=_agree_to_skip, decides=True),
    Act.WITHDRAW_SKIP: Action(May.SUPPORT, change=_withdraw_skip, decides=True),
    Act.SNOOZE: Action(May.EITHER, opens=_form("snooze")),
    Act.STUCK: Action(May.CUSTOMER, opens=_form("stuck")),
    Act.DECLINE_RENEWAL: Action(May.SUPPORT, opens=_form("decline_renewal")),
    Act.ANSWER_TICKET: Action(May.EITHER, opens=_form("answer_ticket")),
    Act.ANSWER_CALL: Action(May.SUPPORT, opens=_form("answer_call")),
    Act.TAKE_CALL: Action(May.SUPPORT, opens=_take_call),
    Act.RELEASE_CALL: Action(May.SUPPORT, change=_release_call),
    Act.SETTLE_CALL: Action(May.SUPPORT, opens=_form("settle_call")),
    Act.ADD_NOTE: Action(May.SUPPORT, opens=_form("step_note")),
    Act.RETRY_EFFECT: Action(May.SUPPORT, change=_retry, closed=True, said="retrying"),
    Act.ACCEPT_COMPANY: Action(May.SUPPORT, change=_accept_company),
    Act.CHANGE: Action(May.SUPPORT, opens=_form("change")),
    Act.HAND_OVER: Action(May.SUPPORT, opens=_form("hand_over")),
    Act.SHOW: Action(May.SUPPORT, shows=True, closed=True),
    Act.MATRIX: Action(May.EITHER, reads=_matrix, closed=True),
    Act.MATRIX_PAGE: Action(May.EITHER, reads=_matrix, turns=True, closed=True),
    Act.CHECKLIST: Action(May.EITHER, reads=_checklist, closed=True),
    Act.COMMAND: Action(May.SUPPORT, runs=True, closed=True),
}
"""What buttons about an onboarding do, in messages and App Home; BACK, PAGE and LEAVE_OUT, which are in modals, go to `Modals.turn_back`.
A form itself checks who may use it."""

ALONE = frozenset({Act.LINK, Act.LIST, Act.START, Act.FIND, Act.CHOOSE, Act.REPORT})
"""Buttons that are about no onboarding, or not about one alone."""


class Buttons:
    """The one listener for all buttons."""

    def __init__(
        self,
        store: Store,
        cases: Cases,
        slack: Slack,
        modals: Modals,
        answers: PrivateAnswers,
        background: Background,
        *,
        home: AppHome,
        lists: SupportLists,
        searching: CustomerSearch,
        following: NextItem,
        reports: Reports,
        commands: SlashCommands,
    ) -> None:
        self._store, self._cases, self._slack, self._modals = store, cases, slack, modals
        self._answers, self._background, self._home, self._lists = answers, background, home, lists
        self._searching, self._next, self._reports, self._commands = searching, following, reports, commands

    async def pressed(self, click: Click, ack: Callable[[], Awaitable[object]]) -> None:
        """Acknowledge and carry out. Every press is answered, even of an old or unknown button."""
        if click.action_id == ACTION:  # something was chosen in a form
            traces.rename("choose")
            await ack()
            self._background.later(self._modals.redraw(click))
            return
        try:
            value = parse(click.value)
            act = Act(click.action_id.partition(":")[0])
            traces.rename(f"press {act}")
            if not (value.onboarding if act in ACTIONS else act in ALONE or click.view.get("type") == "modal"):
                raise OldButton  # noqa: TRY301  one answer for all buttons that lead nowhere
            if act is Act.LIST:
                Asked.of(value)
        except (OldButton, ValueError):
            await ack()
            self._background.later(self._answers.answer(click.who, click.channel_id, "refused.gone"))
            return
        if from_home := click.view.get("type") == "home":
            self._home.seen(click.who)
        action = ACTIONS.get(act)
        if act in (Act.BACK, Act.PAGE, Act.LEAVE_OUT):
            await ack()
            to = value.slot if act is Act.PAGE else None
            self._background.later(self._modals.turn_back(click, to, out=act is Act.LEAVE_OUT))
        elif action is None:
            await ack()
            self._background.later(self._open_alone(click, act, value, from_home=from_home))
        elif action.runs:
            await ack()
            self._background.later(self._run(click, value))
        elif action.reads is not None:
            await ack()
            self._background.later(self._read(click, value, action, action.reads))
        elif action.opens is not None and (action.change is None or await self._has_form(value)):
            await ack()
            self._background.later(self._modals.open(click, action.opens(value).model_copy(update={"home": from_home})))
        else:
            await self._carry_out(click, value, action)
            await ack()

    async def _open_alone(self, click: Click, act: Act, value: ButtonValue, *, from_home: bool) -> None:
        """After the acknowledgement."""
        if act is Act.START:
            await self._modals.open(click, FormMeta(form=START, home=from_home))
        elif act is Act.CHOOSE:
            await self._modals.open(click, FormMeta(form=CHOOSE, verb=value.task, home=from_home))
        elif act is Act.FIND:
            await self._searching.open(click)
        elif act is Act.REPORT:
            await self._reports.show(click.who, click.channel_id, days_of(value.item), value.onboarding)
        elif act is Act.LIST and click.view.get("type") == "modal":
            await self._searching.turn(click, value)
        elif act is Act.LIST and from_home:
            await self._home.turn(click.who, value)
        elif act is Act.LIST:
            await self._lists.turn(click, value)

    async def _has_form(self, value: ButtonValue) -> bool:
        """Whether a task has a form. The store is read only if versions of the journey disagree: the customer's decides."""
        journeys = self._cases.rules.journeys
        if len(found := {task.form is not None for task in journeys.tasks(value.step, value.task)}) < 2:
            return True in found
        try:
            async with self._store.read() as unit:
                onboarding = await unit.get(Onboarding, value.onboarding)
            own = journeys.of(onboarding).steps[value.step].tasks if onboarding is not None else ()
        except (Unavailable, JourneyError, KeyError):
            return False  # carrying it out fails the same way, and tells the person
        return any(task.id == value.task and task.form is not None for task in own)

    async def _run(self, click: Click, value: ButtonValue) -> None:
        key = f"command:{click.key}"
        await self._commands.go_on(
            click.who,
            click.channel_id,
            value.task,
            value.onboarding,
            trigger_id=click.trigger_id,
            key=key,
            days=value.slot,
            person=value.item,
        )

    async def _read(self, click: Click, value: ButtonValue, action: Action, read: Read) -> None:
        """Nothing changes, so that a press that comes twice is answered twice."""
        try:
            async with self._store.read() as unit:
                case = await self._cases.look(
                    unit, value.onboarding, click.who, action.may, channel_id=click.channel_id, closed=action.closed
                )
                drawn = read(case, value, await self._answers.texts_of(case))
        except Exception as error:  # noqa: BLE001  the person who pressed is told
            await self._answers.explain(click.who, click.channel_id, error, value.onboarding)
            return
        url = click.response_url if action.turns else ""
        await self._answers.show(click.who, click.channel_id, drawn, url, replace=action.turns)

    async def _carry_out(self, click: Click, value: ButtonValue, action: Action) -> None:
        async def work(unit: Unit) -> tuple[tuple[Posted, str] | None, bool]:
            if not await unit.once(click.key):
                return None, False
            async with self._cases.open(
                unit, value.onboarding, click.who, action.may, channel_id=click.channel_id, closed=action.closed
            ) as case:
                if action.change is not None:
                    await action.change(case, value)
                shown = (await _posted(case, value.step), case.record(value.step).state.value) if action.shows else None
                return shown, action.decides

        try:
            shown, decided = await self._store.transact(work)
        except Exception as error:  # noqa: BLE001  the person who pressed is told
            self._background.later(self._answers.explain(click.who, click.channel_id, error, value.onboarding))
            return
        if action.change is not None:
            self._background.later(self._home.refresh(click.who))
        if shown is not None:
            self._background.later(self._show(click, value.step, *shown))
        if decided and click.view.get("type") != "home":  # there, the queue itself is before them
            self._background.later(self._next.offer(click.who, value.onboarding, value.step, click.channel_id))
        if action.said:
            self._background.later(self._answers.answer(click.who, click.channel_id, action.said))

    async def _show(self, click: Click, step_id: str, posted: Posted, state: str) -> None:
        """How the step stands, whatever the reminder said that has the button."""
        try:
            link = await self._slack.permalink(posted.channel_id, posted.ts)
        except SlackError as error:
            await self._answers.explain(click.who, click.channel_id, error)
            return
        await self._answers.answer(click.who, click.channel_id, "review.show", step=step_id, state=state, link=link)


async def _posted(case: Case, step_id: str) -> Posted:
    """A step's review card, or the step's message if it wasn't sent yet."""
    for kind in ("review", "step"):
        if (posted := await case.unit.posted(case.id, kind, step_id)) is not None:
            return posted
    raise Refused("gone")
