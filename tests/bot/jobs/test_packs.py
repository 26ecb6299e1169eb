"""What an exported archive is called, and which version of the bot it names."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from bot.config.version import VERSION
from bot.jobs.packs import file_name

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


@given(st.text())
@example("Ácme  Bank S/A")
@example("../../etc/passwd")
@example("株式会社")
@example("-" * 500 + "x" * 500)
def test_every_name_gives_the_name_of_a_file(customer: str) -> None:
    name = file_name(customer, "onb_1", datetime(2026, 12, 2, 1, tzinfo=UTC), "America/Sao_Paulo")
    assert re.fullmatch(r"(onb_1|[a-z0-9][a-z0-9-]{0,59})-2026-12-01\.zip", name)


def test_an_archive_names_the_version_that_pyproject_has() -> None:
    assert tomllib.loads(PYPROJECT.read_text())["project"]["version"] == VERSION
