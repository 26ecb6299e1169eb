"""The dashboard and the alerts ask only for what the bot tells at /metrics, for all of it, and are told in the documents."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import promql_parser as promql
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.telemetry import metrics
from playground.grafana import panels
from tests.bot.workplace import Workplace

ROOT = Path(__file__).parents[3]
OPS = ROOT / "ops"
OPERATIONS = (ROOT / "docs/operations.md").read_text()
PROMTOOL = shutil.which("promtool")

Told = Mapping[str, Mapping[str, set[str]]]
"""By a sample's name, the values of each of its labels."""
TARGET: Mapping[str, set[str]] = {"job": set(), "instance": set()}
"""Labels that Prometheus adds, with any value."""


def rules() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load((OPS / "alerts.yaml").read_text())["groups"]:
        yield from group["rules"]


def questions() -> Iterator[tuple[str, str, set[str]]]:
    """Where it is asked, the expression, and the labels of the answer that are shown."""
    for panel in panels("5m"):
        for query in panel.queries:
            yield panel.title, query.expression, set(re.findall(r"{{(\w+)}}", query.legend))
    for rule in rules():
        yield rule["alert"], rule["expr"], set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))


async def told_by(place: Workplace) -> Told:
    """By a bot that has done something of all kinds that have a label."""
    await place.begin()
    async with httpx.AsyncClient() as web:
        text = (await web.get(f"{place.url}/metrics")).text
    found: dict[str, dict[str, set[str]]] = {"up": {}}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return found


def selectors(expression: str) -> tuple[list[promql.VectorSelector], set[str]]:
    """And the labels that are grouped by."""
    found, groups = list[promql.VectorSelector](), set[str]()

    def visit(node: promql.Expr) -> None:
        match node:
            case promql.VectorSelector():
                found.append(node)
            case promql.MatrixSelector():
                found.append(node.vector_selector)
            case promql.AggregateExpr() if node.modifier is not None:
                groups.update(node.modifier.labels)

    promql.walk(promql.parse(expression), visit)
    return found, groups


def wrong(expression: str, shown: set[str], told: Told) -> Iterator[str]:
    used, groups = selectors(expression)
    known = set(TARGET)
    for selector in used:
        name = selector.name or ""
        if name not in told:
            yield f"{name} is not told"
            continue
        labels = {**told[name], **TARGET}
        known |= set(labels)
        for matcher in selector.matchers.matchers:
            if matcher.name not in labels:
                yield f"{name} has no label {matcher.name}"
            elif matcher.name not in TARGET:
                yield from (
                    f"{name} never has {matcher.name}={value}"
                    for value in matcher.value.split("|")
                    if value not in labels[matcher.name]
                )
    yield from (f"nothing has a label {label}" for label in (groups | shown) - known)
    if groups:
        yield from (f"{label} is shown and was added up" for label in shown - groups - set(TARGET))


async def test_dashboard_and_alerts_ask_for_what_is_told_and_for_all_of_it(place: Workplace) -> None:
    told = await told_by(place)
    assert [(where, fault) for where, expression, shown in questions() for fault in wrong(expression, shown, told)] == []
    shown = {selector.name for panel in panels("5m") for query in panel.queries for selector in selectors(query.expression)[0]}
    for family in text_string_to_metric_families(metrics.text()[0].decode()):
        assert shown & {sample.name for sample in family.samples}, f"{family.name} is in no panel"
    for misspelt in (
        "rate(onboarding_ack_total[5m])",
        'sum(onboarding_acks_total{outcome="broken"})',
        "sum by (customer) (onboarding_acks_total)",
        'onboarding_effects_total{kind=~"say|sing"}',
    ):
        assert list(wrong(misspelt, set(), told)) != [], misspelt


def test_each_alert_says_what_to_do_and_is_in_the_operators_table() -> None:
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", OPERATIONS, flags=re.MULTILINE)}
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}, rule["alert"]
        assert {"summary", "description"} < rule["annotations"].keys(), rule["alert"]
        path, _, heading = rule["annotations"]["runbook_url"].partition("#")
        assert (path, heading in headings) == ("docs/operations.md", True), rule["alert"]
    about = {rule["alert"]: {selector.name for selector in selectors(rule["expr"])[0]} - {"up"} for rule in rules()}
    told: dict[str, set[str]] = {}
    for metrics_named, alerts in re.findall(
        r"^\| (`(?:onboarding|process|python)_[^|]*)\|[^|]*\|([^|]*)\|$", OPERATIONS, re.MULTILINE
    ):
        for alert in re.findall(r"`(\w+)`", alerts):
            told.setdefault(f"Onboarding{alert}", set()).update(re.findall(r"`(\w+)`", metrics_named))
    assert set(told) == {alert for alert, names in about.items() if names}
    for alert, names in told.items():
        bases = {re.sub(r"_(bucket|count)$", "", name or "") for name in about[alert]}
        assert bases - {"onboarding_build_info"} <= names, alert  # by it, the bot's processes are told from others


@pytest.mark.process
@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not here; on Debian: apt-get install prometheus")
def test_prometheus_takes_the_rules_and_they_fire_when_they_should() -> None:
    for command in (("check", "config", "prometheus.yaml"), ("test", "rules", "alerts.test.yaml")):
        done = subprocess.run([PROMTOOL or "", *command], cwd=OPS, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stdout + done.stderr
