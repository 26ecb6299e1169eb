"""Where people write: Enter sends, Shift+Enter starts a new line, a line that starts with a slash is a command."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nicegui import ui
from nicegui.events import UploadEventArguments

from playground.page.parts import button, element, on_value
from playground.page.words import FALLBACK, SLACKBOT, in_language, say
from playground.slack import Channel, FileUpload, Message, SlackPerson

_ENTER = """(event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); event.target.form.requestSubmit(); }
}"""
_SUBMIT = """(event) => {
  event.preventDefault();
  const box = event.target.querySelector("textarea");
  emit(box.value);
  box.value = "";
}"""

_CLIP = (
    '<svg viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">'
    '<path d="M13.5 8.2l-5 5a3 3 0 0 1-4.3-4.3l5.6-5.6a2 2 0 0 1 2.9 2.9l-5.4 5.3a1 1 0 0 1-1.4-1.4l4.7-4.7"/></svg>'
)


@dataclass(frozen=True)
class Writer:
    """Who writes. ``drafts``: what is not sent yet, by person, channel and thread. ``sent`` runs after a message or command."""

    person: SlackPerson
    drafts: dict[tuple[str, str, str], str]
    sent: Callable[[], None]


class Composer:
    """``thread``: the `ts` of the thread's root, if it writes in one."""

    def __init__(self, writer: Writer, channel: Channel, label: str, thread: str = "") -> None:
        self.writer, self.person, self.channel, self.thread = writer, writer.person, channel, thread
        self.files: list[FileUpload] = []
        self.draft = (self.person.id, channel.id, thread)
        with element("form", "composer", autocomplete="off") as form:
            text = writer.drafts.get(self.draft, "")
            self.box = element("textarea", "", text, rows=1, aria_label=label, placeholder=label, enterkeyhint="send")
            self.box.on("keydown", js_handler=_ENTER)
            on_value(self.box, "change", self._keep)
            with element("div", "composer-foot"):
                upload = ui.upload(multiple=True, auto_upload=True, on_upload=self._attach).classes("hidden")
                attach = button(
                    "",
                    lambda: upload.run_method("pickFiles"),
                    "quiet clip",
                    aria_label=say(self.person, "attach"),
                    title=say(self.person, "attach"),
                )
                with attach:
                    ui.html(_CLIP, sanitize=False, tag="span")
                element("button", "send", say(self.person, "send"), type="submit", title=say(self.person, "send_enter"))
            self.chips = element("div", "chips")
        form.on("submit", lambda event: self.send(str(event.args)), js_handler=_SUBMIT)

    def _keep(self, text: str) -> None:
        self.writer.drafts[self.draft] = text

    async def _attach(self, event: UploadEventArguments) -> None:
        self.files.append(FileUpload(event.file.name, await event.file.read()))
        self._show_files()

    def _show_files(self) -> None:
        self.chips.clear()
        with self.chips:
            for file in self.files:
                with element("span", "chip", file.name):
                    button("×", partial(self._detach, file), "quiet", aria_label=say(self.person, "remove", name=file.name))

    def _detach(self, file: FileUpload) -> None:
        self.files.remove(file)
        self._show_files()

    async def send(self, text: str) -> None:
        """Say it or run it; a failed command comes back into the box."""
        self.writer.drafts.pop(self.draft, None)
        files, self.files = self.files, []
        self._show_files()
        if text.startswith("/"):
            if not await self._command(text.strip()):
                self._put_back(text)
        elif text.strip() or files:
            await self.person.say(self.channel, mentioning(self.person, text.strip()), self.thread or None, files)
        self.writer.sent()

    async def _command(self, line: str) -> bool:
        name = line.partition(" ")[0]
        if self.thread:
            tell(self.person, self.channel, say(self.person, "no_command_in_threads", command=name), self.thread)
            return False
        outcome = await self.person.command(line, self.channel)
        if outcome.ok:
            return True
        unknown = outcome.error == in_language(FALLBACK, "not_a_command", command=name)
        key = "not_a_command" if unknown else "command_failed"
        tell(self.person, self.channel, say(self.person, key, command=name, error=outcome.error))
        return False

    def _put_back(self, text: str) -> None:
        self._keep(text)
        ui.run_javascript(f"const box = getHtmlElement({self.box.id}); if (box && !box.value) box.value = {json.dumps(text)};")


def tell(person: SlackPerson, channel: Channel, words: str, thread: str = "") -> None:
    """Show one person what Slack itself says; no app sees it."""
    core = person.core
    message = Message(core.world.new_ts(), channel, SLACKBOT, html.escape(words, quote=False), thread_ts=thread or None)
    message.ephemeral_to = person.id
    core.add_message(message)


def mentioning(person: SlackPerson, text: str) -> str:
    """What she typed as Slack sends it: escaped, with ``@Name`` of anyone she shares a channel with as a mention."""
    escaped = html.escape(text, quote=False)
    near = {user for channel in person.channels() for user in channel.members}
    for user_id in near:
        user = person.core.world.users[user_id]
        escaped = re.sub(rf"@{re.escape(user.name)}(?![\w.-])", f"<@{user.id}>", escaped, flags=re.IGNORECASE)
    return escaped
