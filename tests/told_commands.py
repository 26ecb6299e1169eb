"""Every command that README, docs and their like tell somebody to type, and where it is carried out: the one table of it.

`test_commands_in_docs.py` collects the commands, runs those of `HERE` and holds all of them against this. A new command in a page belongs
into one of the four. ``python -m bot`` and ``pismo-onboarding`` count as the same, so do ``python`` and ``.venv/bin/python``, and a
task of make with any variables; what follows a ``#`` does not count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Typed:
    """``says``: a part of what it prints. ``answer``: to what it asks."""

    command: str
    says: str = ""
    answer: str = ""


FILLED_IN = "the file of settings was filled in"
STARTED = "the bot runs, and an onboarding has begun"
STOPPED = "the bot was told to end"

HERE: Sequence[Typed | str] = (
    # README: a real workspace
    Typed("install -m 600 .env.example ~/onboarding/.env"),
    FILLED_IN,
    Typed("cd ~/onboarding && . .venv/bin/activate"),
    Typed("pismo-onboarding --help", "Usage: "),
    Typed("pismo-onboarding keys new --to onboarding.keys", "ok: the key "),
    Typed("pismo-onboarding manifest", '"display_information"'),
    Typed("pismo-onboarding manifest --http https://onboarding.example.com", "https://onboarding.example.com/slack/events"),
    Typed("pismo-onboarding migrate", "ok: migrated from empty"),
    Typed("pismo-onboarding check", "ok: "),
    Typed("pismo-onboarding run"),
    STARTED,
    # operations: backup, keys, evidence packs, the log, while the bot runs
    Typed("pismo-onboarding backup backup.db", "ok: backup.db holds the database"),
    Typed("pismo-onboarding repair CUSTOMER", "ok: once the bot runs"),
    Typed("pismo-onboarding verify-log", "ok: audit logs verified: 1 onboarding"),
    Typed("pismo-onboarding verify-log --save heads.json", "ok: audit logs verified"),
    Typed(
        "pismo-onboarding verify-log --since heads.json --save heads.json.new && mv heads.json.new heads.json",
        "ok: audit logs verified",
    ),
    Typed("pismo-onboarding keys new", ":"),
    Typed("pismo-onboarding keys rotate", "ok: everything is encrypted"),
    Typed("pismo-onboarding keys public", "(signs), fingerprint"),
    Typed("pismo-onboarding export CUSTOMER", ".zip"),
    Typed("pismo-onboarding export CUSTOMER -o acme.zip", "acme.zip"),
    Typed("pismo-onboarding verify-pack acme.zip --fingerprint 3f747e20458491e6f5e6727e6d570cf0", "VERIFIED"),
    Typed("pismo-onboarding accept-log ONBOARDING", "ok: nothing is wrong with it"),
    Typed("pismo-onboarding erase CUSTOMER", "ok: the personal data of", answer="y"),
    STOPPED,
    Typed("pismo-onboarding restore backup.db", "ok: backup.db is the database now", answer="y"),
    Typed("pismo-onboarding after-restore", "ok: once the bot runs"),
    # operations: a backup is looked into elsewhere
    Typed("export DATABASE_URL=sqlite+aiosqlite:///looked-into.db"),
    Typed("pismo-onboarding restore backup.db --yes", "ok: backup.db is the database now"),
    Typed("pismo-onboarding export CUSTOMER -o looked-into.zip", "looked-into.zip"),
    Typed("pismo-onboarding verify-pack looked-into.zip", "VERIFIED"),
)
"""Carried out by `test_commands_in_docs.py`, in this order, in one folder."""

AS: Mapping[str, str] = {
    "pismo-onboarding manifest --http https://<your host>": "pismo-onboarding manifest --http https://onboarding.example.com",
    "pismo-onboarding keys new --to FILE": "pismo-onboarding keys new --to onboarding.keys",
    "make run": "pismo-onboarding run",
    "make check": "pismo-onboarding check",
}
"""Carried out as one of `HERE`: what is left open in it is filled in there, or make runs the same."""

CI = ".ci/run"
REHEARSED = ("tests/playground/test_rehearsal.py", "from playground.rehearse import rehearse")
DEMO = ("tests/e2e/test_the_demo.py", "playground.demo")
WHEEL = ("tests/test_package.py", '"install", "-q", "--no-index", "--no-deps"')
RULES = ("tests/bot/telemetry/test_watching.py", '"alerts.test.yaml"')
ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "make setup": (CI, "make setup"),
    "make manifest": ("tests/test_manifest.py", "manifest.json"),
    "python3 -m venv ~/onboarding/.venv": ("tests/test_package.py", "venv.create("),
    "pismo-onboarding --version": ("tests/test_package.py", '"--version"'),
    "promtool test rules ops/alerts.test.yaml": RULES,
    "kubectl kustomize ops/kubernetes": ("tests/test_kubernetes.py", '["kubectl", "kustomize"'),
    'eval "$(_PISMO_ONBOARDING_COMPLETE=bash_source pismo-onboarding)"': ("tests/test_package.py", "_PISMO_ONBOARDING_COMPLETE"),
    "make drill": ("tests/test_restored_backup.py", "playground.drill"),
    "make lint": (CI, "make -j2 lint types test audit"),
    "make types": (CI, "make -j2 lint types test audit"),
    "make test": (CI, "make -j2 lint types test audit"),
    "make audit": (CI, "make -j2 lint types test audit"),
    "make demo": DEMO,
    "make rehearse": REHEARSED,
    "make help": ("tests/test_commands_in_docs.py", '["make", "help"]'),
    "make texts": ("tests/test_commands_in_docs.py", "side_by_side.page()"),
    "pismo-onboarding keys forget ID": ("tests/bot/ops/test_maintenance.py", '"keys", "forget"'),
    ".venv/bin/python -m playground.rehearse --to training": (
        "tests/test_adding_a_step.py",
        '"playground.rehearse", "--to", "training"',
    ),
    ".venv/bin/python -m playground.demo --help": ("tests/playground/test_demo.py", "demo.arguments("),
    ".venv/bin/python -m playground.count": ("tests/playground/test_count.py", "playground.count"),
    "apt-get install python3-venv make chromium postgresql": (CI, "lacks+=(python3-venv)"),
}
"""Carried out by another test or by the CI: the file, and what stands in it."""

SAME = "the tests of `make test`, chosen by their marks"
MINUTES = "takes minutes or hours, and measures"
ENGINE = "needs a container engine"
CLUSTER = "needs a cluster"
INDEX = "fetches from a package index"
SHELL = "needs that shell; bash's line is tried"
ROOT = "needs root, and changes the machine"
WITH_HATCHLING = INDEX + f" what builds the package; `{WHEEL[0]}` builds it with what is here, and installs that"
MENTION = "explains something, and is not to be typed"
NOT_HERE: Mapping[str, str] = {
    "make quick": SAME,
    "make soak": MINUTES,
    "make bench": MINUTES,
    ".venv/bin/python -m bench.walk": MINUTES,
    ".venv/bin/python -m playground.crowd 1000 --serve": "takes a minute of processor time",
    "make screenshots": "rewrites the pictures of the README",
    "make dashboard": "needs Prometheus, and rewrites a picture of the docs",
    "kubectl rollout undo": CLUSTER,
    "kubectl apply --kustomize ops/kubernetes": CLUSTER,
    "kubectl --namespace onboarding rollout status deployment/onboarding": CLUSTER,
    "kubectl --namespace onboarding exec deployment/onboarding --container bot -- pismo-onboarding verify-log": CLUSTER,
    "kubectl --namespace onboarding wait --for=delete pod --selector app.kubernetes.io/component=bot --timeout=60s": CLUSTER,
    "kubectl --namespace onboarding logs --follow --pod-running-timeout=60s job/command": CLUSTER,
    "kubectl --namespace onboarding delete job/command": CLUSTER,
    "install -m 600 secrets.env.example secrets.env": CLUSTER + " to be of use",
    "make image": ENGINE,
    "docker run": ENGINE,
    "docker stop": ENGINE,
    "docker compose build": ENGINE,
    "docker compose up --detach --scale bot=2": ENGINE,
    "make format": "rewrites the code; `make lint` says whether it would",
    "make lock": INDEX,
    "make sbom": INDEX,
    ".ci/cities FOLDER": INDEX,
    "~/onboarding/.venv/bin/pip install --require-hashes -r requirements.txt": INDEX,
    "/opt/onboarding/.venv/bin/pip install --require-hashes -r requirements.txt": INDEX,
    "/opt/onboarding/.venv/bin/pip install --require-hashes -r requirements-telemetry.txt": INDEX,
    "pip install .": WITH_HATCHLING,
    "~/onboarding/.venv/bin/pip install --no-deps .": WITH_HATCHLING,
    "/opt/onboarding/.venv/bin/pip install --no-deps .": WITH_HATCHLING,
    "docker build --build-arg REQUIREMENTS=requirements-telemetry.txt .": ENGINE,
    "useradd --system --user-group --home-dir /opt/onboarding --shell /usr/sbin/nologin onboarding": ROOT,
    "install -d -m 700 -o onboarding -g onboarding /opt/onboarding": ROOT,
    "install -m 600 -o onboarding -g onboarding .env.example /etc/onboarding.env": ROOT,
    "sudo -u onboarding ENV_FILE=/etc/onboarding.env /opt/onboarding/.venv/bin/pismo-onboarding check": ROOT,
    "systemctl enable --now onboarding": ROOT,
    "apt-get install git make python3-venv": ROOT + "; `.ci/run` installs what it lacks likewise",
    "slack run": "needs a login at Slack; `tests/test_slack_cli.py` asks the hooks as it does",
    "otelcol --config collector.yaml": "needs OpenTelemetry's collector",
    "createuser --pwprompt --createdb onboarding": "needs a server's administrator; the tests of PostgreSQL make databases by SQL",
    "createdb --owner onboarding onboarding": "needs a server's administrator; the tests of PostgreSQL make databases by SQL",
    "docker run --rm pismo-onboarding-bot keys new": ENGINE,
    'eval "$(_PISMO_ONBOARDING_COMPLETE=zsh_source pismo-onboarding)"': SHELL,
    "_PISMO_ONBOARDING_COMPLETE=fish_source pismo-onboarding | source": SHELL,
    "install -m 600 .env.example .env": ENGINE + " to be of use",
    "docker compose up --detach": ENGINE,
    "docker compose up --build --detach": ENGINE,
    "docker compose run --rm --no-deps bot verify-log": ENGINE,
    "docker compose run --rm --no-deps bot export CUSTOMER -o /data": ENGINE,
    "docker compose run --rm --no-deps bot backup /data/backup.db": ENGINE,
    "docker compose stop bot": ENGINE,
    "docker compose run --rm --no-deps bot after-restore": ENGINE,
    "docker compose run --rm --no-deps migrate": ENGINE,
    "docker compose run --rm --no-deps -T --entrypoint sh bot -c 'umask 077; cat > /data/backup.db' < backup.db": ENGINE,
    "docker compose cp bot:/data/backup.db .": ENGINE,
    "docker compose run --rm --no-deps --entrypoint rm bot /data/backup.db": ENGINE,
    "docker compose cp": MENTION,
    "docker compose exec -T postgres pg_dump -U onboarding --format=custom onboarding > backup.dump": ENGINE,
    "docker compose exec -T postgres psql -U onboarding -d postgres -c 'ALTER DATABASE onboarding RENAME TO before'": ENGINE,
    "docker compose exec -T postgres createdb -U onboarding onboarding": ENGINE,
    "docker compose exec -T postgres pg_restore -U onboarding --no-owner --exit-on-error --dbname=onboarding < backup.dump": ENGINE,
    "docker compose run --rm --no-deps bot restore /data/backup.db": ENGINE,
    "docker buildx imagetools inspect python:3.13-slim-trixie --format '{{.Manifest.Digest}}'": ENGINE + ", and a registry",
    "openssl -text": MENTION,
    "openssl verify -purpose sslclient": MENTION,
    "pg_dump --format=custom": "needs a PostgreSQL of the operator's",
    "umask 077": "changes the shell, and is for a copy made by hand",
    ".venv/bin/python -m pytest tests/bot/jobs -k nudge": SAME,
}
"""Not executable here, and why."""
