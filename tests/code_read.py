"""All that a process of the bot has read when it is made: the code and the texts."""

import aiosqlite  # noqa: F401
import alembic.command  # noqa: F401
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.aiosqlite  # noqa: F401

import bot.ops.check
import bot.ops.maintenance
import bot.ops.serve  # noqa: F401
from bot.messages.texts import languages, table
from tests import warm  # noqa: F401

for language in languages():
    table(language)
