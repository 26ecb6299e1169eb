"""What a shell, an editor or ``docker --env-file`` leaves around a value, and is no part of it."""

import re

_AROUND = " \t\r\n\v\f\0\x85\u00a0\u00ad\u2028\u2029\u2060\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x2010)))
_QUOTES = ('""', "''", "``", "“”", "„“", "‘’", "«»", "<>")
_LINE_END = re.compile(r"(?:\\{1,2}[rn])+$")


def without_surroundings(name: str, value: str) -> str:
    """Without line ends, spaces, quotes and the variable's own name around it."""
    own = re.compile(rf"(?:export\s+|set\s+|\$env:)?{re.escape(name)}\s*(?:=|:\s)\s*", re.IGNORECASE)
    before = None
    while value != before:
        before, value = value, _LINE_END.sub("", own.sub("", value.strip(_AROUND), count=1) if own.match(value) else value)
        value = value.strip(_AROUND).replace('\\"', '"') if value.startswith('\\"') else value.strip(_AROUND)
        value = value[1:-1] if len(value) > 1 and value[0] + value[-1] in _QUOTES else value
    return value
