"""One line of what `check` says."""

from dataclasses import dataclass
from typing import Literal, Self


@dataclass(frozen=True)
class Line:
    """``how`` to mend it: empty unless it is wrong. ``is_note``: nothing is wrong, but it could not be looked at, or an operator has to
    know of it."""

    name: str
    what: str
    how: str = ""
    is_note: bool = False

    @classmethod
    def note(cls, name: str, what: str) -> Self:
        return cls(name, what, is_note=True)

    @property
    def outcome(self) -> Literal["ok", "note", "wrong"]:
        return "wrong" if self.how else "note" if self.is_note else "ok"

    def __str__(self) -> str:
        return f"{self.outcome}: {self.name}: {self.what}" + (f" - {self.how}" if self.how else "")
