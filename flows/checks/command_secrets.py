"""Secrets in command lines, addresses, and connection strings, where their place says what they are: ``curl -u name:secret``."""

import base64
import re
from collections.abc import Iterator

from flows.checks import placeholders
from flows.checks.readings import PlainText, Span
from flows.checks.secret_kinds import SecretKind

_USER = re.compile(
    r"""(?<![\w-])(?:-[ksvilfgno]{0,5}u|--user|--proxy-user|-a|--auth|--cert)[ =]{0,2}"""
    r"""(["']?)[^\s:"'$<{]{1,100}+:(?![\\/])([^\s"']{3,200}+)"""
)
_TOOL = re.compile(
    r"\b(?:sshpass|mysql|mysqldump|mysqladmin|mariadb|docker login|podman login|helm registry login|redis-cli|zip|7za?|ldapsearch|oc login"
    r"|az login|mongo(?:sh|dump|restore)?|sqlcmd|rabbitmqadmin|smbclient|net use|htpasswd|ipmitool|snmpwalk|lftp|sftp|rar)\s"
)
_OPTION = re.compile(r"""\s-(?:p|P|w|a|X|A)\s?(["']?)([^\s"']{4,100}+)""")
_TOOL_WINDOW = 160
_OPENSSL = re.compile(r"""\bpass:([^\s"']{3,200}+)""")
_PGPASS = re.compile(r"^[^:\s]{1,100}+:(?:\d{4,5}|\*):[^:\s]{1,64}+:[^:\s]{1,64}+:([^\s:]{4,200}+)$", re.MULTILINE)
_PGPASS_COLONS = 4
_NETRC = re.compile(r"\blogin\s{1,3}\S{1,100}+\s{1,3}password\s{1,3}(\S{3,200}+)")
_ORACLE = re.compile(r"\bthin:[^/\s@]{1,64}+/([^@\s]{3,100}+)@")
_USERINFO = re.compile(r"://[^\s/:@]{0,100}+:(?:<mailto:)?([^\s/@]{1,200}+)@")
_BASIC = re.compile(r"\bbasic\s{1,3}([a-z0-9+/_-]{8,400}+)={0,2}")
_LOGIN = re.compile(
    r"""(?:credentials?|creds?|logins?|log-?in|acessos?|accesos?|credenciais|credenciales|(?:dados|datos)\sde\sacc?esso?"""
    r"""|(?:user(?:name)?|usr|usuario|login)\s?[/|:+]\s?(?:p(?:ass)?wo?r?d|pass|pw|senha|clave|contrasena))[*_`"']{0,3}+"""
    r"""(?:\s\w{1,20}){0,4}(?:\s?[:=]|\s->|\s(?:are|is|sao|son))[*_`"']{0,3}\s{0,3}["'`*]{0,3}+"""
    r"""[^\s/|:"'`]{2,64}+["'`*]{0,3}\s{0,3}(?P<sign>[/|:]|-(?=\s))\s{0,3}["'`*]{0,3}(?!//|\d{1,5}(?:/|$|\s))([^\s"'`*]{6,100}+)"""
)
_QUOTED = r"""["']([^"'\n]{4,100}+)"""
_CALLS = re.compile(
    rf"""securestring\s{{1,3}}(?:-string\s)?{_QUOTED}"""
    rf"""|(?:getconnection\(\s?[^,\n]{{1,200}}+,|\b\w{{0,12}}auth\s?=?\s?\()\s?["'][^"'\n]{{1,100}}+["'],\s?{_QUOTED}"""
    r"""|\b(?:snowsql|cqlsh|isql|bcp|beeline)\s[^\n]{0,120}?\s-p\s?["']?([^\s"']{4,100}+)"""
    r"""|\b(?:(?:create|alter|set)\s(?:user|role)|connect\sto|grant\s(?:all|connect|create|resource|dba|select|usage|proxy)\b[^\n;]{0,160}?\sto)"""
    r"""\s(?:if\s(?:not\s)?exists\s)?[^\s;]{1,100}+\s{1,9}+identified\s(?:with\s\S{1,40}+\s)?by\s(?:values\s|password\s)?["']?([^\s"';]{4,100}+)"""
    r"""|(?<![.\w])(?<!the\s)(?<!our\s)net\suser\s(?!guide|manual|count|group|interface|base|growth)(?:"[^"\n]{1,64}+"|[^\s/]{1,64}+)\s["']?([^\s/*"']{4,100}+)"""
    r"""|\bopenssl\s[^\n]{0,160}?\s-k\s["']?([^\s"']{4,200}+)"""
    r"""|\becho\s(?:-n\s)?["']?(?!\$)([^\s"'|]{4,100}+)["']?\s?\|[^\n|]{0,100}?(?:-stdin|sudo\s-s|\bpasswd)"""
    r"""|\bvault\s(?:kv\s)?(?:put|patch|write)\s\S{1,100}+[^\n=]{0,40}?\s[\w.-]{1,40}+=["']?([^\s"'@][^\s"']{5,200}+)"""
)
_CALLED = (
    "securestring",
    "getconnection",
    "auth",
    "sql",
    "bcp",
    "beeline",
    "cqlsh",
    "vault ",
    "identified ",
    "net user",
    "echo ",
    "openssl ",
)
_HASHED = re.compile(r"^[\w.@-]{1,64}+:(\$(?:apr1|2[aby]|[156])\$[^\s:]{20,200}+|\{sha\}[a-z0-9+/]{27})", re.MULTILINE)
"""Of htpasswd and shadow: a dictionary opens it."""
_DOCKER = re.compile(r""""auth\\{0,3}"\s{0,3}:\s{0,3}\\{0,3}"([a-z0-9+/]{8,400}+)""")
_SPOKEN = re.compile(
    r"""\b(?:(?:user(?:name)?|usr|usuario|login)[\s:=]{1,3}\S{1,64}+\s{0,2}(?:\s(?:and|e|y|with)\s(?:the\s)?|[,;/|&+]\s{0,2}|(?<=[,;/|])\s)pass"""
    r"""|pass\s(?:is|es|e|was))[\s:=]{1,3}["'`*]{0,3}+([^\s"'`*]{6,100}+)"""
)
_PATH = re.compile(r"[a-z]{1,40}+(?:\d|(?:[-_][a-z]{1,40}+){0,4}+[-_]\d{1,2})")
_LOGINS = ("cred", "login", "log-in", "acesso", "acceso", "user", "usr", "usuario")
_WORDS = frozenset(["password", "passwd", "pass", "secret", "senha", "contrasena", "pwd"])


_COOKIES = re.compile(r"""\bcookie["']?\s?[:=]\s{0,3}["']?([^\n]{20,1000}+)""")
_COOKIE = re.compile(r"""(?<![\w.-])(?!_|aws|bigip|incap|visid)[\w.-]{1,60}+=["']?([^\s"';,]{20,400}+)""")
"""Those of load balancers and of statistics are no secrets."""


def found(reading: PlainText) -> Iterator[tuple[SecretKind, Span]]:
    yield from ((SecretKind.PASSWORD, span) for span in _options(reading))
    yield from ((SecretKind.PASSWORD, span) for span in _addresses(reading))
    if "cookie" in reading.folded:
        yield from ((SecretKind.ACCESS_TOKEN, span) for span in _cookies(reading))


def _cookies(reading: PlainText) -> Iterator[Span]:
    for cookies in _COOKIES.finditer(reading.folded):
        for cookie in _COOKIE.finditer(reading.folded, *cookies.span(1)):
            if placeholders.is_random(reading.flat[slice(*cookie.span(1))]):
                yield cookie.span(1)


def _options(reading: PlainText) -> Iterator[Span]:
    """Of commands."""
    folded = reading.folded
    if " -" in folded:
        yield from _mixed(reading, _USER, weakest=6)
    if " -" in folded:
        for start, stop in _behind_tools(folded):
            for option in _OPTION.finditer(reading.flat, start, stop):
                if _passes(reading, option.span(2)) and placeholders.is_mixed(option[2]):
                    yield option.span(2)


def _behind_tools(folded: str) -> Iterator[Span]:
    """What stands behind programs on their lines, each part once."""
    start = stop = -1
    for tool in _TOOL.finditer(folded):
        line = folded.find("\n", tool.end(), tool.end() + _TOOL_WINDOW)
        if tool.end() - 1 > stop:
            if stop >= 0:
                yield start, stop
            start = tool.end() - 1
        stop = max(stop, line if line >= 0 else tool.end() + _TOOL_WINDOW)
    if stop >= 0:
        yield start, stop


def _addresses(reading: PlainText) -> Iterator[Span]:
    """In which a name and its password stand together."""
    folded = reading.folded
    for hint, pattern in (("pass:", _OPENSSL), ("login", _NETRC), ("thin:", _ORACLE), ("://", _USERINFO)):
        if hint in folded:
            spans = (match.span(match.lastindex or 1) for match in pattern.finditer(folded))
            yield from (span for span in spans if _passes(reading, span))
    if folded.count(":") >= _PGPASS_COLONS:
        yield from _mixed(reading, _PGPASS)
    if any(hint in folded for hint in _CALLED):
        yield from _mixed(reading, _CALLS)
    if ":$" in folded or ":{sha}" in folded:
        yield from (match.span(1) for match in _HASHED.finditer(folded))
    if "pass " in folded:
        yield from _mixed(reading, _SPOKEN)
    if any(hint in folded for hint in _LOGINS):
        yield from _mixed(reading, _LOGIN)
    if "basic" in folded or '"auth' in folded:
        spans = (match.span(1) for pattern in (_BASIC, _DOCKER) for match in pattern.finditer(folded))
        yield from (span for span in spans if _is_basic(reading.flat[slice(*span)]))


def _mixed(reading: PlainText, pattern: re.Pattern[str], weakest: int = 1000) -> Iterator[Span]:
    """``weakest``: the length from which a value that looks like a word counts too."""
    for match in pattern.finditer(reading.folded):
        span = match.span(match.lastindex or 1)
        value = reading.flat[slice(*span)]
        if match.groupdict().get("sign") == "/" and _PATH.fullmatch(reading.folded[slice(*span)]):
            continue
        if _passes(reading, span) and (placeholders.is_mixed(value) or len(value) >= weakest):
            yield span


def _passes(reading: PlainText, span: Span) -> bool:
    small = reading.folded[slice(*span)]
    return small not in _WORDS and not placeholders.stands_for_one(small)


def _is_basic(signs: str) -> bool:
    """``name:secret`` in base64, as RFC 7617 sends it."""
    try:
        plain = base64.b64decode(signs[: len(signs) // 4 * 4]).decode()
    except ValueError:
        return False
    return ":" in plain and plain.isprintable()
