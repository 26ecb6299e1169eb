"""What runs on GitHub: CI is the project's own command and nothing more, with few rights, and by actions that cannot change."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
READS = {"contents": "read"}
JOBS = {
    "ci.yml": {"tests": (READS, [".ci/run"])},
    "locks.yml": {
        "locks": (READS, ["make lock UPGRADE=1"]),
        "offer": ({"contents": "write", "pull-requests": "write", "actions": "write"}, [".ci/offer-locks .locks"]),
    },
}
"""By job, its rights and what it runs. One that may write runs nothing of others: it has no Python set up."""
ACTIONS = {
    "tests": ["checkout", "setup-python"],
    "locks": ["checkout", "setup-python", "upload-artifact"],
    "offer": ["checkout", "download-artifact"],
}
# GitHub's own names: docs.github.com, "Workflow syntax for GitHub Actions"
OF_A_WORKFLOW = {"name", "on", "permissions", "concurrency", "jobs"}
OF_A_JOB = {"runs-on", "timeout-minutes", "strategy", "permissions", "needs", "steps"}
OF_A_STEP = {"uses", "with", "run", "env"}


def read(path: Path) -> dict[str, Any]:
    loaded = yaml.load(path.read_text(), yaml.BaseLoader)  # noqa: S506  strings alone: the key "on" is no truth value
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_our_own_command_with_the_rights_it_needs(path: Path) -> None:
    workflow = read(path)
    assert set(workflow) == OF_A_WORKFLOW
    assert workflow["permissions"] == READS
    assert set(workflow["jobs"]) == set(JOBS[path.name])
    for name, job in workflow["jobs"].items():
        rights, commands = JOBS[path.name][name]
        assert set(job) <= OF_A_JOB
        assert 0 < int(job["timeout-minutes"]) <= 30
        assert job.get("permissions", READS) == rights
        assert all(set(step) <= OF_A_STEP and ("uses" in step) != ("run" in step) for step in job["steps"])
        used = [step for step in job["steps"] if "uses" in step]
        assert [step["uses"].partition("@")[0] for step in used] == [f"actions/{action}" for action in ACTIONS[name]]
        assert (used[0].get("with", {}).get("persist-credentials") == "false") == (rights == READS), "a token that nothing needs"
        assert [step["run"] for step in job["steps"] if "run" in step] == commands
        assert all(os.access(ROOT / command.split()[0], os.X_OK) for command in commands if command.startswith("."))
        secret = [step for step in job["steps"] if "token" in str(step.get("env", ""))]
        assert not secret or rights != READS
    used = re.findall(r"uses: (\S+) # v\d+\.\d+\.\d+\n", path.read_text())
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)
    assert len(used) == path.read_text().count("uses:")


def test_the_job_that_may_write_takes_the_lists_of_the_one_that_may_not() -> None:
    jobs = read(ROOT / ".github/workflows/locks.yml")["jobs"]
    given, taken = jobs["locks"]["steps"][-1]["with"], jobs["offer"]["steps"][1]["with"]
    assert jobs["offer"]["needs"] == "locks"
    assert (given["name"], given["path"]) == (taken["name"], "requirements*.txt")
    assert jobs["offer"]["steps"][-1]["run"].split()[1] == taken["path"]


def test_ci_runs_for_each_change_and_on_the_pythons_that_are_promised() -> None:
    workflow = read(ROOT / ".github/workflows/ci.yml")
    assert set(workflow["on"]) == {"push", "pull_request", "workflow_dispatch"}
    (job,) = workflow["jobs"].values()
    oldest = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    image = re.findall(r"^FROM python:(\d+\.\d+)", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert oldest
    assert job["strategy"]["matrix"]["python"] == [oldest[1], *dict.fromkeys(image)]


def test_what_dependabot_is_asked_for_is_there_and_is_not_pythons_packages() -> None:
    asked = read(ROOT / ".github/dependabot.yml")["updates"]
    assert [one["package-ecosystem"] for one in asked] == ["github-actions", "docker", "docker-compose"]
    assert all((ROOT / file).is_file() for file in (".github/workflows/ci.yml", "Dockerfile", "compose.yaml"))
    ignored = {entry["dependency-name"] for one in asked for entry in one.get("ignore", ())}
    images = re.findall(r"(?:FROM|image:) (\w+):", (ROOT / "Dockerfile").read_text() + (ROOT / "compose.yaml").read_text())
    assert ignored <= set(images)


@pytest.mark.process
def test_newer_locks_are_offered_once_and_ci_runs_on_them(tmp_path: Path) -> None:
    def run(*command: str) -> str:
        environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "OPEN": str(tmp_path / "open")}
        done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
        return done.stdout

    here, told, made = tmp_path / "here", tmp_path / "told", tmp_path / "made"
    tools = {
        here
        / ".venv-lock/bin/uv": 'for to; do :; done; [ ! -e newer ] || [ "$to" != requirements.txt ] || echo "one==2" > "$to"',
        tmp_path
        / "bin/gh": f'echo "$1 $2" >> {told}; [ "$2" != list ] || wc -l < "$OPEN"; [ "$2" != create ] || echo 13 >> "$OPEN"',
    }
    for tool, does in tools.items():
        tool.parent.mkdir(parents=True)
        tool.write_text(f"#!/bin/sh\n{does}\n")
        tool.chmod(0o755)
    (here / ".ci").mkdir()
    for file in ("Makefile", ".ci/offer-locks", ".gitignore"):
        shutil.copy(ROOT / file, here / file)
    for lists in ("requirements.txt", "requirements-lock.txt"):
        (here / lists).write_text("one==1\n")
    (tmp_path / "open").touch()
    run("git", "init", "--quiet", "--initial-branch=main")
    run("git", "init", "--quiet", "--bare", str(tmp_path / "there"))
    run("git", "remote", "add", "origin", str(tmp_path / "there"))
    run("git", "add", "--all")
    run("git", "-c", "user.name=Ana", "-c", "user.email=ana@acme.example", "commit", "--quiet", "--message", "First")

    def offered() -> str:
        """By the one job, of what the other made."""
        (here / ".venv-lock/.ready").touch()
        run("make", "lock", "UPGRADE=1")
        made.mkdir(exist_ok=True)
        for lists in here.glob("requirements*.txt"):
            shutil.copy(lists, made)
        run("git", "checkout", "--quiet", ".")
        return run(".ci/offer-locks", str(made))

    assert offered() == "nothing is newer\n"
    assert not told.exists()

    (here / "newer").touch()
    offered()
    assert told.read_text().splitlines() == ["pr list", "pr create", "workflow run"]
    assert run("git", "ls-remote", "origin", "newer-dependencies")
    assert run("git", "show", "--format=", "--name-only", "HEAD") == "requirements.txt\n"

    run("git", "reset", "--quiet", "--hard", "HEAD~1")  # a week later, the offer is still open
    offered()
    assert told.read_text().splitlines()[3:] == ["pr list", "workflow run"]
