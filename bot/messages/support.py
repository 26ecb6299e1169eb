"""Support's side: where it is told things, and in which language."""

from dataclasses import dataclass

from bot.messages.texts import Texts


@dataclass(frozen=True)
class Support:
    """``channel``: the support channel's id."""

    channel: str
    language: str

    def texts(self, journey: str = "") -> Texts:
        """For what is about one customer: by the version of their journey."""
        return Texts(self.language, journey)
