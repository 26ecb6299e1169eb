"""The files that say on what terms the project may be used, what changed in it, and why: they are complete and fit the code."""

import hashlib
import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

from bot.config.version import VERSION

ROOT = Path(__file__).parent.parent
OFFICIAL = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
"""SHA-256 of https://www.apache.org/licenses/LICENSE-2.0.txt, which Debian brings as /usr/share/common-licenses/Apache-2.0."""
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DATA = sorted([*(ROOT / "tests/data").iterdir(), *ROOT.glob("flows/**/*.tsv"), *ROOT.glob("ops/**/*.schema.json")])
LICENCES = {
    "MIT": "MIT",
    "BSD": "BSD",
    "Apache 2.0": "Apache",
    "PSF 2.0": "PSF|Python Software Foundation",
    "ISC": "ISC",
    "Unlicense": "Unlicense",
    "MPL 2.0": "MPL",
    "LGPL": "LGPL",
}
"""As decision 56 calls them -> as packages do."""


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


# -- the licence


def test_the_licence_is_the_official_text_and_the_package_names_it() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == OFFICIAL
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert project["license"] == "Apache-2.0"
    assert project["license-files"] == ["LICENSE", "NOTICE"]


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.name)
def test_the_notice_says_where_data_comes_from(path: Path) -> None:
    assert f"\n{path.relative_to(ROOT)}\n" in read("NOTICE")


def test_the_notice_names_what_is_there() -> None:
    listed = [
        name for line in re.findall(r"^[\w.-]+(?:/.*|\.md)$", read("NOTICE"), flags=re.MULTILINE) for name in line.split(", ")
    ]
    assert len(listed) > 5
    assert not [name for name in listed if not (ROOT / name).exists()]


def locked(path: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9._-]+)(?:\[\w+\])?==", read(path), flags=re.MULTILINE))


def declared(package: str) -> str:
    """All that a package says of its licence."""
    about = importlib.metadata.metadata(package).json
    terms = [line for line in about.get("classifier", []) if line.startswith("License")]
    return " ".join([str(about.get("license_expression", "")), str(about.get("license", ""))[:200], *terms])


def test_every_package_that_the_bot_needs_is_listed_under_a_licence_that_it_declares() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (`.+`) \|$", read("docs/decisions/0056-the-licence-is-apache-2.md"), flags=re.MULTILINE)
    listed = [(licence, package) for licence, packages in rows for package in re.findall(r"`([^`]+)`", packages)]
    packages = [package for _, package in listed]
    assert len(packages) == len(set(packages))
    assert set(packages) == locked("requirements.txt") | locked("requirements-telemetry.txt")
    assert not [(package, licence) for licence, package in listed if not re.search(LICENCES[licence], declared(package))]
    gnu = {package for package in packages if re.search("GPL|GNU", declared(package))}
    assert gnu == {package for licence, package in listed if licence == "LGPL"}


# -- what changed, and why it is so


def test_the_newest_release_in_the_changelog_is_this_version() -> None:
    first, *releases = re.findall(r"^## (\S+)(?: - (\d{4}-\d\d-\d\d))?$", read("CHANGELOG.md"), flags=re.MULTILINE)
    assert first == ("Unreleased", "")
    assert releases[0][0] == VERSION
    assert all(day for _, day in releases)


def test_a_link_that_is_defined_apart_stands_on_a_line_of_its_own() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    defined = re.findall(r"^ {0,3}\[[^]]+\]: .*$", text, flags=re.MULTILINE)
    assert [line for line in defined if not re.fullmatch(r" {0,3}\[[^]]+\]: \S+", line)] == []


def test_the_index_of_decisions_has_each_of_them_once_under_its_title() -> None:
    lines = read("docs/decisions/README.md").replace("\n  ", " ")
    listed = re.findall(r"^- \[(\d+)\]\((.+?)\): (.+)$", lines, flags=re.MULTILINE)
    there = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert sorted(name for _, name, _ in listed) == there
    for number, name, title in listed:
        assert name.startswith(f"{int(number):04}-"), name
        assert read(f"docs/decisions/{name}").startswith(f"# {number}. {title}\n"), name
