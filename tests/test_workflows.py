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
RIGHTS = {"ci.yml": {"contents": "read"}, "locks.yml": {"contents": "write", "pull-requests": "write", "actions": "write"}}
RUNS = {"ci.yml": [".ci/run"], "locks.yml": [".ci/locks"]}
# GitHub's own names: docs.github.com, "Workflow syntax for GitHub Actions"
OF_A_WORKFLOW = {"name", "on", "permissions", "concurrency", "jobs"}
OF_A_JOB = {"runs-on", "timeout-minutes", "strategy", "permissions", "steps"}
OF_A_STEP = {"uses", "with", "run", "env"}


def read(path: Path) -> dict[str, Any]:
    loaded = yaml.load(path.read_text(), yaml.BaseLoader)  # noqa: S506  strings alone: the key "on" is no truth value
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_our_own_command_with_the_rights_it_needs(path: Path) -> None:
    workflow = read(path)
    assert set(workflow) == OF_A_WORKFLOW
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert set(job) <= OF_A_JOB
    assert 0 < int(job["timeout-minutes"]) <= 30
    assert job.get("permissions", workflow["permissions"]) == RIGHTS[path.name]
    assert all(set(step) <= OF_A_STEP and ("uses" in step) != ("run" in step) for step in job["steps"])
    assert [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step] == [
        "actions/checkout",
        "actions/setup-python",
    ]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands == RUNS[path.name]
    assert all(os.access(ROOT / command, os.X_OK) for command in commands)
    used = re.findall(r"uses: (\S+) # v\d+\.\d+\.\d+\n", path.read_text())
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)
    assert len(used) == path.read_text().count("uses:")


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

    here, told, newer = tmp_path / "here", tmp_path / "told", tmp_path / "newer"
    (here / ".ci").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    tools = {
        "uv": f'for to; do :; done; if [ -e {newer} ] && [ "$to" = requirements.txt ]; then echo "one==2" > "$to"; fi',
        "gh": f'echo "$1 $2" >> {told}; [ "$2" != list ] || wc -l < "$OPEN"; [ "$2" != create ] || echo 13 >> "$OPEN"',
    }
    for name, does in tools.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    for file in ("Makefile", ".ci/locks"):
        shutil.copy(ROOT / file, here / file)
    (here / "requirements.txt").write_text("one==1\n")
    (tmp_path / "open").touch()
    run("git", "init", "--quiet", "--initial-branch=main")
    run("git", "init", "--quiet", "--bare", str(tmp_path / "there"))
    run("git", "remote", "add", "origin", str(tmp_path / "there"))
    run("git", "add", "--all")
    run("git", "-c", "user.name=Ana", "-c", "user.email=ana@acme.example", "commit", "--quiet", "--message", "First")

    assert run(".ci/locks").endswith("nothing is newer\n")
    assert not told.exists()

    newer.touch()
    run(".ci/locks")
    assert told.read_text().splitlines() == ["pr list", "pr create", "workflow run"]
    assert run("git", "ls-remote", "origin", "newer-dependencies")
    assert run("git", "show", "--format=", "--name-only", "HEAD") == "requirements.txt\n"

    run("git", "reset", "--quiet", "--hard", "HEAD~1")  # a week later, the offer is still open
    run(".ci/locks")
    assert told.read_text().splitlines()[3:] == ["pr list", "workflow run"]
