"""What a run of checks found, as one message: the verdict, what to do, a line for each check; then in small letters what only support can
use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.messages.blocks import Block, Drawing, actions, context, drawing, long_sections, section
from bot.messages.signs import ATTENTION, OF_OUTCOME
from bot.messages.texts import OPEN, Raw, Texts, typed
from flows.problems import Amount

FAILED = frozenset({"failed", "not_allowed"})
"""With these outcomes the call itself failed. With the others, such as ``missing``, it went well, and showed what is wrong."""


@dataclass(frozen=True)
class Headline:
    """``sign``: one of `bot.messages.signs`. ``words`` and ``advice`` (what to do; may be empty): mrkdwn."""

    sign: str
    words: str
    advice: str = ""


@dataclass(frozen=True)
class ResultLine:
    """``check``, ``reason``: mrkdwn. ``outcome``: see `OF_OUTCOME`. ``x_cid``: of the call to Pismo that showed it, ``ms`` how long that
    took; empty and 0 where there was none."""

    check: str
    outcome: str
    reason: str
    x_cid: str = ""
    ms: int = 0

    @property
    def wants_attention(self) -> bool:
        return OF_OUTCOME[self.outcome] == ATTENTION


def result(
    verdict: Headline, lines: Sequence[ResultLine], texts: Texts, *, support: bool, also: str = "", buttons: Sequence[Block] = ()
) -> Drawing:
    """``support``: who reads it; a customer is shown the ids of faults alone. ``also``: what this does not show, in small letters."""
    words = f"{verdict.sign} {verdict.words}"
    head = words if OPEN in words else f"*{words}*"  # nothing typed is in bold
    blocks = [
        section("\n".join([head, *([verdict.advice] if verdict.advice else [])])),
        *long_sections("\n".join(_line(one, texts) for one in lines)),
    ]
    blocks += [context(also)] if also else []
    if ids := _calls(lines, texts) if support else _failed_calls(lines, texts):
        blocks.append(context(ids))
    return drawing([*blocks, *([actions(*buttons)] if buttons else [])])


def reason_words(key: str, params: Mapping[str, Any], texts: Texts, *, fixes: bool) -> str:
    """mrkdwn. ``key``: of the reason; if it ``fixes``, with what mends that, where there is a text for it."""
    said = {name: Amount(value) if isinstance(value, int) else value for name, value in params.items()}
    if isinstance(params.get("count"), int):
        said["n"] = params["count"]
    words = texts.md(key, **said)
    return f"{words} {texts(f'fix.{key}')}" if fixes and texts.has(f"fix.{key}") else words


def _line(one: ResultLine, texts: Texts) -> str:
    words = texts.md("say.result_line", check=Raw(one.check), outcome=texts(f"outcome.{one.outcome}"), reason=Raw(one.reason))
    return f"{OF_OUTCOME[one.outcome]} {words}"


def _failed_calls(lines: Sequence[ResultLine], texts: Texts) -> str:
    calls = [one for one in lines if one.x_cid and one.wants_attention]
    ids = list(dict.fromkeys(one.x_cid for one in calls))
    key = "say.result_failed" if {one.outcome for one in calls} <= FAILED else "say.result_showed"
    return texts.md(key, n=len(ids), ids=Raw(", ".join(map(typed, ids)))) if ids else ""


def _calls(lines: Sequence[ResultLine], texts: Texts) -> str:
    called = [one for one in lines if one.x_cid]
    words = [
        texts.md("say.result_call", check=Raw(one.check), x_cid=one.x_cid, ms=Raw(texts("say.result_ms", ms=Amount(one.ms))))
        for one in called
    ]
    return texts.md("say.result_calls", calls=Raw(" · ".join(words))) if called else ""
