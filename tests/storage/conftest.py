import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from playground.postgres import database, server
from storage import migrate
from storage.sealing import using
from storage.store import Store
from storage.tables import REVISION, metadata
from tests.storage.example import KEYRING, raw

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with server() as url:
        if url is None:
            pytest.skip("no PostgreSQL: set TEST_POSTGRES_URL, or install its server")
        yield url


@pytest.fixture(scope="session")
def postgres_migrated(postgres_server: str) -> Iterator[str]:
    """One database with tables for all tests: creating one takes longer than most of them."""
    with database(postgres_server) as url:
        migrate.upgrade(url)
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, of each kind."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
        return
    with database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A SQLite file with tables."""
    shutil.copy(sqlite_template, tmp_path / "store.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with tables, of each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    url = request.getfixturevalue("postgres_migrated")
    raw(url, f"SET lock_timeout = '10s'; TRUNCATE {', '.join(metadata.tables)}")
    raw(url, "UPDATE alembic_version SET version_num = :r", r=REVISION)
    yield url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    with using(KEYRING):
        store = Store(url, KEYRING)
        yield store
        await store.close()
