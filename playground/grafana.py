"""Reads `ops/grafana.json`: what each panel asks Prometheus, and how it is to be shown."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playground.office import ROOT

FILE = ROOT / "ops" / "grafana.json"
EVERYTHING = {"$job": ".*", "$instance": ".*"}
"""The dashboard's variables, as its "All" says them."""


@dataclass(frozen=True)
class PanelQuery:
    """``legend``: with ``{{label}}`` for a label's value. ``instant``: only what it says now."""

    expression: str
    legend: str
    instant: bool


@dataclass(frozen=True)
class DashboardPanel:
    """``kind``: Grafana's, such as ``stat``; ``row`` for a heading, which asks nothing. ``place``: left, top, width and height on Grafana's
    grid, 24 wide. ``steps``: values from which on it is to be looked at, with a colour. ``words``: what is shown instead of a number; of
    NaN too. ``bars``: what was counted in an interval, rather than a line."""

    kind: str
    title: str
    description: str
    place: tuple[int, int, int, int]
    queries: Sequence[PanelQuery]
    unit: str
    steps: Sequence[tuple[float, str]]
    words: Mapping[str, str]
    bars: bool


def panels(window: str) -> Iterator[DashboardPanel]:
    """``window``: for `$__rate_interval`, such as ``5m``."""
    for panel in json.loads(FILE.read_text(encoding="utf-8"))["panels"]:
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        grid = panel["gridPos"]
        yield DashboardPanel(
            kind=panel["type"],
            title=panel["title"],
            description=panel.get("description", ""),
            place=(grid["x"], grid["y"], grid["w"], grid["h"]),
            queries=[
                PanelQuery(_filled_in(target["expr"], window), target["legendFormat"], target["instant"])
                for target in panel.get("targets", ())
            ],
            unit=defaults.get("unit", ""),
            steps=[(step["value"], step["color"]) for step in defaults.get("thresholds", {}).get("steps", ()) if step["value"]],
            words=dict(_words(defaults.get("mappings", ()))),
            bars=defaults.get("custom", {}).get("drawStyle") == "bars",
        )


def _filled_in(expression: str, window: str) -> str:
    for name, value in {**EVERYTHING, "$__rate_interval": window}.items():
        expression = expression.replace(name, value)
    return expression


def _words(mappings: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for mapping in mappings:
        options = mapping["options"]
        if mapping["type"] == "value":
            yield from ((value, result["text"]) for value, result in options.items())
        else:
            yield options["match"], options["result"]["text"]
