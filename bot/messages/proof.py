"""What an access verification found, in words: the verdict, what to do, a line for each check, and what it does not show."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.messages.blocks import Block, Drawing
from bot.messages.results import Headline, ResultLine, reason_words, result
from bot.messages.signs import APART, ATTENTION, DONE
from bot.messages.texts import Raw, Texts, escape
from bot.messages.wording import sentence
from flows.model import TaskRecord

OF_THE_BOT = frozenset({"certificate", "handshake"})
"""Checks whose failure is Pismo support's to mend."""
OF_THE_TOKEN = frozenset({"proof.token_expired", "proof.unauthorized"})
"""Reasons that a new token removes."""
LATER = frozenset({"proof.rate_limited", "proof.unavailable"})
"""Reasons that pass by themselves."""
FOR_SUPPORT = "proof_next_support"
"""The only advice that is not the customer's to follow."""


def report(
    texts: Texts, record: TaskRecord, environment: str, customer: str, *, support: bool, buttons: Sequence[Block] = ()
) -> Drawing:
    """``support``: who reads it. ``buttons``: to verify again, if the access wasn't."""
    found = record.answers["lines"]
    lines = [_line(texts, one) for one in found]
    tried = any(one["check"] == "certificate" and one["outcome"] != "skipped" for one in found)
    also = sentence(texts, "proof_own_certificate", {"customer": customer}) if tried else ""
    verdict = _verdict(texts, record, environment, support=support)
    return result(verdict, lines, texts, support=support, also=also, buttons=buttons if verdict.sign != DONE else ())


def _verdict(texts: Texts, record: TaskRecord, environment: str, *, support: bool) -> Headline:
    lines = record.answers["lines"]
    outcomes = {one["outcome"] for one in lines}
    params = {"environment": Raw(escape(texts(f"environment.{environment}")))}
    if "failed" in outcomes:
        advice = _advice([one for one in lines if one["outcome"] == "failed"])
        told = "" if support and advice != FOR_SUPPORT else texts(f"say.{advice}")
        return Headline(ATTENTION, sentence(texts, "proof_not_verified", params), told)
    if record.state != "done":
        return Headline(APART, sentence(texts, "proof_skipped", params))
    if "differs" in outcomes:
        return Headline(ATTENTION, sentence(texts, "proof_differs", params))
    return Headline(DONE, sentence(texts, "proof_passed", params))


def _advice(failed: Sequence[Mapping[str, Any]]) -> str:
    """Whose the first failure is to mend, and how: what follows from it may look like something else."""
    first = failed[0]
    if first["check"] in OF_THE_BOT:
        return FOR_SUPPORT
    if _reason(first) in LATER:
        return "proof_next_later"
    return "proof_next_token" if _reason(first) in OF_THE_TOKEN else "proof_next_fix"


def _reason(line: Mapping[str, Any]) -> str:
    """The key of its text."""
    return line["reason"] if "." in line["reason"] else f"proof.{line['reason']}"


def _line(texts: Texts, line: Mapping[str, Any]) -> ResultLine:
    params = {name: _param(texts, name, value) for name, value in line["params"].items()}
    fixes = line["outcome"] == "failed"
    reason = reason_words(_reason(line), params, texts, fixes=fixes)
    return ResultLine(texts.md(f"check.{line['check']}", **params), line["outcome"], reason, line["x_cid"], line["ms"])


def _param(texts: Texts, name: str, value: Any) -> Any:
    return Raw(escape(texts(value))) if name == "field" else value  # the key of what the form calls it
