"""How far each person has read, as Slack remembers it for its unread marks."""

from collections.abc import Iterable
from itertools import takewhile

from playground.slack import Channel, Message, SlackPerson, SlackStandIn


class Reading:
    """By person, by channel and by thread: the `ts` of the newest message seen."""

    def __init__(self, slack: SlackStandIn) -> None:
        self.slack = slack
        self._channels: dict[tuple[str, str], str] = {}
        self._threads: dict[tuple[str, str, str], str] = {}

    def last(self, person: SlackPerson, channel: Channel) -> str:
        return self._channels.get((person.id, channel.id), "")

    def unread(self, person: SlackPerson, channel: Channel) -> bool:
        """Whether someone else has written since, in the channel or one of its threads."""
        since = self.last(person, channel)
        later = takewhile(lambda message: message.ts > since, reversed(channel.messages))
        return any(_new(message, person, since) for message in later)

    def unread_in_thread(self, person: SlackPerson, root: Message, replies: Iterable[Message]) -> int:
        """How many replies by others she has not seen."""
        seen = self._threads.get((person.id, root.channel.id, root.ts), "")
        return sum(_new(message, person, seen) for message in replies)

    def saw(self, person: SlackPerson, channel: Channel) -> None:
        if channel.messages:
            self._channels[person.id, channel.id] = max(message.ts for message in channel.messages)

    def saw_thread(self, person: SlackPerson, channel: Channel, root: str) -> None:
        seen = [message.ts for message in channel.messages if message.thread == root]
        if seen:
            self._threads[person.id, channel.id, root] = max(seen)


def _new(message: Message, person: SlackPerson, since: str) -> bool:
    return message.ts > since and message.user != person.id and message.ephemeral_to in (None, person.id)
