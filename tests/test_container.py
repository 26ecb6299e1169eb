"""What can be checked of the image and the composition without building them; `tests.test_image_by_hand` carries out what they say."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.config.settings import Settings
from bot.config.version import VERSION
from bot.ops.cli import main
from tests.deployments import assigned, compose, copied, stages

ROOT = Path(__file__).parent.parent
BUILD, LAST = stages()


def variables() -> set[str]:
    return {name.upper() for name in Settings.model_fields}


def test_the_image_has_a_python_whose_sqlite_suits_the_job_engine() -> None:
    assert [stage[0].rest.split()[0] for stage in (BUILD, LAST)] == ["python:3.13-slim-trixie"] * 2


def test_it_installs_locked_wheels_in_the_first_stage_and_nothing_in_the_last() -> None:
    installs = re.findall(r"pip \S+ \S+ install ([^&]+)", " ".join(rest for name, rest in BUILD if name == "RUN"))
    assert len(installs) == 3
    for options in installs:
        assert {"--only-binary", ":all:", "--require-hashes"} <= set(options.split()) or "--no-index" in options
    own = " ".join(rest for name, rest in LAST if name == "RUN")
    assert not re.search(r"apt-get|pip3? install|gcc|build", own)


def test_it_runs_as_a_user_without_rights_and_keeps_the_database_in_a_volume() -> None:
    stage = dict(LAST)
    assert stage["USER"] == "10001:10001"
    assert stage["VOLUME"] == stage["WORKDIR"] == "/data"
    assert stage["EXPOSE"] == "3000"
    assert "sqlite+aiosqlite:////data/" in stage["ENV"]
    names = [name for name, _ in LAST]
    assert names.index("USER") > max(number for number, name in enumerate(names) if name in ("RUN", "COPY"))


def test_what_the_image_runs_is_the_command_of_the_package() -> None:
    stage = dict(LAST)
    (command,) = json.loads(stage["ENTRYPOINT"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert command in project["scripts"]
    for arguments in (json.loads(stage["CMD"]), compose()["services"]["migrate"]["command"]):
        assert CliRunner().invoke(main, [*arguments, "--help"]).exit_code == 0


def test_its_labels_say_version_and_licence() -> None:
    labels = assigned(LAST, "LABEL")
    assert labels["org.opencontainers.image.version"] == VERSION
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_the_build_sees_what_it_copies_and_no_secrets() -> None:
    taken = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    choices = ("requirements.txt", "requirements-telemetry.txt")
    assert taken == {name for choice in choices for name in copied(BUILD, {"REQUIREMENTS": choice})}
    assert all((ROOT / name).exists() for name in taken)


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


def test_what_is_set_in_the_environment_names_what_the_composition_asks_for() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    assert asked <= set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("setting", sorted(variables()))
def test_the_example_of_the_environment_names_every_setting(setting: str) -> None:
    assert re.search(rf"^(# )?{setting}=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)


def test_the_example_of_the_environment_names_nothing_else() -> None:
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    assert named - variables() == {"COMPOSE_PROFILES", "POSTGRES_PASSWORD", "PUBLISHED", "REQUIREMENTS"}
