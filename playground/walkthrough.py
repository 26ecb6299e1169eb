"""People going through an onboarding by what they see and press. They insist as people do: they repeat an unanswered press,
reopen a closed form, and find what they typed still there."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot.messages.buttons import Act
from bot.modals.parse import field_name
from flows.forms.fields import Answers
from playground.office import Office
from playground.slack import FileUpload, Message, Outcome, SeenMessage, SlackPerson, UnloadedError, UnmetError, View
from playground.slack.block_kit import elements

PATIENCE = 45.0
"""Seconds until a person gives up on something; long enough for a bot to be killed and restarted."""

Happened = Callable[[], Any]
Fill = Answers | Callable[[], Answers]


class FormRefusedError(Exception):
    """A form was not accepted: the errors by label."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{label}: {words}" for label, words in errors.items()))


class Walkthrough:
    """``tell``: gets each line of the transcript (who, what they did or saw)."""

    def __init__(self, office: Office, tell: Callable[[str, str], None] | None = None) -> None:
        self.office, self.slack = office, office.slack
        self.tell = tell or (lambda _who, _what: None)

    # -- seeing

    def lasting(self, kind: str, step: str = "") -> Message:
        """The card, a step's message or a review card, as it is now; LookupError if it has not been posted."""
        found = self.all_lasting(kind, step)
        if not found:
            raise LookupError(f"no {kind} {step}")
        return found[-1]

    def all_lasting(self, kind: str, step: str = "") -> list[Message]:
        if kind != "review":
            return [m for m in self.office.acme.messages if effect_id(m).endswith(f":{kind}:{step}")]
        card = self.all_lasting("card")
        onboarding = effect_id(card[-1]).partition(":")[0] if card else ""
        return [m for m in self.office.support.messages if effect_id(m) == f"{onboarding}:{kind}:{step}"]

    def thread(self, kind: str, step: str) -> list[Message]:
        root = self.lasting(kind, step)
        return [m for m in root.channel.messages if m.thread_ts == root.ts and m.ts != root.ts]

    def says(self, kind: str, step: str, words: str) -> bool:
        """Whether a lasting message shows these words."""
        return words in SeenMessage.of(self.lasting(kind, step)).shown

    def title(self, step: str) -> str:
        """The heading of the step's message, without its number."""
        heading = str(self.lasting("step", step).blocks[0]["text"]["text"])
        return heading.partition(". ")[2]

    # -- pressing

    async def press(
        self, person: SlackPerson, target: Callable[[], Message | View], act: Act, happened: Happened, *, task: str = ""
    ) -> None:
        """Press a button until its effect has happened."""

        async def once() -> bool:
            message = target()
            name = action_id(message.blocks, act, task)
            if name is None:
                raise LookupError(f"no button {act} {task}")
            outcome = await person.click(message, action_id=name)
            if outcome.ok:
                self.tell(person.name, f"presses “{label(message.blocks, name)}”")
            return await self.comes(happened, 3.0 if outcome.ok else 0.3)

        await self.insist(happened, once)

    async def insist(self, happened: Happened, again: Callable[[], Awaitable[bool]]) -> None:
        """Keep trying until it has happened; UnmetError after PATIENCE seconds."""

        async def tried() -> bool:
            return bool(holds(happened)) or await again()

        await self.slack.until(tried, timeout=PATIENCE)

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
    ) -> None:
        """Open a form, fill in page after page and send it, until ``happened``. ``stop_at``: close it at that page instead."""
        pages = 0

        async def once() -> bool:
            nonlocal pages
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
            page = page_title(view)
            try:
                outcome = await self.send_page(person, view, values() if callable(values) else values)
            except UnloadedError:
                return await self.comes(happened, 0.3)
            if outcome.ok:
                pages += 1
                self.tell(person.name, f"sends “{page}”" + ("" if person.view else ", and the form closes"))
            elif (outcome.errors or outcome.client_errors) and not await self.comes(happened, 0.3):
                raise FormRefusedError(outcome.errors or outcome.client_errors)
            # What was accepted comes true by itself, if need be after a restart: doing it again would do it twice.
            return await self.comes(happened, 0.05 if person.view else 15.0)

        if stop_at is None:
            await self.insist(happened, once)
        else:
            await self.slack.until(once, timeout=PATIENCE)

    async def send_page(self, person: SlackPerson, view: View, values: Mapping[str, Any]) -> Outcome:
        """Fill the fields that are there and submit."""
        await self.type_in(person, view, values)
        return await person.submit()

    async def type_in(self, person: SlackPerson, view: View, values: Mapping[str, Any]) -> None:
        for block in view.blocks:
            if block["type"] != "input":
                continue
            name = field_name(block["block_id"])
            wanted = value_for(name, block["element"], items_of(values, view))
            if wanted is None:
                continue
            if wanted == "*":  # everything on offer
                listed = [option["value"] for option in block["element"].get("options", ())]
                wanted = listed or await person.search(block["block_id"], "")
                wanted = wanted if block["element"]["type"].startswith("multi_") else wanted[0]
            await person.fill({block["block_id"]: wanted})

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

    async def task(self, person: SlackPerson, kind: str, step: str, task: str, values: Fill | None, happened: Happened) -> None:
        """Do a task from the review card (support) or the step's message (customer)."""
        target = lambda: self.lasting(kind, step)  # noqa: E731
        if values is None:
            await self.press(person, target, Act.TASK, happened, task=task)
            return
        await self.fill_form(person, self.opens(person, target, Act.TASK, task), values, happened)


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
    """The form's title and the page's heading."""
    first = next((block for block in view.blocks if block["type"] == "context"), None)
    heading = str(first["elements"][0].get("text", "")) if first else ""
    return f"{view.title}: {heading.strip('*')}" if heading.startswith("*") else view.title


def ready(view: View | None) -> bool:
    """Whether a form that can be submitted is on the screen (not the loading view, not an outcome)."""
    return view is not None and bool(view.data.get("submit"))


def items_of(values: Mapping[str, Any], view: View) -> Mapping[str, Any]:
    """The values for this page; on a repeated page, those of its item."""
    for items in values.values():
        if isinstance(items, list) and items and isinstance(items[0], dict):
            slot = json.loads(view.data.get("private_metadata") or "{}").get("slot", 0)
            return dict(items[min(slot, len(items) - 1)])
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
