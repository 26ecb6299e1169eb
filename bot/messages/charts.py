"""A bar chart as Slack's `data_visualization` block (docs.slack.dev, *Data visualization block*): words and a table beside it say the same,
since not every client draws it and no screen reader sees it.

A title of at most 50 characters; at most 12 series and 20 categories, each with a name of its own of at most 20 characters, and in each
series a value for each category. Slack's page says 6 series in one of its versions, so that no chart here has more.
"""

from collections.abc import Mapping, Sequence

from bot.messages.blocks import Block, cut

TITLE, NAME, AXIS, SERIES, CATEGORIES = 50, 20, 50, 6, 20


def bar_chart(title: str, along: str, up: str, categories: Sequence[str], series: Mapping[str, Sequence[float]]) -> Block:
    """``along``, ``up``: the titles of the axes. ``series``: by name, a value for each category. All texts are plain."""
    shown = _names(categories[:CATEGORIES])
    return {
        "type": "data_visualization",
        "title": cut(title, TITLE),
        "chart": {
            "type": "bar",
            "series": [
                {
                    "name": cut(name, NAME),
                    "data": [{"label": label, "value": value} for label, value in zip(shown, values, strict=False)],
                }
                for name, values in list(series.items())[:SERIES]
            ],
            "axis_config": {"categories": shown, "x_label": cut(along, AXIS), "y_label": cut(up, AXIS)},
        },
    }


def _names(categories: Sequence[str]) -> list[str]:
    """Short enough, and no two the same."""
    shown: list[str] = []
    for name in categories:
        short, number = cut(name, NAME), 1
        while short in shown:
            number += 1
            short = f"{cut(name, NAME - len(str(number)) - 1)} {number}"
        shown.append(short)
    return shown
