"""The names that stand by passwords, keys, and tokens, in English, Portuguese, and Spanish: lower case, without accents."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flows.checks.readings import PlainText, Span
from flows.checks.secret_kinds import SecretKind

_GAP = r"[\s_.-]{0,3}+"
_OF = r"\s(?:d[aeo]l?|de la|for|of)\s"
_LABELS = {
    "private": rf"private{_GAP}key|(?:chave|clave|llave)\sprivada",
    "server": (
        rf"(?:server|client|api|app|application|consumer|shared|oauth2?|signing|webhook|hmac|cliente){_GAP}secret(?:{_GAP}(?:string|key|value))?"
        rf"|api{_GAP}key|secret{_GAP}(?:access{_GAP})?key|secret(?!o)(?<![a-z]secret)|segredo(?:\s(?:do|da|de)\s\w{{1,12}}+)?"
        rf"|secreto(?<![a-z]secreto)(?:{_OF}\w{{1,12}}+)?|(?:chave|clave)\s(?:secreta|mestra|maestra)(?:{_OF}\w{{1,12}}+)?"
        rf"|(?:chave|clave|llave){_OF}(?:api|acesso|acceso|assinatura|firma|criptografia|cifrado)(?![a-z])"
        rf"|(?:webhook|client|api){_GAP}credentials?|creden[ct]ial(?![a-z])(?=[*_`\"']{{0,3}}\s?[:=])"
    ),
    "key": (
        rf"(?:signing|signature|encryption|master|account|access|storage|preshared|shared|subscription|function|hmac|aes|3?des|session|webhook|jwt|cipher"
        rf"|symmetric|symmetrical|host|admin|(?:128|192|256)(?:[\s-]?bit)?){_GAP}key|t?otp\s(?:seed|secret|key)"
    ),
    "lasting": (
        rf"(?:refresh|personal{_GAP}access|long{_GAP}lived|api|bot|private|deploy|service){_GAP}token"
        rf"|refresh(?<![a-z_-]refresh)(?=[*_`\"']{{0,3}}\s?[:=])|token{_GAP}de{_GAP}(?:atualizacao|actualizacion|api)"
    ),
    "login": (
        r"(?:pass(?:word|wd|code)|pass\s?phrase|contrasen(?:a|ha)|senha|palavra[- ]?passe|frase\ssecreta|clave|codigo\sde\sacc?esso?"
        r"|p(?:w|sk)(?<![a-z0-9]pw)(?<![a-z0-9]psk)(?![\w-])(?:(?<![_-]pw)(?<![_-]psk)|(?=\W{0,3}\s?[:=]))|"
        r"ps?wd(?<![a-z]pwd)(?<![a-z]pswd)(?![a-z\d-])(?!_(?:[a-z]{0,15}[\d-]|[a-z]{16}|[^a-z]))(?!\s?=\s?/)|(?:my|user|/)\s?pass(?=\s{0,3}[:=])|pass(?<![a-z]pass)(?=\s{0,3}[:=]|\s-\s)"
        r"|pass(?<![a-z_-]pass)(?=(?:\s(?:d[aeo]l?|for|of|de\sla)\s\w{1,20}){1,2}\s?[:=])"
        r"|(?:psw|pword)(?<![a-z_-]psw)(?<![a-z_-]pword)(?=\s{0,3}[:=])"
        r"|pass(?:(?<=storepass)|(?<=keypass)|(?<=userpass)|(?<=dbpass))(?![a-z]))"
        r"(?:\s(?:provisoria|temporaria|temporal|inicial|atual|nova|nueva|actual))?"
    ),
    "pin": r"pin(?<![a-z0-9]pin)(?![\w-])",
    "token": r"token|bearer(?<![a-z]bearer)(?=[\s:=])|j?sess(?:ion)?[_.]?id(?![a-z])|phpsessid|session(?==)",
}
_LABEL = re.compile("|".join(f"(?P<{group}>{pattern})" for group, pattern in _LABELS.items()))
_CORE = re.compile(
    "pass|pswd|psw|pword|pwd|senha|contrasen|refresh|clave|codigo|frase|palavra|pin|secret|segredo|chave|llave|key|token|bearer|creden|jsess|sess|phpsess|pw|psk|totp|otp"
)
"""Each label has one of these words, at its beginning or behind one of `_QUALIFIER`. Plain words are searched quickly."""
_QUALIFIER = (
    "server",
    "client",
    "api",
    "app",
    "application",
    "consumer",
    "shared",
    "oauth",
    "oauth2",
    "signing",
    "signature",
    "webhook",
    "hmac",
    "cliente",
    "private",
    "encryption",
    "master",
    "account",
    "access",
    "storage",
    "preshared",
    "subscription",
    "function",
    "aes",
    "des",
    "session",
    "jwt",
    "cipher",
    "symmetric",
    "symmetrical",
    "host",
    "admin",
    *(f"{size}{bit}" for size in (128, 192, 256) for bit in ("", "bit", " bit", "-bit")),
    "refresh",
    "bot",
    "deploy",
    "service",
    "my",
    "user",
    "/",
    *(f"{one}{gap}{two}" for one, two in (("personal", "access"), ("long", "lived")) for gap in ("", " ", "_", "-")),
)
_LONGEST_QUALIFIER = 24
_JOINS = frozenset(" _-")
_QUALIFIED = frozenset(("pass", "secret", "key", "token", "creden"))
_KINDS = {
    "private": SecretKind.PRIVATE_KEY,
    "server": SecretKind.SERVER_SECRET,
    "key": SecretKind.SERVER_SECRET,
    "lasting": SecretKind.LONG_LIVED_TOKEN,
    "login": SecretKind.PASSWORD,
    "pin": SecretKind.PASSWORD,
    "token": SecretKind.ACCESS_TOKEN,
}
_IN_REFERENCE = re.compile(
    r"""(?:arn:|vault[:/]|ref\+|op://|ssm:|projects/|secretsmanager|keyvault|vault\.azure\.net)[^\s"'&?]{1,400}+"""
)
_SUFFIX = re.compile(
    r"""s?(?:(?<=[a-z\d])[A-Z][a-z\d]{0,14}+|[_-][A-Z\d]{1,15}+(?![a-z])|[_-][A-Za-z][a-z\d]{0,14}+){0,3}+"""
    r"""(?=[\\"'`*\])]{0,5}+\s{0,5}+(?:[:=](?!//)|[-=]>))"""
)
"""A plural, or whose secret it is: ``_UAT``, ``DoBanco``."""
_PART = re.compile(r"[A-Z]{2,}|[A-Z]?[a-z\d]+|[A-Z\d]+")
_ATTRIBUTE = re.compile(
    r"names?|nome|nombre|arn|ids?|ref|reference|path|dir|folder|ur[li]|link|endpoint|host|polic(?:y|ies)|politica"
    r"|file|arquivo|archivo|version|types?|tipo|hint|len(?:gth)?|reset|rules?|manager|provider|count|rotation"
    r"|fingerprint|thumbprint|hash|digest|kcv|ttl|lifetime|expir(?:y|es?|ation)|field|campo|format|size"
    r"|alg(?:orithm)?|method|usage|date|at|created|updated|status|state|enabled|disabled|required|min|max|label|title"
    r"|prefix|suffix|alias|source|store|location|engine|scope|group|owner|email|user(?:name)?|class|service"
    r"|description|template|chars|requestor|block|offset|index|kid|public|check|age|days|hours|minutes|seconds|sec"
    r"|tries|attempts|issuer|audience|config|strength|pattern|regex|error|message|help|text|placeholder|vault|env"
    r"|var(?:iable)?"
)
"""What follows such a word is not the secret itself."""
_NAME_OF = re.compile(
    r"(?:name|nome|nombre|arn|id|path|url)(?: (?:of|d[aeo]l?))?(?: (?:the|o|a|el|la))? ?$"
    r"|(?:next|page|next_page|continuation|csrf|xsrf|sync|cancel|public)[ _-]?$|palabra[ _-]?$"
)


@dataclass(frozen=True, slots=True)
class Label:
    """``group``: a key of the table above. ``text``: the words."""

    group: str
    text: str
    start: int
    end: int

    @property
    def kind(self) -> SecretKind:
        return _KINDS[self.group]

    @property
    def span(self) -> Span:
        return self.start, self.end


def labels(reading: PlainText) -> Iterator[Label]:
    """In order, without those that are part of a reference to a secret manager, or that say what a secret is called."""
    folded = reading.folded
    references: list[Span] | None = None
    place = 0
    while core := _CORE.search(folded, place):
        place = core.start()
        if core[0] in _QUALIFIED:
            before = folded[max(0, place - _LONGEST_QUALIFIER) : place].rstrip(" \n\t_.-")
            match = None
            if before.endswith(_QUALIFIER):
                length = max(len(word) for word in _QUALIFIER if before.endswith(word))
                match = _LABEL.match(folded, max(0, place - _LONGEST_QUALIFIER) + len(before) - length)
            match = match if match and match.end() > place else _LABEL.match(folded, place)
        else:
            match = _LABEL.match(folded, place)
        if match is None:
            place = core.end()
            continue
        if references is None:
            references = [match.span() for match in _IN_REFERENCE.finditer(folded)][::-1]
        start, place = match.span()
        while references and references[-1][1] <= start:
            references.pop()
        if references and references[-1][0] <= start:
            continue
        if suffix := _SUFFIX.match(reading.flat, place):
            parts = _PART.findall(suffix[0].removeprefix("s"))
            if not any(_ATTRIBUTE.fullmatch(part.lower()) for part in parts):
                place = suffix.end()
        if folded[place : place + 1].isalpha():
            continue
        before = folded[max(0, start - _LONGEST_QUALIFIER) : start]
        if not (before[-1:].isalpha() or before[-1:] in _JOINS) or not _NAME_OF.search(before):
            yield Label(match.lastgroup or "", match[0], start, place)
