"""A person who reads, clicks, types and submits; what Slack's client would not let her do raises here too."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from playground.slack import submission
from playground.slack.block_kit import Json
from playground.slack.chat import change, new_message
from playground.slack.checks import WebApiError, check_message, check_options
from playground.slack.core import Core
from playground.slack.delivery import Courier
from playground.slack.forms import Field, FileUpload, carry_over, field_named, option_named, typed
from playground.slack.payloads import actions_on_message, actions_on_view, file_json, message_event, message_json
from playground.slack.reader import ChannelRef, Outcome, Reader
from playground.slack.screen import SeenMessage, find_element
from playground.slack.world import Channel, File, Message, ResponseUrl, User, View

Target = Message | View


class UnloadedError(ValueError):
    """A select shows no options: the app did not answer. Closing and reopening the list asks again."""


class SlackPerson(Reader):
    def __init__(self, core: Core, courier: Courier, user: User) -> None:
        super().__init__(core, user)
        self.courier = courier
        self._typed: dict[str, dict[str, dict[str, Json]]] = {}
        self._listed: dict[tuple[str, ...], list[Json]] = {}

    async def click(
        self, target: Target, text: str | None = None, *, action_id: str | None = None, block_id: str | None = None, n: int = 0
    ) -> Outcome:
        """Presses a button; a confirm dialog is accepted, and its text is in `Outcome.confirmed`.

        Raises:
            LookupError: she sees no such button.

        """
        block, element = find_element(target.blocks, self.id, text=text, action_id=action_id, block_id=block_id, n=n)
        if element["type"] != "button":
            raise LookupError(f"{element['type']} is no button: use select")
        action: Json = {name: element[name] for name in ("type", "action_id", "text", "value", "style", "url") if name in element}
        return await self._act(target, block, element, action)

    async def select(self, target: Target, action_id: str, value: Any) -> Outcome:
        """Chooses in a select, a picker, checkboxes or an overflow menu outside an input block."""
        block, element = find_element(target.blocks, self.id, action_id=action_id)
        action: Json = {"type": element["type"], "action_id": action_id}
        if element["type"] == "overflow":
            action["selected_option"] = option_named(element["options"], value)
        else:
            field = Field(block, element)
            state = await self._state(target, field, value)
            self._inputs(target)[block["block_id"]][action_id] = state
            action |= state
        return await self._act(target, block, element, action)

    async def fill(self, values: Mapping[str, Any], on: Target | None = None) -> Outcome:
        """Types or picks, field by field, by label (or block_id, or action_id) on the open form or `on` a message.

        Text; an option's text or value, a list where several may be chosen; a date, `HH:MM`, an aware or local datetime or Unix
        seconds; a Person or user id; `FileUpload`s. An external select is searched first. Fields with
        `dispatch_action` notify the app; the outcome is that of the last one.

        Raises:
            LookupError: no such field. ValueError: the client would not take the value.

        """
        outcome = Outcome()
        for name, value in values.items():
            target = on or self._open()
            field = field_named(target.blocks, name)
            state = await self._state(target, field, value)
            block_id, action_id = field.place
            self._inputs(target)[block_id][action_id] = state
            if field.sends_actions:
                action = {"action_id": action_id, **state}
                outcome = await self._act(target, field.block, field.element, action)
        self.core.changed()
        return outcome

    async def search(self, name: str, query: str, on: Target | None = None) -> list[str]:
        """The texts that an external select offers for what she types."""
        target = on or self._open()
        return [option["text"]["text"] for option in await self._suggestions(target, field_named(target.blocks, name), query)]

    async def submit(self) -> Outcome:
        return await submission.submit(self.core, self.courier, self.user)

    async def close(self, *, back: bool = False) -> Outcome:
        return await submission.close(self.core, self.courier, self.user, back=back)

    async def command(self, line: str, channel: ChannelRef | None = None) -> Outcome:
        """Types a slash command; Slack itself refuses people from other companies, single-channel guests and unknown commands."""
        place = (self._channel(channel) if channel else None) or self._default_channel()
        name, _, text = line.partition(" ")
        outsider = self.user.team != self.core.installing_team or self.user.ultra_restricted
        if outsider or name not in self.core.commands or (self.user.restricted and not self.core.guests_may_command):
            return Outcome(ok=False, error=f"{name} is not a valid command")
        link, url = self.core.new_response_url(self.user, place)
        payload = {
            "token": self.core.verification_token,
            "team_id": self.team_id,
            "team_domain": self.user.team.domain,
            "channel_id": place.id,
            "channel_name": "directmessage" if place.im else "privategroup" if place.private else place.name,
            "user_id": self.id,
            "user_name": self.user.username,
            "command": name,
            "text": self._escaped(text.strip()) if self.core.should_escape else text.strip(),
            "api_app_id": self.core.app_id,
            "is_enterprise_install": "false",
            **({"enterprise_id": self.user.team.enterprise} if self.user.team.enterprise else {}),
            "response_url": url,
            "trigger_id": self.core.new_trigger(self.user),
        }
        answer = await self.courier.command(payload)
        outcome = Outcome(answer.ok, answer.ms, answer.status, answer.error, answer.body, link=link)
        if answer.ok and answer.body:
            self._answered(link, answer.body, outcome)
        outcome.view = self.view
        return outcome

    def _answered(self, link: ResponseUrl, body: Any, outcome: Outcome) -> None:
        body = body if isinstance(body, dict) else {"text": str(body)}
        try:
            message = new_message(self.core, link.channel, check_message(body))
        except WebApiError as error:
            self.core.refuse("slash_command", error)
            outcome.ok, outcome.error = False, error.word
            return
        message.ephemeral_to = None if body.get("response_type") == "in_channel" else self.id
        link.replies.append(self.core.add_message(message))

    async def say(
        self,
        channel: ChannelRef,
        text: str,
        thread: Message | str | None = None,
        files: Sequence[FileUpload] = (),
        *,
        blocks: Sequence[Json] = (),
        attachments: Sequence[Json] = (),
    ) -> SeenMessage:
        """Writes a message, with what her client makes of it in blocks, and what she forwards in attachments; raises PermissionError if
        she is not a member.
        """
        place = self._channel(channel)
        if place is None or self.id not in place.members:
            raise PermissionError(f"{self.name} is not in that channel")
        root = thread.thread if isinstance(thread, Message) else thread
        message = Message(self.core.world.new_ts(), place, self.id, text, list(blocks), thread_ts=root)
        message.files, message.attachments = [self._upload(file, place) for file in files], list(attachments)
        self.core.add_message(message)
        self.core.emit(message_event(self.core, message) | {"client_msg_id": self.core.world.new_id("m")}, place)
        return SeenMessage.of(message)

    async def edit(self, message: Message, text: str) -> None:
        """Changes what she wrote."""
        kept = message.channel.find(message.ts)
        if kept is None or kept.user != self.id:
            raise PermissionError("only one's own message can be edited")
        before = message_json(self.core, kept)
        change(self.core, kept, {"text": text, "blocks": [], "attachments": [], "metadata": None})
        event = {"type": "message", "subtype": "message_changed", "channel": kept.channel.id, "channel_type": kept.channel.kind}
        shown = {
            "message": message_json(self.core, kept),
            "previous_message": before,
            "hidden": True,
            "ts": self.core.world.new_ts(),
        }
        self.core.emit(event | shown, kept.channel)

    async def edit_file(self, file: File, content: bytes) -> None:
        """Changes a snippet. Slack says no more than which file it is."""
        if file.user != self.id:
            raise PermissionError("only one's own file can be edited")
        file.content = content
        self.core.emit({"type": "file_change", "file_id": file.id, "file": {"id": file.id}})

    async def open_home(self, wait: float = 3.0, tab: str = "home") -> View | None:
        """Opens the app's home and gives the app up to `wait` seconds to publish it."""
        before = self.home.hash if self.home else None
        event = {
            "type": "app_home_opened",
            "user": self.id,
            "channel": self.core.world.dm(self.user, self.core.bot_user_id).id,
            "tab": tab,
        }
        self.core.emit(event)
        try:
            await self.core.until(lambda: self.home and self.home.hash != before, wait)
        except TimeoutError:
            return self.home
        return self.home

    async def _act(self, target: Target, block: Json, element: Json, action: Json) -> Outcome:
        action = {"block_id": block["block_id"], **action, "action_ts": self.core.world.new_ts()}
        link, payload = None, self._shown_to_app(target)
        if payload is None:
            return Outcome(ok=False, error="view_gone" if isinstance(target, View) else "message_gone")
        if isinstance(target, Message):
            link, payload["response_url"] = self.core.new_response_url(self.user, target.channel, target.channel.find(target.ts))
        answer = await self.courier.interact(payload | {"actions": [action]})
        confirm = element.get("confirm", {}).get("text", {}).get("text")
        return Outcome(
            answer.ok, answer.ms, answer.status, answer.error, answer.body, view=self.view, confirmed=confirm, link=link
        )

    def _shown_to_app(self, target: Target) -> Json | None:
        """The payload around an action; None if its message or view has left her screen for good."""
        if isinstance(target, View):
            open_ = target in self.user.stack or target is self.user.home
            return actions_on_view(self.core, self.user, target) if open_ else None
        readable = self.id in target.channel.members and target.ephemeral_to in (None, self.id)
        if not readable or target.channel.find(target.ts) is None:
            return None
        return actions_on_message(self.core, self.user, target, self._inputs(target))

    def _open(self) -> View:
        if self.view is None:
            raise LookupError(f"{self.name} has no form open")
        return self.view

    def _inputs(self, target: Target) -> dict[str, dict[str, Json]]:
        """What she has typed there; on a message, only her own input, whatever others have typed."""
        if isinstance(target, View):
            return target.inputs
        self._typed[target.ts] = carry_over(self._typed.get(target.ts, {}), {"blocks": target.blocks})
        return self._typed[target.ts]

    async def _state(self, target: Target, field: Field, value: Any) -> Json:
        kind = field.element["type"]
        if kind == "external_select" and value is not None:
            value = await self._picked(target, field, value.user.username if isinstance(value, SlackPerson) else value)
        elif kind == "multi_external_select":
            value = [await self._picked(target, field, item) for item in value]
        elif kind == "users_select":
            value = getattr(value, "id", value)
        elif kind == "multi_users_select":
            value = [getattr(item, "id", item) for item in value]
        elif kind == "file_input":
            value = self._chosen_files(field, value)
        return typed(field, value, self.user.tz)

    async def _picked(self, target: Target, field: Field, wanted: str) -> Json:
        """The option with this text in the open list; else, among what a search for it finds, the one with this text or value, or
        the first whose text starts with it.
        """
        for option in self._listed.get(_list_of(target, field), []):
            if option["text"]["text"] == wanted:
                return option
        options = await self._suggestions(target, field, wanted)
        for option in options:
            if wanted.casefold() in (option["text"]["text"].casefold(), option["value"].casefold()):
                return option
        for option in options:
            if option["text"]["text"].casefold().startswith(wanted.casefold()):
                return option
        return option_named(options, wanted)

    async def _suggestions(self, target: Target, field: Field, query: str) -> list[Json]:
        if len(query) < field.element.get("min_query_length", 3):
            return []
        payload = self._shown_to_app(target)
        if payload is None:
            raise LookupError("that form is gone")
        block_id, action_id = field.place
        payload = {name: part for name, part in payload.items() if name not in {"trigger_id", "state", "type"}}
        answer = await self.courier.interact(
            payload | {"type": "block_suggestion", "block_id": block_id, "action_id": action_id, "value": query}
        )
        if not answer.ok:
            raise UnloadedError(f"the options of {field.label!r} could not be loaded: {answer.error}")
        try:
            options = self._listed[_list_of(target, field)] = check_options(answer.body)
        except WebApiError as error:
            self.core.refuse("block_suggestion", error)
            raise ValueError(f"the options of {field.label!r} are malformed: {error.messages}") from error
        return options

    def _chosen_files(self, field: Field, uploads: Sequence[FileUpload]) -> list[Json]:
        if len(uploads) > field.element.get("max_files", 10):
            raise ValueError("too many files")
        return [self._file(upload) for upload in uploads]

    def _file(self, upload: FileUpload) -> Json:
        if len(upload.content) > 10 * 1024 * 1024:
            raise ValueError("a file of a form has at most 10 MB")
        return file_json(self.core, self._upload(upload, None))

    def _upload(self, upload: FileUpload, channel: Channel | None) -> File:
        file = File(self.core.world.new_id("F"), self.id, upload.name, upload.content, upload.name, int(time.time()))
        file.channels = [channel.id] if channel else []
        self.core.world.files[file.id] = file
        return file

    def _escaped(self, text: str) -> str:
        """Mentions as the client sends them with `should_escape`: `<@U…|name>`, and `<#C…|name>` of channels that she is in or may join."""
        for user in self.core.world.users.values():
            for name in (user.name, user.username):
                if f"@{name}".casefold() not in text.casefold():  # a pattern for each of a thousand people is slow
                    continue
                text = re.sub(rf"@{re.escape(name)}(?![\w.])", f"<@{user.id}|{user.username}>", text, flags=re.IGNORECASE)
        for channel in self.core.world.channels.values():
            may_join = channel.team == self.user.team and not (channel.private or self.user.restricted)
            if (may_join or self.id in channel.members) and f"#{channel.name}" in text:
                text = re.sub(rf"#{re.escape(channel.name)}(?![\w-])", f"<#{channel.id}|{channel.name}>", text)
        return text


def _list_of(target: Target, field: Field) -> tuple[str, ...]:
    """Identifies a list of options: a client keeps what it was offered until it asks again."""
    return (target.id + target.hash if isinstance(target, View) else target.ts, *field.place)
