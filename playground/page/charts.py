"""The `data_visualization` block as bars that lie on their side: each with its series and its value in words, so that no colour, picture or
pointer is needed to read it. Slack draws the kinds of charts differently; here they say the same in one way.
"""

from html import escape

from nicegui import ui

from playground.page.parts import element
from playground.page.words import number
from playground.slack.block_kit import Json
from playground.slack.reader import Reader

TONES = 6
"""Fills that the style sheet has; a seventh series looks like the first."""


def chart(block: Json, reader: Reader) -> None:
    title, drawn = str(block.get("title") or ""), block.get("chart") or {}
    series = drawn.get("series") or [{"name": "", "data": drawn.get("segments") or []}]
    most = max((abs(float(point["value"])) for one in series for point in one["data"]), default=0.0) or 1.0
    axes = drawn.get("axis_config") or {}
    with element("figure", "b-chart", role="group", aria_label=title):
        element("figcaption", "b-chart-title", title)
        if unit := axes.get("y_label"):
            element("div", "b-chart-unit", str(unit))
        rows = "".join(_category(at, point, series, most, reader) for at, point in enumerate(series[0]["data"]))
        ui.html(rows, sanitize=False, tag="dl")


def _category(at: int, point: Json, series: list[Json], most: float, reader: Reader) -> str:
    bars = "".join(
        _bar(str(one["name"]), float(one["data"][at]["value"]), most, tone % TONES, reader)
        for tone, one in enumerate(series)
        if at < len(one["data"])
    )
    return f"<div><dt>{escape(str(point['label']))}</dt>{bars}</div>"


def _bar(name: str, value: float, most: float, tone: int, reader: Reader) -> str:
    style = f"width:{100 * abs(value) / most:.1f}%"
    filled = f'<span class="b-bar b-tone-{tone}" style="{style}" aria-hidden="true"></span>' if value else ""
    words = f"{escape(name)} {number(reader, value)}".strip()
    return f'<dd><span class="b-bar-words">{words}</span><span class="b-bar-room">{filled}</span></dd>'
