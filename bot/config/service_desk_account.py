"""The account of the Service Desk that the bot acts as: its e-mail address and its API token, as people paste them."""

import re

from bot.config.placeholders import is_example_host, is_label, is_masked, is_placeholder

_FOUND = re.compile(r"[^\s<>:,;]+@[^\s<>:,;]+")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")
_EXAMPLE = re.compile(r"@example\.(?:com|net|org)$", re.IGNORECASE)
"""Nobody's (RFC 2606)."""
_ALLOWED = re.compile(r"[A-Za-z0-9._~+/=-]+")
_NAMED = re.compile(r"(?:(?:api[ _-]?)?token(?:\s*[:=]\s*|\s+)|bearer\s+)", re.IGNORECASE)
_PATH = re.compile(r"(?:~|\.{1,2})?/")


def user_meant(text: str) -> str:
    """Without the name and the brackets of a mail program, and ``mailto:``."""
    found = _FOUND.findall(text)
    if len(found) != 1 or re.search(r"@[^\s<>]*:", text):
        return text
    return str(found[0]).rstrip(".")


def user_fault(user: str) -> str:
    """What is wrong with it; empty if nothing."""
    if not _ADDRESS.fullmatch(user):
        return "is no e-mail address"
    return "is a placeholder, not an address" if is_example_host(user) or _EXAMPLE.search(user) else ""


def token_meant(text: str) -> str:
    """Without its name."""
    return _NAMED.sub("", text.strip(",;. "), count=1)


def token_fault(token: str) -> str:
    """What is wrong with it, without anything of it; empty if nothing."""
    if _PATH.match(token):
        return "looks like the path of a file: the token itself goes in it"
    if is_placeholder(token) or is_label(token):
        return "is a placeholder, not a value"
    if is_masked(token):
        return "is cut off, or masked"
    if re.match(r"xox[a-z][.-]|xapp-", token):
        return "holds a token of Slack's"
    return "" if _ALLOWED.fullmatch(token) else "holds signs that no token has, such as a quote or a space"
