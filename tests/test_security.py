"""docs/security.md answers each requirement once, and names tests that exist."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
DOCUMENT = (TESTS.parent / "docs" / "security.md").read_text()
_ROW = re.compile(r"^\| ([\d., –]+) \| (met|not met|n/a) \| (.+) \|$", re.MULTILINE)


def _expanded(named: str) -> list[str]:
    """``3.3.1–3.3.4, 3.4.2`` as the requirements it names."""
    found = []
    for one in named.split(", "):
        first, _, last = one.partition("–")
        section, _, number = first.rpartition(".")
        found += [f"{section}.{each}" for each in range(int(number), int((last or first).rpartition(".")[2]) + 1)]
    return found


def test_each_requirement_of_the_first_two_levels_is_answered_once() -> None:
    wanted = (TESTS / "data" / "asvs-5.0.0-level-2.txt").read_text().split()
    answered = [one for row in _ROW.finditer(DOCUMENT) for one in _expanded(row[1])]
    assert sorted(answered) == sorted(wanted)


def test_each_test_it_names_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", DOCUMENT)
    assert len(named) > 50
    there = {path: (TESTS / path).read_text() for path, _ in named if (TESTS / path).is_file()}
    missing = [f"{path}::{name}" for path, name in named if path not in there or (name and f"def {name}(" not in there[path])]
    assert not missing, missing
