"""A page of `docs/` that is followed by a test: what its fenced blocks say is done in a copy of the project.

``file=``: a new one; ``append=``: at its end; ``in=``: after a line, instead of it, or before it, two empty lines between.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIED = ("bot", "flows", "pismo", "storage", "playground", "tests", "docs")
FILES = ("pyproject.toml", "app_manifest.yaml", "Makefile", "README.md", "Dockerfile", "compose.yaml", ".env.example")
PATIENCE = 240
"""Seconds for one command: the rehearsal is a whole onboarding."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what to do with it, and its text."""

    language: str
    what: str
    text: str


class Page:
    def __init__(self, path: str) -> None:
        self.text = (ROOT / path).read_text(encoding="utf-8")
        self.blocks = [Block(*found) for found in re.findall(r"```(\w+) ([^\n]+)\n(.*?)```\n", self.text, flags=re.DOTALL)]

    @property
    def named(self) -> set[str]:
        """The files that it writes."""
        return {found for block in self.blocks for found in re.findall(r"(?:file|in|append)=(\S+)", block.what)}

    @property
    def commands(self) -> Sequence[str]:
        return [line for block in self.blocks if block.language == "sh" for line in block.text.splitlines()]

    def follow_in(self, copy: Path) -> None:
        """Copy the project and do with each block what the page says."""
        for name in COPIED:
            shutil.copytree(ROOT / name, copy / name)  # with what Python compiled, which is most of what starting takes
        for name in FILES:
            shutil.copy(ROOT / name, copy / name)
        for block in self.blocks:
            _follow(block, copy)


def _follow(block: Block, copy: Path) -> None:
    if found := re.fullmatch(r"file=(\S+)", block.what):
        target = copy / found[1]
        assert not target.exists(), found[1]
        target.write_text(block.text, encoding="utf-8")
    elif found := re.fullmatch(r'(after|before|instead)="(.+)" in=(\S+)', block.what):
        target, line = copy / found[3], "\n" + found[2].replace("\\n", "\n") + "\n"
        text = target.read_text(encoding="utf-8")
        assert text.count(line) == 1, f"{found[2]!r} isn't there once"
        written = {"after": line + block.text, "before": f"\n{block.text}\n\n{line[1:]}", "instead": f"\n{block.text}"}[found[1]]
        target.write_text(text.replace(line, written), encoding="utf-8")
    elif found := re.fullmatch(r"append=(\S+)", block.what):
        with (copy / found[1]).open("a", encoding="utf-8") as file:
            file.write(f"\n{block.text}")
    else:
        assert (block.language, block.what) == ("sh", "run"), block.what


def changed(copy: Path) -> set[str]:
    """The files in which a copy differs from the project, but for what tools keep."""
    paths = (path for path in copy.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    names = {str(path.relative_to(copy)): path for path in paths}
    return {name for name, path in names.items() if not name.startswith(".") and _differs(path, ROOT / name)}


def _differs(one: Path, other: Path) -> bool:
    return not other.exists() or one.read_bytes() != other.read_bytes()


def run(copy: Path, *command: str) -> str:
    ran = subprocess.run(  # noqa: S603  our own commands
        [sys.executable, "-m", *command], cwd=copy, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-6000:]
    return ran.stdout
