"""What a `data_visualization` block may hold (docs.slack.dev, reference/block-kit/blocks/data-visualization-block)."""

from typing import Any, Final

from playground.slack.schema import Check, Report, anything, complain, items, number, record, string, tagged

_POINTS: Final = items(record({"label": string(20), "value": number}), 1, 20)
_SERIES: Final = items(record({"name": string(20), "data": _POINTS}), 1, 12)
_AXES: Final = record({"categories": items(string(20), 1, 20)}, {"x_label": string(50), "y_label": string(50)})
_ALONG_AXES: Final = record({"type": anything, "series": _SERIES, "axis_config": _AXES})
_SEGMENTS: Final = items(record({"label": string(20), "value": number}), 1, 12)


def _along_axes(chart: Any, path: str, out: Report) -> None:
    """Each series has a name of its own, and a value for each category, in their order."""
    _ALONG_AXES(chart, path, out)
    if out:
        return
    names = [series["name"] for series in chart["series"]]
    if len(set(names)) < len(names):
        complain(out, f"{path}/series", "series names must be unique")
    for at, series in enumerate(chart["series"]):
        if [point["label"] for point in series["data"]] != chart["axis_config"]["categories"]:
            complain(out, f"{path}/series/{at}/data", "labels must match the categories")


CHART: Final[Check] = tagged(
    {
        "pie": record({"type": anything, "segments": _SEGMENTS}),
        "bar": _along_axes,
        "line": _along_axes,
        "area": _along_axes,
    }
)
