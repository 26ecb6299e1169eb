"""docs/mission.md: what it names exists, and people read what it says they read."""

import re
from pathlib import Path

from bot.messages.texts import table

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "mission.md").read_text(encoding="utf-8")
GUIDE, FAULTS = DOCUMENT.split("\n## From a fault to passed\n")


def rows(part: str, header: str) -> list[list[str]]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| ")]
    return [row for row in cells if row[0] not in (header, "---")]


def test_each_line_says_where_it_is_done_and_what_shows_it() -> None:
    lines = rows(GUIDE, "the guide says")
    assert len(lines) >= 50
    assert [row for row in lines if len(row) != 3 or not all(row)] == []


def test_each_fault_says_what_is_read_what_mends_it_and_what_shows_it() -> None:
    lines, said = rows(FAULTS, "fault"), "\n".join(table("en").values())
    assert len(lines) >= 20
    assert [row for row in lines if len(row) != 4 or not all(row)] == []
    assert [row for row in lines if not re.search(r"::test_\w+`|the same", row[3])] == []
    assert [words for row in lines for words in re.findall(r"“([^”]+)”", row[1]) if words not in said] == []


def test_each_test_and_file_it_names_exists() -> None:
    for path, name in re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", DOCUMENT):
        there = [ROOT / "tests" / path, ROOT / path, ROOT / "flows/steps/authentication" / path]
        found = next((one for one in there if one.is_file()), None)
        assert found is not None, path
        assert not name or f"def {name}(" in found.read_text(encoding="utf-8"), f"{path}::{name}"
