"""docs/mission.md: what it names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "mission.md").read_text(encoding="utf-8")


def test_each_line_says_where_it_is_done_and_what_shows_it() -> None:
    rows = [line.strip("|").split("|") for line in DOCUMENT.splitlines() if line.startswith("| ") and "---" not in line]
    rows = [row for row in rows if row[0].strip() != "the guide says"]
    assert len(rows) >= 50
    assert [row for row in rows if len(row) != 3 or not all(cell.strip() for cell in row)] == []


def test_each_test_and_file_it_names_exists() -> None:
    for path, name in re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", DOCUMENT):
        there = [ROOT / "tests" / path, ROOT / path, ROOT / "flows/steps/authentication" / path]
        found = next((one for one in there if one.is_file()), None)
        assert found is not None, path
        assert not name or f"def {name}(" in found.read_text(encoding="utf-8"), f"{path}::{name}"
