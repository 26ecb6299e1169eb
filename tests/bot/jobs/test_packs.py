"""What an exported archive is called."""

import re
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from bot.jobs.packs import file_name


@given(st.text())
@example("Ácme  Bank S/A")
@example("../../etc/passwd")
@example("株式会社")
@example("-" * 500 + "x" * 500)
def test_every_name_gives_the_name_of_a_file(customer: str) -> None:
    name = file_name(customer, "onb_1", datetime(2026, 12, 2, 1, tzinfo=UTC), "America/Sao_Paulo")
    assert re.fullmatch(r"(onb_1|[a-z0-9][a-z0-9-]{0,59})-2026-12-01\.zip", name)
