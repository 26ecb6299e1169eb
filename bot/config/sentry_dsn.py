"""SENTRY_DSN, as Sentry's pages and its clients' examples write it."""

import re

_NAMED = re.compile(r"(?:sentry_)?dsn\s*[=:]\s*", re.IGNORECASE)
_DSN = re.compile(r"https?://\w+(?::\w+)?@[\w.-]+(?::[0-9]{1,5})?(?:/[\w-]+)*/[0-9]+", re.ASCII)
_EXAMPLE = re.compile(r"//(?:examplePublicKey|public|key)@|@o0\.|/0$", re.IGNORECASE)


def meant(text: str) -> str:
    """Without its name, as the code that Sentry shows has it."""
    found = _NAMED.match(text)
    return text[found.end() :].strip("\"', ()") if found else text


def fault(dsn: str) -> str:
    """What is wrong with it, without anything of it; empty if nothing."""
    if not _DSN.fullmatch(dsn):
        return "is not a DSN"
    return "is a placeholder, not a value" if _EXAMPLE.search(dsn) else ""
