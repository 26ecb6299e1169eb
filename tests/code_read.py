"""All that a process of the bot has read when it is made: the code, and what it reads right after its start."""

import aiosqlite  # noqa: F401
import alembic.command  # noqa: F401
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.aiosqlite  # noqa: F401

import bot.ops.check
import bot.ops.maintenance
import bot.ops.serve  # noqa: F401
from bot.ops.warm_up import read
from flows.rules import Rules
from tests import warm  # noqa: F401

read(Rules())
