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
        ({"raiseOnBehalfOf": "ana"}, 403),
        ({"project": "SD"}, 400),
    ],
)
async def test_a_request_that_does_not_fit_the_form_is_refused_and_a_right_one_is_taken(
    changed: dict[str, Any], status: int, http: httpx.AsyncClient, standin: ServiceDeskStandIn
) -> None:
    refused = await http.post(f"{API}/request", json=body(**changed))
    assert (refused.status_code, set(refused.json())) == (status, {"errorMessage", "i18nErrorMessage"})
    assert standin.tickets == []
    taken = await http.post(f"{API}/request", json=body())
    assert (taken.status_code, taken.json()["currentStatus"]["statusCategory"]) == (201, "NEW")


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
        assert [one["status"] for one in (await do("tickets"))["result"]] == ["IN DEV"]
        assert "error" in await do("fail", kind="tomorrow")
        await do("fail", kind="503", path=API, seconds=3)
        limited = await http.get(FORM)
        assert (limited.status_code, limited.headers["retry-after"]) == (503, "3")
        assert (await http.get(FORM)).status_code == 200
        await do("renew_token", token="another")
        assert (await http.get(FORM)).status_code == 401
        assert (await do("calls"))["result"][-1]["status"] == 401
