"""What the bot says about an onboarding: posts in threads, private messages, alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.jobs.errors import Unreachable
from bot.jobs.failures import readable_onboarding
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Thread, Threads
from bot.messages.blocks import Block, Drawing, actions, button, drawing, link, long_sections, notice, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.links import Links
from bot.messages.support import Support
from bot.messages.texts import Raw, Texts
from bot.messages.wording import calling, sentence
from bot.slack.client import Slack
from bot.slack.errors import SlackError
from bot.slack.people import People
from flows.cases.case import Cases
from flows.cases.manage import given_up_alike
from flows.cases.presence import there
from flows.cases.secrets import TOLD as SECRET_TOLD
from flows.cases.settle import state_allows
from flows.model import EffectRecord, Onboarding, Posted
from flows.outbox import Alert, Say, Tell, TellOfAlteredLog, TellOfDeparture, TellSetAside
from flows.people import Who
from flows.ports import Unit
from storage.chain import OF_ROWS
from storage.customers import readable_name
from storage.sealing import SealError
from storage.store import Store

ALERT = "alert"
"""The kind of `flows.model.Posted` of a message that tells what was given up."""


class Said:
    """Posts in threads."""

    def __init__(self, threads: Threads, people: People) -> None:
        self._threads, self._people = threads, people

    async def say(self, run: Run[Say]) -> Finished:
        asked = run.effect
        thread = await self._threads.of(run, asked.where, asked.step)
        mentioned = there(thread.case.snapshot, *asked.mention)  # who left while it waited
        words = calling(mentioned, sentence(thread.texts, asked.key, await self._named(asked.params)))
        offered = _offered(thread, asked.offers) if asked.offers else None
        drawn = notice(words) if offered is None else drawing([*long_sections(words), actions(offered)])
        return await self._threads.post(run, thread, [drawn], broadcast=asked.broadcast)

    async def _named(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A ``contact`` is called by name: a mention would call somebody who has nothing to do there."""
        if not (user_id := params.get("contact")):
            return params
        person = await self._people.fetch(user_id)
        return {**params, "contact": person.name if person is not None and person.name else Raw(f"<@{user_id}>")}


def _offered(thread: Thread, task_id: str) -> Block | None:
    """A button for a task of the thread's step, if it can be done now."""
    case, step = thread.case, thread.case.step(thread.step_id)
    task = next((one for one in step.tasks if one.id == task_id), None)
    if task is None or not state_allows(case.snapshot, step, task) or not task.is_ready(case.situation):
        return None
    value = ButtonValue(onboarding=case.id, step=step.id, task=task.id)
    return button(thread.texts(f"task.{step.id}.{task.id}.button"), Act.TASK, value)


def ways_on(thread: Thread, task_id: str) -> Sequence[Block]:
    """To try a task again and to ask for help, for a report that the customer reads; none for support."""
    if thread.where != "customer" or thread.case.onboarding.closed_at is not None:
        return ()
    value = ButtonValue(onboarding=thread.case.id, step=thread.step_id)
    again = _offered(thread, task_id)
    return [*([again] if again is not None else []), button(thread.texts("button.stuck"), Act.STUCK, value)]


class PrivateWords:
    def __init__(self, store: Store, cases: Cases, slack: Slack, people: People, support: Support) -> None:
        self._store, self._cases, self._slack, self._people, self._support = store, cases, slack, people, support

    async def tell(self, run: Run[Tell]) -> None:
        """Repeating a private message does no harm. A former customer's people are only told of secrets that they gave away."""
        asked = run.effect
        who = Who(asked.team, asked.user)
        async with self._store.read() as unit:
            onboarding = await unit.get(Onboarding, run.onboarding_id)
            of_onboarding, journey = (onboarding.language, onboarding.journey) if onboarding is not None else ("", "")
            language = await self._people.language_of(unit, who, of_onboarding)
        severed = onboarding is not None and onboarding.severed_at is not None
        if severed and asked.key != SECRET_TOLD and not self._cases.access.is_support(who):
            return
        told = notice(sentence(Texts(language, journey), asked.key, asked.params))
        await self._slack.tell(asked.channel or self._support.channel, asked.user, told.text, told.blocks)


class Alerts:
    def __init__(self, store: Store, slack: Slack, support: Support) -> None:
        self._store, self._slack, self._support = store, slack, support

    async def alert(self, run: Run[Alert]) -> Finished:
        """Show support what was given up and why, with a retry button, which is for all that was given up alike.

        Where support's channel can't be written into, it waits until that is mended: nobody else tells of it.
        """
        asked = run.effect
        async with self._store.read() as unit:
            onboarding, still = await readable_onboarding(unit, asked.onboarding), await _still(unit, asked)
            step = still.step if still is not None else ""
            card = await unit.posted(asked.onboarding, "review", step) or await unit.posted(asked.onboarding, "step", step)
            alike = await _alike(unit, still.effect) if still is not None and still.onboarding else ()
        if still is None:
            return Finished(called=False)  # tried again meanwhile
        asked = still
        texts = self._support.texts(onboarding.journey if onboarding is not None else "")
        params = {"what": asked.what, "why": asked.why, "id": asked.id}
        key = "effect_failed"
        if asked.customer:
            params |= {"customer": asked.customer, "step": asked.step}
            key = "effect_failed_in" if asked.step else "effect_failed_for"
        told = [sentence(texts, key, params)]
        if asked.scope:
            told.append(sentence(texts, "missing_scope", {"scope": asked.scope}))
        again = ButtonValue(onboarding=asked.onboarding, item=asked.effect)
        buttons = [button(texts("button.retry_effect"), Act.RETRY_EFFECT, again)]
        if url := Links(self._slack.address).to(card):
            buttons.append(link(texts("button.show_review"), url, "card"))
        finished = await self._post(run, drawing([section("\n".join(told)), actions(*buttons)]))
        channel, ts = (str(finished.result[name]) for name in ("channel", "ts"))

        async def keep(unit: Unit) -> None:
            for subject in alike:
                name = f"{asked.onboarding}:{ALERT}:{subject}"
                told_of = {"onboarding_id": asked.onboarding, "kind": ALERT, "subject": subject}
                await unit.place(Posted(id=name, channel_id=channel, ts=ts, **told_of))

        return replace(finished, also=keep)

    async def set_aside(self, run: Run[TellSetAside]) -> Finished:
        asked = run.effect
        key = "set_aside_of" if asked.customer else "set_aside"
        params = {"what": asked.what, "id": asked.id, "customer": asked.customer, "channel": asked.channel}
        return await self._post(run, drawing([section(sentence(self._support.texts(""), key, params))]))

    async def departure(self, run: Run[TellOfDeparture]) -> Finished:
        """The card with what they had follows once that can be recorded."""
        asked = run.effect
        async with self._store.read() as unit:
            onboarding = await readable_onboarding(unit, asked.onboarding)
        key = "unrecorded_departure" if onboarding is None else "unrecorded_departure_in"
        channel = onboarding.channel_id if onboarding is not None else ""
        params = {"user": asked.user, "customer": readable_name(onboarding) or asked.onboarding, "channel": channel}
        return await self._post(run, notice(sentence(self._support.texts(""), key, params)))

    async def _post(self, run: Run[Any], shown: Drawing) -> Finished:
        try:
            channel, ts = await self._slack.post_once(self._support.channel, shown.text, shown.blocks, run.id, again=run.again)
        except SlackError as error:
            if error.barred:
                raise Unreachable(error.error) from None
            raise
        return Finished({"channel": channel, "ts": ts})

    async def altered_log(self, run: Run[TellOfAlteredLog]) -> Finished:
        asked = run.effect
        async with self._store.read() as unit:
            onboarding = await readable_onboarding(unit, asked.onboarding)
            texts = self._support.texts(onboarding.journey if onboarding is not None else "")
            customer = readable_name(onboarding)
        key = "altered_rows" if asked.flaw in OF_ROWS else "altered_log" if asked.onboarding else "altered_register"
        params = {"customer": customer or asked.onboarding, "onboarding": asked.onboarding, "flaw": asked.flaw, "id": asked.id}
        return await self._post(run, notice(sentence(texts, key, params)))


async def _alike(unit: Unit, effect_id: str) -> Sequence[str]:
    """The ids of all that the button tries again."""
    try:
        record = await unit.get(EffectRecord, effect_id)
    except SealError:
        record = None
    alike = await given_up_alike(unit, record, record.error) if record is not None else ()
    return [one.id for one in alike] or [effect_id]


async def _still(unit: Unit, asked: Alert) -> Alert | None:
    """What there is to tell by now: of the same effect, or of another of its group if that one was tried again. None if of none."""
    try:
        named = await unit.get(EffectRecord, asked.effect)
    except SealError:  # it was damaged
        return asked
    if named is not None and named.state == "failed":
        return asked
    if named is None or not asked.group:
        return None
    for other in await given_up_alike(unit, named, asked.why.removeprefix("why.")):
        effect = unit.effect_of(other)
        step = effect.step_id if effect is not None else ""
        # Whether this one lacks the same scope isn't known.
        return replace(asked, effect=other.id, what=f"effect.{other.kind}", step=step, id=other.error_id, scope="")
    return None
