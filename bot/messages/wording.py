"""Formats a text's parameters by what their names mean, so that a sentence never shows an id: people as mentions, times in the
reader's zone, steps by title. Everything else is marked as typed, and so is never formatting."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.messages.texts import Raw, Texts
from flows.cases.presence import called
from flows.model import Snapshot
from flows.people import SYSTEM

PEOPLE = frozenset({"by", "user", "owner", "lead"})
TIMES = frozenset({"at", "since", "until", "starts"})
CHANNELS = frozenset({"channel"})
SECTIONS = {"state": "state", "kind": "secret_kind", "how": "secret_how", "flaw": "flaw"}
"""Where the texts of these parameters stand."""


def all_here(texts: Texts, users: Sequence[str]) -> Raw | str:
    """Who a message is for: these people, as mentions, or whoever reads the channel where nobody is left to be called."""
    return Raw(" ".join(f"<@{user}>" for user in users)) if users else texts("say.all_here")


def calling(users: Sequence[str], words: str) -> str:
    """A message for these people, who stand on a line of their own: before a sentence that begins with a name, nobody could tell whom it
    calls and whom it is about."""
    return f"{' '.join(f'<@{user}>' for user in users)}\n{words}" if users else words


def in_charge(texts: Texts, snapshot: Snapshot, *user_ids: str) -> Raw | str:
    """Whose something is: the first of these people who is still there; or that nobody was chosen yet."""
    found = called(snapshot, *user_ids)
    return Raw(f"<@{found[0]}>") if found else texts("card.nobody")


def worded(texts: Texts, params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters ready for `Texts.md`."""
    return {name: _one(texts, name, value) for name, value in params.items()}


def _one(texts: Texts, name: str, value: Any) -> Any:
    if name in PEOPLE and value == SYSTEM.user_id:
        return texts("say.the_bot")
    if name in PEOPLE and value:
        return Raw(f"<@{value}>")
    if name in CHANNELS and value:
        return Raw(f"<#{value}>")
    if name in TIMES and value:
        return texts.at(int(value))
    if name == "step" and value:
        return texts(f"step.{value}.title")
    if name == "steps":
        return ", ".join(texts(f"step.{one}.title") for one in _several(value))
    if name == "language" and value:
        return texts.language_name(value)
    if name == "fields":
        return ", ".join(texts(key) for key in _several(value) if texts.has(key))
    if name == "unread":
        return "; ".join(texts(f"unread.{why}") for why in value)
    if name in SECTIONS and texts.has(f"{SECTIONS[name]}.{value}"):
        return texts(f"{SECTIONS[name]}.{value}")
    if name == "why" and not texts.has(str(value)):
        return texts("why.answered", error=str(value).removeprefix("why."))
    if name in ("task", "what", "why", "field") and texts.has(str(value)):
        return texts(str(value))
    return value


def _several(value: Any) -> list[str]:
    """A refusal has several values as one text."""
    return value.split(",") if isinstance(value, str) else list(value)


def sentence(texts: Texts, key: str, params: Mapping[str, Any]) -> str:
    """``say.<key>`` (or a key that names its own section) as mrkdwn."""
    section = key if key.split(".", 1)[0] in ("task", "refused", "say", "proof", "review") else f"say.{key}"
    ready = worded(texts, params)
    if "count" in params:
        ready["n"] = params["count"]
    return texts.md(section, **ready)
