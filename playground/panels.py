"""Draws a dashboard's panels as HTML: title, description, and a chart with its legend, numbers or bars."""

import math
from collections.abc import Sequence
from html import escape

from playground.charts import MARKS, Series, chart, legend, shown
from playground.grafana import DashboardPanel

CELL_WIDTH, CELL_HEIGHT, GAP = 60, 32, 8
"""Pixels of a cell of Grafana's grid."""
STYLE = """
body { margin: 0; padding: 8px; background: #f4f5f5; font: 13px/1.35 system-ui, sans-serif; color: #1f2328 }
main { position: relative }
section, h2 { position: absolute; box-sizing: border-box; margin: 0 }
section { background: #fff; border: 1px solid #d0d4d9; border-radius: 3px; padding: 7px 9px; overflow: hidden }
section { display: flex; flex-direction: column }
h2 { font-size: 16px; padding: 6px 2px }
h3 { font-size: 13.5px; margin: 0 }
p { margin: 1px 0 4px; color: #4b535b; font-size: 11.5px }
.numbers { display: flex; flex-wrap: wrap; gap: 5px; flex: 1; align-content: stretch }
.number { flex: 1 0 auto; border-radius: 3px; color: #fff; padding: 2px 8px; font-size: 12px; white-space: nowrap }
.number { display: flex; flex-direction: column; justify-content: center }
.number b { font-size: 17px }
.plain { color: inherit; background: #eef0f2 }
dl { margin: 0; display: grid; grid-template-columns: auto 1fr auto; gap: 3px 8px; align-items: center; font-size: 12px }
dt, dd { margin: 0 }
.bar { height: 11px; background: #e4e7ea }
.bar i { display: block; height: 100% }
.legend { display: flex; flex-wrap: wrap; gap: 1px 12px; font-size: 11.5px }
.legend svg { vertical-align: middle; margin-right: 4px }
text { font-size: 11px; fill: #4b535b }
"""


def page(drawn: Sequence[tuple[DashboardPanel, Sequence[Series]]], began: float, ended: float) -> str:
    """All panels at their places. ``began``, ``ended``: of the time shown, in Unix seconds."""
    below = max(top + height for (_, top, _, height) in (panel.place for panel, _ in drawn))
    inside = "\n".join(_panel(panel, lines, began, ended) for panel, lines in drawn)
    size = f"width:{24 * CELL_WIDTH}px;height:{below * CELL_HEIGHT}px"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Dashboard</title><style>{STYLE}</style>'
        f'<main style="{size}">{inside}</main></html>'
    )


def _panel(panel: DashboardPanel, lines: Sequence[Series], began: float, ended: float) -> str:
    left, top, width, height = panel.place
    wide, high = width * CELL_WIDTH - GAP, height * CELL_HEIGHT - GAP
    at = f"left:{left * CELL_WIDTH}px;top:{top * CELL_HEIGHT}px;width:{wide}px;height:{high}px"
    if panel.kind == "row":
        return f'<h2 style="{at}">{escape(panel.title)}</h2>'
    head = f"<h3>{escape(panel.title)}</h3><p>{escape(panel.description)}</p>"
    match panel.kind:
        case "stat":
            inside = _numbers(panel, lines)
        case "bargauge":
            inside = _bars(panel, lines)
        case _:
            words = 20 * _rows(panel.title, wide, 7.6) + 17 * _rows(panel.description, wide, 5.9)
            entries = 18 * _rows(" " * sum(len(line.name) + 18 for line in lines), wide, 5.9)
            inside = chart(panel, lines, (began, ended), (wide - 20, max(60, high - words - entries - 22)))
            inside += legend(panel, lines)
    return f'<section style="{at}">{head}{inside}</section>'


def _rows(text: str, width: int, letter: float) -> int:
    """That it takes, at about so many pixels a letter."""
    return math.ceil(len(text) * letter / (width - 20))


def _numbers(panel: DashboardPanel, lines: Sequence[Series]) -> str:
    return '<div class="numbers">' + "".join(_number(panel, line) for line in lines) + "</div>"


def _number(panel: DashboardPanel, line: Series) -> str:
    kind = "number" if panel.steps else "number plain"
    return f'<div class="{kind}"{_background(panel, line.last)}>{escape(line.name)}<b>{escape(shown(panel, line.last))}</b></div>'


def _background(panel: DashboardPanel, value: float) -> str:
    return f' style="background:{_mark(panel, value)}"' if panel.steps else ""


def _bars(panel: DashboardPanel, lines: Sequence[Series]) -> str:
    most = max((line.last for line in lines), default=0.0) or 1.0
    return "<dl>" + "".join(_bar(panel, line, line.last / most) for line in lines) + "</dl>"


def _bar(panel: DashboardPanel, line: Series, part: float) -> str:
    """``part``: of the longest bar."""
    style = f"width:{100 * max(0.0, part):.1f}%;background:{_mark(panel, line.last)}"
    last = escape(shown(panel, line.last))
    return f'<dt>{escape(line.name)}</dt><dd class="bar"><i style="{style}"></i></dd><dd>{last}</dd>'


def _mark(panel: DashboardPanel, value: float) -> str:
    reached = [colour for step, colour in panel.steps if value >= step]
    return MARKS[reached[-1] if reached else "green"]
