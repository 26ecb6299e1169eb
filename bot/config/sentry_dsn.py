"""SENTRY_DSN, as Sentry's pages and its clients' examples write it."""

import re
from urllib.parse import urlsplit

from bot.config.addresses import is_host
from bot.config.placeholders import is_example_host

_NAMED = re.compile(r"(?:.*\W)?(?:sentry_)?dsn[\"']?\s*[=:]\s*[\"']?([^\s\"'(),;]+)[\"'(),;\s]*", re.IGNORECASE)
_DSN = re.compile(r"https?://\w+(?::\w+)?@[\w.-]+(?::[0-9]{1,5})?(?:/[\w-]+)*/[0-9]+", re.ASCII)
_EXAMPLE = re.compile(r"//(?:examplePublicKey|public|key)@|@o0\.|/0$", re.IGNORECASE)


def meant(text: str) -> str:
    """Without its name, as the code that Sentry shows has it."""
    found = _NAMED.fullmatch(text)
    return found[1] if found else text


def fault(dsn: str) -> str:
    """What is wrong with it, without anything of it; empty if nothing."""
    host = urlsplit(dsn).hostname or "" if _DSN.fullmatch(dsn) else ""
    if not is_host(host):
        return "is not a DSN"
    return "is a placeholder, not a value" if _EXAMPLE.search(dsn) or is_example_host(host) else ""
