"""What a check of a product's set-up found, in words: how much of it is there, then a line for each item."""

from collections.abc import Mapping
from typing import Any

from bot.messages.texts import Raw, Texts
from bot.messages.wording import sentence
from flows.model import TaskRecord
from flows.problems import Amount


def setup_report(texts: Texts, record: TaskRecord, environment: str, labels: Mapping[str, str]) -> str:
    """``labels``: the key of each item's name."""
    lines = record.answers["lines"]
    return "\n".join([_headline(texts, lines, environment), *(_worded(texts, line, labels) for line in lines)])


def _headline(texts: Texts, lines: list[Mapping[str, Any]], environment: str) -> str:
    outcomes = [line["outcome"] for line in lines]
    there, wanted = outcomes.count("done"), sum(one not in ("failed", "not_needed", "missing_optional") for one in outcomes)
    key = "setup_all_there" if there == wanted else "setup_some_there" if there else "setup_none_there"
    return sentence(texts, key, {"environment": texts(f"environment.{environment}"), "there": there, "wanted": wanted})


def _worded(texts: Texts, line: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    said = {
        "check": texts(labels.get(line["check"], f"check.{line['check']}")),
        "outcome": texts(f"outcome.{line['outcome']}"),
        "reason": Raw(" ".join(_why(texts, one) for one in (line, *line.get("also", ())))),
    }
    if line["outcome"] in ("done", "not_needed") or not line["x_cid"]:
        return sentence(texts, "setup_line", said)
    return sentence(texts, "setup_line_asked", {**said, "x_cid": line["x_cid"]})


def _why(texts: Texts, said: Mapping[str, Any]) -> str:
    params = {name: Amount(value) if isinstance(value, int) else value for name, value in said["params"].items()}
    if isinstance(said["params"].get("count"), int):
        params["n"] = said["params"]["count"]
    reason = said["reason"] if "." in said["reason"] else f"proof.{said['reason']}"
    return texts.md(reason, **params)
