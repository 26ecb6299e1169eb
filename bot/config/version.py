"""Which version of the bot this is."""

VERSION = "0.1.0"
"""As in pyproject.toml, which an installed bot has not beside it."""
