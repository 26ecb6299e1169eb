"""Slack's tokens, secrets and IDs as people paste them: read as they are meant where that is certain, else what stands in their place."""

import base64
import re
import unicodedata
from collections.abc import Mapping

from bot.config.placeholders import is_label, is_masked, is_placeholder, words

BOT, APP, SECRET, CHANNEL, GROUP = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SUPPORT_CHANNEL",
    "SUPPORT_USERGROUP",
)
NAMES = (BOT, APP, SECRET, CHANNEL, GROUP)
_TAIL = r"(?:(?!xox[a-z]-|xapp-)[A-Za-z0-9-])*[A-Za-z0-9]"
_FORMS: Mapping[str, re.Pattern[str]] = {
    BOT: re.compile(rf"(?:xoxe\.)?xoxb-{_TAIL}"),
    APP: re.compile(rf"xapp-{_TAIL}"),
    SECRET: re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32}(?![0-9A-Za-z])"),
    CHANNEL: re.compile(r"(?<![A-Za-z0-9])[CG](?=[A-Z0-9]*[0-9])[A-Z0-9]{8,}(?![A-Za-z0-9])"),
    GROUP: re.compile(r"(?<![A-Za-z0-9])S(?=[A-Z0-9]*[0-9])[A-Z0-9]{8,}(?![A-Za-z0-9])"),
}
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]")
"""Of a terminal: colours, and the marks of what is pasted."""
_ADDRESS = re.compile(r"(?:https?|slack)://\S+|(?:[\w-]+\.)*slack\.com/\S+")
_LINK = re.compile(r"\[[^\[\]]*\]\(<?(\S+?)>?\)")
"""Of Markdown: a name, and the address."""
_EMPHASIS = re.compile(r"(\*{1,3}|_{1,3}|~{1,2})(.+)\1")
"""Bold, italic or struck out."""


def meant(name: str, text: str) -> str:
    """The value in ``text``, if there is one and what else stands there is its name and punctuation; else the text as it is."""
    clean = _ESCAPES.sub("", "".join(sign for sign in text if unicodedata.category(sign) != "Cf"))
    clean = next((text for text in (_from_base64(clean), _half(clean), _bare(clean)) if _FORMS[name].fullmatch(text)), clean)
    found = {one[0] for one in _FORMS[name].finditer(clean)}
    if len(found) != 1 or is_placeholder(clean):
        return clean
    value = found.pop().lower() if name == SECRET else found.pop()
    if name in (CHANNEL, GROUP) and (link := _LINK.fullmatch(clean)):
        clean = link[1]
    if name in (CHANNEL, GROUP) and (_ADDRESS.fullmatch(clean) or re.fullmatch(r"<?[#!]?(?:subteam\^)?\w+\|[^|]*", clean)):
        return value
    rest = _FORMS[name].sub(" ", clean)
    return value if is_label(rest) and not is_masked(rest) else clean


def fault(name: str, text: str) -> str:
    """What is wrong with a value that `meant` gave, without anything of it; empty if nothing."""
    if is_placeholder(text) and name not in (CHANNEL, GROUP):  # so may a channel be called
        return _TEMPLATE
    if found := next((what for pattern, what in _OTHERS if re.search(pattern, text) and not what.endswith(name)), ""):
        return found
    if _TAKEN[name].fullmatch(text):
        return ""
    return _beside(name, text) or _shape(name, text)


def _shape(name: str, text: str) -> str:
    """Of what holds no such value."""
    if is_masked(text):
        return _MASKED
    if name == SECRET and re.fullmatch("[0-9A-Fa-f]+", text):
        return f"has {len(text)} hexadecimal digits, not 32 as a signing secret has"
    return _IS_NONE[name]


def _beside(name: str, text: str) -> str:
    """What stands beside the value; empty if it isn't there at all."""
    found = list(_FORMS[name].finditer(text))
    if not found:
        return ""
    if len({one[0] for one in found}) > 1:
        return "holds several that differ"
    if is_masked(_FORMS[name].sub(" ", text)):
        return _MASKED
    side = "before" if words(text[: found[0].start()]) else "behind"
    return f"holds more than that: something stands {side} it"


_TAKEN: Mapping[str, re.Pattern[str]] = {
    BOT: _FORMS[BOT],
    APP: _FORMS[APP],
    SECRET: re.compile(r"[0-9a-f]{32}|(?!.*[0-9a-f]{32}|[0-9A-Fa-f]+$)[0-9a-zA-Z]{16,128}"),
    CHANNEL: re.compile(r"[CG][A-Z0-9]{2,}"),
    GROUP: re.compile(r"S[A-Z0-9]{2,}"),
}
"""Laxer than what Slack gives out at present where nothing else looks alike."""
_IS_NONE: Mapping[str, str] = {
    BOT: "does not begin with xoxb-",
    APP: "does not begin with xapp-",
    SECRET: "does not look like a signing secret (32 hexadecimal digits)",
    CHANNEL: "is not a channel ID (a name does not do)",
    GROUP: "is not a user group ID (a handle does not do)",
}
_TEMPLATE = "is a placeholder, not a value"
_MASKED = "is cut off, or masked"
_OTHERS = (
    (r"^[CGS]0?X{3,}$", _TEMPLATE),
    (r"(?<![a-z])xoxb-", f"holds the bot token, which goes in {BOT}"),
    (r"(?<![a-z])xapp-", f"holds an app-level token, which goes in {APP}"),
    (r"(?<![a-z])xoxp-", "holds a user token (xoxp-)"),
    (r"(?<![a-z])xoxe-", "holds a refresh token (xoxe-)"),
    (r"(?<![a-z])xox(?!b)[a-z][.-](?!xoxb)", "holds another kind of token (xox…)"),
    (r"hooks\.slack\.com", "holds the address of a webhook"),
    (r"^[0-9a-f]{32}$", f"looks like the client secret, or the signing secret, which goes in {SECRET}"),
    (r"^(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9]{24}$", "looks like the verification token, which is deprecated"),
    (r"^[0-9]{6,}\.[0-9]{6,}$", "looks like the client ID"),
    (r"^A[A-Z0-9]{8,}$", "looks like the app's ID"),
    (r"^C(?=.*[0-9])[A-Z0-9]{8,}$", f"is the ID of a channel, which goes in {CHANNEL}"),
    (r"^S(?=.*[0-9])[A-Z0-9]{8,}$", f"is the ID of a user group, which goes in {GROUP}"),
    (r"^[UW](?=.*[0-9])[A-Z0-9]{8,}$", "is the ID of a person"),
    (r"^D(?=.*[0-9])[A-Z0-9]{8,}$", "is the ID of a direct message"),
    (r"^[TE](?=.*[0-9])[A-Z0-9]{8,}$", "is the ID of a workspace"),
)


def _half(text: str) -> str:
    """Of what was pasted twice; else empty."""
    middle = len(text) // 2
    return text[:middle] if text[:middle] == text[middle:] else ""


def _bare(text: str) -> str:
    """Without a chat's or a document's emphasis; empty if there is none."""
    found = _EMPHASIS.fullmatch(text)
    return found[2] if found else ""


def _from_base64(text: str) -> str:
    """What a cluster's secret holds that was encoded twice; empty if it is no text in base64."""
    if not re.fullmatch(r"[A-Za-z0-9+/]{12,}={0,2}", text):
        return ""
    try:
        decoded = base64.b64decode(text, validate=True).decode("ascii").strip()
    except ValueError:
        return ""
    return decoded if decoded.isprintable() else ""
