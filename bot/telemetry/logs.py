"""Log lines as JSON, one per event. Whatever is secret or personal is cut out of every value before it is written.

They are ASCII, so that nothing in a value can begin another line or steer a terminal.
"""

import logging
import re
import secrets
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, TextIO

import structlog

OWN = ("bot", "flows", "pismo", "storage")
"""Our loggers. At DEBUG, others write whole requests and statements, with what people typed: none ever goes below INFO."""
OWN_MINDED = ("slack_bolt", "slack_sdk", "aiohttp", "httpx", "httpcore", "uvicorn", "sqlalchemy", "asyncio", "alembic")
"""Others' loggers that set their own levels and handlers."""
TALKATIVE = ("httpx", "httpcore", "uvicorn", "sqlalchemy", "alembic", "aiohttp.access")
"""They write a line per request or statement, or what our own lines say better: not below WARNING."""

_PEM = re.compile(r"-----BEGIN [^-]{1,60}-----.*?(?:-----END [^-]{1,60}-----|$)", re.DOTALL)
_TOKEN = re.compile(
    r"\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-[\w%.-]+"
    r"|(?<=Bearer )\S+|(?<=Basic )[A-Za-z0-9+/=]{8,}"
    r"|\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # a URL's user and password
    r"|(?<=hooks\.slack\.com/)\S+|(?<=\bticket=)[\w-]+",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?<![\w:/.])(?:/[\w .@+~-]+)+/[\w.@+~-]+")
"""Of a file of this machine. It may name a person's folder."""
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")


def redact(text: str) -> str:
    """A text without tokens, keys, passwords in URLs and e-mail addresses."""
    for pattern, instead in ((_PEM, "[key]"), (_TOKEN, "[token]"), (_EMAIL, "[e-mail]")):
        text = pattern.sub(instead, text)
    return _guard()(text)


def without_paths(text: str) -> str:
    """A text that may leave this machine."""
    return _PATH.sub("[path]", text)


@cache
def _guard() -> Callable[[str], str]:
    """The guard of forms and files too; imported on first use, to keep startup fast."""
    from flows.checks import guard  # noqa: PLC0415

    return guard.redact


_OWN_WORD = re.compile(r"[a-z_.]{1,40}|(?:onb|eff)_[0-9a-f]{16}")
"""Names of kinds and outcomes, ids of onboardings and effects: most of what is in most lines."""


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= 3 or _OWN_WORD.fullmatch(value) else redact(value)
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    return value if isinstance(value, int | float | bool | None) else redact(str(value))


def redaction(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The last processor before a line is written."""
    event.pop("color_message", None)  # uvicorn's line once more
    return {key: value if key in ("level", "at", "logger") else _clean(value) for key, value in event.items()}


def named(error: BaseException) -> str:
    """An exception in a word or two: its class, and of one of ours the kind or code that it has, e.g. ``Unavailable: locked``."""
    name, own = type(error).__name__, type(error).__module__.partition(".")[0] in OWN
    code = (getattr(error, "kind", "") or getattr(error, "error", "")) if own else ""
    return f"{name}: {code}" if isinstance(code, str) and re.fullmatch(r"[a-z0-9_]{1,60}", code) else name


def _is_told(error: BaseException) -> bool:
    """Whether its text may be logged: if it is one of ours, which contain nothing personal, or the system's.

    Others, such as pydantic's, quote what a person typed: they are named, not quoted.
    """
    return type(error).__module__.partition(".")[0] in OWN or isinstance(error, OSError | ImportError)


def _told(error: BaseException, *, outside: bool) -> str:
    """What is logged of an exception. ``outside``: it leaves this machine, whose paths stay here."""
    if not _is_told(error):
        return type(error).__name__
    text = str(error)
    if outside:
        if isinstance(error, OSError | ImportError):
            text = (error.strerror if isinstance(error, OSError) else error.name) or ""
        text = without_paths(text)
    return f"{type(error).__name__}: {text}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what led to it: five at most."""
    for _ in range(5):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _exception(event: structlog.typing.EventDict, *, outside: bool) -> structlog.typing.EventDict:
    """``exc_info`` as the places where it happened, without any data."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    told: list[dict[str, Any]] = []
    for one in _chain(error if isinstance(error, BaseException) else None):
        frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(one.__traceback__)[-12:]]
        told.append({"error": _told(one, outside=outside), "frames": frames})
        event["event"] = _unquoted(str(event["event"]), one)
    if told:
        event["exception"] = told
    if event.get("logger") == "asyncio":
        event["event"] = _words_of_asyncio(event["event"])
    return event


def _unquoted(said: str, error: BaseException) -> str:
    """Without the text of an exception that isn't told: Slack's libraries write it into their own."""
    if _is_told(error):
        return said
    for text in (repr(error), str(error)):
        said = said.replace(text, type(error).__name__) if text else said
    return said


def _words_of_asyncio(said: str) -> str:
    """What happened, and in which coroutine: behind it come the values of callbacks, tasks and exceptions."""
    words = re.match(r"[\w .]*", said)
    coroutine = re.search(r"\bcoro=<([\w.]+)", said)
    return f"{words[0].strip() if words else ''}{f': {coroutine[1]}' if coroutine else ''}"


def error_id() -> str:
    """A short id that a person is shown and the log holds, e.g. ``7K3QF2``: no letters that look like digits."""
    return "".join(secrets.choice("23456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(6))


def context(**ids: Any) -> AbstractContextManager[None]:
    """Adds ids to the log lines of this request or effect: its kind, onboarding, team and user ids. Never names."""
    return structlog.contextvars.bound_contextvars(**ids)


def formatter(*, outside: bool = False) -> logging.Formatter:
    """Makes a JSON line of a record, with whatever is secret or personal cut out. ``outside``: for what leaves this machine, also its
    paths, but for those of the code."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        lambda _, __, event: _exception(event, outside=outside),
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redaction,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
    )


def handler(stream: TextIO) -> logging.Handler:
    """Writes JSON lines, with whatever is secret or personal cut out."""
    lines = logging.StreamHandler(stream)
    lines.setFormatter(formatter())
    return lines


def _not_of_tokens(record: logging.LogRecord) -> bool:
    """Bolt warns at each start that our own client and `authorize` are used instead of the token, which is intended."""
    return "`token`" not in record.getMessage()


def silence(*names: str) -> None:
    """Nothing more is heard of these loggers and those below them: they quote values, or repeat what the bot says itself, once."""
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Route all loggers of the process to one stream of JSON lines (stderr)."""
    root = logging.getLogger()
    for former in root.handlers[:]:
        root.removeHandler(former)
    root.addHandler(handler(stream or sys.stderr))
    root.setLevel(level.upper())
    least = max(logging.INFO, root.level)
    for name in OWN:
        logging.getLogger(name).setLevel(root.level)
    root.setLevel(least)
    for name in (*OWN_MINDED, *TALKATIVE):
        logger = logging.getLogger(name)
        logger.setLevel(max(least, logging.WARNING) if name in TALKATIVE else least)
        logger.propagate = True
        for own in logger.handlers[:]:
            logger.removeHandler(own)
    # A filter, since Bolt sets the level of this logger itself.
    logging.getLogger("slack_bolt.AsyncApp").addFilter(_not_of_tokens)
