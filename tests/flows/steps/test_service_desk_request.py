"""What a request to the Service Desk says, in which Jira's wiki markup is read: a customer's name is only a name there."""

import re

import pytest

from flows.forms.step import Filing
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
        "https://evil.example/x",
        "http:\\\\evil.example HTTPS:\\/\\/evil.example",
        "mailto:a@b.example www.evil.example file:x a@b.example",
        "*Bold* _it_ -gone- +ins+ ^sup^ x^2^ ~sub~ ??cite?? -*both*-",
        "-_-*!x!*-_- {*}bold{*} \\*bold*",
        "(!) (x) (/) (on) (flag) :) ;) :D",
    ],
)
@pytest.mark.parametrize("portal", ["en", "pt_BR"])
def test_no_name_links_mentions_embeds_or_formats_anything(name: str, portal: str) -> None:
    answers = {"service_desk": {"users": "ana_b@bank.example", "portal_language": portal}}
    _, description = request(a_situation(customer=name, answers=answers), "service_desk", Filing("m1", ["ana_b@bank.example"]))
    first, *users = description.splitlines()
    first = first.removesuffix(":")
    assert users == ["ana_b@bank.example"]  # read and copied as it is
    assert not re.search(r"[\[\]{}|\\*^~]|!\S|(?<![^\W_])[-+_?]\S", first)
    assert not re.search(r"[:;@]\S|www\.\S|\((?:[!/ixyn]|on|off|flag|flagoff)\)", first, re.IGNORECASE)


@pytest.mark.parametrize("name", ["Crédito & Cia! (São Paulo)", "Itaú-Unibanco S/A - Cartões", "Pay+ D'Ávila", "株式会社 A+B"])
def test_an_ordinary_name_stays(name: str) -> None:
    assert name in request(a_situation(customer=name), "service_desk", Filing("m1"))[1]


def test_a_thousand_people_who_cannot_be_named_fit_in_what_jira_takes() -> None:
    people = [f"{'a' * 12}{number}@bank.example" for number in range(1000)]
    _, description = request(a_situation(), "service_desk", Filing("m1", people, unnamed=people))
    assert all(description.count(one) == 1 for one in people)
    assert description.endswith("which the bot could not do: all of these who are not yet")
    assert len(description) < 32_767
