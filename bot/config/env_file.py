"""Settings in a file beside the environment: ``.env`` in the working folder, or the file that ENV_FILE names."""

import os
import re
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.config.surroundings import without_surroundings

DEFAULT = ".env"
_HOW = "write NAME=value, one a line; what goes over lines stands in quotes"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
OPENTELEMETRY = "OTEL_"
"""How the variables begin that OpenTelemetry reads by itself, from the environment alone."""
_OTHERS = re.compile(rf"POSTGRES_PASSWORD|COMPOSE_\w+|{OPENTELEMETRY}\w+")
"""What compose.yaml, Compose itself and OpenTelemetry read from the same file."""


@dataclass(frozen=True)
class EnvFile:
    """``values``: by name in capitals, as they stand there: nothing takes the place of a ``$``, which passwords hold. ``fault``: why it
    can't be used, and ``how`` to mend that, without anything of its values."""

    path: Path
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    fault: str = ""
    how: str = _HOW

    def beside(self, environment: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
        """Those of ``known`` that the environment doesn't set, if only to nothing. Both name them in any case."""
        taken = {name.upper() for name in environment}
        return {name: self.values[name.upper()] for name in known if name.upper() in self.values and name.upper() not in taken}

    def hand_over(self, beginning: str, environment: MutableMapping[str, str] = os.environ) -> None:
        """Put those whose names begin so into the environment, unless it sets them."""
        for name, value in self.values.items():
            if name.startswith(beginning):
                environment.setdefault(name, value)

    def unknown(self, known: Collection[str]) -> Iterator[tuple[str, str]]:
        """The names in it that are no setting, each with the setting that it looks like, if that isn't there."""
        names = {name.upper() for name in known}
        for name in self.values:
            if name not in names:
                meant = next(iter(get_close_matches(name, names - set(self.values), n=1, cutoff=0.8)), "")
                if meant or not _OTHERS.fullmatch(name):
                    yield name, meant


def read(environment: Mapping[str, str] = os.environ) -> EnvFile:
    """Raises nothing: `EnvFile.fault` says what is wrong. There needn't be a ``.env``; one that ENV_FILE names has to be there."""
    named = without_surroundings("ENV_FILE", environment.get("ENV_FILE", ""))
    path, whose = Path(named or DEFAULT), "names a file that" if named else "is not set, and .env"
    try:
        if not named and (not path.exists() or path.is_dir()):  # some keep an environment of Python there
            return EnvFile(path)
        if not named and _is_a_strangers(path):
            return EnvFile(
                path, fault=f"{whose} belongs to another user", how="set it to .env if its values are yours; else remove the file"
            )
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return EnvFile(path, fault=f"{whose} does not exist", how=f"name one that does, or leave it out to have {DEFAULT} read")
    except UnicodeDecodeError:
        return EnvFile(path, fault=f"{whose} is not UTF-8", how="save it as UTF-8")
    except (OSError, ValueError) as error:
        return EnvFile(
            path,
            fault=f"{whose} cannot be read ({getattr(error, 'strerror', None) or 'no path'})",
            how="name a file that this user may read",
        )
    values = dict[str, str]()
    for binding in parse_stream(StringIO(text)):
        if wrong := _fault(binding):
            return EnvFile(path, fault=f"{whose} cannot be used: line {_line(binding)} {wrong}")
        if binding.key:
            values[binding.key.upper()] = binding.value or ""
    return EnvFile(path, {name: value for name, value in values.items() if value})


def _is_a_strangers(path: Path) -> bool:
    """A folder that others may write, such as /tmp, would let them say which Slack and which database the bot talks to. A link counts, and
    so does what it leads to."""
    return not {path.lstat().st_uid, path.stat().st_uid} <= {0, os.geteuid()}


def _fault(binding: Binding) -> str:
    """Empty if it is an assignment, or a comment."""
    if binding.error:
        return "is no assignment, or a quote in it has no end"
    if binding.key is None:
        return ""
    if binding.value is None or not _NAME.fullmatch(binding.key):
        return "is no assignment"
    if "-----BEGIN " in binding.value and "-----END " not in binding.value:
        return "begins a PEM that ends on another line, and is not in quotes"
    return "holds a zero byte" if "\0" in binding.value else ""


def _line(binding: Binding) -> int:
    """python-dotenv counts blank lines before it to it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
