"""Passwords, server secrets, and tokens that stand by their name: ``senha: …``, ``CLIENT_SECRET=…``, ``use … as the password``.

The mere word in a sentence is not a secret, nor is a placeholder, an address, or an id after it.

What stands around a name is matched within a bounded distance, and the same surroundings are judged once: the time is linear in
the text's length.
"""

import re
from collections.abc import Iterator

from flows.checks import lookalikes, meetings, paired_secrets, placeholders, secret_talk
from flows.checks.readings import PlainText, Span
from flows.checks.secret_kinds import SecretKind
from flows.checks.secret_labels import Label, labels

_CLOSE = (
    r"""(?:_(?:base(?:64)?|hex|b64|bytes|prod|dev|test|hml|sandbox|v\d))?(?:_?\d{1,2}+)?"""
    r"""[\\"'`*_~)\]]{0,6}+(?:\s?\([^()\n]{0,30}+\))?[*_`]{0,3}+"""
)
_OPEN = r"""[*_~]{0,3}+(?:`{2,3}+\s{0,5}+)?\\{0,3}+"""
"""Also of a block of code, whose text stands on a line of its own."""
_OF = r"(?P<of>(?:[ ][\w.@'+-]{1,24}+){0,9}?)"
"""Words such as “for the portal”."""
_VALUE = r"""(?:"(?P<double>[^"\n]{1,200}+)|'(?P<single>[^'\n]{1,200}+)|`(?P<code>[^`\n]{1,200}+)|(?P<bare>[^\s"'`<>]{1,200}+))"""
_REST = {
    "double": re.compile(r'[^"\n]*+"?'),
    "single": re.compile(r"[^'\n]*+'?"),
    "code": re.compile(r"[^`\n]*+`?"),
    "bare": re.compile(r"""[^\s"'`<>]*+"""),
}
_TIME = r"[ t]\d\d:(?=\d\d(?!\d))"
_TAG = r"""(?<=[\w"'])(?:\s{1,3}+[\w:.-]{1,40}+=["'][^"'<>\n]{0,160}+["']){0,4}+\s?/?>(?!>)"""
"""The rest of an element's first tag, whose name or last attribute is the secret's name."""
_SAID = re.compile(
    rf"{_CLOSE}{_OF}(?:(?:\s{{0,5}}+(?:-?->|→|=>|:=|\.{{2,20}}+\s?:?|[:=]{{1,2}}+(?!//)(?<!{_TIME}))|{_TAG}(?:<!\[cdata\[)?)"
    rf"(?:\s{{0,5}}+[|>][+-]?\d?(?=[ \t\r]{{0,5}}+\n))?\s{{0,24}}+|[ ]{{0,5}}+(?P<cell>\|{{1,2}}+|\t)[ \t]{{0,24}}+)"
    rf"{_OPEN}(?:!!(?:str|binary)\s)?{_VALUE}"
)
_IS = re.compile(
    rf"{_CLOSE}{_OF}\s{{1,5}}+(?:is|are|was|e|eh|es|sera|foi|fue|fica|ficou|quedo|to|como|ser|:)(?:\s(?:como|now|agora|ahora))?:?"
    rf"\s{{1,5}}+{_OPEN}{_VALUE}"
)
_LISTED = re.compile(rf"{_CLOSE}(?:\s{{0,3}}+[;,]\s{{0,3}}+|\s{{1,3}}+-\s{{1,3}}+){_OPEN}{_VALUE}")
_NEXT = re.compile(rf"{_CLOSE}\s{{1,2}}+{_OPEN}{_VALUE}")
_WAYS = ((_SAID, "said"), (_IS, "is"), (_LISTED, "listed"), (_NEXT, "next"))
_TOKEN_NEXT = re.compile(r"[ ]{1,3}+(?P<bare>[\w.~+/-]{16,200}+={0,2})")
_CALL = re.compile(r"""([\w.]{1,40}+)\(\s?["'](?P<single>[^"'\n]{8,200}+)""")
_LOOKS_UP = re.compile(r"env|config|get|vault|secret|read|load|param|lookup|key")
_END_OF_VALUE = re.compile(r"""[\\"'`*_~.)\]}]{0,6}+(?:[ ]{0,20}+(?:[\n\r|&]|\Z)|[,;<])""")
_TRAILING = ".,;:!?)]}*_~\\"
_PHRASE = re.compile(r"[a-z]{3,12}+(?: [a-z]{3,12}+){2,9}+(?=\s{0,3}(?:\n|\Z))")
_PROSE = re.compile(r"\b(?:the|is|are|an|of|for|your|our|to|in|de|da|do|que|para|se|no|not|el|la|be|by|with|and|must|you)\b")
_FILLERS = frozenset(
    [
        "the",
        "our",
        "my",
        "your",
        "a",
        "la",
        "su",
        "nossa",
        "minha",
        "sua",
        "nova",
        "nueva",
        "el",
        "o",
        "new",
        "temporary",
        "db",
        "api",
        "sandbox",
        "client",
    ]
)
_LINKS = frozenset(["is", "as", "e", "es", "eh", "como", "por", "use", "was", "sera", "é"])
_ENDS_IN_DIGITS = re.compile(r"(?!v\d)[a-z]{4,30}+\d{2,8}")
_TOKEN = re.compile(r"(?=.*\d)[^ :\\]+", re.DOTALL)
_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{32,}+")
"""The form of Pismo's own keys; a word in no language."""
_PLACE = re.compile(r"[a-z]{3,30}+\d{1,4}")
"""A word with a number, as systems and events are called."""
_EXPIRES = re.compile(r"[^\w\s]{0,3}+\s(?:expir|venc|caduc)")
_STRONG = re.compile(r"""(?<![^\s"'`(])(?=[^\s\d]{0,40}+\d)[^\s"'`<>()=:/|\\;,\[\]{}█]{8,80}+(?![:/=|\\{\[])""")
_RANDOM = re.compile(r"""(?<![^\s"'`(*>])[\w.~+/-]{20,200}+={0,2}(?![\w:/@=])""")
_OWN_LINE = re.compile(
    r"""[ \t>*•-]{0,9}+(?:\[[\d:,/apm. ]{4,24}+\][ ]?(?:[^\W\d][\w. ]{0,24}:)?[ ]?)?["'`*]{0,3}+(?P<value>[^\s"'`<>/\\|;,{}█]{8,200}+)"""
    r"""["'`*]{0,3}+[ \t\r]{0,9}+(?=\n|\Z)"""
)
"""A value that stands alone, or was said by whoever a chat names."""
_HEADING = re.compile(rf"{_CLOSE}(?:\s(?:for|of|to|on|in|d[aeo]l?|para|no|na|en)\s[^\n.!?]{{1,60}}+)?[^\w\n.!?]{{0,12}}\Z")
_ANNOUNCES = re.compile(
    r":[*_\s]{0,9}\Z|\b(?:here|below|follow(?:s|ing)|what|segue|seguem|abaixo|aqui|qual|sigue|siguen|siguiente|abajo|cual)\b"
)
_OF_WHAT = re.compile(r"\b(?:of|for|on|in|at|until|app|d[aeo]l?|no|na|nos|nas|en|hasta|ate|em)\s$")
"""Before the name of a person or a system, whose secret is meant."""
_MEMBER = re.compile(r"""\\{0,3}"\s?:\s?(?:\\{0,3}"[^"\n]{0,200}+"|null|true|false|\d{1,9})\s?,\s?[\\"]""")
"""A member of a JSON object with a value of its own; what the next one holds has another name."""
_ENCODED = re.compile(r"[A-Za-z0-9+/]|%2[BFbf]")
_SIGN = r"(?:[FBfb]2%|[A-Za-z0-9+/])"
_ENCODED_BEFORE = re.compile(
    rf"{_SIGN}*+(?:(?:\s{{0,8}}+>[/ ]{{0,2}}rb<|[ \t>|]{{0,12}}+[\r\n][\s>|]{{0,12}}+){_SIGN}{{20,}}+|\s{{1,4}}+{_SIGN}{{60,}}+)*+"
    r"""(?=[\s>;"'`(\\-]|\Z)"""
)
"""Read backwards, from within a line or its beginning: with what mails, chats, and web pages put between lines, or spaces instead."""
_ENCODED_AFTER = re.compile(
    r"(?:%2[FBfb]|[A-Za-z0-9+/\r\n]){0,40}+(?:=|&#|%3D|(?<=[\r\n])-|(?<=.{40})|<br|[\"'`]|\s|\Z)", re.DOTALL
)
_ENOUGH, _DISORDER = 40, 0.25
_LINES = 4
_LITTLE = 0.15
_TEMPLATES = ("{{", "{%", "${", "$(", "!")
_BEFORE, _AFTER = 120, 120
_NEAR, _FAR = 260, 420


def found(reading: PlainText) -> Iterator[tuple[SecretKind, Span]]:
    judged: dict[tuple[int, str], tuple[Span, ...]] = {}
    end = 0
    for label in labels(reading):
        if label.start < end or _is_encoded(reading, label):  # within the former's value, or by chance
            continue
        low = max(0, label.start - _NEAR)
        around = label.start - low, reading.flat[low : label.end + _FAR]
        if around not in judged:
            judged[around] = tuple((start - low, stop - low) for start, stop in _values(reading, label))
        for start, stop in judged[around]:
            end = max(end, low + stop)
            yield label.kind, (low + start, low + stop)


def _is_encoded(reading: PlainText, label: Label) -> bool:
    """Whether it stands within the lines of something in base64, such as a public key: two letters are a name there by chance."""
    flat = reading.flat
    if not _ENCODED.match(flat, label.start - 1) and not _ENCODED.match(flat, label.end):  # on a line of its own
        return False
    low = max(0, label.start - _BEFORE)
    before = _ENCODED_BEFORE.match(flat[low : label.start][::-1])
    return (
        before is not None
        and len(before[0]) >= _ENOUGH
        and placeholders.classes(before[0]) == 3
        and placeholders.disorder(before[0]) >= _DISORDER
        and _ENCODED_AFTER.match(flat, label.end) is not None
    )


def _values(reading: PlainText, label: Label) -> Iterator[Span]:
    folded, end = reading.folded, label.end
    if label.text in ("bearer", "token"):
        match = _TOKEN_NEXT.match(folded, end)
        if (
            match
            and folded[end : end + 1] not in ":="
            and (label.text == "bearer" or folded.endswith("authorization: ", 0, label.start))
        ):
            yield from _fitting(reading, label, match, "next")
            return
    if secret_talk.follows(reading, label):
        return
    column = paired_secrets.below(reading, label)
    if column is not None:
        yield from column or _at_random(reading, label)
        return
    for pattern, how in _WAYS:
        match = pattern.match(folded, end)
        if match is None:
            continue
        if how == "next" and folded[label.start - 1 : label.start] == "-":
            how = "said"  # noqa: PLW2901  an option of a command
        fitting = list(_fitting(reading, label, match, how))
        if fitting or how == "said":
            yield from fitting
            if fitting or _is_template(folded, match):
                return
            break
    yield from paired_secrets.beside(reading, label)
    if label.group in ("login", "server"):
        yield from _in_sentence(reading, label)
    if label.group != "pin" and not _names_a_session(reading, label):
        yield from _at_random(reading, label)
        yield from _below(reading, label)


def _fitting(reading: PlainText, label: Label, match: re.Match[str], how: str) -> Iterator[Span]:
    """The place of the value that was matched, if it is a secret."""
    group = match.lastgroup or "bare"
    start, stop = match.span(group)
    if how == "said" and match.groupdict().get("cell"):
        how = "cell"
    call = _CALL.match(reading.flat, start)
    if call and not _LOOKS_UP.search(call[1].lower()):
        group = "single"
        start, stop = call.span(group)
    value = reading.flat[start:stop].rstrip(_TRAILING)
    small = reading.folded[start : start + len(value)]
    of = match.groupdict().get("of") or ""
    if (
        not value
        or placeholders.stands_for_one(small)
        or secret_talk.is_about(of)
        or (how == "next" and lookalikes.is_named(reading, label.end, start))
        or (how == "next" and lookalikes.is_commit(reading, label.span, (start, start + len(value))))
        or _is_cut_short(reading, label, start, stop)
    ):
        return
    if _is_secret(reading, label, match, value, small, how):
        whole = _REST[group].match(reading.flat, stop)
        yield start, stop if stop - start < 200 or whole is None else whole.end()


def _is_template(folded: str, match: re.Match[str]) -> bool:
    """Whether the value is brought from elsewhere, by what stands behind it."""
    start = match.start(match.lastgroup or "bare")
    return folded.startswith(_TEMPLATES, start) and placeholders.stands_for_one(folded[start : match.end()])


def _is_cut_short(reading: PlainText, label: Label, start: int, stop: int) -> bool:
    """The beginning of a token, as documentation shows it."""
    shown = reading.flat[start:stop] if stop - start < 200 else ""
    return label.group in ("token", "lasting") and shown.endswith(("...", "…"))


def _is_secret(reading: PlainText, label: Label, match: re.Match[str], value: str, small: str, how: str) -> bool:
    mixed = placeholders.is_mixed(value)
    match label.group:
        case "pin":
            digits = how in ("said", "is") and 4 <= len(value) <= 12 and value.isdigit()
            return digits and not meetings.opens_one(reading, label.span, value)
        case "token":
            ordered = match[0].endswith(":") or (how in ("next", "listed") and placeholders.disorder(value) < _LITTLE)
            like_one = len(value) >= 20 and mixed and not ordered and _TOKEN.fullmatch(value) is not None
            return like_one and not _is_trace(reading, label, match, value)
        case "lasting":
            return len(value) >= 16 and mixed and (label.text != "refresh" or placeholders.is_random(value))
        case "private":
            return len(value) >= 40 and mixed and "BEGIN" not in value
        case "key":
            named = label.text.startswith(("account", "storage")) and placeholders.disorder(value) < _LITTLE
            return len(value) >= 16 and mixed and not named and not placeholders.is_id(small)
        case "server":
            if how in ("next", "listed") and not _looks_chosen(value) and not _HEX.fullmatch(small):
                return False
            return (len(value) >= 8 and mixed and not placeholders.is_access_key_id(small)) or (
                how == "said" and len(value) >= 16 and " " not in value and not value.isdigit() and _alone(match)
            )
    if how in ("next", "listed") and not (_looks_chosen(value) or (_alone(match) and _ENDS_IN_DIGITS.fullmatch(small))):
        return False
    if how == "next" and _PLACE.fullmatch(small) and _EXPIRES.match(match.string, match.end()):
        return False
    if len(value) < 4 or meetings.opens_one(reading, label.span, value) or (how == "is" and placeholders.is_id(small)):
        return False
    start = match.start(match.lastgroup or "bare")
    if "phrase" in label.text and _is_phrase(reading.folded, start):
        return True
    if not mixed and (label.text == "clave" or (how == "is" and secret_talk.is_statement(match, small))):
        return False
    return mixed or (how in ("said", "is") and _alone(match) and "\n" not in reading.folded[label.end : start].rstrip(" \n`"))


def _is_trace(reading: PlainText, label: Label, match: re.Match[str], value: str) -> bool:
    """An id in a log, of a request that was called a session, or named behind the word."""
    of = match.groupdict().get("of") or ""
    return of.endswith("id") or (_names_a_session(reading, label) and _HEX.fullmatch(value) is not None)


def _names_a_session(reading: PlainText, label: Label) -> bool:
    """As logs do. Cookies are called ``sessionid`` or ``JSESSIONID``."""
    return label.text in ("session_id", "session.id") or reading.flat[slice(*label.span)] == "sessionId"


def _is_phrase(folded: str, start: int) -> bool:
    """Words that make no sentence."""
    phrase = _PHRASE.match(folded, start)
    return phrase is not None and not _PROSE.search(phrase[0])


def _looks_chosen(value: str) -> bool:
    """With nothing but a space before it, it must look like one."""
    return (len(value) >= 7 and placeholders.classes(value) == 3) or placeholders.is_strong(value)


def _alone(match: re.Match[str]) -> bool:
    """Nothing else follows the value on its line, as it would in a sentence."""
    return (
        match.lastgroup != "bare" or match[0].endswith((",", ";")) or _END_OF_VALUE.match(match.string, match.end()) is not None
    )


def _in_sentence(reading: PlainText, label: Label) -> Iterator[Span]:
    """“use … as the password”, “the password for the portal was changed to …”."""
    low = max(0, label.start - _BEFORE)
    linked = False
    words = reading.flat[low : label.start].rsplit(maxsplit=6)
    for word in reversed(words[1:] if low else words):
        small = word.lower().strip("\"'`*,")
        if small in _LINKS:
            linked = True
        elif linked or small not in _FILLERS:
            at = reading.flat.rfind(word, low, label.start)
            strong = _STRONG.match(reading.flat, at + len(word) - len(word.lstrip("\"'`*(")))
            if linked and strong and _is_value(strong[0]):
                yield strong.span()
            break
    if _MEMBER.match(reading.folded, label.end):
        return
    line = reading.flat.find("\n", label.end, label.end + _AFTER)
    stop = line if line >= 0 else label.end + _AFTER
    for strong in _STRONG.finditer(reading.flat, label.end, stop):
        at = strong.start()
        if _is_spoken_of(reading.folded, label.end, *strong.span()) or lookalikes.is_named_directly(reading, label.end, at):
            continue
        doubtful = label.text == "clave" or _OF_WHAT.search(reading.folded, max(label.end, at - 9), at)
        if doubtful and not placeholders.is_unlike_a_name(strong[0]):
            continue
        if _is_value(strong[0]) and not meetings.opens_one(reading, label.span, strong[0]):
            yield strong.span()
            return


def _at_random(reading: PlainText, label: Label) -> Iterator[Span]:
    """Anything made at random on the name's line, whatever the words between, unless another name stands in front of it."""
    if not reading.has_runs:
        return
    first = reading.flat.rfind("\n", max(0, label.start - _BEFORE), label.start) + 1 or max(0, label.start - _BEFORE)
    last = reading.flat.find("\n", label.end, label.end + _AFTER)
    for low, high in ((first, label.start), (label.end, last if last >= 0 else label.end + _AFTER)):
        for value in _RANDOM.finditer(reading.flat, low, high):
            start, small = value.start(), reading.folded[slice(*value.span())]
            other = lookalikes.is_named(reading, low, start) or lookalikes.is_commit(reading, label.span, value.span())
            if placeholders.is_random(value[0]) and not other and not placeholders.stands_for_one(small):
                yield value.span()


def _below(reading: PlainText, label: Label) -> Iterator[Span]:
    """“The password is below:”, and a few lines further nothing but a value."""
    at = label.end
    for _ in range(_LINES):
        at = reading.flat.find("\n", at, label.end + _AFTER) + 1
        if not at:
            return
        if "---" in reading.flat[at : at + 12]:  # a key or a certificate, judged by itself
            return
        own = _OWN_LINE.match(reading.flat, at)
        if own is None:
            continue
        start, value = own.start("value"), own["value"]
        strong = placeholders.is_random(value) or (
            label.group == "login" and _is_value(value) and _is_meant(reading, label, value)
        )
        named = lookalikes.is_named(reading, label.end, start)
        if strong and not named and not placeholders.stands_for_one(reading.folded[slice(*own.span("value"))]):
            if not meetings.opens_one(reading, label.span, value):
                yield own.span("value")
            return


def _is_meant(reading: PlainText, label: Label, value: str) -> bool:
    """Whether the value is no name of a person or a time, or the line with the secret's name heads it or says that it follows."""
    if placeholders.is_unlike_a_name(value):
        return True
    low = max(0, label.start - _BEFORE)
    first = reading.folded.rfind("\n", low, label.start) + 1 or low
    last = reading.folded.find("\n", label.end, label.end + _AFTER)
    if _ANNOUNCES.search(reading.folded, first, last):
        return True
    before = reading.folded[first : label.start].strip(" \t>*_`•#-").split()
    return _FILLERS.issuperset(before) and _HEADING.match(reading.folded, label.end, last) is not None


def _is_spoken_of(folded: str, end: int, start: int, stop: int) -> bool:
    """Whether it belongs to another sentence than a question for the password, or is what a question or an expiry is about."""
    words = folded[end:start].count(" ")
    value = folded[start:stop]
    if words > 1 and folded[end : end + 1] == "?":
        return True
    return _PLACE.fullmatch(value.rstrip("?")) is not None and (
        (words > 1 and value.endswith("?")) or _EXPIRES.match(folded, stop) is not None
    )


def _is_value(word: str) -> bool:
    value = word.rstrip(_TRAILING)
    small = value.lower()
    return placeholders.is_strong(value) and not placeholders.stands_for_one(small) and not placeholders.is_address(small)
