"""The bot in the test's own loop, for all tests beside this file."""

from tests.bot.workplace import place

__all__ = ["place"]
