"""What the Dockerfile says is carried out without a container engine, in a folder in place of the image's root: what is built migrates, is
healthy and ends cleanly. `make image` does the same with an engine."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from bot.config.settings import Exit
from bot.config.version import VERSION
from playground.office import free_port
from storage.sealing import new_key
from tests.deployments import ROOT, Instruction, assigned, compose, copied, stages

pytestmark = pytest.mark.process

BUILD, LAST = stages()
OURS = re.compile(r"/(?=(?:build|hatch|venv|wheel|data)\b)")
"""What the image has at its root besides the folders of its base."""
USER = dict(LAST)["USER"].partition(":")[0]
PACKAGES = sysconfig.get_path("purelib")
DROPS = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs")
"""What gives up root for the image's user, for good."""
READS = f"import subprocess, sys; subprocess.run([sys.executable, '-c', 'import os; os.listdir({PACKAGES!r})'], check=True)"
SHIMS = {
    # Instead of fetching what the lists name, an environment borrows what the tests have.
    "pip": f"""case "$*" in
        *" -r "*) for folder in "${{2%/bin/python}}"/lib/python3*/site-packages; do echo {PACKAGES} > "$folder/borrowed.pth"; done ;;
        *) exec {sys.executable} -m pip "$@" ;;
    esac""",
    "install": f'for last; do :; done; mkdir -m 700 "$last"; [ "$(id -u)" -ne 0 ] || chown {USER}:{USER} "$last"',
    "useradd": "",
    "rm": "",
}
"""Commands that are carried out otherwise here, so that this machine's users and packages stay as they are."""


def interpreter() -> tuple[str, Sequence[str]]:
    """A Python that the image's user may start, from a process of its own too, and what gives up root for that user. It is the tests' own,
    and nothing is given up, where there is no root, or where that user may not read what the tests have, such as in root's home."""
    if os.geteuid() == 0 and shutil.which(DROPS[0]):
        for python in (sys.executable, "/usr/bin/python{}.{}".format(*sys.version_info)):
            command = [*DROPS, python, "-c", READS]
            if Path(python).exists() and subprocess.run(command, capture_output=True, check=False).returncode == 0:  # noqa: S603
                return python, DROPS
    return sys.executable, ()


class Image:
    """``root``: the folder in place of the image's root, which others may read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "shims").mkdir()
        python, self._as_its_user = interpreter()
        for name, does in {**SHIMS, "python": f'exec {python} "$@"'}.items():
            (root / "shims" / name).write_text(f"#!/bin/sh\n{does}\n")
            (root / "shims" / name).chmod(0o755)
        self._started: list[subprocess.Popen[str]] = []
        self._path = f"{root}/shims:{os.environ['PATH']}"

    def build(self) -> None:
        for stage in (BUILD, LAST):
            folder = Path(self._here(dict(stage)["WORKDIR"]))
            variables = {"PATH": self._path, **assigned(stage, "ARG")}
            for instruction in stage:
                self._carry_out(instruction, folder, variables)
        for path in self.installed():
            path.chmod(path.stat().st_mode & 0o555)

    def _carry_out(self, instruction: Instruction, folder: Path, variables: dict[str, str]) -> None:
        for source, to in copied([instruction], variables).items():
            folder.mkdir(exist_ok=True)
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copyfile
            copy(ROOT / source, folder / to)
        if instruction.name == "RUN":
            at = folder if folder.exists() else self.root
            subprocess.run(["/bin/sh", "-e", "-c", self._here(instruction.rest)], cwd=at, env=variables, check=True)  # noqa: S603

    def installed(self) -> list[Path]:
        """The files and folders of its environment, the deepest last."""
        return sorted(path for path in [self.root / "venv", *(self.root / "venv").rglob("*")] if not path.is_symlink())

    def start(self, command: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[str]:
        """A process as the last stage describes it, where this machine lets it with its user and no way to more rights."""
        own = {name: self._here(value) for name, value in assigned(LAST, "ENV", PATH=os.environ["PATH"]).items()}
        at = self._here(dict(LAST)["WORKDIR"])
        process = subprocess.Popen(  # noqa: S603
            [*self._as_its_user, *command],
            env={**own, **variables},
            cwd=at,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def close(self) -> None:
        for process in self._started:
            with process:
                process.kill()
        for path in self.installed():
            path.chmod(path.stat().st_mode | 0o200)

    def _here(self, text: str) -> str:
        return OURS.sub(f"{self.root}/", text)


@pytest.fixture
def image() -> Iterator[Image]:
    with tempfile.TemporaryDirectory(prefix="image-") as place:
        root = Path(place)
        root.chmod(0o755)
        image = Image(root)
        try:
            image.build()
            yield image
        finally:
            image.close()


def ended(process: subprocess.Popen[str], within: float = 300) -> tuple[int, str]:
    printed, errors = process.communicate(timeout=within)
    return process.returncode, printed + errors


def test_the_image_migrates_is_healthy_and_ends_cleanly_with_its_user_and_nothing_to_write_to_but_its_volume(
    image: Image,
) -> None:
    port, before = str(free_port()), image.installed()
    variables = {
        "SLACK_BOT_TOKEN": "xoxb-1-made-up",
        "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "SUPPORT_CHANNEL": "C0SUPPORT",
        "ENCRYPTION_KEYS": new_key(),
        "HOST": "127.0.0.1",
        "PORT": port,
    }
    command, run = (json.loads(dict(LAST)[name]) for name in ("ENTRYPOINT", "CMD"))
    health = json.loads(dict(LAST)["HEALTHCHECK"].partition("CMD ")[2])

    code, said = ended(image.start([*command, *compose()["services"]["migrate"]["command"]], variables))
    assert (code, said[:26]) == (Exit.OK, "ok: migrated from empty to"), said

    bot = image.start([*command, *run], variables)
    assert bot.stderr is not None
    said = ""
    while '"listening"' not in said:
        line = bot.stderr.readline()
        assert line, said
        said += line
    while (asked := ended(image.start(health, variables))) != (0, ""):  # it waits for two seconds, which a busy machine may take
        assert bot.poll() is None, asked
    bot.send_signal(signal.SIGTERM)
    code, after = ended(bot, within=float(compose()["services"]["bot"]["stop_grace_period"].removesuffix("s")))
    assert code == Exit.OK, said + after
    assert '"level": "error"' not in said + after
    assert ended(image.start(health, variables))[0] != 0

    assert image.installed() == before
    assert {path.parent.name for path in before if path.name in ("LICENSE", "NOTICE")} >= {"licenses"}
    assert f"pismo_onboarding_bot-{VERSION}.dist-info" in {path.name for path in before}
    assert "onboarding.db" in {path.name for path in (image.root / "data").iterdir()}
