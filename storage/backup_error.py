"""What keeps a backup from being made or restored."""


class BackupError(Exception):
    """The text says what it is, and what to do."""
