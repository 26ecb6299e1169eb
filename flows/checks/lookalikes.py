"""What looks as if it were made at random, like a secret, and is none by what stands around it: ids by their name, hashes of
commits by their place in a log of changes."""

import re

from flows.checks.readings import PlainText, Span

_OTHER = re.compile(
    r"(?<![a-z])(?:(?:\w{1,12}[_-])?ids?|identificador|c?id|kid|xid|txid|ref|tickets?|builds?|md5|sha-?\d{0,3}|trace|span|commits?|requests?|hash"
    r"|checksum|digest|etag|nonce|state|signature|fingerprint|thumbprint|serial|revision|deploy(?:ed)?|images?|branch|version|versao|project"
    r"|tenant|org|clients?|clientes?|users?|usuario|accounts?|contas?|cuentas?|session|pub|public|publica|names?|named|called|nome|nombre|chamad[oa]"
    r"|server[ _]key|protocolo|chamado)(?![a-z])"
)
"""Names of what else looks as if it were made at random, or merely says what a secret is called."""
_CAMEL_ID = re.compile(r"[a-z]I[dD]s?(?![A-Za-z])")
_JOINED_ID = re.compile(
    r"(?:trace|span|req(?:uest)?|correlation|trans(?:action)?|txn|event|msg|message|call|flow|job|batch|run|log|error|process|parent|ray"
    r"|operation|execution|invocation|conversation|delivery|webhook|acc(?:oun)?t|user|client|customer|card|order|payment|invoice|contract"
    r"|transfer|device|session|tenant|org|program|merchant|object|resource|entity|document|record|ticket|case)ids?(?![a-z])"
)
"""Ids whose name is one word: ``traceId``, ``requestid``. Any word may end in “id”, as “valid” does."""
_OTHER_DIRECTLY = re.compile(rf"""(?:{_OTHER.pattern}|{_JOINED_ID.pattern})[\s:#="'\\]{{1,6}}$""")
_CAMEL_ID_DIRECTLY = re.compile(rf"""{_CAMEL_ID.pattern}[\s:#="'\\]{{1,6}}$""")
_DIGEST = re.compile(r"md5|sha-?\d|checksum|digest|fingerprint|thumbprint|serial|impressao\sdigital|huella")
_NAME, _FAR = 28, 48
"""How far a name may stand from its value, in characters; `_FAR` for a digest's, which tells for itself."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_BEFORE_COMMIT = re.compile(r"(?:^|\n)[ \t>*|\\/`]{0,9}$")
_BETWEEN = (
    r"(?:is|was|are|as|will|that|the|our|my|your|new|old|for|from|in|on|to|of|and|or|client|server|api|secret|password|token|key|e|eh|es|era"
    r"|foi|fue|sera|como|por|de|do|da|del|la|el|o|a|os|para|no|na|en|noss[ao]|minha|meu|sua?|seu|nov[ao]|nuev[ao]|mi|segredo|senha|chave"
    r"|clave|secreto|contrasena)"
)
"""What may stand between a secret and its name."""
_SUBJECT = re.compile(rf"`?[ ]{{1,3}}(?:\([^()\n]{{1,60}}\)[ ])?(?!{_BETWEEN}\b)(?P<first>[a-z]{{2,20}}+)(?=[\s(:!])")
_COMMITTED = re.compile(
    r"(?:^|\n)[ \t>*•-]{0,9}(?:fix(?:e[sd])?|feat|add(?:s|ed)?|removed?|revert(?:s|ed)?|bump|chore|refactor|rotated?|updated?|merged?"
    r"|renamed?|moved?|drop(?:s|ped)?|improved?|handled?|docs?|tests?|perf|style|hotfix|release|corrige|adiciona|atualiza)\b[^\n]{0,100}\($"
)
_END_OF_SUBJECT = re.compile(r"\)[ \t\r]{0,9}(?:[,.;]|\n|\Z)")
_LINE = 120


def is_named(reading: PlainText, low: int, start: int) -> bool:
    """Whether the name of something else stands before what begins at ``start``, and not before ``low``."""
    low, digest = max(low, start - _NAME), max(low, start - _FAR)
    return (
        _OTHER.search(reading.folded, low, start) is not None
        or _JOINED_ID.search(reading.folded, low, start) is not None
        or _CAMEL_ID.search(reading.flat, low, start) is not None
        or _DIGEST.search(reading.folded, digest, start) is not None
    )


def is_named_directly(reading: PlainText, low: int, start: int) -> bool:
    """The same, with nothing but signs between them."""
    low = max(low, start - _NAME)
    return (
        _OTHER_DIRECTLY.search(reading.folded, low, start) is not None
        or _CAMEL_ID_DIRECTLY.search(reading.flat, low, start) is not None
    )


def is_commit(reading: PlainText, label: Span, value: Span) -> bool:
    """Whether it is a commit's hash before or behind the commit's subject, and the secret's name at ``label`` is part of that. A server
    key has as many digits: one that is said to be it, before or behind, is none."""
    folded, (start, stop) = reading.folded, value
    if not _COMMIT.fullmatch(folded[start:stop]):
        return False
    if _BEFORE_COMMIT.search(folded, max(0, start - 12), start):
        subject = _SUBJECT.match(folded, stop)
        return subject is not None and subject.start("first") != label[0]
    return _COMMITTED.search(folded, max(0, start - _LINE), start) is not None and _END_OF_SUBJECT.match(folded, stop) is not None
