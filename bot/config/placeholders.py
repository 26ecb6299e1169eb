"""What stands in the place of a value: a template's words, or a value that was hidden before it was copied."""

import re

_FILLER = re.compile(
    "your|my|the|a|here|goes|insert|replace|with|this|me|paste|put|change|changeme|example|placeholder|todo|tbd|dummy|x{3,}|0{6,}"
)
_LABEL = re.compile(
    "(?:authorization|bearer|slack|bot|user|oauth|app|api|access|level|token|signing|secret|key|value|name|data|support|channel"
    "|group|subteam|id|export|set|env|echo|password|passwd|pass|e?mail|atlassian|jira|service|desk)+"
)
_MASKED = re.compile(r"\*|•|…|\.{2,}")
_HOST = re.compile(
    r"(?<![a-z0-9])your[-_]?(?:company|domain|site|host|server|org|team|instance|workspace|name|e?mail|account|user|database|db"
    r"|collector|address)(?![a-z])|changeme|placeholder",
    re.IGNORECASE,
)


def words(text: str) -> list[str]:
    return [word.casefold() for word in re.findall(r"[^\W_]+", text)]


def is_placeholder(text: str) -> bool:
    """Whether it is what a template holds, such as ``xoxb-your-token``, ``xoxb-…`` or ``<your password>``."""
    found = [word for word in words(text) if word not in ("xoxb", "xapp")]
    fillers = [word for word in found if _FILLER.fullmatch(word)]
    return not found or (bool(fillers) and all(word in fillers or _LABEL.fullmatch(word) for word in found))


def is_label(text: str) -> bool:
    """Whether it says only what belongs there, such as ``token``, or is what may stand before a value that was copied with its name."""
    return all(map(_LABEL.fullmatch, words(text)))


def is_masked(text: str) -> bool:
    """Whether signs are hidden, or left out."""
    return bool(_MASKED.search(text))


def is_example_host(host: str) -> bool:
    """Such as ``your-host`` or ``yourcompany.atlassian.net``."""
    return bool(_HOST.search(host))
