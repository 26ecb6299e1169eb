"""People going through an onboarding by what they see and press. They insist as people do: they repeat a press that was not
answered or said to have failed, reopen a closed form, and find what they typed still there. What was acknowledged they never repeat,
so that it shows if it was lost."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeGuard

from bot.messages.buttons import Act
from bot.messages.texts import FALLBACK, languages, table
from bot.modals.parse import field_name
from bot.modals.subject import FormMeta
from flows.forms.dialogs import START
from flows.forms.fields import Answers
from playground.office import Office
from playground.slack import (
    Channel,
    FileUpload,
    Message,
    Outcome,
    SeenMessage,
    SlackPerson,
    UnloadedError,
    UnmetError,
    View,
)
from playground.slack.block_kit import elements
from playground.slack.screen import plain, tells

PATIENCE = 45.0
"""Seconds until a person gives up on something; long enough for a bot to be killed and restarted."""


def said(*keys: str, **known: str) -> re.Pattern[str]:
    """Any of these texts in any language, whatever stands for its parameters but for the ``known`` ones: the key of a text, or words."""
    return re.compile("|".join(_template(table(one), key, known) for one in languages() for key in keys), re.DOTALL)


def _template(texts: Mapping[str, str], key: str, known: Mapping[str, str]) -> str:
    for name, value in known.items():
        known = {**known, name: re.escape(plain(texts.get(value, value)))}
    parts = re.split(r"\\\{(\w+)\\\}", re.sub(r"\\\s", r"\\s+", re.escape(plain(texts[key]))))  # a quote is on a line of its own
    return "".join(known.get(part, ".*") if at % 2 else part for at, part in enumerate(parts))


REDRAWN_WITHIN = 3.0
"""Seconds in which a page says what else it asks once something was chosen in it."""
UNOPENED = ("refused.late", "refused.no_answer")
"""About a form that did not open: nothing is said of what was done before."""
REFUSED = said(*(key for key in table(FALLBACK) if key.startswith("refused.") and key not in UNOPENED))
"""What a person is told privately about a press or a form that changed nothing."""
SEND_AGAIN = said(*(f"error.{key}" for key in ("slack_did_not_answer", "file_unreadable", "not_looked_into", "not_checked")))
"""What a field shows if a form could not be looked at."""

Happened = Callable[[], Any]
Fill = Answers | Callable[[], Answers]


class FormRefusedError(Exception):
    """A form was not accepted: the errors by label."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{label}: {words}" for label, words in errors.items()))


class LostActError(UnmetError):
    """What was acknowledged did not come true, and nobody was told that it failed."""


class Walkthrough:
    """``tell``: gets each line of the transcript (who, what they did or saw). ``patience``: seconds until a person gives up.
    ``channel``: the customer's; by default Acme Bank's, as it stands."""

    def __init__(
        self,
        office: Office,
        tell: Callable[[str, str], None] | None = None,
        *,
        patience: float = PATIENCE,
        channel: Channel | None = None,
    ) -> None:
        self.office, self.slack, self.patience, self._channel = office, office.slack, patience, channel
        self.tell = tell or (lambda _who, _what: None)
        self._kept: dict[tuple[str, ...], dict[str, Answers]] = {}
        """What was typed into acknowledged pages, by page, of forms that are not sent yet."""

    # -- seeing

    def lasting(self, kind: str, step: str = "") -> Message:
        """The card, a step's message or a review card, as it is now; LookupError if it has not been posted."""
        found = self.all_lasting(kind, step)
        if not found:
            raise LookupError(f"no {kind} {step}")
        return found[-1]

    def all_lasting(self, kind: str, step: str = "") -> list[Message]:
        if kind != "review":
            return [m for m in (self._channel or self.office.acme).messages if effect_id(m).endswith(f":{kind}:{step}")]
        card = self.all_lasting("card")
        onboarding = effect_id(card[-1]).partition(":")[0] if card else ""
        return [m for m in self.office.support.messages if effect_id(m) == f"{onboarding}:{kind}:{step}"]

    def thread(self, kind: str, step: str) -> list[Message]:
        root = self.lasting(kind, step)
        return [m for m in root.channel.messages if m.thread_ts == root.ts and m.ts != root.ts]

    def says(self, kind: str, step: str, words: str | re.Pattern[str]) -> bool:
        """Whether a lasting message shows these words, or a text (see `said`)."""
        return tells(SeenMessage.of(self.lasting(kind, step)).shown, words)

    def is_now(self, step: str, state: str) -> bool:
        """Whether the step's message shows this state; ``state``: such as ``changes_requested``."""
        return self.says("step", step, said("step_message.state", state=f"state.{state}"))

    def told_in(self, kind: str, step: str, words: str | re.Pattern[str]) -> int:
        """How many messages in the thread of a lasting message say this."""
        return sum(tells(message.text, words) for message in self.thread(kind, step))

    def title(self, step: str) -> str:
        """The heading of the step's message, without its number."""
        heading = str(self.lasting("step", step).blocks[0]["text"]["text"])
        return heading.partition(". ")[2]

    # -- pressing

    async def press(
        self, person: SlackPerson, target: Callable[[], Message | View], act: Act, happened: Happened, *, task: str = ""
    ) -> None:
        """Press a button until its effect has happened, once it is acknowledged no more."""

        async def once() -> bool:
            message, told = target(), self.told(person)
            name = action_id(message.blocks, act, task)
            if name is None:
                raise LookupError(f"no button {act} {task}")
            outcome = await person.click(message, action_id=name)
            if not outcome.ok:
                return await self.comes(happened, 0.3)
            pressed = label(message.blocks, name)
            self.tell(person.name, f"presses “{pressed}”")
            return await self.comes_true(happened, lambda: self.told(person) > told, f"{person.name} pressed “{pressed}”")

        await self.insist(happened, once)

    async def insist(self, happened: Happened, again: Callable[[], Awaitable[bool]]) -> None:
        """Keep trying until it has happened; UnmetError after so many seconds as patience lasts."""

        async def tried() -> bool:
            return bool(holds(happened)) or await again()

        await self.slack.until(tried, timeout=self.patience)

    async def comes_true(self, happened: Happened, failed: Happened, what: str) -> bool:
        """Wait for what was acknowledged, if need be through a restart. False if it was said to have failed.

        Raises:
            LostActError: neither happened.

        """
        try:
            await self.slack.until(lambda: holds(happened) or holds(failed), timeout=self.patience)
        except UnmetError as error:
            raise LostActError(f"{what}, which was acknowledged\n{error}") from error
        return await self.comes(happened, 1.0)

    def told(self, person: SlackPerson) -> int:
        """How often the person was told privately that something changed nothing."""
        messages = (message for channel in self.slack.world.channels.values() for message in channel.messages if message.bot)
        return sum(bool(REFUSED.fullmatch(m.text)) for m in messages if person.id in (m.ephemeral_to, m.channel.im))

    async def comes(self, happened: Happened, seconds: float) -> bool:
        try:
            await self.slack.until(lambda: holds(happened), timeout=seconds)
        except UnmetError:
            return False
        return True

    # -- filling

    async def fill_form(
        self,
        person: SlackPerson,
        opened: Callable[[], Awaitable[Any]],
        values: Fill,
        happened: Happened,
        *,
        stop_at: int | None = None,
        failures: Callable[[], int] = lambda: 0,
    ) -> None:
        """Open a form, fill in page after page and send it, until ``happened``. ``stop_at``: close it at that page instead.
        ``failures``: how often everybody was told that what it asked for failed, which is a reason to send it again."""
        pages, corrected, on_its_way = 0, set[str](), ""

        async def once() -> bool:
            nonlocal pages, on_its_way
            if not ready(person.view):
                await opened()
                if not await self.comes(lambda: ready(person.view), 3.0):
                    await person.close() if person.view else None
                    return False
            view = person.view
            if view is None:
                return False
            if stop_at is not None and pages >= stop_at:
                await person.close()
                self.tell(person.name, f"closes the form at “{page_title(view)}”")
                return True
            if (name := to_correct(view)) is not None and name not in corrected:
                here, on_its_way = meta_of(view).page, name
                if (await person.click(view, action_id=name)).ok:
                    self.tell(person.name, f"presses “{label(view.blocks, name)}” beside what is to be corrected")
                    await self.comes(lambda: ready(person.view) and meta_of(person.view).page != here, 3.0)
                return False
            page, told = page_title(view), self.told(person) + failures()
            mends = to_correct(view) is None  # known now: the window is the same one once it shows what comes next
            try:
                outcome = await self.send_page(person, view, values() if callable(values) else values)
            except UnloadedError:
                return await self.comes(happened, 0.3)
            if outcome.ok:
                pages += 1
                if mends:  # not before: a press or a page may be lost, and the form opens at its end again
                    corrected.add(on_its_way)
                self.tell(person.name, f"sends “{page}”" + ("" if person.view else ", and the form closes"))
            elif is_final(errors := outcome.errors or outcome.client_errors) and not await self.comes(happened, 0.3):
                raise FormRefusedError(errors)
            if not outcome.ok or person.view is not None:
                return await self.comes(happened, 0.05)
            return await self.comes_true(happened, lambda: self.told(person) + failures() > told, f"{person.name} sent “{page}”")

        if stop_at is None:
            await self.insist(happened, once)
            if person.view is not None:  # what was asked for has happened, whatever it still shows
                await person.close()
        else:
            await self.slack.until(once, timeout=self.patience)

    async def send_page(self, person: SlackPerson, view: View, values: Mapping[str, Any]) -> Outcome:
        """Fill the fields that are there and submit. On a page that was acknowledged before, what was typed still stands."""
        form, page = form_of(view, person), meta_of(view).page
        if self._kept.get(form, {}).get(page) != values:
            await self.type_in(person, view, values)
        outcome = await person.submit()
        if outcome.ok and person.view is None:
            self._kept.pop(form, None)
        elif outcome.ok and ready(person.view) and meta_of(person.view).page != page:
            self._kept.setdefault(form, {})[page] = dict(values)
        return outcome

    async def type_in(self, person: SlackPerson, view: View, values: Mapping[str, Any]) -> None:
        """Also into what is asked once something was chosen."""
        filled = set[str]()
        while (
            block := next((one for one in view.blocks if one["type"] == "input" and one["block_id"] not in filled), None)
        ) is not None:
            filled.add(block["block_id"])
            name = field_name(block["block_id"])
            wanted = value_for(name, block["element"], items_of(values, view))
            if wanted is None or (block.get("dispatch_action") and wanted in chosen(view.inputs[block["block_id"]]["value"])):
                continue  # the app would be told of a choice that nobody made
            if wanted == "*":  # everything on offer
                listed = [option["value"] for option in block["element"].get("options", ())]
                wanted = listed or await person.search(block["block_id"], "")
                wanted = wanted if block["element"]["type"].startswith("multi_") else wanted[0]
            before = view.hash
            await person.fill({block["block_id"]: wanted})
            if block.get("dispatch_action") and meta_of(view).form != START:
                await self.comes(partial(is_another, person, before), REDRAWN_WITHIN)
                view = person.view or view

    # -- the parts of every step

    def opens(
        self, person: SlackPerson, target: Callable[[], Message | View], act: Act, task: str = ""
    ) -> Callable[[], Awaitable[Outcome]]:
        async def open_() -> Outcome:
            message = target()
            name = action_id(message.blocks, act, task)
            if name is None:
                raise LookupError(f"no button {act} {task}")
            outcome = await person.click(message, action_id=name)
            if outcome.ok:
                self.tell(person.name, f"presses “{label(message.blocks, name)}”")
            return outcome

        return open_

    async def send_step(self, person: SlackPerson, step: str, values: Fill, revision: int = 1) -> None:
        """The customer fills in and sends a step; done when its review card shows that revision."""
        await self.fill_form(
            person,
            self.opens(person, lambda: self.lasting("step", step), Act.OPEN_FORM),
            values,
            lambda: self.sent_revision(step) >= revision,
        )

    def sent_revision(self, step: str) -> int:
        """The revision that the review card's buttons name; 0 if there is none."""
        for message in self.all_lasting("review", step):
            for block in message.blocks:
                for element in elements(block):
                    if element.get("action_id", "").partition(":")[0] in (Act.APPROVE, Act.CLAIM) and "value" in element:
                        return int(json.loads(element["value"]).get("revision") or 0)
        return 0

    async def approve(self, person: SlackPerson, step: str, happened: Happened) -> None:
        await self.press(person, lambda: self.lasting("review", step), Act.APPROVE, happened)

    async def task(
        self,
        person: SlackPerson,
        kind: str,
        step: str,
        task: str,
        values: Fill | None,
        happened: Happened,
        failures: Callable[[], int] = lambda: 0,
    ) -> None:
        """Do a task from the review card (support) or the step's message (customer). ``failures``: as in `fill_form`."""
        target = lambda: self.lasting(kind, step)  # noqa: E731
        if values is None:
            await self.press(person, target, Act.TASK, happened, task=task)
            return
        await self.fill_form(person, self.opens(person, target, Act.TASK, task), values, happened, failures=failures)


def chosen(state: Mapping[str, Any]) -> list[Any]:
    """What is chosen in a field: the value, or the values, of its options."""

    def plain(value: Any) -> Any:
        return (
            [plain(one) for one in value] if isinstance(value, list) else value.get("value") if isinstance(value, dict) else value
        )

    return [plain(value) for value in state.values()]


def is_another(person: SlackPerson, before: str) -> bool:
    """Whether the window was drawn anew since its hash was this."""
    return person.view is not None and person.view.hash != before


def to_correct(view: View) -> str | None:
    """The button on the last page that leads to the first answer in which changes were requested."""
    names = (str(one.get("action_id", "")) for block in view.blocks for one in elements(dict(block)))
    return next((name for name in names if name.startswith(f"{Act.PAGE}:named")), None)


def is_final(errors: Mapping[str, str]) -> bool:
    """Whether a form was refused for what is in it."""
    return not all(SEND_AGAIN.fullmatch(words) for words in errors.values())


def holds(happened: Happened) -> Any:
    try:
        return happened()
    except (LookupError, AttributeError):
        return False


def effect_id(message: Message) -> str:
    """What the bot wrote into the message's metadata; empty for messages of people."""
    return str(((message.metadata or {}).get("event_payload") or {}).get("effect_id", ""))


def action_id(blocks: Sequence[Mapping[str, Any]], act: Act, task: str = "") -> str | None:
    """The action id of a button of this kind; ``task``: for that task."""
    for block in blocks:
        for element in elements(dict(block)):
            name = str(element.get("action_id", ""))
            if name.partition(":")[0] == act and (not task or json.loads(element.get("value") or "{}").get("task") == task):
                return name
    return None


def label(blocks: Sequence[Mapping[str, Any]], name: str) -> str:
    for block in blocks:
        for element in elements(dict(block)):
            if element.get("action_id") == name:
                return str((element.get("text") or {}).get("text", name))
    return name


def page_title(view: View) -> str:
    """The form's title and the page's heading, the first bold line; above it may stand whom and what the form is about."""
    lines = (str(block["elements"][0].get("text", "")) for block in view.blocks if block["type"] == "context")
    heading = next((line for line in lines if line.startswith("*")), "")
    return f"{view.title}: {heading.strip('*')}" if heading else view.title


def ready(view: View | None) -> TypeGuard[View]:
    """Whether a form that can be submitted is on the screen (not the loading view, not an outcome)."""
    return view is not None and bool(view.data.get("submit"))


def meta_of(view: View) -> FormMeta:
    """What a form's window carries along."""
    return FormMeta.model_validate_json(view.data["private_metadata"])


def form_of(view: View, person: SlackPerson) -> tuple[str, ...]:
    """Names the draft that a form's window writes."""
    meta = meta_of(view)
    return meta.onboarding or person.id, meta.form, meta.step, meta.item


def items_of(values: Mapping[str, Any], view: View) -> Mapping[str, Any]:
    """The values for this page; on a repeated page, those of its item: its number ends the page's name."""
    number = re.search(r"\d+$", json.loads(view.data.get("private_metadata") or "{}").get("page", ""))
    for items in values.values():
        if number is not None and isinstance(items, list) and items and isinstance(items[0], dict):
            return dict(items[min(int(number[0]), len(items) - 1)])
    return values


def value_for(name: str, element: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """What to put into a field; None leaves it as it is."""
    value = values.get(name)
    if value is None:
        return None
    kind = element["type"]
    if kind == "file_input":
        return [value] if isinstance(value, FileUpload) else value
    if kind in ("plain_text_input", "number_input", "email_text_input", "url_text_input"):
        return str(value)
    return value
