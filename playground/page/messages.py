"""Messages as parts: who, when, what, and what you can do with each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from nicegui import ui

from playground.page import words
from playground.page.attempts import Attempts
from playground.page.blocks import draw as draw_blocks
from playground.page.mrkdwn import to_html
from playground.page.parts import Part, button, element
from playground.page.reading import Reading
from playground.page.surface import Surface
from playground.slack import Channel, Message, SlackPerson, SlackStandIn
from playground.slack.world import File

TOGETHER = 300.0
"""Seconds within which one author's messages are grouped under one name."""
SHOWN = 50
"""Messages of a channel that are drawn at a time."""


@dataclass(frozen=True)
class MessageReader:
    """Who messages are drawn for, and what she can do with them. ``open_thread`` gets a channel and the root's `ts`."""

    person: SlackPerson
    slack: SlackStandIn
    reading: Reading
    attempts: Attempts
    open_thread: Callable[[Channel, str], None]


def in_channel(person: SlackPerson, channel: Channel) -> list[Message]:
    """As the person sees them; the world's own messages, not copies, so that they can be clicked."""
    return [message for message in _seen(person, channel) if message.thread_ts in (None, message.ts) or message.broadcast]


def in_thread(person: SlackPerson, channel: Channel, root: str) -> list[Message]:
    """Likewise, with the root first."""
    return [message for message in _seen(person, channel) if root in (message.ts, message.thread_ts)]


def replies_in(person: SlackPerson, channel: Channel) -> Mapping[str, Sequence[Message]]:
    """By their root's `ts`, what the person sees of the channel's threads."""
    found: dict[str, list[Message]] = {}
    for message in _seen(person, channel):
        if message.thread_ts is not None and message.thread_ts != message.ts:
            found.setdefault(message.thread_ts, []).append(message)
    return found


def window(messages: Sequence[Message], near: str) -> tuple[int, int]:
    """From which message to which a channel is drawn: around the one at ``near``, or up to the last if there is none."""
    place = next((at for at, message in enumerate(messages) if message.ts == near), len(messages))
    first = max(0, min(place - SHOWN // 2, len(messages) - SHOWN))
    return first, min(first + SHOWN, len(messages))


def _seen(person: SlackPerson, channel: Channel) -> list[Message]:
    return [message for message in channel.messages if message.ephemeral_to in (None, person.id)]


def listed(
    reader: MessageReader,
    messages: Sequence[Message],
    replies: Mapping[str, Sequence[Message]] = MappingProxyType({}),
    *,
    thread: bool = False,
    new_from: str = "",
    after: Message | None = None,
) -> Iterator[Part]:
    """Messages from top to bottom with dividers between days. ``replies``: by their root's `ts`. ``new_from``: the `ts` after which all is
    new to the reader. ``after``: the message above them, if there is one."""
    person, now = reader.person, reader.slack.world.clock()
    last, above = None, after
    divided = not new_from
    for message in messages:
        day = words.day(person, message.ts, now)
        if above is None or words.day(person, above.ts, now) != day:
            yield Part(("day", day), day, partial(element, "span", "", day), classes="day", props={"role": "separator"})
            last = None
        if not divided and message.ts > new_from and message.user != person.id:
            divided, last = True, None
            yield Part(
                "new", None, partial(element, "span", "", words.say(person, "new")), classes="new", props={"role": "separator"}
            )
        yield _one(reader, message, replies.get(message.ts, ()), together=_together(last, message), thread=thread)
        last = above = message


def _together(last: Message | None, message: Message) -> bool:
    return (
        last is not None
        and last.user == message.user
        and last.ephemeral_to == message.ephemeral_to is None
        and not (last.blocks or message.blocks)
        and not (last.broadcast or message.broadcast)
        and float(message.ts) - float(last.ts) < TOGETHER
    )


def _one(reader: MessageReader, message: Message, replies: Sequence[Message], *, together: bool, thread: bool) -> Part:
    name, time = words.author(reader.slack, message.user, reader.person), words.time_of_day(reader.person, message.ts)
    pinned = message.ts in message.channel.pins
    marks = [("together", together), ("pinned", pinned), ("ephemeral", bool(message.ephemeral_to))]
    return Part(
        message.ts,
        tag="article",
        classes=" ".join(["message", *(mark for mark, holds in marks if holds)]),
        props={"aria-label": f"{name}, {time}", "data-ts": message.ts},
        parts=[
            Part(
                "avatar",
                (message.user, together),
                partial(_avatar, reader.slack, message, time, together=together),
                classes="gutter",
            ),
            Part(
                "body",
                classes="message-body",
                parts=list(_body(reader, message, replies, together=together, thread=thread, pinned=pinned)),
            ),
            Part("tools", (thread, message.thread), partial(_tools, reader, message, thread=thread), classes="tools"),
        ],
    )


def _body(
    reader: MessageReader, message: Message, replies: Sequence[Message], *, together: bool, thread: bool, pinned: bool
) -> Iterator[Part]:
    if pinned:
        yield Part("pin", None, partial(element, "span", "", words.say(reader.person, "pinned_here")), classes="note pin-note")
    if message.ephemeral_to:
        yield Part("alone", None, partial(element, "span", "", words.say(reader.person, "only_you")), classes="note eye-note")
    if message.broadcast and not thread:
        yield Part("broadcast", message.thread, partial(_from_thread, reader, message), classes="note")
    if not together:
        yield Part("head", None, partial(_head, reader, message), classes="message-head")
    shown = (message.text, message.blocks, message.attachments, message.edited, [file.id for file in message.files])
    lang = reader.person.user.locale or "en-US"
    yield Part("content", shown, partial(_content, reader, message), classes="message-content", props={"lang": lang})
    if warning := reader.attempts.warnings.get(message.ts):
        yield Part("warning", warning, partial(element, "span", "", warning), classes="warning", props={"role": "alert"})
    if not thread and message.thread_ts is None and replies:
        new = reader.reading.unread_in_thread(reader.person, message, replies)
        last = words.say(reader.person, "last_reply", at=words.when(reader.person, replies[-1].ts, reader.slack.world.clock()))
        told = (len(replies), last, new)
        yield Part("thread", told, partial(_thread_link, reader, message, replies, new, last), classes="replies")


def avatar(slack: SlackStandIn, user_id: str) -> None:
    name = words.author(slack, user_id)
    if user_id == slack.bot_user_id:
        made = element("span", "avatar avatar-bot", aria_hidden="true")
        with made:
            ui.html('<svg viewBox="0 0 32 32"><path d="M9 16.5l5 5L23.5 11"/></svg>', sanitize=False)
    elif user_id == words.SLACKBOT:
        element("span", "avatar avatar-slackbot", "S", aria_hidden="true")
    else:
        hue = sum(map(ord, name)) % 6
        element("span", f"avatar avatar-{hue}", words.initials(name), aria_hidden="true")


def _avatar(slack: SlackStandIn, message: Message, time: str, *, together: bool) -> None:
    if together:
        element("time", "late-time", time)
    else:
        avatar(slack, message.user)


def _head(reader: MessageReader, message: Message) -> None:
    element("strong", "author", words.author(reader.slack, message.user, reader.person))
    if message.bot:
        element("span", "app-badge", "APP")
    user = reader.slack.world.users.get(message.user)
    if user and not message.bot and user.team != reader.person.user.team:
        element("span", "team-badge", user.team.name)
    time = element("time", "time", words.time_of_day(reader.person, message.ts))
    time.props["title"] = words.full_time(reader.person, message.ts)


def _content(reader: MessageReader, message: Message) -> None:
    if message.blocks:
        draw_blocks(
            message.blocks,
            Surface(reader.person, message, reader.slack.world, partial(reader.attempts.run, reader.person, message.ts)),
        )
    elif message.text:
        ui.html(to_html(message.text, reader.person), sanitize=False).classes("said")
    for attached in message.attachments:
        with element("div", "attached"):
            if attached.get("blocks"):
                draw_blocks(
                    attached["blocks"],
                    Surface(reader.person, message, reader.slack.world, partial(reader.attempts.run, reader.person, message.ts)),
                )
            else:
                text = attached.get("text") or attached.get("fallback") or ""
                ui.html(to_html(text, reader.person), sanitize=False).classes("said")
    if message.edited:
        element("span", "edited", words.say(reader.person, "edited"))
    for file in message.files:
        _file(reader.person, file)


def _file(person: SlackPerson, file: File) -> None:
    with element(
        "a", "file", href=f"/files/{file.id}", download=file.name, aria_label=words.say(person, "download", name=file.title)
    ):
        element("span", "file-kind", file.name.rpartition(".")[2][:4].upper(), aria_hidden="true")
        with element("span", "file-words"):
            element("span", "file-name", file.title)
            element("span", "file-size", f"{file.name} · {words.size(len(file.content))}")


def _from_thread(reader: MessageReader, message: Message) -> None:
    element("span", "", words.say(reader.person, "replied_to"))
    button(words.say(reader.person, "a_thread"), partial(reader.open_thread, message.channel, message.thread), "link")


def _thread_link(reader: MessageReader, message: Message, replies: Sequence[Message], new: int, last: str) -> None:
    for user_id in list(dict.fromkeys(reply.user for reply in replies))[:3]:
        avatar(reader.slack, user_id)
    count = words.say(reader.person, "replies", n=len(replies))
    button(count, partial(reader.open_thread, message.channel, message.ts), "link replies-link", name="replies")
    if new:
        element("span", "replies-new", words.say(reader.person, "new_replies", n=new))
    element("span", "replies-last", last)


def _tools(reader: MessageReader, message: Message, *, thread: bool) -> None:
    if not thread and not message.ephemeral_to:
        button(words.say(reader.person, "reply_in_thread"), partial(reader.open_thread, message.channel, message.thread), "tool")
