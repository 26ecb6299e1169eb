"""`docs/adding-a-step.md`, followed from its first line to the rehearsal in a copy of the project."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs/adding-a-step.md").read_text(encoding="utf-8")
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


BLOCKS = [Block(*found) for found in re.findall(r"```(\w+) ([^\n]+)\n(.*?)```\n", DOCUMENT, flags=re.DOTALL)]


def follow(block: Block, copy: Path) -> None:
    """Do with a block what the document says."""
    if found := re.fullmatch(r"file=(\S+)", block.what):
        target = copy / found[1]
        assert not target.exists(), found[1]
        target.write_text(block.text, encoding="utf-8")
    elif found := re.fullmatch(r'(after|instead)="(.+)" in=(\S+)', block.what):
        target, line = copy / found[3], f"\n{found[2]}\n"
        text = target.read_text(encoding="utf-8")
        assert text.count(line) == 1, f"the line {found[2]!r} isn't there once"
        target.write_text(text.replace(line, f"{line if found[1] == 'after' else chr(10)}{block.text}"), encoding="utf-8")
    elif found := re.fullmatch(r"append=(\S+)", block.what):
        with (copy / found[1]).open("a", encoding="utf-8") as file:
            file.write(f"\n{block.text}")
    else:
        assert (block.language, block.what) == ("sh", "run"), block.what


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the new step."""
    target = tmp_path_factory.mktemp("newcomer")
    for name in COPIED:
        shutil.copytree(ROOT / name, target / name)  # with what Python compiled, which is most of what starting takes
    for name in FILES:
        shutil.copy(ROOT / name, target / name)
    for block in BLOCKS:
        follow(block, target)
    return target


def run(copy: Path, *command: str) -> str:
    ran = subprocess.run(  # noqa: S603  our own commands
        [sys.executable, "-m", *command], cwd=copy, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-6000:]
    return ran.stdout


def test_every_block_of_the_document_is_followed() -> None:
    assert DOCUMENT.count("```") == 2 * len(BLOCKS)
    assert {block.language for block in BLOCKS} == {"python", "text", "toml", "sh"}


def test_nothing_but_the_named_files_is_touched(copy: Path) -> None:
    named = {found for block in BLOCKS for found in re.findall(r"(?:file|in|append)=(\S+)", block.what)}
    changed = {
        str(path.relative_to(copy))
        for path in copy.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and _differs(path, ROOT / path.relative_to(copy))
    }
    assert {name for name in changed if not name.startswith(".")} == named


def _differs(one: Path, other: Path) -> bool:
    return not other.exists() or one.read_bytes() != other.read_bytes()


def test_the_commands_of_the_document_are_the_makefiles() -> None:
    (block,) = [block for block in BLOCKS if block.language == "sh"]
    tasks = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert {word for line in block.text.splitlines() for word in line.removeprefix("make ").split()} <= tasks


@pytest.mark.process
def test_the_new_step_is_well_formed(copy: Path) -> None:
    run(copy, "ruff", "check", "flows", "bot")
    run(copy, "ruff", "format", "--check", "flows", "bot")


@pytest.mark.process
def test_the_new_step_goes_through_what_every_step_does(copy: Path) -> None:
    """The contracts of forms, texts, journeys and start-up."""
    tried = ("tests/flows/test_steps.py", "tests/flows/steps/test_step_examples.py", "tests/flows/steps/test_step_texts.py")
    run(copy, "pytest", "-q", "-p", "no:cacheprovider", "-k", "training or texts", *tried)


@pytest.mark.process
def test_the_rehearsal_goes_through_the_new_step(copy: Path) -> None:
    told = run(copy, "playground.rehearse", "--to", "training")
    assert re.search(r"— \d+\. Training", told)
    assert re.search(r"\d+\. Training – done", told)
