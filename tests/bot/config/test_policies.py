"""The policy file: what it leaves out keeps the journey's defaults; mistakes are named."""

import tomllib
from datetime import time

import pytest

from bot.config.policies import Policies, PolicyError, load, parse
from flows.business_time import BusinessDuration
from flows.rules import ReminderTimes, ReportDay


def parsed(text: str) -> Policies:
    return parse(tomllib.loads(text))


def test_no_file_means_the_defaults_of_the_journey() -> None:
    reminders = load("").rules.reminders
    assert [after.days for after in reminders.customer] == [1, 3, 5]
    assert (reminders.support_first, reminders.support_then) == (BusinessDuration(hours=4), BusinessDuration(days=1))
    calendar = load("").rules.support_calendar
    assert (calendar.opens, calendar.closes) == (time(9), time(18))


def test_an_empty_file_is_no_file() -> None:
    assert parsed("") == Policies()


def test_reminders_can_be_tried_in_a_minute() -> None:
    policies = parsed(
        """
        [reminders]
        customer_after = ["20 s", "40 s"]
        support_first = "30 s"
        once_a_day = false
        [business_hours]
        always_open = true
        [engine]
        sweep = "1 s"
        poll = 0.05
        lease = "1 min"
        channel_gap = 0
        """
    )
    assert policies.rules.reminders.customer == (BusinessDuration(seconds=20), BusinessDuration(seconds=40))
    assert not policies.rules.reminders.once_a_day
    assert policies.rules.support_calendar.always_open
    assert policies.rules.customer_always_open
    assert (policies.sweep_seconds, policies.poll_seconds, policies.lease_seconds, policies.channel_seconds) == (1, 0.05, 60, 0)
    assert policies.rules.reminders.support_then == ReminderTimes().support_then


def test_the_weekly_report_has_a_day_and_an_hour_and_can_be_switched_off() -> None:
    assert parsed('[report]\nday = "Friday"\nat = "16:30"').rules.weekly_report == ReportDay(4, time(16, 30))
    assert parsed("[report]\nweekly = false").rules.weekly_report is None


def test_hours_zone_and_country() -> None:
    calendar = parsed(
        """
        [business_hours]
        opens = "08:30"
        closes = 17:00:00
        [support]
        timezone = "Europe/Lisbon"
        country = "pt"
        """
    ).rules.support_calendar
    assert (calendar.timezone, calendar.opens, calendar.closes, calendar.country) == (
        "Europe/Lisbon",
        time(8, 30),
        time(17),
        "PT",
    )


@pytest.mark.parametrize(
    ("text", "where", "how"),
    [
        ('[reminders]\nsupport_fist = "1 h"', "reminders.support_fist", "support_first"),
        ('[remindres]\nsupport_first = "1 h"', "remindres", "reminders"),
        ("xyz = 1", "xyz", "reminders"),
        ("reminders = 1", "reminders", "[reminders]"),
        ('[reminders]\nsupport_first = "soon"', "reminders.support_first", "business day"),
        ("[reminders]\nsupport_first = 4", "reminders.support_first", "business day"),
        ('[reminders]\ncustomer_after = "1 h"', "reminders.customer_after", "a list"),
        ("[reminders]\nsupport_times = -1", "reminders.support_times", "whole number"),
        ('[reminders]\nonce_a_day = "no"', "reminders.once_a_day", "true or false"),
        ('[business_hours]\nopens = "25:00"', "business_hours.opens", "09:00"),
        ('[business_hours]\nopens = "18:00"\ncloses = "09:00"', "business_hours", "before"),
        ('[support]\ntimezone = "Mars/Base"', "support.timezone", "America/Sao_Paulo"),
        ('[support]\ncountry = "Brazil!"', "support.country", "BR"),
        ('[support]\nstate = "São Paulo"', "support.state", "SP"),
        ('[engine]\nsweep = "-1 s"', "engine.sweep", "30 s"),
        ("[engine]\npoll = true", "engine.poll", "5 s"),
        ("[engine]\nchannel_gap = false", "engine.channel_gap", "1 s"),
        ('[engine]\npoll = "30 s"', "engine.lease", "shorter"),
        ('[invitations]\nnudge_before = "90 min"', "invitations.nudge_before", "4 h"),
        ("[approvals]\nauthentication = 10", "approvals.authentication", "0 to 9"),
        ('[approvals]\n"environments.production_ready" = 3', "approvals.environments.production_ready", "0 to 2"),
        ("[certificates]\nrenew_before = 30", "certificates.renew_before", "[90, 30, 7]"),
        ('[report]\nday = "tomorrow"', "report.day", "monday"),
        ('[report]\nweekly = "no"', "report.weekly", "true or false"),
        ("[certificates]\nrenew_before = [0]", "certificates.renew_before", "[90, 30, 7]"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_write(text: str, where: str, how: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parsed(text)
    assert where in str(refused.value)
    assert how in refused.value.how


def test_a_file_that_is_not_toml_says_the_line(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("policies") / "policies.toml"
    path.write_text("[reminders\n")
    with pytest.raises(PolicyError, match="line 1"):
        load(str(path))
