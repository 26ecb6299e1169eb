"""Draws series as lines or columns in SVG, with axes, and says values with their units."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from playground.grafana import DashboardPanel

COLOURS = ("#1f60c4", "#b45309", "#2f7d32", "#8f3bb8", "#a61b1b", "#0f766e", "#5b5b5b", "#94600a")
DASHES = ("", "6 3", "2 3", "8 3 2 3")
"""Lines differ in these too, for who can't tell their colours."""
MARKS = {"green": "#2f7d32", "orange": "#b45309", "red": "#a61b1b"}
LEFT, BOTTOM = 58, 18
"""Pixels for the axes' numbers."""
BREAK = 8.0
"""Pixels without a value at which a line is interrupted: more than lie between two values of `playground.dashboard.POINTS`."""


@dataclass(frozen=True)
class Series:
    """One of a query's answer: its name in the legend, and moments (Unix seconds) with values."""

    name: str
    points: Sequence[tuple[float, float]]

    @property
    def last(self) -> float:
        """NaN if there is none."""
        return next((value for _, value in reversed(self.points) if not math.isnan(value)), math.nan)


def chart(panel: DashboardPanel, lines: Sequence[Series], span: tuple[float, float], size: tuple[int, int]) -> str:
    (began, ended), (width, high) = span, size
    most = _nice(max((value for line in lines for _, value in line.points if not math.isnan(value)), default=0.0) or 1.0)

    def x(moment: float) -> float:
        return LEFT + (width - LEFT - 4) * (moment - began) / (ended - began)

    def y(value: float) -> float:
        return 4 + (high - BOTTOM - 4) * (1 - value / most)

    drawn = []
    for part in (0.0, 0.5, 1.0):
        drawn.append(f'<path d="M{LEFT} {y(part * most):.1f}H{width - 4}" stroke="#e4e7ea"/>')
        drawn.append(f'<text x="{LEFT - 5}" y="{y(part * most) + 4:.1f}" text-anchor="end">{shown(panel, part * most)}</text>')
    for part, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        moment = began + part * (ended - began)
        label = f"{moment - began:.0f} s"
        drawn.append(f'<text x="{x(moment):.1f}" y="{high - 3}" text-anchor="{anchor}">{label}</text>')
    for step, colour in panel.steps:
        if step <= most:
            drawn.append(f'<path d="M{LEFT} {y(step):.1f}H{width - 4}" stroke="{MARKS[colour]}" stroke-dasharray="3 3"/>')
    for number, line in enumerate(lines):
        known = [(x(moment), y(value)) for moment, value in line.points if not math.isnan(value)]
        shape = _columns(known, 4 * number - 3, y(0)) if panel.bars else _path(known)
        drawn.append(f'<path d="{shape}" fill="none" {_stroke(number, 4.0 if panel.bars else 1.8, solid=panel.bars)}/>')
    label = escape(panel.title, quote=True)
    return f'<svg role="img" aria-label="{label}" width="{width}" viewBox="0 0 {width} {high}">{"".join(drawn)}</svg>'


def _columns(points: Sequence[tuple[float, float]], aside: int, floor: float) -> str:
    return "".join(f"M{x + aside:.1f} {floor:.1f}V{y:.1f}" for x, y in points if y < floor)


def _path(points: Sequence[tuple[float, float]]) -> str:
    """A line that is interrupted where there is nothing."""
    shape, before = "", -math.inf
    for x, y in points:
        shape += f"{'L' if x - before <= BREAK else 'M'}{x:.1f} {y:.1f}"
        before = x
    return shape


def legend(panel: DashboardPanel, lines: Sequence[Series]) -> str:
    """With the last value of a line, and the sum of what was counted."""
    entries = []
    for number, line in enumerate(lines):
        sample = f'<svg width="20" height="4"><path d="M0 2H20" {_stroke(number, 3, solid=panel.bars)}/></svg>'
        value = round(sum(value for _, value in line.points)) if panel.bars else line.last
        entries.append(f"<span>{sample}{escape(line.name)}: {escape(shown(panel, value))}</span>")
    return f'<div class="legend">{"".join(entries)}</div>'


def _stroke(number: int, width: float, *, solid: bool) -> str:
    dash = "" if solid else DASHES[number % len(DASHES)]
    return f'stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="{width}"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _nice(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 … at or above it."""
    size = 10.0 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 2, 5, 10) if step * size >= value * 0.999)


def shown(panel: DashboardPanel, value: float) -> str:
    """With its unit, as Grafana names them."""
    if math.isnan(value):
        return panel.words.get("nan", "-")
    if (word := panel.words.get(f"{value:g}")) is not None:
        return word
    match panel.unit:
        case "s":
            return _seconds(value)
        case "bytes":
            return f"{value / 2**20:.0f} MiB"
        case "percentunit":
            return f"{100 * value:.2g} %"
        case "reqps" | "ops":
            return f"{value:,.0f}/s" if value >= 100 else f"{value:.2g}/s"
        case _:
            return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _seconds(value: float) -> str:
    if 0.0005 <= value < 1:
        return f"{1000 * value:.3g} ms"
    return f"{round(value, 2):.3g} s" if value < 120 else f"{value / 60:.3g} min"
