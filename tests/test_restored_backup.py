"""A backup is made while the bot runs, and restored after its database was lost: what stands in Slack is not posted again but drawn as it
is stored, customers whose answers were lost get the button to send them again, and the journey goes on (`make drill`)."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest

from playground.drill import drill, places
from playground.office import Office
from playground.postgres import binaries
from tests.databases import DATABASES

pytestmark = pytest.mark.process


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest) -> Iterator[tuple[Office, Callable[[], None]]]:
    """An office that isn't open yet, and what does away with its database."""
    on_postgresql = request.param == "postgresql"
    if on_postgresql and (shutil.which("pg_dump") is None or not (os.environ.get("TEST_POSTGRES_URL") or binaries())):
        pytest.skip("no PostgreSQL: install its server and its client programs")
    with places(on_postgresql=on_postgresql) as made:
        yield made


async def test_a_backup_is_restored(place: tuple[Office, Callable[[], None]]) -> None:
    transcript: list[str] = []
    code = await drill(*place, transcript.append)
    assert (code, transcript[-1].partition(":")[0]) == (0, "ok"), "\n".join(transcript)
