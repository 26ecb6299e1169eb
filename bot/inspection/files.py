"""Runs in the worker: looks for secrets in a file."""

import base64

from flows.checks import guard

Result = dict[str, list[str]]


def look(name: str, content: str, cut: bool) -> Result:
    """``content``: in base64. ``cut``: it is the beginning or the end of a longer file."""
    inspection = guard.inspect_file(name, base64.b64decode(content), cut=cut)
    return {
        "found": sorted({finding.kind for finding in inspection.findings}),
        "unread": sorted(set(inspection.unread)),
    }
