"""What is said about a secret by its name, in place of the secret: what it is called, that it leaked, that it is blocked."""

import re

from flows.checks.readings import PlainText
from flows.checks.secret_labels import Label

_ABOUT = re.compile(
    r"\b(?:names?|nome|nombre|arn|ids?|ref|path|ur[li]|endpoint|polic[yi]\w*|politica|file|arquivo|archivo|versi?on|versao|expir\w+|types?|tipo"
    r"|hint|length|reset|rules?|manager|count|rotation|fingerprint|thumbprint|kcv|digest|hash|lifetime|ttl|field|campo|has|called|chamad[oa]"
    r"|format|check|failed|refused|rejected|request|page|public|publica|errad[oa]|wrong"
    r"|vault|hashing|encoder|header|scann\w+|santa)\b(?!=[\"'])"
)
"""Words that say that it is not the secret itself that follows."""
_TOPIC = re.compile(r"(?:leak(?:s|age)?|detect(?:ion|ors?)|handling|management|sharing|sprawl)\b(?!\s?[:=])")
"""What people do about secrets; before a colon, they may well go on to give one."""
_CODE = re.compile(
    r"\s(?:d[aeo]l?\s)?(?:unica|product[oa]|rastreo|elector|contrato|pedido|proyecto|catastral|presupuestal|interbancaria|rfc|curp|swift|autorizacion)\b"
)
"""Whose key it is that Spanish calls “clave” as it does a password."""
_NEGATED = re.compile(r"\b(?:not|never|nao|no|nunca|jamas|jamais)$")
_TEST_CASE = re.compile(r"[\s:=-]{1,6}(?:(?:TC|CT|tc|ct|[Tt]est)[-_]|[Tt]est[A-Z]|(?:TC|CT)\d)")
"""What a report of tests says to have passed."""
_STATE = re.compile(
    r"[a-z-]{2,24}+(?:(?<=[a-z]ed)|(?<=[ai]d[ao]))$|(?:in|un|des)?(?:correct[ao]?|corret[ao]|valid[ao]?|active|ativ[ao]|activ[ao]|available|visible"
    r"|known|safe|segur[ao]|necess?ari[ao]|necessary|usual|common|comum|comun|ready|pront[ao]|list[ao]|long|long[ao]|larg[ao]|short|curt[ao]|cort[ao]"
    r"|weak|strong|simple|simples|easy|hard|facil|dificil|good|bad|boa|buen[ao]|ruim|mal[ao]|ok|okay|fine|right|cert[ao]|null?[ao]?|old|new"
    r"|antig[ao]|antigu[ao]|velh[ao]|viej[ao]|nov[ao]|nuev[ao]|lost|gone|broken|forgotten|working|expiring|stuck|private|public|personal|pessoal"
    r"|individual|unique|unic[ao]|mine|yours|ours|his|hers|theirs|minha|sua|nossa|dele|dela|mi[ao]|tuy[ao]|suy[ao]|nuestr[ao]|igual|iguais|here|aqui)$"
)
"""Words for how a password is."""


def follows(reading: PlainText, label: Label) -> bool:
    """Whether the words behind a secret's name say that it is not the secret that follows."""
    folded, end = reading.folded, label.end
    return (
        _ABOUT.match(folded, end + 1) is not None
        or _TOPIC.match(folded, end + 1) is not None
        or (label.text == "clave" and _CODE.match(folded, end) is not None)
        or (label.text == "pass" and _TEST_CASE.match(reading.flat, end) is not None)
    )


def is_about(words: str) -> bool:
    """The same of words between a name and a value. ``words`` in lower case, without accents."""
    return _ABOUT.search(words) is not None


def is_statement(match: re.Match[str], value: str) -> bool:
    """“The password is blocked”, “a senha não é minha”. ``match``: with what was found between name and value. ``value`` in lower
    case, without accents."""
    between = match.groupdict().get("of") or ""
    said = match.string[match.start() : match.start(match.lastgroup or "bare")]
    return _NEGATED.search(between) is not None or (":" not in said and _STATE.match(value) is not None)
