"""Text for shells, quoted so that input can never be more than a value, in a chat's code block and in the shell."""

import json
import re
import shlex
from collections.abc import Mapping

_POWERSHELL_QUOTES = re.compile("(['‘’‚‛])")  # each ends a single-quoted string
# Control characters, text direction marks, and the backtick, which would end a chat's code block.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f`\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def plain(value: str) -> str:
    """Without control characters and backticks."""
    return _UNSAFE.sub(" ", value).strip()


def posix(value: str) -> str:
    return shlex.quote(plain(value))


def powershell(value: str) -> str:
    return "'" + _POWERSHELL_QUOTES.sub(r"\1\1", plain(value)) + "'"


def as_json(members: Mapping[str, str]) -> str:
    """ASCII only, and no backticks."""
    return json.dumps(members, separators=(",", ":")).replace("`", "\\u0060")
