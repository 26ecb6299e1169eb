"""The table of Web API methods; each module of methods adds its own."""

from collections.abc import Callable
from typing import Any

from playground.slack.block_kit import Json
from playground.slack.checks import WebApiError
from playground.slack.core import Core

Handler = Callable[[Core, Json], Json]
METHODS: dict[str, tuple[Handler, str | None]] = {}
"""By name: the handler and the bot scope it always needs. Handlers themselves check scopes that depend on arguments."""


def method(name: str, scope: str | None = None) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        METHODS[name] = (handler, scope)
        return handler

    return register


def need(arguments: Json, *names: str) -> list[Any]:
    """The required arguments.

    Raises:
        WebApiError: invalid_arguments, naming the missing ones.

    """
    missing = [name for name in names if arguments.get(name) in (None, "")]
    if missing:
        raise WebApiError("invalid_arguments", [f"[ERROR] missing required field: {name}" for name in missing])
    return [arguments[name] for name in names]


def need_scope(core: Core, scope: str) -> None:
    if scope not in core.scopes:
        raise WebApiError("missing_scope", needed=scope, provided=",".join(sorted(core.scopes)))


def flag(arguments: Json, name: str, *, default: bool = False) -> bool:
    """A boolean as forms encode it: true, "true", "1"."""
    value = arguments.get(name, default)
    return value if isinstance(value, bool) else str(value).casefold() in {"true", "1"}


def page(arguments: Json, found: list[Any], default: int = 100) -> tuple[list[Any], Json]:
    """One page of a list and its `response_metadata`; the cursor is the position.

    Raises:
        WebApiError: invalid_limit, invalid_cursor.

    """
    try:
        limit = int(arguments.get("limit") or default)
        start = int(arguments.get("cursor") or 0)
    except ValueError:
        raise WebApiError("invalid_cursor") from None
    if not 1 <= limit <= 1000:
        raise WebApiError("invalid_limit")
    after = start + limit
    return found[start:after], {"next_cursor": str(after) if after < len(found) else ""}
