"""A person's finer actions: menus, fields that tell the app, pages that keep what was typed, and what administrators do."""

from typing import Any

import pytest

from playground.slack import FileUpload
from tests.playground.company import Company, actions, button, field_of, modal, plain


def options(*texts: str) -> list[dict[str, Any]]:
    return [{"text": plain(text), "value": text.casefold()} for text in texts]


async def opened(company: Company, *blocks: dict[str, Any], **more: Any) -> None:
    await company.client.views_open(trigger_id=company.slack.new_trigger(company.ana.user), view=modal(*blocks, **more))


async def test_menus_and_inputs_on_a_message(by: Company) -> None:
    @by.app.action({"block_id": "actions"})
    async def touched(ack: Any, body: dict[str, Any]) -> None:
        by.seen.append(body)
        await ack()

    @by.app.action({"block_id": "note"})
    async def typed(ack: Any, body: dict[str, Any]) -> None:
        by.seen.append(body)
        await ack()

    menu = {"type": "overflow", "action_id": "menu", "options": options("Skip", "Export")}
    who = {"type": "users_select", "action_id": "who"}
    boxes = {"type": "checkboxes", "action_id": "boxes", "options": options("A", "B")}
    hidden = button("Hidden", "hidden", visible_to_user_ids=[by.sam.id])
    blocks = [*actions(menu, who, boxes, hidden), field_of("note", "Note", dispatch_action=True)]
    await by.client.chat_postMessage(channel=by.shared.id, text="Card", blocks=blocks)
    card = by.ana.sees(by.shared)[0]
    await by.ana.select(card, "menu", "Export")
    await by.ana.select(card, "who", by.sam)
    await by.ana.select(card, "boxes", ["B"])
    await by.ana.fill({"Note": "hello"}, on=card)
    first = [body["actions"][0] for body in by.seen]
    assert first[0]["selected_option"]["value"] == "export"
    assert first[1]["selected_user"] == by.sam.id
    assert [option["value"] for option in first[2]["selected_options"]] == ["b"]
    assert (first[3]["type"], first[3]["value"]) == ("plain_text_input", "hello")
    assert by.seen[3]["state"]["values"]["actions"]["who"] == {"type": "users_select", "selected_user": by.sam.id}
    with pytest.raises(LookupError, match="Hidden"):
        await by.ana.click(card, "Hidden")
    with pytest.raises(ValueError, match="no option"):
        await by.ana.select(card, "menu", "Delete")


async def test_an_update_keeps_what_was_typed_where_the_ids_stay(company: Company) -> None:
    await opened(company, field_of("name", "Name"), field_of("city", "City"))
    await company.ana.fill({"Name": "Ana", "City": "Recife"})
    view = company.ana.view
    assert view
    again = modal(field_of("name", "Full name", initial_value="-"), field_of("city-2", "City", initial_value="Olinda"))
    await company.client.views_update(view_id=view.id, view=again)
    assert view.labels == ["Full name", "City"]
    assert view.inputs["name"]["value"]["value"] == "Ana"
    assert view.inputs["city-2"]["value"]["value"] == "Olinda"


async def test_a_submission_can_push_and_clear(by: Company) -> None:
    @by.app.view("form")
    async def send(ack: Any) -> None:
        await ack(response_action="push", view={**modal(field_of("b", "B", optional=True)), "callback_id": "second"})

    @by.app.view("second")
    async def second(ack: Any) -> None:
        await ack(response_action="clear")

    await opened(by, field_of("a", "A", optional=True))
    assert (await by.ana.submit()).view is by.ana.views[1]
    assert by.ana.views[1].root_id == by.ana.views[0].id
    assert (await by.ana.submit()).closed
    assert by.ana.views == []


async def test_the_client_keeps_people_from_what_slack_keeps_them_from(company: Company) -> None:
    await opened(
        company,
        field_of("url", "Link", "url_text_input"),
        field_of("rate", "Rate", "number_input", is_decimal_allowed=True, min_value="0.5"),
        field_of("why", "Why", min_length=5),
        field_of("day", "Day", "datepicker"),
        field_of("at", "At", "timepicker", timezone="Europe/Lisbon"),
        field_of("who", "Who", "multi_static_select", options=options("A", "B", "C"), max_selected_items=2),
        field_of("up", "Up", "file_input", max_files=1),
    )
    await company.ana.fill({"Link": "acme", "Rate": "0.1", "Why": "so\nso", "Day": "2027-02-03", "At": "09:30", "Who": ["A"]})
    refused = (await company.ana.submit()).client_errors
    assert set(refused) == {"Link", "Rate", "Up"}
    await company.ana.fill({"Why": "so"})
    assert "Why" in (await company.ana.submit()).client_errors
    for values, error in (
        ({"Day": "3 February"}, "isoformat"),
        ({"Who": ["A", "B", "C"]}, "only 2"),
        ({"Up": [FileUpload("a", b""), FileUpload("b", b"")]}, "too many files"),
        ({"Up": [FileUpload("a", b"x" * (10 * 1024 * 1024 + 1))]}, "at most 10 MB"),
    ):
        with pytest.raises(ValueError, match=error):
            await company.ana.fill(values)
    view = company.ana.view
    assert view
    assert view.inputs["at"]["value"] == {"type": "timepicker", "selected_time": "09:30", "timezone": "Europe/Lisbon"}
    assert company.slack.deliveries == []
    with pytest.raises(PermissionError):
        await company.ana.say(company.support, "let me in")


async def test_what_administrators_do_reaches_the_app(by: Company) -> None:
    kinds = (
        "channel_rename",
        "group_rename",
        "channel_id_changed",
        "channel_shared",
        "channel_unshared",
        "tokens_revoked",
        "app_uninstalled",
    )
    for kind in kinds:

        @by.app.event(kind)
        async def note(body: dict[str, Any]) -> None:
            by.seen.append(body["event"])

    slack, acme = by.slack, by.ana.user.team
    slack.rename(by.shared, "acme_bank_pismo")
    slack.rename(by.support, "support")
    old, new = by.support.id, slack.change_id(by.support, "C0NEW")
    slack.share(by.support, acme)
    slack.sever(by.support)
    slack.sever(by.shared)
    await slack.until(lambda: len(by.seen) == 6)
    slack.uninstall()
    await slack.until(lambda: len(by.seen) == 8)
    events = {event["type"]: event for event in by.seen}
    assert set(events) == set(kinds)
    assert events["channel_rename"]["channel"]["name"] == "acme_bank_pismo"
    assert (events["channel_id_changed"]["old_channel_id"], events["channel_id_changed"]["new_channel_id"]) == (old, new)
    assert events["channel_shared"]["connected_team_id"] == events["channel_unshared"]["previously_connected_team_id"] == acme.id
    assert events["tokens_revoked"]["tokens"]["bot"] == [slack.bot_user_id]


async def test_an_edited_message_is_told(by: Company) -> None:
    @by.app.event({"type": "message", "subtype": "message_changed"})
    async def changed(event: dict[str, Any]) -> None:
        by.seen.append(event)

    @by.app.event("message")
    async def message() -> None:
        pass

    said = await by.ana.say(by.shared, "draft")
    await by.ana.edit(said, "final")
    await by.slack.until(lambda: by.seen)
    assert (by.seen[0]["message"]["text"], by.seen[0]["previous_message"]["text"]) == ("final", "draft")
    assert (said.text, by.sam.sees(by.shared)[0].text) == ("draft", "final")
