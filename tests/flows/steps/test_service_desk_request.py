"""What a request to the Service Desk says, in which Jira's wiki markup is read: a customer's name is only a name there."""

import re

import pytest

from flows.steps.service_desk import request
from tests.flows.steps.filled_forms import a_situation


@pytest.mark.parametrize(
    "name",
    [
        "[Pismo|https://evil.example]",
        "[~accountid:5b10a2844c20165700ede21g]",
        "{color:white}hidden{color} {html}x{html}",
        "!https://evil.example/pixel.png!",
        "|a|b| \\\\ x",
    ],
)
def test_no_name_links_mentions_or_embeds_anything(name: str) -> None:
    answers = {"service_desk": {"users": "ana_b@bank.example", "portal_language": "en"}}
    _, description = request(a_situation(customer=name, answers=answers), "service_desk", ["ana_b@bank.example"], "m1")
    assert not re.search(r"[\[\]{}|\\]|!\S", description)
    assert description.splitlines()[1:] == ["ana_b@bank.example"]


def test_an_ordinary_name_stays() -> None:
    situation = a_situation(customer="Crédito & Cia! (São Paulo)")
    assert "Crédito & Cia! (São Paulo)" in request(situation, "service_desk", [], "m1")[1]
