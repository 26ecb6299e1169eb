"""Which of the messages that changed is shown first, and how it is called in a badge."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from playground.page.mrkdwn import to_html
from playground.page.navigation import Location, marked
from playground.page.words import say
from playground.slack import Channel, Message, MessageChange, SlackPerson, SlackStandIn

TITLE = 60
"""Characters of a message's first line that fit a badge."""


@dataclass(frozen=True)
class ShownChange:
    """``here``: in the channel that is open, where it is shown without being asked for."""

    message: Message
    is_new: bool
    here: bool


def seen_since(person: SlackPerson, slack: SlackStandIn, number: int) -> list[MessageChange]:
    """What others changed after that change, in the channels that a person is in."""
    later = [change for change in slack.message_changes if change.number > number]
    if not later:
        return []
    channels = person.channels()
    return [
        change
        for change in later
        if change.message.user != person.id
        and change.message.ephemeral_to in (None, person.id)
        and change.message.channel in channels
        and change.message in change.message.channel.messages
    ]


def first(location: Location, changes: Sequence[MessageChange]) -> ShownChange | None:
    """In the channel that is open: what is new before what changed, the checklist last; else what came in another channel. A reply in
    a thread that is not open is shown at its root."""
    here = [change for change in changes if change.message.channel is location.channel]
    if here:
        best = max(here, key=lambda change: (_rank(location, change), change.number))
        rank = _rank(location, best)
        root = best.message.channel.find(best.message.thread) if not rank else None
        return ShownChange(root or best.message, best.is_new and bool(rank), here=True)
    there = [change for change in changes if change.is_new and change.message.thread_ts in (None, change.message.ts)]
    changed = [change for change in changes if change.message.ts != marked(change.message.channel)]
    best_there = next(reversed(there or changed), None)
    return ShownChange(best_there.message, best_there.is_new, here=False) if best_there else None


def _rank(location: Location, change: MessageChange) -> int:
    message = change.message
    inside = message.thread_ts not in (None, message.ts) and not message.broadcast
    if inside and message.thread != location.thread:
        return 0
    if change.is_new:
        return 3
    return 1 if message.ts == marked(message.channel) else 2


def badge(change: ShownChange, person: SlackPerson, slack: SlackStandIn) -> str:
    """E.g. "New in #acme_pismo: 2. Organization"."""
    words = html.unescape(re.sub(r"<[^>]+>", "", to_html(change.message.text.partition("\n")[0], person)))
    title = words if len(words) <= TITLE else f"{words[: TITLE - 1].rstrip()}…"
    kind = "new" if change.is_new else "changed"
    if change.here:
        return say(person, f"change.{kind}_here", title=title)
    return say(person, f"change.{kind}_in", place=_place(slack, change.message.channel), title=title)


def _place(slack: SlackStandIn, channel: Channel) -> str:
    return slack.bot_name if channel.im else f"#{channel.name}"
