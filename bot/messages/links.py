"""Links to messages, made as `chat.getPermalink` gives them, so that one press leads from a list to a card and no call is needed."""

from dataclasses import dataclass

from flows.desk import Place
from flows.model import Posted


@dataclass(frozen=True)
class Links:
    """``address``: the workspace's, as `auth.test` gives it (``https://acme.slack.com/``); empty while Slack was not reached."""

    address: str = ""

    def to(self, place: Place | Posted | None) -> str:
        """Empty if there is no message, or no address yet."""
        if place is None or not self.address:
            return ""
        link = f"{self.address.rstrip('/')}/archives/{place.channel_id}/p{place.ts.replace('.', '')}"
        return f"{link}?thread_ts={place.thread_ts}&cid={place.channel_id}" if place.thread_ts else link
