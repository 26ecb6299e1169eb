"""Messages as parts: who, when, what, and what can be done with each."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from playground.page import words
from playground.page.blocks import draw as draw_blocks
from playground.page.mrkdwn import to_html
from playground.page.parts import Part, button, element
from playground.page.surface import Surface
from playground.slack.world import File, Message

if TYPE_CHECKING:
    from playground.page.workspace import Side

TOGETHER = 300.0
"""Seconds within which messages of one author stand under one name."""


def listed(side: "Side", messages: Sequence[Message], *, thread: bool = False, new_from: str = "") -> Iterator[Part]:
    """Messages from top to bottom with dividers between days. ``new_from``: the `ts` after which all is new to the reader."""
    reader, now = side.person, side.slack.world.clock()
    last: Message | None = None
    divided = not new_from
    for message in messages:
        day = words.day(reader, message.ts, now)
        if not thread and (last is None or words.day(reader, last.ts, now) != day):
            yield Part(("day", day), day, partial(element, "span", "", day), classes="day", props={"role": "separator"})
            last = None
        if not divided and message.ts > new_from and message.user != reader.id:
            divided, last = True, None
            yield Part("new", None, partial(element, "span", "", "New"), classes="new", props={"role": "separator"})
        yield one(side, message, together=_together(last, message), thread=thread)
        last = message


def _together(last: Message | None, message: Message) -> bool:
    return (
        last is not None
        and last.user == message.user
        and last.ephemeral_to == message.ephemeral_to is None
        and not (last.blocks or message.blocks)
        and not (last.broadcast or message.broadcast)
        and float(message.ts) - float(last.ts) < TOGETHER
    )


def one(side: "Side", message: Message, *, together: bool, thread: bool) -> Part:
    reader = side.person
    name, time = words.author(side.slack, message.user), words.time_of_day(reader, message.ts)
    pinned = message.ts in message.channel.pins
    marks = [("together", together), ("pinned", pinned), ("ephemeral", bool(message.ephemeral_to))]
    return Part(
        message.ts,
        tag="article",
        classes=" ".join(["message", *(mark for mark, holds in marks if holds)]),
        props={"aria-label": f"{name}, {time}", "data-ts": message.ts},
        parts=[
            Part("avatar", (message.user, together), partial(_avatar, side, message, time, together=together), classes="gutter"),
            Part(
                "body", classes="message-body", parts=list(_body(side, message, together=together, thread=thread, pinned=pinned))
            ),
            Part("tools", (thread, message.thread), partial(_tools, side, message, thread=thread), classes="tools"),
        ],
    )


def _body(side: "Side", message: Message, *, together: bool, thread: bool, pinned: bool) -> Iterator[Part]:
    if pinned:
        yield Part("pin", None, lambda: element("span", "", "Pinned in this channel"), classes="note pin-note")
    if message.ephemeral_to:
        yield Part("alone", None, lambda: element("span", "", "Only visible to you"), classes="note eye-note")
    if message.broadcast and not thread:
        yield Part("broadcast", message.thread, partial(_from_thread, side, message), classes="note")
    if not together:
        yield Part("head", None, partial(_head, side, message), classes="message-head")
    shown = (message.text, message.blocks, message.attachments, message.edited, [file.id for file in message.files])
    lang = side.person.user.locale or "en-US"
    yield Part("content", shown, partial(_content, side, message), classes="message-content", props={"lang": lang})
    if warning := side.warnings.get(message.ts):
        yield Part("warning", warning, partial(element, "span", "", warning), classes="warning", props={"role": "alert"})
    if not thread and message.thread_ts is None:
        replies = side.replies(message)
        if replies:
            new = side.page.reading.unread_in_thread(side.person, message)
            told = (len(replies), replies[-1].ts, new)
            yield Part("thread", told, partial(_thread_link, side, message, replies, new), classes="replies")


def avatar(side: "Side", user_id: str) -> None:
    name = words.author(side.slack, user_id)
    if user_id == side.slack.bot_user_id:
        made = element("span", "avatar avatar-bot", aria_hidden="true")
        with made:
            ui.html('<svg viewBox="0 0 32 32"><path d="M9 16.5l5 5L23.5 11"/></svg>', sanitize=False)
    elif user_id == words.SLACKBOT:
        element("span", "avatar avatar-slackbot", "S", aria_hidden="true")
    else:
        hue = sum(map(ord, name)) % 6
        element("span", f"avatar avatar-{hue}", words.initials(name), aria_hidden="true")


def _avatar(side: "Side", message: Message, time: str, *, together: bool) -> None:
    if together:
        element("time", "late-time", time)
    else:
        avatar(side, message.user)


def _head(side: "Side", message: Message) -> None:
    element("strong", "author", words.author(side.slack, message.user))
    if message.bot:
        element("span", "app-badge", "APP")
    user = side.slack.world.users.get(message.user)
    if user and not message.bot and user.team != side.person.user.team:
        element("span", "team-badge", user.team.name)
    time = element("time", "time", words.time_of_day(side.person, message.ts))
    time.props["title"] = words.full_time(side.person, message.ts)


def _content(side: "Side", message: Message) -> None:
    if message.blocks:
        draw_blocks(message.blocks, Surface(side.person, message, side.slack.world, partial(side.run, message.ts)))
    elif message.text:
        ui.html(to_html(message.text, side.person), sanitize=False).classes("said")
    for attached in message.attachments:
        with element("div", "attached"):
            if attached.get("blocks"):
                draw_blocks(attached["blocks"], Surface(side.person, message, side.slack.world, partial(side.run, message.ts)))
            else:
                text = attached.get("text") or attached.get("fallback") or ""
                ui.html(to_html(text, side.person), sanitize=False).classes("said")
    if message.edited:
        element("span", "edited", "(edited)")
    for file in message.files:
        _file(file)


def _file(file: File) -> None:
    with element("a", "file", href=f"/files/{file.id}", download=file.name, aria_label=f"Download {file.title}"):
        element("span", "file-kind", file.name.rpartition(".")[2][:4].upper(), aria_hidden="true")
        with element("span", "file-words"):
            element("span", "file-name", file.title)
            element("span", "file-size", f"{file.name} · {words.size(len(file.content))}")


def _from_thread(side: "Side", message: Message) -> None:
    element("span", "", "replied to ")
    button("a thread", partial(side.open_thread, message.channel, message.thread), "link")


def _thread_link(side: "Side", message: Message, replies: Sequence[Message], new: int) -> None:
    for user_id in list(dict.fromkeys(reply.user for reply in replies))[:3]:
        avatar(side, user_id)
    count = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
    button(count, partial(side.open_thread, message.channel, message.ts), "link replies-link", name="replies")
    if new:
        element("span", "replies-new", f"{new} new")
    element("span", "replies-last", f"Last {words.time_of_day(side.person, replies[-1].ts)}")


def _tools(side: "Side", message: Message, *, thread: bool) -> None:
    if not thread and not message.ephemeral_to:
        button("Reply in thread", partial(side.open_thread, message.channel, message.thread), "tool")
