"""The stand-in has the calls of Jira Service Management that the bot makes, and no others; the bot's client makes no call beside them.

Source: Atlassian's reference of `rest/servicedeskapi` (Cloud), by call: what is sent, and what the answer has at least.
"""

import ast
import inspect
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

import pismo.service_desk
from pismo.tls import public_trust
from playground.service_desk import EN, ServiceDeskStandIn

API = "/rest/servicedeskapi"
PAGE = {"size", "start", "limit", "isLastPage", "values"}
FACTS: dict[tuple[str, str], set[str]] = {
    ("GET", "/servicedesk"): PAGE,
    ("GET", "/servicedesk/{}/requesttype"): PAGE,
    ("GET", "/servicedesk/{}/requesttype/{}/field"): {"canAddRequestParticipants", "canRaiseOnBehalfOf", "requestTypeFields"},
    ("GET", "/servicedesk/{}/customer"): PAGE,
    ("GET", "/request"): PAGE,
    ("POST", "/request"): {
        "issueId",
        "issueKey",
        "requestTypeId",
        "serviceDeskId",
        "createdDate",
        "reporter",
        "currentStatus",
        "_links",
    },
    ("GET", "/request/{}"): {
        "issueId",
        "issueKey",
        "requestTypeId",
        "serviceDeskId",
        "createdDate",
        "reporter",
        "currentStatus",
        "_links",
    },
    ("GET", "/request/{}/status"): PAGE,
    ("GET", "/request/{}/participant"): PAGE,
    ("GET", "/request/{}/comment"): PAGE,
    ("POST", "/request/{}/comment"): {"id", "body", "public", "author", "created"},
    ("GET", "/request/{}/transition"): PAGE,
    ("POST", "/request/{}/transition"): set(),
}
PERSON = {"accountId", "displayName", "emailAddress", "active", "timeZone"}
LISTED = {
    "/servicedesk/{}/customer": PERSON,
    "/request/{}/participant": PERSON,
    "/request/{}/status": {"status", "statusCategory", "statusDate"},
    "/request/{}/comment": {"id", "body", "public", "author", "created"},
    "/request/{}/transition": {"id", "name"},
}
OPT_IN = {"X-ExperimentalApi": "opt-in"}
ASKED = {"/servicedesk/{}/customer": {"query": "ana@acme.example"}}
SENT: dict[str, Any] = {
    "/request": {
        "serviceDeskId": EN,
        "requestTypeId": "25",
        "requestFieldValues": {
            "summary": "Acme Bank",
            "description": "ana@acme.example",
            "customfield_10050": {"id": "10102", "child": {"id": "10201"}},
        },
    },
    "/request/{}/comment": {"body": "Hello", "public": True},
    "/request/{}/transition": {"id": "11"},
}


@pytest.fixture
async def standin() -> AsyncIterator[ServiceDeskStandIn]:
    async with ServiceDeskStandIn() as started:
        yield started


def test_the_stand_in_has_these_calls_and_no_others(standin: ServiceDeskStandIn) -> None:
    routes = {(route.method, re.sub(r"\{\w+\}", "{}", route.path.removeprefix(API))) for route in standin.api.routes()}
    assert routes == FACTS.keys()


def test_the_client_makes_these_calls_and_no_others() -> None:
    paths = set()
    for node in ast.walk(ast.parse(inspect.getsource(pismo.service_desk))):
        if isinstance(node, ast.JoinedStr) and ast.unparse(node).startswith("f'{API}"):
            paths.add(re.sub(r"\{[^}]*\}", "{}", ast.unparse(node)[2:-1].removeprefix("{API}")))
    assert paths == {path for _, path in FACTS}


async def test_answers_have_what_the_reference_says(standin: ServiceDeskStandIn) -> None:
    ticket = standin.world.file(EN, "25", SENT["/request"]["requestFieldValues"], standin.user)
    key, ticket.participants = ticket.key, ["ana@acme.example"]
    standin.write(key, "Which of the two?")
    standin.move(key, "PENDING")
    async with httpx.AsyncClient(base_url=standin.url, verify=public_trust(), auth=(standin.user, standin.token)) as client:
        for (method, path), wanted in FACTS.items():
            place = API + path.format(*((EN, "25") if path.startswith("/servicedesk") else (key,)))
            sent = SENT[path] if method == "POST" else None
            answer = await client.request(method, place, json=sent, params=ASKED.get(path), headers=OPT_IN)
            assert answer.is_success, (method, path, answer.text)
            body = answer.json() if answer.content else {}
            assert wanted <= body.keys(), (method, path)
            assert body.get("values", [{}])[0].keys() >= LISTED.get(path, set()) or method == "POST", path


async def test_who_does_not_opt_in_is_refused_an_experimental_call(standin: ServiceDeskStandIn) -> None:
    async with httpx.AsyncClient(base_url=standin.url, verify=public_trust(), auth=(standin.user, standin.token)) as client:
        assert (await client.get(f"{API}/servicedesk/{EN}/customer")).status_code == 412
