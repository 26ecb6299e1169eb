import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from storage import migrate
from storage.sealing import using
from storage.store import Store
from tests.storage.example import KEYRING
from tests.storage.postgres import database, server

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with server() as url:
        if url is None:
            pytest.skip("no PostgreSQL: set TEST_POSTGRES_URL, or install its server")
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a database with tables, to be copied: migrating anew takes longer than most tests."""
    with database(postgres_server) as url:
        migrate.upgrade(url)
        yield str(make_url(url).database)


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
    with database(request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")) as url:
        yield url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    with using(KEYRING):
        store = Store(url, KEYRING)
        yield store
        await store.close()
