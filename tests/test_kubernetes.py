"""The manifests in ops/kubernetes: Kubernetes takes them, and they agree with the image, the settings and the composition."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from bot.config.problems import problems
from bot.config.settings import Settings
from bot.config.version import VERSION
from bot.ops.cli import main
from bot.slack.web import ops_routes
from storage.sealing import new_key
from tests.deployments import (
    KUBERNETES,
    KUSTOMIZATION,
    ROOT,
    Manifest,
    assigned,
    command,
    compose,
    given,
    manifest,
    manifests,
    stages,
)

SCHEMA = json.loads((ROOT / "tests/data/kubernetes.schema.json").read_text())
IMAGE = stages()[-1]

POD = manifest("Deployment")["spec"]["template"]
(BOT,) = POD["spec"]["containers"]
(MIGRATE,) = POD["spec"]["initContainers"]
JOB = command()["spec"]["template"]
(COMMAND,) = JOB["spec"]["containers"]
PODMONITOR = (ROOT / "docs/operations.md").read_text().partition("kind: PodMonitor")[2].partition("```")[0]
PORTS = {port["name"]: port["containerPort"] for port in BOT["ports"]}


def faults(one: Manifest) -> list[str]:
    schema = {"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{SCHEMA['kinds'][one['kind']]}"}
    return [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(one)]


@pytest.mark.parametrize("one", [*manifests(), command()], ids=lambda one: str(one["kind"]))
def test_kubernetes_takes_each(one: Manifest) -> None:
    assert faults(one) == []


def test_the_rule_for_a_collector_is_one_once_it_is_no_comment() -> None:
    rules, collector = (KUBERNETES / "network.yaml").read_text().split("    # A collector of traces")
    policy = yaml.safe_load(rules + "    #" + re.sub("^    # ", "    ", collector, flags=re.MULTILINE))
    assert faults(policy) == []
    assert policy["spec"]["egress"] == [*manifest("NetworkPolicy")["spec"]["egress"], policy["spec"]["egress"][-1]]
    assert policy["spec"]["egress"][-1]["ports"] == [{"port": 4318}]


def test_a_slip_is_found() -> None:
    slipped = json.loads(json.dumps(manifest("Deployment")))
    slipped["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    slipped["spec"]["replicas"] = "two"
    assert len(faults(slipped)) == 2


@pytest.mark.process
def test_kustomize_puts_them_together(tmp_path: Path) -> None:
    if not shutil.which("kubectl"):
        pytest.skip("no kubectl")
    shutil.copytree(KUBERNETES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "secrets.env.example").rename(tmp_path / "secrets.env")
    kustomization = tmp_path / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("# - command.yaml", "- command.yaml"))
    words = ["kubectl", "kustomize", str(tmp_path)]
    built = list(yaml.safe_load_all(subprocess.run(words, capture_output=True, text=True, check=True).stdout))  # noqa: S603
    assert {one["kind"] for one in built} == {one["kind"] for one in manifests()} | {"ConfigMap", "Secret", "Job"}
    assert [fault for one in built for fault in faults(one)] == []
    (deployment,) = (one for one in built if one["kind"] == "Deployment")
    (bot,) = deployment["spec"]["template"]["spec"]["containers"]
    assert bot["image"] == f"pismo-onboarding-bot:{VERSION}"
    (asked,) = (one["spec"]["template"]["spec"]["containers"][0] for one in built if one["kind"] == "Job")
    assert [asked[name] for name in ("image", "env", "envFrom")] == [bot[name] for name in ("image", "env", "envFrom")]


def test_each_file_is_used_and_no_secret_is_among_them() -> None:
    generated = [file for one in KUSTOMIZATION["configMapGenerator"] for file in one.get("files", ())]
    (secrets,) = (one["envs"] for one in KUSTOMIZATION["secretGenerator"])
    used = {
        "kustomization.yaml",
        "command.yaml",
        *KUSTOMIZATION["resources"],
        *generated,
        *(f"{name}.example" for name in secrets),
    }
    assert {path.name for path in KUBERNETES.iterdir()} - set(secrets) == used
    assert {f"ops/kubernetes/{name}" for name in secrets} <= set((ROOT / ".gitignore").read_text().splitlines())


def test_filled_in_they_are_all_that_the_bot_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = {
        "SLACK_BOT_TOKEN": "xoxb-1-made-up",
        "SLACK_APP_TOKEN": "xapp-1-made-up",
        "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
        "SUPPORT_CHANNEL": "C0SUPPORT",
        "ENCRYPTION_KEYS": new_key(),
        "DATABASE_URL": "postgresql://onboarding:made-up@postgres/onboarding",
    }
    assert made_up.keys() == {name for name, value in given().items() if not value or "<" in value}
    assert {name.lower() for name in given()} <= set(Settings.model_fields)
    mounted = {volume["name"]: volume["mountPath"] for volume in BOT["volumeMounts"]}["policies"]
    policies = Path(given()["CONFIG_FILE"])
    assert str(policies.parent) == mounted
    for name, value in {**given(), **made_up, "CONFIG_FILE": str(KUBERNETES / policies.name)}.items():
        monkeypatch.setenv(name, value)
    assert problems(Settings()) == []


def test_both_containers_are_the_image_with_its_user_and_are_given_the_same() -> None:
    (image,) = KUSTOMIZATION["images"]
    assert (image["name"], image["newTag"]) == (compose()["services"]["bot"]["image"], VERSION)
    assert MIGRATE["args"] == compose()["services"]["migrate"]["command"]
    for container in (BOT, MIGRATE):
        assert container["image"] == image["name"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is compose()["services"]["bot"]["read_only"]
    same = ("env", "envFrom", "securityContext", "volumeMounts")
    assert [BOT[name] for name in same] == [MIGRATE[name] for name in same]
    user = POD["spec"]["securityContext"]
    assert f"{user['runAsUser']}:{user['runAsGroup']}" == dict(IMAGE)["USER"]


def test_a_command_has_what_the_bot_has_and_is_taken_for_none_of_its_processes() -> None:
    same = ("image", "env", "envFrom", "securityContext", "resources", "volumeMounts")
    assert [COMMAND[name] for name in same] == [BOT[name] for name in same]
    of_the_pod = ("automountServiceAccountToken", "enableServiceLinks", "securityContext", "volumes")
    assert [JOB["spec"][name] for name in of_the_pod] == [POD["spec"][name] for name in of_the_pod]
    assert set(COMMAND["args"]) <= main.commands.keys()
    selected = "app.kubernetes.io/component"
    assert command()["metadata"]["labels"][selected] == JOB["metadata"]["labels"][selected] != POD["metadata"]["labels"][selected]


def test_what_they_refer_to_is_there() -> None:
    made = {one["name"] for kind in ("configMapGenerator", "secretGenerator") for one in KUSTOMIZATION[kind]}
    sources = [source[kind]["name"] for source in BOT["envFrom"] for kind in source]
    (database,) = (variable["valueFrom"]["secretKeyRef"] for variable in BOT["env"])
    assert {*sources, database["name"], "policies"} == made
    assert database["key"] in given()
    assert {volume["name"] for volume in POD["spec"]["volumes"]} == {mount["name"] for mount in BOT["volumeMounts"]}


def test_ports_are_those_of_the_image_and_of_the_settings() -> None:
    ports = {"slack": assigned(IMAGE, "ENV")["PORT"], "ops": given()["OPS_PORT"]}
    assert ports == {name: str(port) for name, port in PORTS.items()}
    assert PORTS["slack"] == int(dict(IMAGE)["EXPOSE"])
    assert POD["metadata"]["annotations"]["prometheus.io/port"] == given()["OPS_PORT"]
    assert yaml.safe_load(PODMONITOR)["spec"]["podMetricsEndpoints"] == [{"port": "ops"}]
    assert {port["targetPort"] for port in manifest("Service")["spec"]["ports"]} == {"slack"}
    assert {port["port"] for rule in manifest("NetworkPolicy")["spec"]["ingress"] for port in rule["ports"]} == set(PORTS)


def test_probes_ask_what_the_bot_answers() -> None:
    async def well() -> dict[str, str]:
        return {}

    answered = {route.path for route in ops_routes(well)}
    probes = [BOT[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert {probe["path"] for probe in probes} <= answered
    assert {probe["port"] for probe in probes} == {"ops"}


def test_a_process_has_the_time_to_end_that_the_composition_gives_it() -> None:
    (*_, pause) = BOT["lifecycle"]["preStop"]["exec"]["command"]
    needs = int(pause) + int(compose()["services"]["bot"]["stop_grace_period"].removesuffix("s"))
    assert POD["spec"]["terminationGracePeriodSeconds"] >= needs


def test_they_select_the_bots_processes() -> None:
    labels = POD["metadata"]["labels"].items()
    selectors = [
        manifest("Deployment")["spec"]["selector"]["matchLabels"],
        manifest("Service")["spec"]["selector"],
        manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        yaml.safe_load(PODMONITOR)["spec"]["selector"]["matchLabels"],
        *(spread["labelSelector"]["matchLabels"] for spread in POD["spec"]["topologySpreadConstraints"]),
    ]
    assert all(selector and selector.items() <= labels for selector in selectors)


def test_the_rules_of_the_network_are_for_the_bots_processes_and_for_commands() -> None:
    (selected,) = manifest("NetworkPolicy")["spec"]["podSelector"]["matchExpressions"]
    assert selected["operator"] == "In"
    assert {template["metadata"]["labels"][selected["key"]] for template in (POD, JOB)} == set(selected["values"])
