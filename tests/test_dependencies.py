"""What is installed is named with its hashes, and what is known to be weak among it is told."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent

WEAK = {"name": "brittle", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}]}
SOUND = {"name": "sturdy", "version": "2.0", "vulns": []}
UNKNOWN = {"name": "ours", "skip_reason": "not found"}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-audit.txt"])
def test_each_package_is_locked_to_a_version_and_to_hashes_from_no_named_place(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = [entry for entry in re.split(r"\n(?=[a-z])", text) if entry]
    assert all(re.match(r"[a-z0-9.\[\],-]+==\S+( ; .+)? \\\n +--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert not re.search(r"://|^-|index-url|find-links", text, flags=re.MULTILINE)


@pytest.mark.process
@pytest.mark.parametrize(
    ("reported", "code", "said"),
    [
        ([WEAK, SOUND], 1, "wrong: brittle 1.0: PYSEC-2026-1, mended in 1.1"),
        ([SOUND, UNKNOWN], 0, "ok: no known weakness in 1 of 2 packages"),
        ([UNKNOWN], 0, "audit skipped: the package index that was reached has no advisories"),
        (None, 0, "audit skipped: no source of advisories was reached"),
    ],
    ids=["weak", "sound", "an index without advisories", "offline"],
)
def test_an_audit_names_what_is_weak_and_says_when_it_could_not_look(
    tmp_path: Path, reported: list[Any] | None, code: int, said: str
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / ".ready").touch()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    auditor = tmp_path / "bin/pip-audit"
    report = json.dumps({"dependencies": reported})
    wrote = f'while [ "$1" != --output ]; do shift; done\necho \'{report}\' > "$2"'
    auditor.write_text(f"#!/bin/sh\n{'exit 1' if reported is None else wrote}\n")
    auditor.chmod(0o755)
    env = {"PATH": os.environ["PATH"]}
    done = subprocess.run([ROOT / ".ci/audit", tmp_path], env=env, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    assert (done.returncode, done.stdout.strip().startswith(said)) == (code, True), done
