"""What is measured, what it should be, and whether it is."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Aim:
    """``value``: what was measured, None if it could not be. ``most``: what it may be, at most. ``unit``: ``× bare``, ``ms``."""

    value: float | None
    most: float
    unit: str

    @property
    def is_missed(self) -> bool:
        return self.value is not None and self.value > self.most

    def __str__(self) -> str:
        return f"≤ {self.most:g} {self.unit}"

    @property
    def measured(self) -> str:
        return f"- {self.unit}" if self.value is None else f"{shown(self.value)} {self.unit}"


@dataclass(frozen=True)
class Row:
    """``detail``: what else is worth knowing. Without aims, it is told for its own sake."""

    what: str
    detail: str
    aims: tuple[Aim, ...] = ()

    @property
    def verdict(self) -> str:
        if any(aim.is_missed for aim in self.aims):
            return "MISSED"
        if any(aim.value is None for aim in self.aims):
            return "not all measured"
        return "met" if self.aims else ""


def shown(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def table(rows: Iterable[Row]) -> str:
    """In Markdown, so that docs/performance.md takes it as it is."""
    lines = ["| what | aim | measured | | detail |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        aims, measured = (", ".join(words) for words in (map(str, row.aims), (aim.measured for aim in row.aims)))
        lines.append(f"| {row.what} | {aims} | {measured} | {row.verdict} | {row.detail} |")
    return "\n".join(lines)
