"""DATABASE_URL, as other programs write it too."""

import re
from urllib.parse import quote, unquote, urlsplit

from bot.config.addresses import is_host
from bot.config.placeholders import is_example_host, is_label, is_placeholder

_HOW = "write sqlite+aiosqlite:///onboarding.db or postgresql://user:password@host/database"
_FORMS = ("sqlite+aiosqlite", "postgresql", "postgresql+psycopg")
_BRACKETED = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\$?\{+[^{}]*\}+")
_COMMAND = re.compile(r"psql\s+(?:-d\s*|--dbname[= ])?(?=[\"']?postgres(?:ql)?://)", re.IGNORECASE)
_POSTGRESQL = re.compile(r"(?:postgres|postgresql|pgsql|psql)(?:\+(\w+))?://(.*)", re.DOTALL | re.IGNORECASE)
_SQLITE = re.compile(r"sqlite3?(?:\+\w+)?:(?=//)", re.IGNORECASE)
_PLACE = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]*)(?::[0-9]+)?/[^@?]*(?:\?.*)?")
"""Host, port, database and options: what follows the ``@`` that ends the password."""
_SOCKET = re.compile(r"([^/?]*@)?(%2[Ff][^/?@]*)(/[^?]*)?(?:\?(.*))?", re.DOTALL)
_SPECIAL = re.compile(r"[@/?#\[\]: ]|%(?![0-9A-Fa-f]{2})")


def meant(url: str) -> str:
    """With the driver that the bot has in the place of any other, and a password's special signs as a URL has them."""
    if found := _COMMAND.match(url):  # as hosters' pages show it
        url = url[found.end() :].strip("\"'")
    if found := _POSTGRESQL.fullmatch(url):
        driver, rest = found.groups()
        rest = re.sub(r"(?<=[?&])ssl=true(?=&|$)", "sslmode=require", rest)  # JDBC's, which libpq takes within a URL too
        if (driver or "").lower() == "asyncpg":  # names the option alone
            rest = re.sub(r"(?<=[?&])ssl=", "sslmode=", rest)
        return f"postgresql://{_with_socket_as_option(_escaped(rest))}"
    return _SQLITE.sub("sqlite+aiosqlite:", url)


def _with_socket_as_option(rest: str) -> str:
    """A folder of sockets in the host's place, as libpq takes it percent-encoded."""
    if (found := _SOCKET.fullmatch(rest)) is None:
        return rest
    user, folder, database, options = found.groups()
    return f"{user or ''}{database or ''}?host={unquote(folder)}{'&' + options if options else ''}"


def _escaped(rest: str) -> str:
    """A password holds such signs as they are, or escaped: one that has both is left alone."""
    for place, sign in reversed(list(enumerate(rest))):
        if sign == "@" and _PLACE.fullmatch(rest[place + 1 :]):
            user, colon, password = rest[:place].partition(":")
            if _SPECIAL.search(password) and not re.search(r"%[0-9A-Fa-f]{2}", password):
                password = quote(password, safe="")
            return f"{user}{colon}{password}{rest[place:]}"
    return rest


def fault(url: str) -> tuple[str, str] | None:
    """What is wrong with a URL that `meant` gave, and how to mend it; None if nothing. Contains nothing secret of it."""
    scheme, _, rest = url.partition("://")
    if scheme not in _FORMS:
        return "names no database the bot knows", _HOW
    if scheme.startswith("sqlite"):
        if rest.removeprefix("/").partition("?")[0] in ("", ":memory:"):
            return "would keep nothing" if ":memory:" in rest else "names no file", _HOW
    elif found := _server_fault(rest):
        return found
    from storage.url_fault import url_fault  # noqa: PLC0415  loads SQLAlchemy, which --help doesn't need

    other = url_fault(url)
    return (other.what, other.how or _HOW) if other else None


def _server_fault(rest: str) -> tuple[str, str] | None:
    if rest.partition("/")[0].count("@") > 1:
        return "has a password of which some signs are escaped and others are not", "in it write @ as %40, and % as %25"
    try:
        parts = urlsplit("//" + rest)
        _ = parts.port
    except ValueError:
        return (
            "has a host or a port that cannot be read",
            "write host:port, an IPv6 address in brackets; several: docs/operations.md",
        )
    if parts.hostname and "%" not in parts.hostname and not is_host(parts.hostname) and not _BRACKETED.fullmatch(parts.hostname):
        return "names a host that there can't be", "write the server's name or its IP address"
    if len(parts.path) < 2:
        return "names no database on the server", _HOW
    if _is_template(parts.hostname or "", unquote(parts.password or ""), parts.username or "", parts.path.removeprefix("/")):
        return "is a template, with a placeholder in it", "write your server's user, password, host and database"
    return None


def _is_template(host: str, password: str, *others: str) -> bool:
    """A password that is a plain word may be a true one, on a server for trying things: only an example's host tells then."""
    hidden = bool(password) and not password.strip("*•….")
    if hidden or is_example_host(host) or any(map(_BRACKETED.fullmatch, (host, *others))):
        return True
    if _BRACKETED.fullmatch(password):
        return is_placeholder(password) or is_label(password)
    if password.isalpha() and password.lower() != "changeme":
        return password.lower() in ("password", "pass", "secret") and host in ("host", "hostname", "server")
    return any(map(str.isalnum, password)) and is_placeholder(password)
