"""The names of the access request's form are configurable; its texts are short enough, and every reason to give up has one."""

import pytest

from bot.config.policies import PolicyError, parse
from bot.config.service_desk import ServiceDeskPolicies
from bot.messages.texts import languages, table
from flows.forms.step import Filing, Situation
from flows.steps.service_desk import request
from pismo.jsm_errors import ServiceDeskFault


def test_names_and_pace_are_configured() -> None:
    desk = parse(
        {
            "service_desk": {
                "follow_every": "5 min",
                "search_lag": 30,
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
    assert desk.names["pt_BR"] == ServiceDeskPolicies().names["pt_BR"]
    for wrong in ({"desk": ""}, {"desks": "x"}, {"fields": {"x": 1}}, {"subtypes": {"root": "x"}}, {"subtypes": "x"}, "x"):
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
