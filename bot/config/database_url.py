"""DATABASE_URL, as other programs write it too."""

import re
from urllib.parse import quote

_POSTGRESQL = re.compile(r"(?:postgres|postgresql|pgsql|psql)(?:\+(\w+))?://(.*)", re.DOTALL | re.IGNORECASE)
_SQLITE = re.compile(r"sqlite3?(?:\+\w+)?:(?=//)", re.IGNORECASE)
_PLACE = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]*)(?::[0-9]+)?/[^@?]*(?:\?.*)?")
"""Host, port, database and options: what follows the ``@`` that ends the password."""
_SPECIAL = re.compile(r"[@/?#\[\]: ]|%(?![0-9A-Fa-f]{2})")


def meant(url: str) -> str:
    """With the driver that the bot has in the place of any other, and a password's special signs as a URL has them."""
    if found := _POSTGRESQL.fullmatch(url):
        driver, rest = found.groups()
        if (driver or "").lower() == "asyncpg":  # names the option alone
            rest = re.sub(r"(?<=[?&])ssl=true(?=&|$)", "ssl=require", rest)
            rest = re.sub(r"(?<=[?&])ssl=", "sslmode=", rest)
        return f"postgresql://{_escaped(rest)}"
    return _SQLITE.sub("sqlite+aiosqlite:", url)


def _escaped(rest: str) -> str:
    """A password holds such signs as they are, or escaped: one that has both is left alone."""
    for place, sign in reversed(list(enumerate(rest))):
        if sign == "@" and _PLACE.fullmatch(rest[place + 1 :]):
            user, colon, password = rest[:place].partition(":")
            if _SPECIAL.search(password) and not re.search(r"%[0-9A-Fa-f]{2}", password):
                password = quote(password, safe="")
            return f"{user}{colon}{password}{rest[place:]}"
    return rest
