"""A demo's clock runs ahead by what its file says; without a file it is the machine's."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.clock import MAX_SECONDS, Clock, ClockError, read_ahead

MOMENT = timedelta(seconds=5)


def is_ahead(clock: Clock, by: timedelta) -> bool:
    return abs(clock() - datetime.now(UTC) - by) < MOMENT


def test_without_a_file_it_is_the_machines(tmp_path: Path) -> None:
    assert is_ahead(Clock(), timedelta())
    assert is_ahead(Clock(str(tmp_path / "none")), timedelta())


def test_it_follows_each_change_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = Clock(str(file))
    assert is_ahead(clock, timedelta())
    for hours in (1, 25, 24, 240):
        file.with_suffix(".new").write_text(f"{hours * 3600}\n")
        file.with_suffix(".new").replace(file)
        assert is_ahead(clock, timedelta(hours=hours))
    file.unlink()
    assert is_ahead(clock, timedelta())


def test_what_is_no_number_leaves_it_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("3600")
    clock = Clock(str(file))
    assert is_ahead(clock, timedelta(hours=1))
    file.write_text("tomorrow")
    assert is_ahead(clock, timedelta(hours=1))


@given(st.floats(0, MAX_SECONDS))
def test_any_number_within_ten_years_is_read_as_written(tmp_path_factory: pytest.TempPathFactory, seconds: float) -> None:
    file = tmp_path_factory.getbasetemp() / "clock"
    file.write_text(repr(seconds))
    assert read_ahead(file) == seconds


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "-1", "1e12", "1 2", "é"])
def test_any_other_text_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock").write_text(text)
    with pytest.raises(ClockError):
        read_ahead(tmp_path / "clock")
