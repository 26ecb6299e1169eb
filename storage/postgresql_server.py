"""What has to hold on a server of PostgreSQL before a backup takes a database's place there."""

import contextlib
import re
import time
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from storage.backup_error import BackupError

ENDING_SECONDS = 5.0
"""How long sessions may take to end: the server notices after a moment that a process was killed."""
SESSIONS: LiteralString = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
"""Not those of the server itself, which it ends when it has to, such as autovacuum's."""
ENDING = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {} AND pid <> pg_backend_pid()"
"""What a person types, which the role of those sessions or a superuser may."""
OF_BOTS: LiteralString = f"{SESSIONS} AND usename = session_user"
RIGHTS = """
SELECT rolname, rolcreatedb OR rolsuper,
    coalesce((SELECT pg_has_role(pg_roles.oid, datdba, 'USAGE') FROM pg_database WHERE datname = %s), true)
FROM pg_roles WHERE rolname = current_user
"""
"""The role, whether it may make databases, and whether one, if it exists, is its own or that of a role it is a member of."""
TURN = 5_020_131
"""Of the lock that a restore holds on the server; any number that nothing else there takes."""
STAMP = r"\d{8}t\d{6}z"
"""As `storage.backup.stamp` writes it."""


def refuse_role(connection: psycopg.Connection[Any], database: str) -> None:
    """Unless it may make a database and rename this one, if that exists: renaming comes last, after all the work. Raises BackupError."""
    role, makes, owns = connection.execute(RIGHTS, [database]).fetchone() or ("", True, True)
    names = {"role": sql.Identifier(role), "database": sql.Identifier(database)}
    lacking = {
        "may not make databases": "ALTER ROLE {role} CREATEDB",
        "does not own the one in use": "ALTER DATABASE {database} OWNER TO {role}",
    }
    wrong = [what for what, right in zip(lacking, (makes, owns), strict=True) if not right]
    if wrong:
        how = "; ".join(sql.SQL(lacking[what]).format(**names).as_string(connection) for what in wrong)
        raise BackupError(f"the role {role} {' and '.join(wrong)} - let a superuser run: {how}; or restore by hand")


def refuse_sessions(connection: psycopg.Connection[Any], database: str, which: LiteralString = SESSIONS) -> None:
    """Raises BackupError if there still are some after ENDING_SECONDS. Those of a machine that died stay for as long as the server's
    keepalives take, and a pooler's for as long as it keeps them."""
    until = time.monotonic() + ENDING_SECONDS
    while (found := connection.execute(which, [database]).fetchone()) != (0,):
        if time.monotonic() > until:
            count = found[0] if found else "some"
            ending = sql.SQL(ENDING).format(sql.Literal(database)).as_string(connection)
            raise BackupError(
                f"sessions use the database ({count}) - end every bot first, and what else is connected to it; those of a machine that is "
                f"gone: {ending}; behind a pooler: close its connections, and name the server itself in DATABASE_URL"
            )
        time.sleep(0.1)


def take_turn(connection: psycopg.Connection[Any], beginning: str) -> None:
    """Until the connection ends. Raises BackupError."""
    taken = connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [TURN, beginning]).fetchone()
    if taken != (True,):
        raise BackupError("another restore of this database is under way - wait for its end, or end it")


def drop_left(connection: psycopg.Connection[Any], beginning: str) -> None:
    """One that can't be dropped, since somebody of another role uses it for instance, hinders nobody."""
    for (name,) in connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [beginning]).fetchall():
        if re.fullmatch(STAMP, name.removeprefix(beginning)):
            with contextlib.suppress(psycopg.Error):
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
