"""The Service Desk client against the stand-in: ids by name, filing, the search, statuses, and what each failure says."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pismo.jsm_errors import ServiceDeskError, ServiceDeskFault, read_error
from pismo.jsm_form import NameNotFoundError, RequestFormNames, fill
from pismo.service_desk import ServiceDesk
from playground.service_desk import EN, PT, ServiceDeskStandIn

NAMES = RequestFormNames()
MARKER = "3f9c2a7b1d0e4c55"
SUMMARY, EMAILS = f"Access request: Acme Bank ({MARKER})", "Please give access to:\nana@acme.example\nbruno@acme.example"


@pytest.fixture
async def standin() -> AsyncIterator[ServiceDeskStandIn]:
    async with ServiceDeskStandIn() as running:
        yield running


@pytest.fixture
async def desk(standin: ServiceDeskStandIn) -> AsyncIterator[ServiceDesk]:
    async with client(standin) as made:
        yield made


def client(standin: ServiceDeskStandIn, **changed: Any) -> ServiceDesk:
    return ServiceDesk(standin.url, standin.user, SecretStr(changed.get("token", standin.token)), timeout=5)


async def file(desk: ServiceDesk, names: RequestFormNames = NAMES, resource: str = "service_desk") -> str:
    form = await desk.form(names)
    return (await desk.file(form, fill(form.fields, names, resource, SUMMARY, EMAILS))).key


# -- what works


async def test_each_call_is_told_of_by_its_kind(standin: ServiceDeskStandIn) -> None:
    told = list[tuple[str, str, str]]()
    token = SecretStr(standin.token)
    async with ServiceDesk(standin.url, standin.user, token, on_call=lambda *call: told.append(call[:3])) as desk:
        key = await file(desk)
        await desk.status(key)
        with pytest.raises(ServiceDeskError):
            await desk.status(f"{key}9")
    assert {system for system, _, _ in told} == {"service_desk"}
    assert [(operation, status) for _, operation, status in told[-3:]] == [
        ("POST /rest/servicedeskapi/request", "201"),
        ("GET /rest/servicedeskapi/request/*/status", "200"),
        ("GET /rest/servicedeskapi/request/*/status", "404"),
    ]
    assert not [operation for _, operation, _ in told if key in operation]


async def test_a_request_is_filed_under_the_ids_behind_the_names(desk: ServiceDesk, standin: ServiceDeskStandIn) -> None:
    form = await desk.form(NAMES)
    filed = await desk.file(form, fill(form.fields, NAMES, "slack_connect", SUMMARY, EMAILS))
    (ticket,) = standin.tickets
    assert (filed.key, filed.status.name, filed.status.done) == (ticket.key, "NEW", False)
    assert filed.web.endswith(ticket.key)
    assert ticket.values == {
        "summary": SUMMARY,
        "description": EMAILS,
        "priority": {"id": "3"},
        "customfield_10050": {"id": "10102", "child": {"id": "10202"}},
    }


async def test_names_are_found_whatever_their_case_and_spaces_and_in_the_other_portal(
    desk: ServiceDesk, standin: ServiceDeskStandIn
) -> None:
    key = await file(desk, RequestFormNames(desk="pismo |  service desk", request_type="SETTINGS", category="access Request"))
    assert standin.world.tickets[key].desk == PT
    assert standin.world.tickets[await file(desk, RequestFormNames(desk="SDEN"))].desk == EN


async def test_a_further_field_is_filled_from_the_configuration(desk: ServiceDesk, standin: ServiceDeskStandIn) -> None:
    standin.world.require(EN, "Share with")
    names = RequestFormNames(fields={"Share with": "Acme Bank"})
    assert standin.world.tickets[await file(desk, names)].values["customfield_10077"] == "Acme Bank"


async def test_a_request_is_found_by_its_marker_once_the_index_has_it(desk: ServiceDesk, standin: ServiceDeskStandIn) -> None:
    form = await desk.form(NAMES)
    assert await desk.find(form, MARKER) is None
    standin.lag(1)
    key = await file(desk)
    assert await desk.find(form, MARKER) is None
    found = await desk.find(form, MARKER)
    assert found is not None
    assert found.key == key
    assert await desk.find(form, "0123456789abcdef") is None


async def test_the_latest_status_is_read(desk: ServiceDesk, standin: ServiceDeskStandIn) -> None:
    key = await file(desk)
    assert (await desk.status(key)).name == "NEW"
    standin.move(key, "IN DEV")
    assert ((await desk.status(key)).name, (await desk.status(key)).done) == ("IN DEV", False)
    standin.move(key, "CLOSED")
    assert ((await desk.status(key)).name, (await desk.request(key)).status.done) == ("CLOSED", True)


async def test_public_comments_are_read_in_order_page_after_page_and_internal_ones_never(
    desk: ServiceDesk, standin: ServiceDeskStandIn
) -> None:
    key = await file(desk)
    for number in range(60):
        standin.write(key, f"Number {number}", public=number != 3)
    mine = await desk.comment(key, "An answer")
    found = await desk.comments(key)
    assert [one.body for one in found] == [*(f"Number {number}" for number in range(60) if number != 3), "An answer"]
    assert found[-1] == mine
    assert (found[0].author.display_name, found[-1].author.display_name) == ("Dora of the desk", standin.user)
    assert found[0].created.at is not None


async def test_the_history_says_since_when_and_a_button_moves_a_request_on(
    desk: ServiceDesk, standin: ServiceDeskStandIn
) -> None:
    key = await file(desk)
    assert await desk.transitions(key) == []
    standin.move(key, "PENDING", ago=3600)
    (to_do,) = await desk.transitions(key)
    assert [one.name for one in await desk.history(key)] == ["NEW", "PENDING"]
    since = (await desk.status(key)).date.at
    assert since is not None
    assert (standin.world.now() - since).total_seconds() == pytest.approx(3600, abs=5)
    await desk.transit(key, to_do)
    assert (await desk.status(key)).name == "NEW"
    with pytest.raises(ServiceDeskError) as error:
        await desk.transit(key, to_do)
    assert error.value.fault is ServiceDeskFault.REFUSED


async def test_others_are_named_as_participants_where_the_user_may(desk: ServiceDesk, standin: ServiceDeskStandIn) -> None:
    form = await desk.form(NAMES)
    assert (form.adds_participants, form.raises_on_behalf) == (True, True)
    values = fill(form.fields, NAMES, "service_desk", SUMMARY, EMAILS)
    standin.world.known = frozenset({"ana@acme.example", "bruno@acme.example"})
    standin.world.hidden = frozenset({"bruno@acme.example"})
    ana = await desk.account(form, "ana@acme.example")
    assert [await desk.account(form, f"{name}@acme.example") for name in ("bruno", "clara")] == ["", ""]
    with pytest.raises(ServiceDeskError, match="refused"):
        await desk.file(form, values, ["ana@acme.example"])
    filed = await desk.file(form, values, [ana])
    assert standin.world.tickets[filed.key].participants == ["ana@acme.example"]
    standin.write(filed.key, "It is me", "Ana <ana@acme.example>")
    standin.write(filed.key, "It is the desk")
    askers = await desk.askers(filed.key)
    assert [one.author.account_id in askers for one in await desk.comments(filed.key)] == [True, False]
    assert (await desk.last() or filed).key == filed.key
    standin.world.agent = False
    form = await desk.form(NAMES)
    assert (form.adds_participants, form.raises_on_behalf) == (False, False)
    with pytest.raises(ServiceDeskError) as error:
        await desk.file(form, fill(form.fields, NAMES, "service_desk", SUMMARY, EMAILS))
    assert error.value.fault is ServiceDeskFault.FORBIDDEN


# -- names that are missing, and then found


@pytest.mark.parametrize(
    ("what", "name", "there", "change", "names"),
    [
        (
            "desk",
            "PISMO | Service Desk EN",
            "Help",
            lambda world: world.rename_desk(EN, "Help"),
            RequestFormNames(desk="Help"),
        ),
        (
            "request_type",
            "Settings",
            "Configuration",
            lambda world: world.rename_type(EN, "Configuration"),
            RequestFormNames(request_type="Configuration"),
        ),
        (
            "option",
            "Access request",
            "Accesses",
            lambda world: world.rename_option(EN, "Access request", "Accesses"),
            RequestFormNames(category="Accesses"),
        ),
        (
            "option",
            "Service Desk Portal",
            "Portal",
            lambda world: world.rename_option(EN, "Service Desk Portal", "Portal"),
            RequestFormNames(subtypes={"service_desk": "Portal"}),
        ),
        (
            "option",
            "Medium",
            "Normal",
            lambda world: world.rename_option(EN, "Medium", "Normal"),
            RequestFormNames(priority="Normal"),
        ),
    ],
)
async def test_a_name_that_is_not_there_is_told_with_what_there_is(
    what: str,
    name: str,
    there: str,
    change: Callable[[Any], None],
    names: RequestFormNames,
    desk: ServiceDesk,
    standin: ServiceDeskStandIn,
) -> None:
    change(standin.world)
    with pytest.raises(NameNotFoundError) as error:
        await file(desk)
    assert (error.value.what, error.value.name) == (what, name)
    assert there in error.value.there
    assert standin.tickets == []
    assert await file(desk, names)


async def test_a_field_that_nobody_can_fill_is_told(desk: ServiceDesk, standin: ServiceDeskStandIn) -> None:
    standin.world.require(EN, "Share with")
    with pytest.raises(NameNotFoundError) as error:
        await file(desk)
    assert (error.value.what, error.value.name) == ("required", "Share with")
    standin.world.remove_field(EN, "description")
    with pytest.raises(NameNotFoundError) as error:
        await file(desk)
    assert (error.value.what, error.value.name) == ("field", "Description")


# -- failures


@pytest.mark.parametrize(
    ("kind", "fault", "status", "happened"),
    [
        ("429", ServiceDeskFault.RATE_LIMITED, 429, False),
        ("503", ServiceDeskFault.UNAVAILABLE, 503, True),
        ("500", ServiceDeskFault.UNAVAILABLE, 500, True),
        ("gateway", ServiceDeskFault.UNAVAILABLE, 502, True),
        ("drop_before", ServiceDeskFault.UNAVAILABLE, None, True),
        ("drop_after", ServiceDeskFault.UNAVAILABLE, None, True),
    ],
)
async def test_a_failure_says_whether_it_may_have_happened_and_then_it_works(
    kind: Any, fault: ServiceDeskFault, status: int | None, happened: bool, desk: ServiceDesk, standin: ServiceDeskStandIn
) -> None:
    form = await desk.form(NAMES)
    values = fill(form.fields, NAMES, "service_desk", SUMMARY, EMAILS)
    standin.fail(kind, "POST", seconds=7)
    with pytest.raises(ServiceDeskError) as error:
        await desk.file(form, values)
    assert (error.value.fault, error.value.status, error.value.happened) == (fault, status, happened)
    assert error.value.transient
    assert error.value.retry_after == (7 if kind in ("429", "503") else None)
    assert await desk.find(form, MARKER) is None or kind == "drop_after"
    assert len(standin.tickets) == (kind == "drop_after")
    assert await desk.file(form, values)


async def test_nobody_there_means_that_nothing_happened(standin: ServiceDeskStandIn) -> None:
    async with client(standin) as desk:
        form = await desk.form(NAMES)
        await standin.stop()
        with pytest.raises(ServiceDeskError) as error:
            await desk.file(form, fill(form.fields, NAMES, "service_desk", SUMMARY, EMAILS))
        assert (error.value.transient, error.value.happened) == (True, False)


async def test_a_wrong_token_is_told_and_appears_nowhere(standin: ServiceDeskStandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with client(standin, token="a-token-that-is-old") as desk:
        with pytest.raises(ServiceDeskError) as error:
            await desk.form(NAMES)
    assert error.value.fault is ServiceDeskFault.UNAUTHORIZED
    assert not error.value.transient
    async with client(standin) as desk:
        await file(desk)
    everything = caplog.text + repr(error.value) + str(error.value) + error.value.detail
    assert "a-token-that-is-old" not in everything
    assert standin.token not in everything
    assert "ana@acme.example" not in everything
    assert "path=/rest/servicedeskapi/request status=201" in caplog.text


async def test_what_jira_refuses_is_said_in_its_words_for_support_alone(desk: ServiceDesk, standin: ServiceDeskStandIn) -> None:
    form = await desk.form(NAMES)
    with pytest.raises(ServiceDeskError) as error:
        await desk.file(form, {"summary": "ana@acme.example"})
    assert error.value.fault is ServiceDeskFault.REFUSED
    assert error.value.detail == "Your request could not be created. Category is required."
    assert "Category" not in str(error.value)
    with pytest.raises(ServiceDeskError) as error:
        await desk.request("SD-1")
    assert error.value.fault is ServiceDeskFault.NOT_FOUND
    assert standin.tickets == []


async def test_a_ticket_key_or_marker_cannot_change_the_path_or_the_search(desk: ServiceDesk) -> None:
    with pytest.raises(ValueError, match="ticket"):
        await desk.status("SD-1/../../api/3/myself")
    with pytest.raises(ValueError, match="ticket"):
        await desk.comment("SD-1?x", "Hello")
    form = await desk.form(NAMES)
    with pytest.raises(ValueError, match="word"):
        await desk.find(form, "anything* OR project")


async def test_an_answer_that_is_none_of_jiras_is_named() -> None:
    answers = iter(
        [
            httpx.Response(302, headers={"location": "https://elsewhere.example"}),
            httpx.Response(200, text="<html>"),
            httpx.Response(200, json=[]),
            httpx.Response(200, json={"values": None}),
            httpx.Response(200, json={"values": [{"id": None}]}),
        ]
    )
    transport = httpx.MockTransport(lambda _: next(answers))
    async with ServiceDesk("https://desk.example/servicedesk/", "a@b.example", SecretStr("s"), transport=transport) as desk:
        for _ in range(5):
            with pytest.raises(ServiceDeskError) as error:
                await desk.form(NAMES)
            assert error.value.fault is ServiceDeskFault.UNEXPECTED


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)


@given(
    status=st.integers(300, 599),
    body=_JSON | st.fixed_dictionaries({}, optional={"errorMessage": _JSON, "errorMessages": _JSON, "errors": _JSON}),
    retry_after=st.text() | st.sampled_from(["7", "-1", "nan", "Wed, 21 Oct 2065 07:28:00 GMT", "Wed, 99 Oct"]),
)
def test_any_answer_becomes_the_one_error(status: int, body: object, retry_after: str) -> None:
    error = read_error(status, {"retry-after": retry_after}, body, "s3cr3t")
    assert error.status == status
    assert error.retry_after is None or error.retry_after >= 0
    assert "s3cr3t" not in error.detail
    assert error.happened or 400 <= status < 500


def test_the_token_is_cut_from_what_jira_says() -> None:
    body = {"errorMessages": ["No s3cr3t here"], "errors": {"field": "s3cr3t"}}
    assert read_error(400, {}, body, "s3cr3t").detail == "No *** here field: ***"
