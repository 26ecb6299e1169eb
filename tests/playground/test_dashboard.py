"""The picture of the dashboard: every panel with its words, numbers with units, and gaps where nothing was known."""

import math
from html import unescape

from playground.charts import Series, chart, shown
from playground.grafana import DashboardPanel, panels
from playground.panels import page


def panel(title: str) -> DashboardPanel:
    return next(one for one in panels("5m") if one.title.startswith(title))


def test_each_panel_is_drawn_with_its_title_its_description_and_each_series() -> None:
    drawn = unescape(
        page([(one, [Series(f"series of {one.title}", [(0.0, 1.0), (60.0, 0.0)])]) for one in panels("5m")], 0.0, 60.0)
    )
    for one in panels("5m"):
        assert one.title in drawn
        if one.kind != "row":
            assert one.description in drawn
            assert f"series of {one.title}" in drawn


def test_values_are_said_in_words_and_units() -> None:
    ready, age, ends = panel("Ready"), panel("Age of the oldest"), panel("Days until")
    assert [shown(ready, value) for value in (0.0, 1.0)] == ["ready", "NOT READY"]
    assert [shown(age, value) for value in (0.0, 0.005, 12.0, 600.0)] == ["0 s", "5 ms", "12 s", "10 min"]
    assert [shown(ends, value) for value in (math.nan, 6.0, 1095.0)] == ["none", "6", "1,095"]
    assert [shown(panel("Memory"), 200 * 2**20), shown(panel("Open files"), 0.5)] == ["200 MiB", "50 %"]


def test_a_line_is_interrupted_where_nothing_is_known() -> None:
    points = [(float(second), math.nan if 20 <= second < 40 else 1.0) for second in range(60)]
    line = chart(panel("Age of the oldest"), [Series("oldest", points)], (0.0, 60.0), (400, 100)).rpartition('<path d="')[2]
    assert line.partition('"')[0].count("M") == 2
