"""How the bot is deployed: the Dockerfile, the composition and the manifests for Kubernetes, read."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parent.parent
KUBERNETES = ROOT / "ops/kubernetes"
KUSTOMIZATION = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())

Manifest = dict[str, Any]


class Instruction(NamedTuple):
    name: str
    rest: str


def stages() -> list[list[Instruction]]:
    """Of the Dockerfile, continued lines joined; each begins with its FROM."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", "")
    found: list[list[Instruction]] = []
    for line in filter(str.strip, text.splitlines()):
        instruction = Instruction(*line.split(maxsplit=1))
        if instruction.name == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


def copied(stage: list[Instruction], variables: dict[str, str]) -> dict[str, str]:
    """What is copied of this folder, and to where, seen from WORKDIR: a file's or folder's name by its own."""
    found: dict[str, str] = {}
    for name, rest in stage:
        if name == "COPY" and not rest.startswith("--"):
            *sources, to = shlex.split(Template(rest).safe_substitute(variables))
            found |= {source: f"{to}{source}" if to.endswith("/") else to for source in sources}
    return found


def assigned(stage: list[Instruction], *names: str, **known: str) -> dict[str, str]:
    """The variables that ENV, ARG or LABEL set, as ``names`` says; ``known``: those that they may refer to."""
    found: dict[str, str] = {}
    for name, rest in stage:
        if name in names:
            pairs = (pair.partition("=") for pair in shlex.split(rest))
            found |= {key: Template(value).safe_substitute(known) for key, _, value in pairs}
    return found


def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def manifests() -> Iterator[Manifest]:
    for name in KUSTOMIZATION["resources"]:
        yield from yaml.safe_load_all((KUBERNETES / name).read_text())


def manifest(kind: str) -> Manifest:
    (found,) = (one for one in manifests() if one["kind"] == kind)
    return found


def command() -> Manifest:
    """The Job that is applied by itself, for one command of the bot."""
    loaded = yaml.safe_load((KUBERNETES / "command.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def given() -> dict[str, str]:
    """What the manifests give each process; secrets are empty."""
    (settings,) = (one["literals"] for one in KUSTOMIZATION["configMapGenerator"] if one["name"] == "onboarding")
    secrets = (KUBERNETES / "secrets.env.example").read_text().splitlines()
    lines = [*settings, *(line for line in secrets if line and not line.startswith("#"))]
    return dict(line.split("=", 1) for line in lines)
