"""What is typed behind `/onboarding report`."""

import pytest

from bot.listeners.reports import report_period
from flows.cases.report import USUAL


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", (USUAL, "")),
        ("7", (7, "")),
        ("90 days", (90, "")),
        ("45", (45, "")),
        ("ALL", (0, "")),
        ("tudo acme bank", (0, "acme bank")),
        ("acme bank", (USUAL, "acme bank")),
        ("acme  bank 90", (90, "acme bank")),
        ("30d acme", (30, "acme")),
        ("acme 14 dias", (14, "acme")),
        ("last 30 days", (30, "")),
        ("acme the past 7 days", (7, "acme")),
        ("últimos 90 dias", (90, "")),
        ("Last Bank", (USUAL, "Last Bank")),
        ("Bank 24", (USUAL, "Bank 24")),
        ("99 Bank", (USUAL, "99 Bank")),
        ("allied bank", (USUAL, "allied bank")),
        ("9" * 5000, (USUAL, "9" * 5000)),
    ],
)
def test_days_and_a_name_are_told_apart(typed: str, meant: tuple[int, str]) -> None:
    assert report_period(typed) == meant
