"""Why a database URL can't be used, as far as that can be told without a connection: by the parsers of what connects."""

import re
from pathlib import Path, PureWindowsPath
from typing import Any, NamedTuple

from psycopg import ProgrammingError, pq
from psycopg.conninfo import make_conninfo, timeout_from_conninfo
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError

from storage.engine import UrlError, parse

_NO_FOLDER = "/dev/null"
_NOWHERE = {"host": _NO_FOLDER, "hostaddr": "", "port": "1", "service": None}
"""A place where no server can be: libpq looks at every option before it looks there."""
_TEMPLATE = re.compile(r"<[^<>]*>|\$\{?[A-Z_]+\}?")
_NUMBERS = ("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout")
"""Options that libpq looks at only once it is connected, and only over TCP."""
_SLASHES = "write three slashes before the file, four before a path from the root"


class UrlFault(NamedTuple):
    """``what`` is wrong, with the names of options, and nothing else of the URL. ``how`` to mend it; empty: write another."""

    what: str
    how: str = ""


def url_fault(url: str) -> UrlFault | None:
    try:
        parsed = parse(url)
    except UrlError as error:
        return UrlFault("names no file", _SLASHES) if url.startswith("sqlite") else UrlFault(f"is {error}")
    return _of_sqlite(parsed) if parsed.drivername.startswith("sqlite") else _of_postgresql(parsed)


def _of_sqlite(url: URL) -> UrlFault | None:
    name = str(url.database)
    path = Path(name)
    if url.host:
        return UrlFault("has a host where the file stands", _SLASHES)
    if url.query:
        return UrlFault(
            f"has options ({', '.join(sorted(url.query))}), and the bot sets its own", "leave out the ? and all behind it"
        )
    if str(path).startswith("file:"):
        return UrlFault("names the file by a URI of SQLite's", "write its path alone, after three slashes")
    if PureWindowsPath(path).drive and not path.drive:
        return UrlFault("names the file by a drive's letter, as only Windows does", "write its path on this machine")
    if not name.isprintable() or _TEMPLATE.search(name):
        return UrlFault("names the file by a placeholder, or with signs that no name has", "write its path")
    try:
        return _of_file(path, name)
    except OSError as error:
        return UrlFault(
            f"names a file in a folder that cannot be looked into ({error.strerror})", "let this user do that, or name another"
        )


def _of_file(path: Path, name: str) -> UrlFault | None:
    """Raises OSError."""
    if path.is_dir() or name.endswith("/"):
        return UrlFault("names a folder", "name a file in it, such as onboarding.db")
    if path.exists() and not path.is_file():
        return UrlFault("names a device or the like, not a file", "name a file")
    if not path.absolute().parent.is_dir():
        return UrlFault("names a file in a folder that does not exist", "make the folder, or name another")
    return None


def _of_postgresql(url: URL) -> UrlFault | None:
    try:
        _, arguments = url.get_dialect()().create_connect_args(url)
    except ArgumentError:
        return UrlFault("names hosts and ports that do not fit together", "give each host its port: ?host=one:5432&host=two:5432")
    given: dict[str, Any] = {name: value for name, value in arguments.items() if name != "context"}  # that is psycopg's
    ports = str(given.get("port") or "").split(",")
    if not given.get("dbname"):
        return UrlFault("names no database on the server")
    if url.port == 0 or any(port and not (port.isdecimal() and 0 < int(port) < 65536) for port in ports):
        return UrlFault("names a port that there can't be", "write a number from 1 to 65535, or leave it out for 5432")
    if any(re.search(r"[\s;]", str(given.get(name) or "")) for name in ("host", "dbname")):
        return UrlFault("has a space or a semicolon in the name of the host or of the database", "leave it out")
    return _of_options(given)


def _of_options(given: dict[str, Any]) -> UrlFault | None:
    """Of those behind the ``?``."""
    try:
        make_conninfo(**given)
        timeout_from_conninfo(given)
        started = pq.PGconn.connect_start(make_conninfo(**{**given, **_NOWHERE}).encode())
        said = started.error_message.decode("utf-8", "replace")
        started.finish()
    except ProgrammingError as error:
        said = str(error)
    said = next((name for name in _NUMBERS if not re.fullmatch(r"\s*-?[0-9]+\s*", str(given.get(name, "0")))), said)
    if not said or _NO_FOLDER in said:
        return None
    options = [name for name in given if name not in ("user", "password", "host", "port", "dbname")]
    name = next((name for name in options if re.search(rf"\b{re.escape(name)}\b", said)), "")
    if "invalid connection option" in said:
        return UrlFault(
            f"has an option that PostgreSQL's library does not know: {name}", f"leave out {name}=…, which another program reads"
        )
    how = "write one that PostgreSQL's documentation names (libpq, Parameter Key Words), or leave it out"
    if not name:
        return UrlFault("has options that PostgreSQL's library does not take with the PG… variables of the environment", how)
    return UrlFault(f"has an option with a value that PostgreSQL's library does not take: {name}", how)
