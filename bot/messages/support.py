"""Support's side: where the bot posts for it, and in which language."""

from dataclasses import dataclass

from bot.messages.texts import Texts


@dataclass(frozen=True)
class Support:
    """``channel``: the support channel's id."""

    channel: str
    language: str

    def texts(self, journey: str = "") -> Texts:
        """``journey``: the version of the customer's journey; empty for what is about no customer."""
        return Texts(self.language, journey)
