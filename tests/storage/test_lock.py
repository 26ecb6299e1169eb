"""The lock that keeps a second bot away from a SQLite file."""

from pathlib import Path

import pytest

from storage.lock import AlreadyRunningError, only_one


def test_a_file_is_locked_by_whatever_name_it_is_reached(tmp_path: Path) -> None:
    file, other = tmp_path / "bot.db", tmp_path / "other.db"
    file.touch()
    other.symlink_to(file)
    with only_one(f"sqlite:///{file}"):
        with pytest.raises(AlreadyRunningError) as refused, only_one(f"sqlite+aiosqlite:///{other}"):
            pass
        assert refused.value.file == str(file)
    with only_one(f"sqlite:///{other}"):
        pass
    assert not (tmp_path / "other.db.lock").exists()


def test_nobody_else_can_read_or_take_the_lock(tmp_path: Path) -> None:
    with only_one(f"sqlite:///{tmp_path}/bot.db"):
        assert (tmp_path / "bot.db.lock").stat().st_mode & 0o777 == 0o600


def test_two_files_do_not_hinder_each_other(tmp_path: Path) -> None:
    with only_one(f"sqlite:///{tmp_path}/one.db"), only_one(f"sqlite:///{tmp_path}/two.db"):
        pass


def test_a_server_is_for_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with only_one("postgresql://host/bot"), only_one("postgresql://host/bot"):
        assert list(tmp_path.iterdir()) == []
