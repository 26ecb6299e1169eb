"""What production lacks compared to test, from the records, for customers whose journey doesn't lead there; see test_lane for others."""

from datetime import UTC, datetime
from typing import Any

from flows.cases.parity import ParityRow, parity
from flows.forms.parity import ParityState
from flows.forms.step import Situation
from flows.journey import FIRST
from flows.steps.authentication import proofs

NOW = datetime(2026, 3, 9, 13, tzinfo=UTC)
LINES = [{"check": "programs", "outcome": "passed", "params": {"count": 2}}]


def rows(**known: Any) -> dict[str, ParityRow]:
    return {row.what: row for row in parity(Situation(NOW, NOW.date(), "Acme Bank", "en", "UTC", **known), FIRST)}


def proof(environment: str) -> dict[str, Any]:
    return {"items": {proofs.PROVE: [("p", {"environment": environment, "lines": LINES})]}}


ORG = {"organization.record_org_id": {"org_id": "TN-1"}}


def test_at_the_beginning_nothing_is_there() -> None:
    found = rows()
    assert {row.test.state for row in found.values()} == {ParityState.MISSING, ParityState.UNKNOWN}
    assert all(row.lacks for row in found.values())
    assert [row.what for row in found.values() if row.takes_long] == ["environment", "users", "certificate"]


def test_a_proof_shows_what_is_there_in_its_environment_alone() -> None:
    found = rows(done=ORG, **proof("test"))
    assert {what for what, row in found.items() if row.test.state is ParityState.THERE} == {
        "organization",
        "program",
        "key",
        "proof",
    }
    assert found["program"].test.params == {"count": 2}
    assert found["organization"].production.state is ParityState.UNKNOWN
    assert found["proof"].production.state is ParityState.MISSING


def test_production_s_access_is_under_way_from_the_day_it_is_asked_for() -> None:
    asked = {"environments": {"production_from": "2026-05-04"}}
    cell = rows(answers=asked)["environment"].production
    assert (cell.state, cell.params) == (ParityState.MISSING, {"date": "2026-05-04"})
    ready = {"environments.production_ready": {"base_url": "https://pismo.example"}}
    assert not rows(answers=asked, done=ready)["environment"].lacks


def test_users_are_counted_in_each_environment() -> None:
    grants = [
        ("control_center_test", "a@bank.example", "confirmed"),
        ("control_center_production", "a@bank.example", "confirmed"),
        ("control_center_production", "b@bank.example", "invited"),
        ("control_center_production", "c@bank.example", "withdrawn"),
    ]
    users = rows(grants=grants)["users"]
    assert users.test.state is ParityState.THERE
    assert (users.production.state, users.production.params) == (ParityState.MISSING, {"inside": 1, "count": 2})


def test_a_certificate_is_production_s_once_it_was_proved_there() -> None:
    done = {**ORG, "authentication.attach_certificate": {"expires_on": "2027-01-31"}}
    known = {"answers": {"authentication": {"mtls": "csr", "method": "basic"}}, "done": done}
    assert rows(**known)["certificate"].test.params == {"date": "2027-01-31"}
    assert rows(**known)["certificate"].production.state is ParityState.UNKNOWN
    assert not rows(**known, **proof("production"))["certificate"].lacks


def test_all_there() -> None:
    both = {"items": {proofs.PROVE: [(name, {"environment": name, "lines": LINES}) for name in ("test", "production")]}}
    done = {
        **ORG,
        "environments.test_ready": {},
        "environments.production_ready": {},
        "authentication.hand_over_pair": {"expires_on": "2027-01-31"},
    }
    grants = [(f"control_center_{name}", "a@bank.example", "confirmed") for name in ("test", "production")]
    answers = {"authentication": {"mtls": "pismo_pair", "method": "basic"}}
    assert not [row.what for row in rows(answers=answers, done=done, grants=grants, **both).values() if row.lacks]
