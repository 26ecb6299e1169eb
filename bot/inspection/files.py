"""Runs in the worker: looks for secrets in a file."""

import base64

from bot.inspection.results import Result, result
from flows.checks import guard


def look(name: str, content: str, cut: bool) -> Result:
    """``content``: in base64. ``cut``: it is the beginning or the end of a longer file."""
    binary = base64.b64decode(content)
    inspection, text = guard.inspect_file(name, binary, cut=cut), guard.text_of(binary)
    secrets = ((finding.kind, text[slice(*finding.span)]) for finding in inspection.findings)
    return result(secrets, inspection.unread)
