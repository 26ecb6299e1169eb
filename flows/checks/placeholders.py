"""What stands where a secret would, and is none: placeholders, references to a secret manager, the names of secrets, samples."""

import re

_WORDS = (
    r"the|change_?(?:me|it)|replace_?(?:me|this)?|placeholder|examples?|exemplo|ejemplo|redacted|removed|removid[oa]|hidden|oculta|n/?a"
    r"|none|null|nil|undefined|todo|tbd|true|false|yes|no|sim|nao|required|optional|obligatori[oa]|obrigatori[oa]|requerida|opcional"
    r"|expired|expirada|string|text|texto|reset|redefinir|changed|alterada|invalid|invalida|wrong|incorrect[ao]?|errada|later|depois"
    r"|unknown|missing|empty|vazi[oa]|encrypted|enviada|sent|pending|pendente|temporary|temporaria|confidential|confidencial|set|unset"
    r"|1?password|passwd|pass|passphrase|secret|senha|segredo|contrasena|token|key|stdin|prompt|env|file|default|any|value|bearer|basic"
    r"|case[-_ ]?(?:in)?sensitive|strong|weak|forte|fraca|fuerte|debil|same|mesma|misma|different|diferente|mandatory"
    r"|blocked|locked|bloquead[ao]|vencida|caducada|trocada|resetada|cambiada|necess?aria|compartilhada|compartida|unchanged|idem"
    r"|(?:alpha|alfa)?numeric[ao]?|ldap|sso|(?:oauth|oidc|openid|saml|totp|hotp|mtls|kerberos)[\d.]{0,4}(?:[-_/+][a-z\d.]{1,20}){0,4}"
    r"|se(?:e|nt)|via|called|named|chamad[oa]"
)
_NAME = (
    r"(?:[a-z_]{1,40}+\d?(?![a-z\d])|[a-z]{1,20}\d?(?:_(?:[a-z]{1,20}+\d?|\d{1,4}+)){1,6}+(?![a-z\d])"
    r"|[a-z_]{0,20}+(?:64|256|512)[a-z_]{0,20}+(?!\d))"
)
"""Of a variable, a field, or a function; digits within a word make it something else."""
_PLACEHOLDER = re.compile(
    r"[<…]|█|[(\[{]{1,3}(?:[\s.#/_-]{0,3}+[a-z][a-z\s_./:|,-]{0,80}+(?:\d|(?<=[\s_-])\d{1,4})?)?[)\]}>.…]{0,4}$"
    r"|[({]\?|\{\{|\{%|\{[a-z_]{1,30}+:|\[(?:\^|\\|[a-z0-9]-[a-z0-9])|\[[^\]]{0,80}+\]\("
    r"|&(?:[\w.-]{1,40}+[=;]|[a-z_]{1,40}+$)"
    rf"|\$[{{(]|\${_NAME}\W{{0,9}}$|\$[a-z]{{1,20}}:\w|%{_NAME}%|%\("
    r"|(.)\1*$|x{3,}[x\d\s_.*-]*$|\*{3,}[*\s.]*\w{0,4}$|\.{3}\w{0,6}$"
    r"|(?:your|my|seu|sua|minha|tu|su)(?:$|[\s_-]$|[\s_-](?=.{0,60}(?:secret|pass|pwd|senha|segredo|clave|contrasen|key|token|cred|here|aqui"
    r"|value|valor))[a-z\s_-]{1,60}+\d{0,3}$)|https?://|//|(?:see|ask|check|veja|ver|vea|vide|consulte|pergunte|pregunte)\s|tn[-_](?:[0-9a-f-]{4,}+|[a-z-]{1,30}+\d?)$"
    r"|v?\d{1,4}(?:\.\d{1,6}){1,3}[.-]?(?:rc|alpha|beta|a|b|m|dev|snapshot|release)[.-]?\d{0,4}$"
    rf"|(?:{_WORDS})$"
)
_EMAIL = re.compile(r"(?P<local>[\w.+-]{1,64}+)@[a-z][\w-]{1,60}+(?:\.[\w-]{1,60}+){0,4}\.[a-z]{2,10}+$")
_DIGITS_WITHIN = re.compile(r"[a-z]{3}\d{1,9}+[a-z]|\d[a-z]{3}")
_SAMPLE = re.compile(r"[a-z_.\s/:-]{0,110}+\d{0,3}$|[a-z0-9+/]{12,80}(?<=example)(?:key)?$")
_REFERENCE = re.compile(
    r"[a-z][a-z\d+.-]{1,20}+:(?:[a-z][a-z\d-]{1,20}+:)?//(?!.*@)|[a-z]{4,20}+:/[a-z_-]{2,30}+(?:/|\d{0,2}$)|#\{[^{}]{1,100}+\}|@@\w{1,60}+(?:@@)?$|__[a-z]\w{1,60}+$|%[a-z]{1,10}+\("
    r"|\?[a-z_ -]{1,60}+\}?$|arn:|vault[:/]|ref\+|op://|ssm[:/]|secretsmanager|projects/|@microsoft\.keyvault|enc\[|sm://|kms:|akv|keyvault|bws:|doppler:"
    r"|!(?:vault|ref|sub|getatt|secret|env|env_var|include|import_?value|reference|decrypt)(?=$|[\s./:])"
    r"|env[:(\[]|file:|secrets?[/:]|[./~]{0,2}/?run/secrets|/(?:[a-z_-]{2,30}/){2}|\.\.?/"
    rf"|(?:os|process|system|sys|config|settings|secrets?|var|vars|local|data|self|this|env|environment|params?|props|values|module)"
    rf"(?:[?!]?\.{_NAME}){{1,6}}+(?:$|[^\w@#$%&*])|{_NAME}(?:\.{_NAME}){{0,5}}+[(\[]|{_NAME}(?:\.{_NAME}){{2,5}}+$"
)
_NAME_PART = re.compile(r"[a-z]{2,20}|v?\d{1,4}|\d{4}-?\d{2}")
_NAMES = re.compile(r"secret|passw|pwd|senha|segredo|clave|key|token|cred")
_SPLIT = re.compile(r"[-_/.:]")
_ID = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{4}-\d\d-\d\dt\d\d[\d:.z+-]*$|v?\d+(?:\.\d+)+$|[\d.,:/h%+-]+$|(?=.{2,14}$)(?:aes|sha|rs|ps|es|hs|tls|pkcs"
    r"|oauth|openid|x|rfc|iso|utf|base|rsa|ed|http|ipv|md|pci|fips|api|v)-?#?\d|a(?:kia|sia)[0-9a-z]{16}$|#\w+$|<@u[0-9a-z]{8,}"
)
_ACCESS_KEY_ID = re.compile(r"a(?:kia|sia)[0-9a-z]{16}")
_SYMBOL = re.compile(r"[!@#$%^&*+=?~]")
_LETTER, _UPPER, _LOWER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile("[A-ZÀ-Þ]"), re.compile("[a-zß-ÿ]"), re.compile(r"\d")
_TURN = re.compile(r"[a-z][^A-Za-z]{0,4}[A-Z]")
_HEX = re.compile(r"(?=.*\d)(?=.*[a-fA-F])(?:[0-9a-f]{32,}+|[0-9A-F]{32,}+)")
_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[a-z0-9])|(?<=[0-9])(?=[A-Za-z])")
_RANDOM, _NO_WORD = 20, 10  # characters
_OFTEN = 0.35
_PUBLIC = (
    "MII",
    "AAAAB3NzaC1",
    "AAAAC3NzaC1",
    "AAAAE2Vj",
)  # DER and SSH's public keys in base64; private ones are found otherwise
_JUDGED = 120  # characters of a value by which it is judged


def stands_for_one(value: str) -> bool:
    """Whether it is a placeholder, a reference to where the secret is kept, or what it is called there. ``value`` in lower case,
    without accents."""
    value = value[:_JUDGED]
    if _PLACEHOLDER.match(value) or _REFERENCE.match(value) or ("example" in value and _SAMPLE.match(value)):
        return True
    if "@" in value and (email := _EMAIL.match(value)):
        return not _DIGITS_WITHIN.search(email["local"])
    if not _NAMES.search(value):
        return False
    parts = _SPLIT.split(value)
    return len(parts) > 1 and all(map(_NAME_PART.fullmatch, parts))


def is_address(value: str) -> bool:
    """Of e-mail, whatever stands before its @. ``value`` in lower case."""
    return _EMAIL.match(value) is not None


def is_id(value: str) -> bool:
    """An id, a date, a version, a number, an algorithm. ``value`` in lower case."""
    return _ID.match(value) is not None


def is_access_key_id(value: str) -> bool:
    """AWS's; no secret by itself. ``value`` in lower case."""
    return _ACCESS_KEY_ID.fullmatch(value) is not None


def is_mixed(value: str) -> bool:
    """Letters with digits or symbols, or in a mix of cases that no word has."""
    value = value[:_JUDGED]
    if " " in value or not _LETTER.search(value):
        return False
    if _DIGIT.search(value) is not None or _SYMBOL.search(value) is not None or len(_TURN.findall(value)) >= 3:
        return True
    return len(value) >= _NO_WORD and disorder(value) >= _OFTEN


def classes(value: str) -> int:
    """How many of upper case, lower case, and digits are in it."""
    return sum(kind.search(value) is not None for kind in (_UPPER, _LOWER, _DIGIT))


def is_strong(value: str) -> bool:
    """Unlike any word, also in the middle of a sentence."""
    if not 8 <= len(value) <= 200 or is_id(value.lower()):
        return False
    several = classes(value)
    return several == 3 or (several == 2 and _DIGIT.search(value) is not None and _SYMBOL.search(value) is not None)


def is_unlike_a_name(value: str) -> bool:
    """Of signs in no order that the name of a person or a system has, nor a time."""
    return _SYMBOL.search(value) is not None or disorder(value) >= _OFTEN


def is_random(value: str) -> bool:
    """Long, and of letters and digits in no order that a name has."""
    value = value[:_JUDGED]
    if len(value) < _RANDOM or value.startswith(_PUBLIC) or is_id(value.lower()):
        return False
    return _HEX.fullmatch(value) is not None or (classes(value) == 3 and disorder(value) >= _OFTEN)


def disorder(value: str) -> float:
    """How often a sign is of another kind than the one before: a share of its length. At random it is some 0.6, in names with capitals and
    numbers 0.2."""
    return len(_CHANGE.findall(value)) / len(value)
