"""What a check of a product's set-up found, in words: how much of it is there, what to do, then a line for each item."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.messages.blocks import Block, Drawing
from bot.messages.results import Headline, ResultLine, reason_words, result
from bot.messages.signs import ATTENTION, DONE, OF_OUTCOME
from bot.messages.texts import Raw, Texts, escape
from bot.messages.wording import sentence
from flows.model import TaskRecord


def setup_report(
    texts: Texts,
    record: TaskRecord,
    environment: str,
    labels: Mapping[str, str],
    *,
    support: bool,
    buttons: Sequence[Block] = (),
) -> Drawing:
    """``labels``: the key of each item's name. ``support``: who reads it. ``buttons``: to check again, if something is not there."""
    lines = record.answers["lines"]
    verdict = _verdict(texts, lines, environment)
    shown = [_line(texts, line, labels) for line in lines]
    return result(verdict, shown, texts, support=support, buttons=buttons if verdict.sign != DONE else ())


def _verdict(texts: Texts, lines: list[Mapping[str, Any]], environment: str) -> Headline:
    outcomes = [line["outcome"] for line in lines]
    there, wanted = outcomes.count("done"), sum(one not in ("failed", "not_needed", "missing_optional") for one in outcomes)
    params = {"environment": Raw(escape(texts(f"environment.{environment}"))), "there": there, "wanted": wanted}
    if there == wanted and "failed" not in outcomes:
        return Headline(DONE, sentence(texts, "setup_all_there", params))
    if there:
        return Headline(ATTENTION, sentence(texts, "setup_found_some", params), texts("say.setup_next_some"))
    return Headline(ATTENTION, sentence(texts, "setup_found_none", params), texts("say.setup_next_none"))


def _line(texts: Texts, line: Mapping[str, Any], labels: Mapping[str, str]) -> ResultLine:
    name = escape(texts(labels.get(line["check"], f"check.{line['check']}")))
    why = " ".join(_why(texts, one, OF_OUTCOME[line["outcome"]] == ATTENTION) for one in (line, *line.get("also", ())))
    return ResultLine(name, line["outcome"], why, line["x_cid"], line["ms"])


def _why(texts: Texts, said: Mapping[str, Any], fixes: bool) -> str:
    reason = said["reason"] if "." in said["reason"] else f"proof.{said['reason']}"
    return reason_words(reason, said["params"], texts, fixes=fixes)
