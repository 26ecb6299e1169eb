"""Messages, buttons, modals and commands between people and a real Bolt app, over HTTP and Socket Mode alike."""

import asyncio
import contextlib
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from playground.slack import FileUpload
from tests.playground.company import Company, actions, button, field_of, modal, plain


async def post(company: Company, *elements: dict[str, Any]) -> str:
    answer = await company.client.chat_postMessage(channel=company.shared.id, text="Hello Acme", blocks=actions(*elements))
    return str(answer["ts"])


async def test_an_external_person_clicks_and_both_teams_stand_in_the_payload(by: Company) -> None:
    @by.app.action("go")
    async def go(ack: Any, body: dict[str, Any], client: Any) -> None:
        by.seen.append(body)
        await ack()
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="Done")

    ts = await post(by, button("Go", "go", value="v1", confirm={k: plain(k) for k in ("title", "text", "confirm", "deny")}))
    message = by.ana.sees(by.shared)[0]
    assert (message.buttons, message.said) == (["Go"], "Hello Acme")
    outcome = await by.ana.click(message, "Go")
    assert outcome.ok
    assert outcome.confirmed == "text"
    body = by.seen[0]
    assert body["team"]["id"] == by.slack.installing_team.id
    assert body["user"]["team_id"] == by.ana.team_id != body["team"]["id"]
    assert body["container"] == {"type": "message", "message_ts": ts, "channel_id": by.shared.id, "is_ephemeral": False}
    assert body["actions"][0]["value"] == "v1"
    after = await by.slack.until(lambda: by.ana.find(by.shared, "Done"))
    assert after.buttons == []
    assert by.slack.violations == []


async def test_a_form_of_several_pages_with_errors_is_filled_as_a_person_does(by: Company) -> None:
    first = modal(
        field_of("name", "Name", max_length=10),
        field_of("mail", "E-mail", "email_text_input"),
        field_of("kind", "Kind", "static_select", options=[{"text": plain(t), "value": t.lower()} for t in ("Bank", "Shop")]),
        field_of("when", "When", "datetimepicker"),
        field_of("many", "Many", "number_input", is_decimal_allowed=False, max_value="5"),
        field_of("keys", "Keys", "file_input", optional=True),
    )

    @by.app.action("go")
    async def go(ack: Any, body: dict[str, Any], client: Any) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=first)
        await ack()

    @by.app.view("form")
    async def send(ack: Any, body: dict[str, Any]) -> None:
        by.seen.append(body)
        name = body["view"]["state"]["values"]["name"]["value"]["value"]
        if name == "nobody":
            await ack(response_action="errors", errors={"name": "Nobody is no name"})
        else:
            await ack(response_action="update", view={**modal(field_of("city", "City", optional=True)), "callback_id": "second"})

    @by.app.view("second")
    async def second(ack: Any, body: dict[str, Any]) -> None:
        by.seen.append(body)
        await ack()

    ana = by.ana
    await post(by, button("Go", "go"))
    await ana.click(ana.sees(by.shared)[0], action_id="go")
    assert ana.view
    assert ana.view.labels == ["Name", "E-mail", "Kind", "When", "Many", "Keys"]
    refused = await ana.submit()
    assert set(refused.client_errors) == {"Name", "E-mail", "Kind", "When", "Many"}
    with pytest.raises(ValueError, match="typing stops at 10"):
        await ana.fill({"Name": "a much longer name"})
    with pytest.raises(LookupError):
        await ana.fill({"Nome": "x"})
    with pytest.raises(ValueError, match="no option"):
        await ana.fill({"Kind": "Garage"})
    await ana.fill({"Name": "nobody", "E-mail": "ana@", "Kind": "Bank", "When": "2027-01-04T10:00", "Many": 7})
    assert set((await ana.submit()).client_errors) == {"E-mail", "Many"}
    await ana.fill({"mail": "ana@acme.example", "Many": 5, "Keys": [FileUpload("key.pem", b"0" * 9)]})
    outcome = await ana.submit()
    assert (outcome.ok, outcome.errors, outcome.closed) == (False, {"Name": "Nobody is no name"}, False)
    await ana.fill({"Name": "Ana"})
    outcome = await ana.submit()
    assert outcome.ok
    assert outcome.view
    assert outcome.view.labels == ["City"]
    assert (await ana.submit()).closed
    assert ana.view is None

    body = by.seen[1]
    assert body["team"]["id"] == body["view"]["team_id"] == body["user"]["team_id"] == ana.team_id
    assert body["view"]["app_installed_team_id"] == by.slack.installing_team.id
    values = {name: states["value"] for name, states in body["view"]["state"]["values"].items()}
    assert values["kind"]["selected_option"] == {"text": plain("Bank") | {"emoji": True}, "value": "bank"}
    assert values["when"]["selected_date_time"] == 1799067600
    assert values["keys"]["files"][0]["name"] == "key.pem"
    assert by.seen[-1]["view"]["state"]["values"] == {"city": {"value": {"type": "plain_text_input", "value": None}}}
    assert by.slack.violations == []


async def test_commands_are_for_the_vendor_and_answered_to_the_one_who_typed(by: Company) -> None:
    @by.app.command("/onboarding")
    async def command(ack: Any, body: dict[str, Any], respond: Any) -> None:
        by.seen.append(body)
        await ack(text=f"got {body['text']}")
        await respond("and more")

    by.slack.should_escape = True
    outcome = await by.sam.command("/onboarding start @Ana", channel=by.shared)
    assert outcome.ok
    assert by.seen[0]["text"] == f"start <@{by.ana.id}|ana>"
    await by.slack.until(lambda: len(by.sam.sees(by.shared)) == 2)
    assert {message.said for message in by.sam.sees(by.shared)} == {f"got start <@{by.ana.id}|ana>", "and more"}
    assert by.ana.sees(by.shared) == []
    assert (await by.ana.command("/onboarding")).text == "/onboarding is not a valid command"
    assert (await by.gus.command("/onboarding")).ok
    assert not (await by.sam.command("/other")).ok
    alone = by.slack.add_person("Single", by.slack.installing_team, ultra_restricted=True)
    assert not (await alone.command("/onboarding")).ok
    assert len(by.seen) == 2
    known = by.slack.add_channel("blue_pismo", by.slack.installing_team)  # she may join it
    by.slack.add_channel("blue_secret", by.slack.installing_team, private=True)
    assert (await by.sam.command("/onboarding status #blue_pismo #blue_secret", channel=by.shared)).ok
    assert by.seen[-1]["text"] == f"status <#{known.id}|blue_pismo> #blue_secret"


async def test_events_carry_the_shapes_of_slack_connect(by: Company) -> None:
    @by.app.event("message")
    async def message(body: dict[str, Any]) -> None:
        by.seen.append(body)

    @by.app.event("member_joined_channel")
    async def joined(body: dict[str, Any]) -> None:
        by.seen.append(body)

    await by.ana.say(by.shared, "hello", files=[FileUpload("a.csv", b"a,b")])
    body = (await by.slack.until(lambda: by.seen))[0]
    vendor = by.slack.installing_team.id
    assert body["is_ext_shared_channel"] is True
    assert body["authorizations"][0]["team_id"] == body["context_team_id"] == vendor
    assert body["event"]["user_team"] == body["event"]["source_team"] == by.ana.team_id
    assert body["event"]["files"][0]["file_access"] == "check_file_info"
    found = await by.client.files_info(file=body["event"]["files"][0]["id"])
    assert found["file"]["name"] == "a.csv"
    bia = by.slack.add_person("Bia", by.ana.user.team)
    by.slack.invite(bia, by.shared, inviter=by.ana)
    await by.slack.until(lambda: len(by.seen) == 2)
    event = by.seen[1]["event"]
    assert (event["user"], event["team"], event["inviter"]) == (bia.id, bia.team_id, by.ana.id)


async def test_home_search_push_and_close(by: Company) -> None:
    select: dict[str, Any] = {"kind": "external_select", "min_query_length": 2}

    @by.app.event("app_home_opened")
    async def home(event: dict[str, Any], client: Any) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": actions(button("Open", "open"))})

    @by.app.action("open")
    async def open_form(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        view = modal(field_of("country", "Country", **select), *actions(button("Deeper", "deeper")), notify_on_close=True)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @by.app.action("deeper")
    async def deeper(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        with contextlib.suppress(SlackApiError):
            await client.views_push(trigger_id=body["trigger_id"], view=modal(*actions(button("Deeper", "deeper"))))

    @by.app.options("value")
    async def options(ack: Any, payload: dict[str, Any]) -> None:
        names = [name for name in ("Brazil", "Bolivia") if name.casefold().startswith(payload["value"].casefold())]
        await ack(options=[{"text": plain(name), "value": name[:2].upper()} for name in names])

    @by.app.view_closed("form")
    async def closed(ack: Any, body: dict[str, Any]) -> None:
        by.seen.append(body)
        await ack()

    ana = by.ana
    view = await ana.open_home()
    assert view
    assert (await ana.click(view, "Open")).ok
    await by.slack.until(lambda: ana.view)
    assert await ana.search("Country", "b") == []
    assert await ana.search("Country", "bo") == ["Bolivia"]
    await ana.fill({"Country": "Brazil"})
    assert ana.view
    assert ana.view.inputs["country"]["value"]["selected_option"]["value"] == "BR"
    for depth in (2, 3):
        await ana.click(ana.views[-1], "Deeper")
        await by.slack.until(lambda: len(ana.views) == depth)  # noqa: B023 - awaited at once
    await ana.click(ana.views[-1], "Deeper")
    await by.slack.until(lambda: by.slack.calls[-1].outcome == "push_limit_reached")
    await ana.close(back=True)
    assert len(ana.views) == 2
    root = ana.views[0]
    await ana.close()
    assert ana.view is None
    assert by.seen[0]["is_cleared"] is True
    assert by.seen[0]["view"]["id"] == root.id
    assert (await ana.click(root, "Deeper")).error == "view_gone"


async def test_two_people_click_at_once(by: Company) -> None:
    @by.app.action("go")
    async def go(ack: Any, body: dict[str, Any]) -> None:
        by.seen.append(body)
        await ack()

    await post(by, button("Go", "go"))
    message = by.ana.sees(by.shared)[0]
    outcomes = await asyncio.gather(by.ana.click(message, "Go"), by.sam.click(message, "Go"), by.sam.click(message, "Go"))
    assert all(outcome.ok for outcome in outcomes)
    assert len({(body["user"]["id"], body["actions"][0]["action_ts"]) for body in by.seen}) == 3
