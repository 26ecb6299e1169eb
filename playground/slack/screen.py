"""What a person sees of a message at one moment, and where in it she can click."""

import re
from dataclasses import dataclass, fields
from typing import Any

from playground.slack.block_kit import Json, elements, texts
from playground.slack.world import Message


@dataclass
class SeenMessage(Message):
    """A message as it was when read: an old one can still be clicked, as on a screen that lags behind."""

    @classmethod
    def of(cls, message: Message) -> "SeenMessage":
        return cls(**{part.name: getattr(message, part.name) for part in fields(message)})

    @property
    def buttons(self) -> list[str]:
        """The texts of all buttons, in order."""
        return [element["text"]["text"] for block in self.blocks for element in elements(block) if element["type"] == "button"]

    @property
    def said(self) -> str:
        """What a screen reader says: the top-level text, or the blocks' texts if there is none."""
        return self.text or "\n".join(texts(self.blocks))

    @property
    def shown(self) -> str:
        """What the eye reads: the blocks' texts, or the text if there are no blocks."""
        return "\n".join(texts(self.blocks)) if self.blocks else self.text


def plain(text: str) -> str:
    """Without the marks of formatting, which a message of rich text doesn't have."""
    return re.sub(r"[*_`]", "", text)


def tells(text: str, words: str | re.Pattern[str]) -> bool:
    """Whether these words stand in the text of a message; of a pattern, whatever is formatted."""
    return words in text if isinstance(words, str) else bool(words.search(plain(text)))


def touchable(blocks: list[Json], user_id: str) -> list[tuple[Json, Json]]:
    """Blocks with their elements that this person may use."""
    return [
        (block, element)
        for block in blocks
        for element in elements(block)
        if user_id in element.get("visible_to_user_ids", [user_id])
    ]


def find_element(
    blocks: list[Json],
    user_id: str,
    *,
    text: str | None = None,
    action_id: str | None = None,
    block_id: str | None = None,
    n: int = 0,
) -> tuple[Json, Json]:
    """The n-th element that matches everything given; `text` is a button's.

    Raises:
        LookupError: no such thing is visible; says what is.

    """

    def fits(block: Json, element: Json) -> bool:
        label: Any = element.get("text", {}).get("text") if element["type"] == "button" else None
        return (
            (text is None or label == text)
            and (action_id is None or element["action_id"] == action_id)
            and (block_id is None or block["block_id"] == block_id)
        )

    seen = touchable(blocks, user_id)
    found = [pair for pair in seen if fits(*pair)]
    if len(found) <= n:
        names = [element.get("text", {}).get("text") or element["action_id"] for _, element in seen]
        raise LookupError(f"nothing called {text or action_id!r} to click; there is {names}")
    return found[n]
