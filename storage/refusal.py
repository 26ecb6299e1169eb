"""What a database says when it can't be used, for whoever set it up."""

import re
import sqlite3

from psycopg import OperationalError
from psycopg.errors import InsufficientPrivilege

_CONNECTING = re.compile(r".*\bfailed: +")
"""What libpq says before the reason: where it tried to connect to."""
_HOST = re.compile(r"host '[^']*'")
_MOST = 200


def reason(error: BaseException | None) -> str:
    """The first line of a driver's error, without its host. Empty unless it is one about the connection, the file or a role's rights: the
    others may hold rows."""
    if not isinstance(error, sqlite3.Error | InsufficientPrivilege) and not _of_connection(error):
        return ""
    line = next(iter(str(error).strip().splitlines()), "")
    said = _HOST.sub("the host", _CONNECTING.sub("", line, count=1))
    return " ".join(said.split())[:_MOST]


def _of_connection(error: BaseException | None) -> bool:
    """libpq gives no SQLSTATE for one that it couldn't make."""
    return isinstance(error, OperationalError) and (error.sqlstate or "08")[:2] in ("08", "28", "3D", "53", "57")
