"""What is installed is named with its hashes, and what is known to be weak among it is told."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent

BY_NAME = {
    "hatchling": "the build names it, and tests/test_package.py",
    "httptools": "uvicorn takes it where it is there",
    "mypy": "a command",
    "psycopg": "SQLAlchemy's driver",
    "pytest-randomly": "a plugin",
    "pytest-timeout": "a plugin",
    "pytest-xdist": "a plugin",
    "ruff": "a command",
    "slack-cli-hooks": "Slack's command line calls it",
    "types-jsonschema": "for mypy",
    "types-pyyaml": "for mypy",
    "tzdata": "zoneinfo takes it where the system has no time zones",
}
"""What no module imports, and who uses it."""
USERS = {
    "bot": ("bot", "flows", "pismo", "storage"),
    "traces": ("bot",),
    "sentry": ("bot",),
    "playground": ("playground",),
    "dev": ("bench", "playground", "tests"),
}
"""Whose imports count for what is required always, and for each extra."""

WEAK = {"name": "brittle", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}]}
UNMENDED = {"name": "brittle", "version": "1.0", "vulns": [{"id": "PYSEC-2026-2", "fix_versions": []}]}
SOUND = {"name": "sturdy", "version": "2.0", "vulns": []}
UNKNOWN = {"name": "ours", "skip_reason": "not found"}


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("requirements*.txt")))
def test_each_package_is_locked_to_a_version_and_to_hashes_from_no_named_place(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = [entry for entry in re.split(r"\n(?=[a-z])", text) if entry]
    assert all(re.match(r"[a-z0-9.\[\],-]+==\S+( ; .+)? \\\n +--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert not re.search(r"://|^-|index-url|find-links", text, flags=re.MULTILINE)


def locked(name: str) -> set[str]:
    """What a list holds: a package and its version each."""
    return set(re.findall(r"^([\w.\[\],-]+==\S+)", (ROOT / name).read_text(), flags=re.MULTILINE))


def imported(*rooms: str) -> set[str]:
    """The packages that their modules import, wherever in them."""
    sources = (path.read_text(encoding="utf-8") for room in rooms for path in (ROOT / room).rglob("*.py"))
    return {name for source in sources for name in re.findall(r"^ *(?:from|import) (\w+)", source, flags=re.MULTILINE)}


@pytest.mark.parametrize("group", USERS)
def test_nothing_is_required_that_nothing_uses(group: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = project["dependencies"] if group == "bot" else project["optional-dependencies"][group]
    brings: Mapping[str, list[str]] = packages_distributions()
    used = {_plain(name) for module in imported(*USERS[group]) for name in brings.get(module, ())}
    names = {_plain(re.split(r"[\[<>=; ]", one)[0]) for one in required} - {"pismo-onboarding-bot"}
    assert {name for name in names - used if name not in BY_NAME} == set()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.process
@pytest.mark.parametrize(
    ("reported", "code", "said"),
    [
        ([WEAK, SOUND], 1, "wrong: brittle 1.0: PYSEC-2026-1, fixed in 1.1"),
        ([UNMENDED], 1, "wrong: brittle 1.0: PYSEC-2026-2, no fixed version yet"),
        ([SOUND, UNKNOWN], 0, "ok: no known weakness in 1 of 2 packages"),
        ([UNKNOWN], 0, "audit skipped: the package index that was reached has no advisories: not found"),
        (None, 0, "audit skipped: no source of advisories was reached: no route"),
    ],
    ids=["weak", "weak and unmended", "sound", "an index that knows no package", "offline"],
)
def test_an_audit_names_what_is_weak_and_says_when_it_could_not_look(
    tmp_path: Path, reported: list[Any] | None, code: int, said: str
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / ".ready").touch()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    report = json.dumps({"dependencies": reported})
    wrote = f'echo "$@" > {tmp_path}/asked\nwhile [ "$1" != --output ]; do shift; done\necho \'{report}\' > "$2"'
    script(tmp_path / "bin/pip-audit", "echo no route; exit 1" if reported is None else wrote)
    done = audit(tmp_path, asked="exit 0")
    assert (done.returncode, done.stdout.strip().startswith(said)) == (code, True), done
    if reported is not None:
        lists = re.findall(r"--requirement (\S+)", (tmp_path / "asked").read_text())
        audited = set[str]().union(*map(locked, lists))
        for shipped in set(re.findall(r"requirements[\w-]*\.txt", (ROOT / "Dockerfile").read_text())):
            assert locked(shipped) <= audited, f"what the image installs of {shipped} is not looked up"


@pytest.mark.process
def test_an_audit_installs_nothing_where_there_are_no_advisories_and_nothing_that_is_not_locked(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin/make", "echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES'; echo '    Got 0123'; exit 1")
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    skipped = audit(tmp_path, asked="echo HTTP Error 404; exit 1", path=path)
    assert (skipped.returncode, skipped.stdout) == (
        0,
        "audit skipped: the package index offers no advisories: HTTP Error 404\n",
    )
    refused = audit(tmp_path, asked="exit 0", path=path)
    assert (refused.returncode, "is not what is locked:     Got 0123" in refused.stdout) == (1, True), refused
    script(tmp_path / "bin/make", "echo no route; exit 1")
    skipped = audit(tmp_path, asked="exit 0", path=path)
    assert (skipped.returncode, "cannot be installed here: no route" in skipped.stdout) == (0, True), skipped


def audit(environment: Path, *, asked: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    """``asked``: what takes the place of the question whether there are advisories."""
    script(environment / "asking", asked)
    command = [ROOT / ".ci/audit", environment / "asking", environment]
    return subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603


def script(file: Path, does: str) -> None:
    file.write_text(f"#!/bin/sh\n{does}\n")
    file.chmod(0o755)
