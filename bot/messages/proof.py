"""What an access verification found, in words: a headline, a line for each check, and what it does not prove."""

from collections.abc import Mapping
from typing import Any

from bot.messages.texts import Raw, Texts, escape
from bot.messages.wording import sentence
from flows.model import TaskRecord
from flows.problems import Amount


def report(texts: Texts, record: TaskRecord, environment: str, customer: str) -> str:
    lines = record.answers["lines"]
    said = [_headline(texts, record, environment), *(sentence(texts, *_worded(texts, line)) for line in lines)]
    if any(line["check"] == "certificate" and line["outcome"] != "skipped" for line in lines):
        said.append(sentence(texts, "proof_own_certificate", {"customer": customer}))
    return "\n".join(said)


def _headline(texts: Texts, record: TaskRecord, environment: str) -> str:
    outcomes = {line["outcome"] for line in record.answers["lines"]}
    if "failed" in outcomes:
        key = "proof_failed"
    elif record.state != "done":
        key = "proof_skipped"
    else:
        key = "proof_differs" if "differs" in outcomes else "proof_passed"
    return sentence(texts, key, {"environment": texts(f"environment.{environment}")})


def _worded(texts: Texts, line: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    params = {name: _param(texts, name, value) for name, value in line["params"].items()}
    if isinstance(line["params"].get("count"), int):
        params["n"] = line["params"]["count"]
    reason = line["reason"] if "." in line["reason"] else f"proof.{line['reason']}"
    said = {
        "check": Raw(texts.md(f"check.{line['check']}", **params)),
        "outcome": texts(f"outcome.{line['outcome']}"),
        "reason": Raw(texts.md(reason, **params)),
    }
    if not line["x_cid"]:
        return "proof_line_skipped", said
    return "proof_line", {**said, "ms": Amount(line["ms"]), "x_cid": line["x_cid"]}


def _param(texts: Texts, name: str, value: Any) -> Any:
    if name == "field":  # the key of what the form calls it
        return Raw(escape(texts(value)))
    return Amount(value) if isinstance(value, int) else value
