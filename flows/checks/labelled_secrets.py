"""Passwords and server secrets that follow their name: ``senha: …``, ``CLIENT_SECRET=…``, ``"client_secret_string": "…"``.

The mere word in a sentence is not a secret, nor is a placeholder, an address, or an id after it.
"""

import base64
import re
from collections.abc import Iterator
from itertools import pairwise

Span = tuple[int, int]

_GAP = r"[\s_.-]{0,3}"
_SERVER_LABEL = (
    rf"(?:server|client|api|app|consumer|shared|oauth2?|signing){_GAP}secret(?:{_GAP}(?:string|key|value))?|api{_GAP}key"
    rf"|secret{_GAP}(?:access{_GAP})?key|(?<![a-z])secret|segredo(?:\s(?:do|da|de)\s\w{{1,12}})?|chave\s(?:secreta|privada)"
)
_LOGIN_LABEL = (
    r"(?:password|passwd|passphrase|passcode|(?<![a-z])pwd(?!\s?=\s?/)|(?<![a-z])pass(?=\s{0,3}=)|(?:my|user|/)\s?pass(?=\s{0,3}:)"
    r"|senha|contrase(?:ñ|n)a)(?:\s(?:provis[oó]ria|tempor[aá]ria|temporal|inicial|atual|nova))?"
    r"(?:\s(?:d[oae]l?|n[oa]|for|of|to|para)\s[\w ]{1,25}?)?"
)
_LONG_LIVED_LABEL = (
    rf"(?:refresh|personal{_GAP}access|long{_GAP}lived|api|bot){_GAP}token"
    rf"|token{_GAP}de{_GAP}(?:atualiza[cç][aã]o|actualizaci[oó]n|api)"
)
_BETWEEN = (
    r"""[\\"'`*_~)\]]{0,6}(?:\s?\([^()\n]{0,30}\))?[*_`]{0,3}(?P<sep>\s{0,5}(?:-?->|→|=>|:=|[:=|]|\t)\s{0,5}"""
    r"""|(?<=\w)>|\s{1,5}(?:is|é|eh|es):?\s{1,5}|\s{1,2})[*_~]{0,3}\\{0,3}"""
)
_QUOTED = r""""(?P<double>[^"\n]{1,400})"|'(?P<single>[^'\n]{1,400})'|`(?P<code>[^`\n]{1,400})`"""
_VALUE = rf"""(?:{_QUOTED}|(?P<bare>[^\s"'`<>]{{1,400}}))"""
_SERVER_SECRET = re.compile(rf"(?:{_SERVER_LABEL}){_BETWEEN}{_VALUE}", re.IGNORECASE)
_PASSWORD = re.compile(rf"{_LOGIN_LABEL}{_BETWEEN}{_VALUE}", re.IGNORECASE)
_LONG_LIVED = re.compile(rf"(?:{_LONG_LIVED_LABEL}){_BETWEEN}{_VALUE}", re.IGNORECASE)
_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{32,}", re.IGNORECASE)
"""The form of Pismo's own keys; a word in no language."""
_USERINFO = re.compile(r"://[^\s/:@]{1,100}:([^\s/@]{1,200})@")
_BASIC = re.compile(r"\bBasic\s{1,3}([A-Za-z0-9+/_-]{8,400})={0,2}", re.IGNORECASE)

_END_OF_VALUE = re.compile(r"""[\\"'`*_~.)\]}]{0,6}(?:[ ]{0,20}(?:[\n\r|&]|\Z)|[,;<])""")
_PLACEHOLDER = re.compile(
    r"[<{$\[%(…&]|█|(.)\1*$|x{3,}|(?:your|my|seu|sua|minha|tu|su)(?:$|[\s_-])|https?://|tn[-_]\w|[^\s@]+@[^\s@]+\.[a-z]+$"
    r"|(?:the|change_?me|placeholder|example|exemplo|redacted|removed|removid[oa]|hidden|oculta|n/?a|none|null|nil|undefined|todo|tbd"
    r"|true|false|yes|no|sim|n[aã]o|required|optional|obligatori[oa]|obrigat[oó]ri[oa]|requerida|opcional|expired|expirada|string|text|"
    r"texto|reset|redefinir|changed|alterada|invalid|inv[aá]lida|wrong|incorrect[ao]?|errada|later|depois|unknown|missing|empty|vazia|"
    r"encrypted|enviada|sent|pending|pendente|temporary|tempor[aá]ria|confidential|confidencial|set|unset)$",
    re.IGNORECASE,
)
_SYMBOL = re.compile(r"[!@#$%^&*+=?~]")


def server_secrets(text: str) -> Iterator[Span]:
    for match in _found(_SERVER_SECRET, text, "secret", "segredo", "chave", "key"):
        span, value = _value(match)
        if (_may_be(match, value, shortest=8) or _HEX.fullmatch(value)) and (
            _is_mixed(value) or (len(value) >= 16 and " " not in value and _alone(text, match))
        ):
            yield span


def long_lived_tokens(text: str) -> Iterator[Span]:
    for match in _found(_LONG_LIVED, text, "token"):
        span, value = _value(match)
        if _may_be(match, value, shortest=16) and _is_mixed(value) and len(value) >= 16:
            yield span


def passwords(text: str) -> Iterator[Span]:
    for match in _found(_PASSWORD, text, "pass", "pwd", "senha", "contrase"):
        span, value = _value(match)
        said = match["sep"].strip() and "\n" not in match["sep"]
        if _may_be(match, value, shortest=4) and (_is_mixed(value) or (said and _alone(text, match))):
            yield span
    yield from (match.span(1) for match in _found(_USERINFO, text, "://") if not _PLACEHOLDER.match(match[1]))
    yield from (match.span(1) for match in _found(_BASIC, text, "basic") if _is_basic(match[1]))


def _found(pattern: re.Pattern[str], text: str, *hints: str) -> Iterator[re.Match[str]]:
    """Matches. Each contains one of the hints, so a text without any hint is skipped cheaply."""
    small = text.lower()
    return pattern.finditer(text) if any(hint in small for hint in hints) else iter(())


def _value(match: re.Match[str]) -> tuple[Span, str]:
    group = match.lastgroup or "bare"
    return match.span(group), match[group].rstrip(".,;:!?)]}*_~\\")


def _may_be(match: re.Match[str], value: str, shortest: int) -> bool:
    if _PLACEHOLDER.match(value):
        return False
    if match["sep"].strip():
        return len(value) >= shortest
    classes = (str.isupper, str.islower, str.isdigit)  # after just a space, it must look like one
    return len(value) >= 7 and all(any(map(is_one, value)) for is_one in classes)


def _alone(text: str, match: re.Match[str]) -> bool:
    """Nothing else follows the value on its line, as it would in a sentence."""
    return match.lastgroup != "bare" or match[0].endswith((",", ";")) or _END_OF_VALUE.match(text, match.end()) is not None


def _is_mixed(value: str) -> bool:
    """Letters with digits or symbols, or in a mix of cases that no word has."""
    letters = [sign for sign in value if sign.isalpha()]
    if not letters or " " in value:
        return False
    turns = sum(one.islower() and two.isupper() for one, two in pairwise(letters))
    return any(sign.isdigit() for sign in value) or _SYMBOL.search(value) is not None or turns >= 3


def _is_basic(signs: str) -> bool:
    """``name:secret`` in base64, as RFC 7617 sends it."""
    try:
        plain = base64.b64decode(signs[: len(signs) // 4 * 4]).decode()
    except ValueError:
        return False
    return ":" in plain and plain.isprintable()
