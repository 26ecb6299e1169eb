"""Text for shells, quoted so that input can never be more than a value, in a chat's code block and in the shell."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping

from flows.checks.visible import visible
from flows.forms.fields import Answers
from flows.forms.step import Script, Situation

PLATFORMS = ("posix", "windows", "both")
"""How a script's key ends, or both."""

_POWERSHELL_QUOTES = re.compile("(['‘’‚‛])")  # each ends a single-quoted string


def plain(value: str) -> str:
    """One line of what can be seen, without backticks: they would end a chat's code block where it is copied to."""
    return re.sub(r"[`\n\t]", " ", visible(value, lines=True)).strip()


def posix(value: str) -> str:
    return shlex.quote(plain(value))


def powershell(value: str) -> str:
    return "'" + _POWERSHELL_QUOTES.sub(r"\1\1", plain(value)) + "'"


def as_json(members: Mapping[str, str]) -> str:
    """ASCII only, and no backticks."""
    return json.dumps(members, separators=(",", ":")).replace("`", "\\u0060")


def for_machine(scripts: Iterable[Script], answers: Answers, situation: Situation) -> tuple[Script, ...]:
    """Those for the kind of machine that was chosen, in the form that is being filled in or in the one that was sent."""
    machine = answers.get("platform") or situation.get("authentication", "platform")
    return tuple(script for script in scripts if machine not in ("posix", "windows") or script.key.endswith(f"_{machine}"))
