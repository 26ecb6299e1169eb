"""Every command of README and docs is carried out: here, in the order in which an operator comes to them, against the stand-ins; by another
test; or it is named as one that can't be, with the reason. The table is `told_commands.py`."""

import asyncio
import contextlib
import re
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.ops.cli import main
from playground import side_by_side
from playground.acts import Acts
from playground.office import CALM, ROOT, Office
from playground.walkthrough import Walkthrough
from tests.told_commands import AS, ELSEWHERE, FILLED_IN, HERE, NOT_HERE, STARTED, STOPPED, Typed
from tests.warm import Warm

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BOT = "pismo-onboarding"
PYTHON = ".venv/bin/python"
STARTS = (
    r"(?:make|pismo-onboarding|docker|kubectl|kustomize|helm|podman|systemctl|sudo|useradd|uv|umask|install|openssl|psql|pg_dump|pg_restore"
    r"|createdb|apt-get|git|slack|promtool|prometheus|otelcol) "
    r"|[\w~/.-]*pip install |(?:\.venv/bin/)?python3? -|\.ci/\w|\.venv/bin/"
)
"""How what is typed begins, among all that stands in backquotes. A program's bare name is no command."""


def typed(line: str) -> Iterator[str]:
    """The commands of a line, as the table has them. A task of make is one with any variables."""
    line = re.sub(r"\s+# .*$", "", " ".join(line.split()))
    line = re.sub(r"(?:\.venv/bin/)?python3? -m bot(?= |$)|(?<!/)\.venv/bin/pismo-onboarding", BOT, line)
    line = re.sub(r"^(?:\.venv/bin/)?python -", f"{PYTHON} -", line)
    if line == BOT:
        return
    words = shlex.split(line) if line.startswith("make ") else [line]
    if words[0] == "make":
        yield from (f"make {task}" for task in words[1:] if re.fullmatch("[a-z]+", task))
    else:
        yield line


def commands_in(page: Path) -> Iterator[str]:
    """Of the blocks that are for a shell, and of what stands in backquotes."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^ *```(?:sh|bash|console)\b[^\n]*\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip() and not line.strip().startswith("#"):
                yield from typed(line)
    for line in re.findall(r"^ {4}((?:make|docker|kubectl|pismo-onboarding|python3?) .*)$", text, flags=re.MULTILINE):
        yield from typed(line)
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    for quoted in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose):
        if re.match(STARTS, " ".join(quoted.split())):
            yield from typed(quoted)


HERE_TOO = {one.command for one in HERE if isinstance(one, Typed)}
TABLES = (HERE_TOO, AS, ELSEWHERE, NOT_HERE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_command_is_carried_out_or_said_not_to_be(page: Path) -> None:
    unknown = [one for one in commands_in(page) if sum(one in table for table in TABLES) != 1]
    assert unknown == [], "each belongs into one of the four tables of tests/told_commands.py"


def test_the_table_has_no_command_that_no_page_tells() -> None:
    told = {one for page in PAGES for one in commands_in(page)}
    assert set().union(*TABLES) - told == set()


def test_what_is_carried_out_as_another_command_is_as_that_one() -> None:
    assert set(AS.values()) <= HERE_TOO


@pytest.mark.parametrize("command", ELSEWHERE)
def test_where_a_command_is_carried_out_it_stands(command: str) -> None:
    where, words = ELSEWHERE[command]
    assert words in (ROOT / where).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [one for one in NOT_HERE if re.match("docker compose run .*-deps bot ", one)])
def test_what_a_container_is_asked_to_run_is_a_command_of_the_bot(command: str) -> None:
    name, *_ = command.partition(" bot ")[2].split()
    assert isinstance(main.commands[name], click.Command)


@pytest.mark.process
def test_make_knows_its_tasks_and_lists_them() -> None:
    told = {line.split()[1] for line in (*AS, *ELSEWHERE, *NOT_HERE) if line.startswith("make ")}
    printed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607
    assert told - {"help"} <= {line.split()[0] for line in printed.splitlines()}
    planned = subprocess.run(["make", "-n", *sorted(told)], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603, S607
    for module in (
        "bot run",
        "bot check",
        "playground.rehearse",
        "playground.demo",
        "playground.drill",
        "playground.side_by_side",
        "bench",
    ):
        assert f"python -m {module}" in planned
    assert side_by_side.page().startswith("<!doctype html>")


# -- carried out


class Shell:
    """An operator's: what is exported stays, and so does the folder that it is in. It begins in a checkout; `~/onboarding` is there.
    ``known``: what stands for what a page leaves open."""

    def __init__(self, office: Office) -> None:
        self._office, self._path = office, office.path / "checkout"
        self.home = office.path / "onboarding"
        for folder in (self._path, self.home):
            folder.mkdir()
        shutil.copy(ROOT / ".env.example", self._path)
        surroundings = ("PATH", "HOME", "PYTHONPATH", "SLACK_API_URL", "CONFIG_FILE", "HOST", "PORT", "TMPDIR", "LANG")
        self.environment = {name: value for name, value in office.environment().items() if name in surroundings}
        self.known = {"xoxb-…": office.slack.bot_token, "xapp-…": office.slack.app_token, "C…": office.support.id}

    def fill_in(self) -> None:
        """As the page says, in the file of settings."""
        file = self.home / ".env"
        text = file.read_text(encoding="utf-8")
        for name, value in {
            "SLACK_BOT_TOKEN": self.known["xoxb-…"],
            "SLACK_APP_TOKEN": self.known["xapp-…"],
            "SUPPORT_CHANNEL": self.known["C…"],
            "ENCRYPTION_KEYS_FILE": "onboarding.keys",
        }.items():
            text, found = re.subn(rf"^(?:# )?{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
            assert found == 1, name
        file.write_text(text, encoding="utf-8")

    async def types(self, line: Typed) -> str:
        """What is printed. Raises AssertionError if it doesn't end as it should, or prints something else."""
        printed = ""
        for command in line.command.split(" && "):
            words = [self.known.get(word, word) for word in shlex.split(command)]
            if words[0] == "cd":
                self._path = Path(words[1].replace("~", self.environment["HOME"]))
            elif words == [".", ".venv/bin/activate"]:
                pass  # the tests' own environment stands for it
            elif words[0] == "export":
                assigned = dict(word.split("=", 1) for word in words[1:])
                self.environment |= {name: self.known.get(value, value) for name, value in assigned.items()}
            elif words[0] == BOT:
                code, told = await self._bot(words[1:], line.answer)
                assert code == 0, f"{command}: {code}\n{told}"
                printed += told
            else:
                ran = await asyncio.create_subprocess_exec(
                    *("bash", "-c", command), cwd=self._path, env=self.environment, stderr=asyncio.subprocess.PIPE
                )
                _, errors = await ran.communicate()
                assert ran.returncode == 0, f"{command}: {errors.decode()}"
        assert line.says in printed, f"{line.command}: {printed}"
        return printed

    async def _bot(self, words: list[str], answer: str) -> tuple[int, str]:
        out = self._office.path / "printed"
        out.unlink(missing_ok=True)
        process = Warm("bot", *words, folder=self._path, environment=self.environment, out=out, errors=out)
        if words == ["run"]:
            self._office.process = process
            return 0, ""
        try:
            if answer:
                process.write(answer)
            return await process.wait(), out.read_text()
        finally:
            process.end()

    def onboarding(self) -> str:
        """The id of the one that there is."""
        with contextlib.closing(sqlite3.connect(self.home / "onboarding.db")) as connection:
            ((found,),) = connection.execute("SELECT id FROM onboardings")
        return str(found)


@pytest.mark.process
async def test_an_operator_types_what_the_pages_say() -> None:
    """From no key and no database to a verified export, an erased customer and a restored backup."""
    async with Office(policies=CALM, files=False, tls=False, bot=False) as office:
        shell = Shell(office)
        for one in HERE:
            if isinstance(one, Typed):
                printed = await shell.types(one)
                if found := re.search(r"\(signs\), fingerprint (\w+)", printed):
                    shell.known["3f747e20458491e6f5e6727e6d570cf0"] = found[1]
            elif one == FILLED_IN:
                shell.fill_in()
            elif one == STARTED:
                await office.slack.until(office.is_ready, timeout=60)
                acts = Acts(Walkthrough(office))
                await acts.start()
                shell.known |= {"CUSTOMER": acts.company.name, "ONBOARDING": shell.onboarding()}
            elif one == STOPPED:
                assert await office.stop_bot() == 0
