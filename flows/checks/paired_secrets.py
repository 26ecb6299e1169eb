"""Secrets whose name and value stand side by side as two values: Postman's environments and collections, HAR, Kubernetes, XML
settings, CSV."""

import re
from collections.abc import Iterator

from flows.checks import placeholders
from flows.checks.readings import PlainText, Span
from flows.checks.secret_kinds import SecretKind
from flows.checks.secret_labels import Label

_WINDOW = 220
_KEY_BEFORE = re.compile(r"""(?:key|name|id)\\{0,3}["']?\s{0,3}[:=]\s{0,3}\\{0,3}["']?[\w.-]{0,30}+$""")
_VALUE = re.compile(
    r"""value\\{0,3}["']?\s{0,3}(?:[:=]|>)\s{0,3}(?:\\{0,3}"(?P<double>[^"\\\n]{4,400}+)|'(?P<single>[^'\n]{4,400}+)"""
    r"""|(?P<bare>[^\s"'<>,;{}\[\]]{4,400}+))"""
)
_DEFAULT = re.compile(r"""["']?\s{0,3}[:{]\s[^{}]{0,200}?\bdefault["']?\s{0,9}[:=]\s{0,9}(["']?)(?P<bare>[^\s"'{}]{4,400}+)\1""")
"""Of a variable of Terraform, a parameter of CloudFormation or of a pipeline."""
_ITEM = re.compile(
    r"""["']?\s?:\s{0,2}\n(?:[ \t-]{1,20}[\w.-]{1,40}\s?:[^\n]{0,80}\n){0,3}?"""
    r"""[ \t-]{1,20}value["']?\s?:\s{0,3}["']?(?P<bare>[^\s"'{}]{4,400}+)"""
)
"""The first one of a list in YAML."""
_TYPED = re.compile(r""""type\\{0,3}"\s{0,3}:\s{0,3}\\{0,3}"secret|"keyname\\{0,3}"\s{0,3}:\s{0,3}\\{0,3}"key\d""")
_API_KEY = re.compile(r"""\bapikey\\{0,3}"\s{0,3}:\s{0,3}\[""")
_OTHER_OBJECT = re.compile(r"[{}]|\n[^\n]*\n[^\n]*\n[^\n]*\n")
_LINE = 200
_AROUND_NAME, _AFTER_NAME = " \"'*`", 24
_SEPARATORS = ";,\t|"
_END_OF_CELL = frozenset((*_SEPARATORS, "\n", "\r"))


def beside(reading: PlainText, label: Label) -> Iterator[Span]:
    """The value beside a name."""
    if _KEY_BEFORE.search(reading.folded[max(0, label.start - 48) : label.start]):
        yield from _beside_key(reading, label.start, label.end, any_value=label.group in ("login", "server"))
    for pattern in (_DEFAULT, _ITEM):
        value = pattern.match(reading.folded, label.end)
        if value and _is_secret(reading, value.span("bare"), any_value=False):
            yield value.span("bare")


def below(reading: PlainText, label: Label) -> list[Span] | None:
    """If the name heads a table's column, the values of its first rows; None if it heads none."""
    if _KEY_BEFORE.search(reading.folded[max(0, label.start - 48) : label.start]):
        return None
    end = label.end
    while end < label.end + _AFTER_NAME and reading.flat[end : end + 1] in _AROUND_NAME:
        end += 1
    return _below(reading, label.start, end) if reading.flat[end : end + 1] in _END_OF_CELL else None


def typed(reading: PlainText) -> Iterator[tuple[SecretKind, Span]]:
    """Postman's values of the type “secret”."""
    if '"type' in reading.flat or "keyname" in reading.folded:
        for match in _TYPED.finditer(reading.folded):
            for span in _beside_key(reading, *match.span(), any_value=False):
                yield SecretKind.SERVER_SECRET, span
    if "apikey" in reading.folded:
        for match in _API_KEY.finditer(reading.folded):
            for value in _VALUE.finditer(reading.folded, match.end(), match.end() + _WINDOW):
                span = value.span(value.lastgroup or "bare")
                if len(value[value.lastgroup or "bare"]) >= 16 and _is_secret(reading, span, any_value=False):
                    yield SecretKind.SERVER_SECRET, span


def _beside_key(reading: PlainText, start: int, end: int, *, any_value: bool) -> Iterator[Span]:
    """The value of the same object, element, or list item, before or after."""
    text, folded = reading.flat, reading.folded
    after = folded.find("value", end, end + _WINDOW)
    if after >= 0 and _OTHER_OBJECT.search(text, end, after):
        after = -1
    opening = max(text.rfind(sign, max(0, start - _WINDOW), start) for sign in "{<")
    before = folded.rfind("value", opening, start) if opening >= 0 else -1
    for place in (after, before):
        match = _VALUE.match(folded, place) if place >= 0 else None
        if match and _is_secret(reading, match.span(match.lastgroup or "bare"), any_value=any_value):
            yield match.span(match.lastgroup or "bare")
            return


def _below(reading: PlainText, start: int, end: int) -> list[Span] | None:
    text = reading.flat
    sign = text[end : end + 1]
    low, last = max(0, start - _LINE), text.find("\n", end, end + _LINE)
    first = text.rfind("\n", low, start) + 1
    separator = sign if sign in _SEPARATORS else text[first:start].rstrip(_AROUND_NAME)[-1:]
    if not separator or separator not in _SEPARATORS or last < 0 or (first == 0 and low > 0):
        return None
    column, columns = text.count(separator, first, start), text.count(separator, first, last) + 1
    found, at, like = [], last + 1, False
    for row in text[at : at + _LINE].split("\n")[:3]:
        cells = row.split(separator)
        if len(cells) == columns:
            like = True
            place = at + sum(len(each) + 1 for each in cells[:column])
            cell = cells[column].rstrip(_AROUND_NAME + "\r")
            span = place + len(cell) - len(cell.lstrip(_AROUND_NAME)), place + len(cell)
            if _is_secret(reading, span, any_value=False):
                found.append(span)
        at += len(row) + 1
    return found if like else None


def _is_secret(reading: PlainText, span: Span, *, any_value: bool) -> bool:
    value = reading.flat[slice(*span)]
    if placeholders.stands_for_one(reading.folded[slice(*span)]):
        return False
    return placeholders.is_mixed(value) or (any_value and " " not in value and len(value) >= 6)
