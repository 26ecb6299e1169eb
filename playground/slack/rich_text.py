"""The parts of a `rich_text` block and what each may hold (docs.slack.dev, reference/block-kit/blocks/rich-text-block)."""

from typing import Any, Final

from playground.slack.schema import Check, anything, boolean, choice, integer, items, record, string, tagged

_FONT: Final = {"bold": boolean, "italic": boolean, "strike": boolean, "underline": boolean}
_STYLE: Final = record({}, {**_FONT, "code": boolean})
_MENTION_STYLE: Final = record({}, {**_FONT, "highlight": boolean, "client_highlight": boolean, "unlink": boolean})


def _inline(required: dict[str, Check], /, **optional: Check) -> Check:
    return record({"type": anything, **required}, optional)


_INLINE: Final = tagged(
    {
        "text": _inline({"text": string(3000)}, style=_STYLE),
        "link": _inline({"url": string(3000)}, text=string(3000), unsafe=boolean, style=_STYLE),
        "user": _inline({"user_id": string(20)}, style=_MENTION_STYLE),
        "usergroup": _inline({"usergroup_id": string(20)}, style=_MENTION_STYLE),
        "channel": _inline({"channel_id": string(20)}, style=_MENTION_STYLE),
        "team": _inline({"team_id": string(20)}, style=_MENTION_STYLE),
        "broadcast": _inline({"range": choice("here", "channel", "everyone")}),
        "emoji": _inline({"name": string(100)}, unicode=string(100), skin_tone=integer(1, 6), style=_STYLE),
        "date": _inline({"timestamp": integer(0, 10**11), "format": string(200)}, url=string(3000), fallback=string(300)),
        "color": _inline({"value": string(20)}),
    }
)
LINES: Final = frozenset({"rich_text_section", "rich_text_quote", "rich_text_preformatted"})
"""The parts that hold text."""

_LINE: Final = items(_INLINE, 0, 1000)
_SECTION: Final = record({"type": anything, "elements": _LINE})

PARTS: Final = items(
    tagged(
        {
            "rich_text_section": _SECTION,
            "rich_text_quote": record({"type": anything, "elements": _LINE}, {"border": integer(0, 1)}),
            "rich_text_preformatted": record(
                {"type": anything, "elements": _LINE}, {"border": integer(0, 1), "language": anything}
            ),
            "rich_text_list": record(
                {
                    "type": anything,
                    "style": choice("bullet", "ordered"),
                    "elements": items(tagged({"rich_text_section": _SECTION}), 0, 1000),
                },
                {"indent": integer(0, 8), "offset": integer(0, 10_000), "border": integer(0, 1)},
            ),
        }
    ),
    0,
    1000,
)


def words(part: dict[str, Any]) -> str:
    """An inline part as it is written in mrkdwn; a date as its fallback."""
    match part.get("type"):
        case "user":
            return f"<@{part['user_id']}>"
        case "channel":
            return f"<#{part['channel_id']}>"
        case "link":
            return str(part.get("text") or part["url"])
        case _:
            return str(part.get("text") or part.get("fallback") or "")
