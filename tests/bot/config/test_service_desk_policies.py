"""The names of the access request's form are configurable; its texts are short enough, and every reason to give up has one."""

from dataclasses import replace
from typing import Any

import pytest

from bot.config.policies import PolicyError, parse
from bot.config.service_desk import ServiceDeskPolicies
from bot.messages.texts import languages, table
from flows.forms.step import Filing, Situation
from flows.journey import JOURNEYS
from flows.steps.service_desk import request
from pismo.jsm_errors import ServiceDeskFault
from playground.service_desk import CHOICES


def test_names_and_pace_are_configured() -> None:
    desk = parse(
        {
            "service_desk": {
                "follow_every": "5 min",
                "search_lag": 30,
                "statuses": {"pending": ["Waiting for you"], "declined": ["Won't fix"]},
                "pt_BR": {"choices": {"webhooks": "Integração > Webhooks"}},
                "en": {"desk": "SDEN", "fields": {"Share with": "Pismo"}, "subtypes": {"status_page": "Status"}},
            }
        }
    ).service_desk
    assert (desk.follow_seconds, desk.lag_seconds) == (300, 30)
    assert (desk.names["en"].desk, desk.names["en"].request_type) == ("SDEN", "Settings")
    assert (desk.names["en"].subtypes["status_page"], desk.names["en"].subtypes["service_desk"]) == (
        "Status",
        "Service Desk Portal",
    )
    usual = ServiceDeskPolicies().names["pt_BR"]
    assert desk.names["pt_BR"] == replace(usual, choices={**usual.choices, "webhooks": "Integração > Webhooks"})
    assert (desk.statuses.phase("waiting for  YOU"), desk.statuses.phase("PENDING")) == ("pending", "")
    assert desk.statuses.validating == ServiceDeskPolicies().statuses.validating
    statuses: tuple[Any, ...] = ({"pending": "PENDING"}, {"closed": ["x"]}, {"declined": [""]}, ["x"])
    for wrong in statuses:
        with pytest.raises(PolicyError, match=r"service_desk\.statuses"):
            parse({"service_desk": {"statuses": wrong}})
    for wrong in (
        {"choices": {"root": "x"}},
        {"desk": ""},
        {"desks": "x"},
        {"fields": {"x": 1}},
        {"subtypes": {"root": "x"}},
        {"subtypes": "x"},
        "x",
    ):
        with pytest.raises(PolicyError, match=r"service_desk\.en"):
            parse({"service_desk": {"en": wrong}})


def test_a_summary_is_one_short_line_whatever_the_customer_is_called() -> None:
    situation = Situation(now=None, today=None, customer="A\nvery " + "long " * 90 + "name", language="en", timezone="UTC")  # type: ignore[arg-type]
    summary, _ = request(situation, "slack_connect", Filing("3f9c2a7b1d0e4c55", ["a@b.example"]))
    assert len(summary) <= 255
    assert "\n" not in summary
    assert summary.endswith("Slack Connect (3f9c2a7b1d0e4c55)")


@pytest.mark.parametrize("language", languages())
def test_every_reason_has_its_words(language: str) -> None:
    named = ("desk", "request_type", "field", "option", "required", "index")
    keys = {f"why.desk_{key}" for key in (*ServiceDeskFault, *named)}
    assert keys <= table(language).keys()


def test_every_request_has_a_configured_name_and_the_demos_desk_knows_it() -> None:
    requests = [step.desk_request for made in JOURNEYS.versions.values() for step in made.steps.values() if step.desk_request]
    resources = {resource for request in requests for resource in request.resources}
    usual = ServiceDeskPolicies().names["en"]
    assert resources == {*usual.subtypes, *usual.choices}
    assert CHOICES.keys() == usual.choices.keys()


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        (["CLOSED"], "resolved"),
        (["NEW", "IN DEV", "VALIDATING", "CLOSED"], "resolved"),
        (["NEW", "PENDING", "NEW", "VALIDATING", "CLOSED"], "resolved"),
        (["NEW", "PENDING", "VALIDATING", "CLOSED"], "lapsed"),
        (["NEW", "PENDING", "Closed"], "lapsed"),
        (["NEW", "Cancelado"], "declined"),
        (["PENDING", "Won't do"], "declined"),
    ],
)
def test_how_a_ticket_ended_is_told_by_what_it_went_through(history: list[str], outcome: str) -> None:
    assert ServiceDeskPolicies().statuses.outcome(history) == outcome
