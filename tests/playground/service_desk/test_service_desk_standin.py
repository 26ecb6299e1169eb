"""What the Service Desk's stand-in refuses, and its control path, seen from outside with a bare HTTP client."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from pismo.tls import public_trust
from playground.service_desk import EN, ServiceDeskStandIn

API = "/rest/servicedeskapi"
FORM = f"{API}/servicedesk/{EN}/requesttype/25/field"
VALUES = {
    "summary": "Access request: Acme Bank (3f9c2a7b)",
    "description": "ana@acme.example",
    "customfield_10050": {"id": "10102", "child": {"id": "10201"}},
}


@pytest.fixture
async def standin() -> AsyncIterator[ServiceDeskStandIn]:
    async with ServiceDeskStandIn() as started:
        yield started


@pytest.fixture
async def http(standin: ServiceDeskStandIn) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=standin.url, verify=public_trust(), auth=(standin.user, standin.token)) as client:
        yield client


def body(**changed: Any) -> dict[str, Any]:
    return {"serviceDeskId": EN, "requestTypeId": "25", "requestFieldValues": VALUES, **changed}


async def test_nobody_is_let_in_without_the_users_token(standin: ServiceDeskStandIn) -> None:
    headers = ("", "Bearer " + standin.token, "Basic !", "Basic eDp5")
    async with httpx.AsyncClient(base_url=standin.url, verify=public_trust()) as client:
        for header in headers:
            answer = await client.get(f"{API}/servicedesk", headers={"authorization": header} if header else {})
            assert answer.status_code == 401
            assert answer.json()["errorMessage"] == "Client must be authenticated to access this resource."
        assert (await client.post(f"{API}/request", json=body())).status_code == 401
    assert standin.tickets == []


async def test_lists_come_in_pages_of_at_most_fifty(http: httpx.AsyncClient) -> None:
    path = f"{API}/servicedesk/{EN}/requesttype"
    first = (await http.get(path, params={"limit": 500})).json()
    assert (first["size"], first["start"], first["limit"], first["isLastPage"]) == (50, 0, 50, False)
    rest = (await http.get(path, params={"start": 50})).json()
    assert (rest["size"], rest["isLastPage"], rest["values"][-1]["name"]) == (11, True, "Settings")
    assert (await http.get(path, params={"start": "first"})).status_code == 400


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"serviceDeskId": 10}, 400),
        ({"serviceDeskId": "99"}, 404),
        ({"requestTypeId": "100"}, 404),
        ({"requestFieldValues": [{"fieldId": "summary", "value": "x"}]}, 400),
        ({"requestFieldValues": {**VALUES, "summary": ""}}, 400),
        ({"requestFieldValues": {**VALUES, "summary": "two\nlines"}}, 400),
        ({"requestFieldValues": {**VALUES, "summary": "x" * 256}}, 400),
        ({"requestFieldValues": {**VALUES, "customfield_10050": {"id": "10102"}}}, 400),
        ({"requestFieldValues": {**VALUES, "customfield_10050": {"id": "10102", "child": {"id": "10211"}}}}, 400),
        ({"requestFieldValues": {**VALUES, "customfield_10050": "Access request"}}, 400),
        ({"requestFieldValues": {**VALUES, "priority": {"id": "9"}}}, 400),
        ({"requestFieldValues": {**VALUES, "customfield_1": "x"}}, 400),
        ({"requestParticipants": "ana@acme.example"}, 400),
        ({"requestParticipants": ["ana@acme.example"]}, 400),
        ({"raiseOnBehalfOf": "nobody@acme.example"}, 400),
        ({"project": "SD"}, 400),
    ],
)
async def test_a_request_that_does_not_fit_the_form_is_refused_and_a_right_one_is_taken(
    changed: dict[str, Any], status: int, http: httpx.AsyncClient, standin: ServiceDeskStandIn
) -> None:
    standin.world.known = frozenset({"ana@acme.example"})
    refused = await http.post(f"{API}/request", json=body(**changed))
    assert (refused.status_code, set(refused.json())) == (status, {"errorMessage", "i18nErrorMessage"})
    assert standin.tickets == []
    place, asked = f"{API}/servicedesk/{EN}/customer", {"query": "ana@acme.example"}
    found = (await http.get(place, params=asked, headers={"X-ExperimentalApi": "opt-in"})).json()["values"]
    taken = await http.post(f"{API}/request", json=body(requestParticipants=[one["accountId"] for one in found]))
    assert (taken.status_code, taken.json()["currentStatus"]["statusCategory"]) == (201, "NEW")
    assert standin.tickets[0].participants == ["ana@acme.example"]


async def test_a_customers_account_files_nothing_over_rest_and_writes_public_comments_alone(
    http: httpx.AsyncClient, standin: ServiceDeskStandIn
) -> None:
    key = standin.world.file(EN, "25", VALUES, standin.user).key
    standin.world.agent = False
    may = (await http.get(FORM)).json()
    assert (may["canRaiseOnBehalfOf"], may["canAddRequestParticipants"]) == (False, False)
    assert (await http.post(f"{API}/request", json=body())).status_code == 403
    (await http.post(f"{API}/request/{key}/comment", json={"body": "Hello", "public": False})).raise_for_status()
    assert [said.public for said in standin.tickets[0].comments] == [True]
    standin.world.restore()
    assert (await http.post(f"{API}/request", json=body())).status_code == 201


async def test_comments_and_the_buttons_of_a_request_are_jiras(http: httpx.AsyncClient, standin: ServiceDeskStandIn) -> None:
    key = (await http.post(f"{API}/request", json=body())).json()["issueKey"]
    comments, transition = f"{API}/request/{key}/comment", f"{API}/request/{key}/transition"
    for wrong in ({"body": " "}, {"body": "x" * 32_768}, {"text": "x"}, {"body": "x", "public": "yes"}):
        assert (await http.post(comments, json=wrong)).status_code == 400
    standin.write(key, "Only for us", public=False)
    said = (await http.post(comments, json={"body": "For all", "public": True})).json()
    shown = (await http.get(comments, params={"public": "true", "internal": "false"})).json()["values"]
    assert [(one["id"], one["body"], one["author"]["displayName"]) for one in shown] == [(said["id"], "For all", standin.user)]
    assert [one["public"] for one in (await http.get(comments)).json()["values"]] == [False, True]
    assert (await http.get(comments, params={"since": "1"})).status_code == 400
    assert (await http.get(transition)).json()["values"] == []
    assert (await http.post(transition, json={"id": "11"})).status_code == 400
    standin.move(key, "PENDING")
    (button,) = (await http.get(transition)).json()["values"]
    assert button["name"] == "To Do"
    answered = await http.post(transition, json={"id": button["id"]})
    assert (answered.status_code, answered.content) == (204, b"")
    assert standin.tickets[0].history[-1][0] == "NEW"


async def test_the_search_goes_by_whole_words_of_the_summary_and_by_what_is_ones_own(
    http: httpx.AsyncClient, standin: ServiceDeskStandIn
) -> None:
    standin.world.file(EN, "25", VALUES, "someone.else@pismo.example")
    (await http.post(f"{API}/request", json=body())).raise_for_status()

    async def found(**query: str) -> int:
        return len((await http.get(f"{API}/request", params=query)).json()["values"])

    assert await found(searchTerm="3f9c2a7b") == 1
    assert await found(searchTerm="3f9c") == 0
    assert await found(searchTerm="ana") == 0
    assert await found(serviceDeskId="11") == 0
    assert (await http.get(f"{API}/request", params={"requestTypeId": "25"})).status_code == 400
    assert (await http.get(f"{API}/request", params={"jql": "project = SD"})).status_code == 400


async def test_what_jira_does_not_have_is_not_there_either(http: httpx.AsyncClient, standin: ServiceDeskStandIn) -> None:
    assert (await http.get(f"{API}/ticket")).status_code == 404
    assert (await http.delete(FORM)).status_code == 405
    assert (await http.get(f"{API}/request/SDEN-1")).status_code == 404
    assert (await http.post("/_control/move", json={"key": "SDEN-1", "status": "CLOSED"})).status_code == 404
    assert [call.status for call in standin.calls] == [404, 405, 404, 404]


async def test_another_process_works_the_desk_over_the_control_path(http: httpx.AsyncClient, standin: ServiceDeskStandIn) -> None:
    key = (await http.post(f"{API}/request", json=body())).json()["issueKey"]
    async with httpx.AsyncClient(base_url=standin.control_url, verify=public_trust()) as control:

        async def do(name: str, **arguments: Any) -> Any:
            return (await control.post(f"/_control/{name}", json=arguments)).json()

        assert (await do("move", key=key, status="DONE"))["error"].startswith("ValueError: no such status")
        assert await do("move", key=key, status="IN DEV") == {"result": None}
        await do("write", key=key, body="Which of the two?")
        (ticket,) = (await do("tickets"))["result"]
        assert (ticket["status"], [said["body"] for said in ticket["comments"]]) == ("IN DEV", ["Which of the two?"])
        assert "error" in await do("fail", kind="tomorrow")
        await do("fail", kind="503", path=API, seconds=3)
        limited = await http.get(FORM)
        assert (limited.status_code, limited.headers["retry-after"]) == (503, "3")
        assert (await http.get(FORM)).status_code == 200
        await do("renew_token", token="another")
        assert (await http.get(FORM)).status_code == 401
        assert (await do("calls"))["result"][-1]["status"] == 401
