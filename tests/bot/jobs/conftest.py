"""The databases of `tests/storage`, for the tests that run effects on each."""

from tests.storage.conftest import postgres_migrated, postgres_server, sqlite_template, sqlite_url, url

__all__ = ["postgres_migrated", "postgres_server", "sqlite_template", "sqlite_url", "url"]
