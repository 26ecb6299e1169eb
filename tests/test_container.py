"""What can be checked of the image and the composition without building them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from bot.config.settings import Settings
from bot.ops.cli import main

ROOT = Path(__file__).parent.parent


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", "")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    begins = [number for number, (name, _) in enumerate(found) if name == "FROM"]
    return found[begins[-1] :]


def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def variables() -> set[str]:
    return {name.upper() for name in Settings.model_fields}


def test_the_image_has_a_python_whose_sqlite_suits_the_job_engine() -> None:
    images = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    assert images == ["python:3.13-slim-trixie"] * 2


def test_it_installs_locked_wheels_in_the_first_stage_and_nothing_in_the_last() -> None:
    runs = " ".join(rest for name, rest in instructions() if name == "RUN")
    assert "--require-hashes" in runs
    assert "--only-binary :all:" in runs
    own = " ".join(rest for name, rest in last_stage() if name == "RUN")
    assert not re.search(r"apt-get|pip|gcc|build", own)


def test_it_runs_as_a_user_without_rights_and_keeps_the_database_in_a_volume() -> None:
    stage = dict(last_stage())
    assert stage["USER"] == "onboarding"
    assert stage["VOLUME"] == "/data"
    assert stage["EXPOSE"] == "3000"
    assert "sqlite+aiosqlite:////data/" in stage["ENV"]
    names = [name for name, _ in last_stage()]
    assert names.index("USER") > max(number for number, name in enumerate(names) if name in ("RUN", "COPY"))


def test_its_health_is_asked_with_python_and_the_code_compiles() -> None:
    options, _, command = dict(last_stage())["HEALTHCHECK"].partition("CMD ")
    assert "--timeout=3s" in options
    program, flag, code = json.loads(command)
    assert (program, flag) == ("python", "-c")
    compile(code, "healthcheck", "exec")
    assert "/healthz" in code


def test_what_the_image_runs_is_a_command_of_the_bot() -> None:
    stage = dict(last_stage())
    assert json.loads(stage["ENTRYPOINT"]) == ["python", "-m", "bot"]
    for arguments in (json.loads(stage["CMD"]), compose()["services"]["migrate"]["command"]):
        assert CliRunner().invoke(main, [*arguments, "--help"]).exit_code == 0


def test_the_build_sees_what_it_copies_and_no_secrets() -> None:
    taken = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {rest.split()[0] for name, rest in instructions() if name == "COPY" and not rest.startswith("--from")}
    assert copied == taken
    assert all((ROOT / name).exists() for name in copied)


def test_every_package_of_the_bot_is_in_the_image() -> None:
    copied = {rest.split()[0] for name, rest in last_stage() if name == "COPY"}
    assert {"bot", "flows", "pismo", "storage"} <= copied


def test_the_composition_has_what_compose_knows() -> None:
    known = {
        *("build", "cap_drop", "command", "depends_on", "env_file", "environment", "healthcheck", "image", "ports", "profiles"),
        *("read_only", "restart", "security_opt", "stop_grace_period", "tmpfs", "volumes"),
    }
    one = compose()
    assert set(one) == {"name", "x-bot", "services", "volumes"}
    for service in one["services"].values():
        assert set(service) <= known
        mounted = {str(volume).partition(":")[0] for volume in service.get("volumes", [])}
        assert mounted <= set(one["volumes"])
        assert set(service.get("depends_on", {})) <= set(one["services"])


def test_the_bot_is_started_again_and_postgresql_is_optional() -> None:
    services = compose()["services"]
    assert services["bot"]["restart"] == "unless-stopped"
    assert [name for name, service in services.items() if "profiles" in service] == ["postgres"]
    assert services["migrate"]["depends_on"]["postgres"]["required"] is False


@pytest.mark.parametrize("setting", sorted(variables()))
def test_the_example_of_the_environment_names_every_setting(setting: str) -> None:
    assert re.search(rf"^(# )?{setting}=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)


def test_the_example_of_the_environment_names_nothing_else() -> None:
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    assert named - variables() == {"POSTGRES_PASSWORD"}
