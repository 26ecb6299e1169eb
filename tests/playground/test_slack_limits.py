"""What Slack refuses, and in which words: payload by payload."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from playground.slack.checks import WebApiError, check_errors, check_message, check_metadata, check_options, check_view
from tests.playground.company import Company, actions, button, field_of, modal, plain

Json = dict[str, Any]


def options(count: int, **more: Any) -> list[Json]:
    return [{"text": plain(f"Option {index}"), "value": str(index), **more} for index in range(count)]


def section(text: str = "words", **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def wordy(count: int) -> list[Json]:
    return [section("x" * 3000) for _ in range(count)]


def data_table(*rows: list[str]) -> Json:
    cells = [[{"type": "raw_text", "text": text} for text in row] for row in rows]
    return {"type": "data_table", "caption": "All", "rows": cells}


def bars(*series: Json) -> Json:
    chart = {"type": "bar", "series": list(series), "axis_config": {"categories": ["x", "y"]}}
    return {"type": "data_visualization", "title": "All", "chart": chart}


MESSAGES: dict[str, tuple[Json, str]] = {
    "nothing at all": ({}, "no_text"),
    "blocks that are no JSON": ({"blocks": "[{"}, "invalid_blocks_format"),
    "51 blocks": ({"blocks": [{"type": "divider"}] * 51}, "no more than 50 items allowed [json-pointer:/blocks]"),
    "all texts together": ({"blocks": wordy(5)}, "msg_blocks_too_long"),
    "long section": ({"blocks": [section("x" * 3001)]}, "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    "empty text": ({"blocks": [section("")]}, "must be more than 0 characters"),
    "section with nothing": ({"blocks": [{"type": "section"}]}, "missing required field: text or fields"),
    "11 fields": ({"blocks": [{"type": "section", "fields": [plain("x")] * 11}]}, "no more than 10 items"),
    "long field": ({"blocks": [{"type": "section", "fields": [plain("x" * 2001)]}]}, "less than 2001"),
    "long header": ({"blocks": [{"type": "header", "text": plain("x" * 151)}]}, "less than 151"),
    "header in mrkdwn": ({"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}, "unsupported type: mrkdwn"),
    "11 context elements": ({"blocks": [{"type": "context", "elements": [plain("x")] * 11}]}, "no more than 10"),
    "26 buttons": ({"blocks": actions(*(button("x", str(i)) for i in range(26)))}, "no more than 25"),
    "long button text": ({"blocks": actions(button("x" * 76, "a"))}, "less than 76"),
    "long button value": ({"blocks": actions(button("x", "a", value="x" * 2001))}, "less than 2001"),
    "button style": ({"blocks": actions(button("x", "a", style="default"))}, "must be one of: primary, danger"),
    "unknown field": ({"blocks": actions(button("x", "a", colour="red"))}, "invalid additional property: colour"),
    "null field": ({"blocks": actions(button("x", "a", value=None))}, "must not be null"),
    "unknown block": ({"blocks": [{"type": "table_of_contents"}]}, "unsupported type: table_of_contents"),
    "alert in a message": ({"blocks": [{"type": "alert", "text": plain("x")}]}, "unsupported type: alert"),
    "file input in a message": ({"blocks": [field_of("f", "File", "file_input")]}, "unsupported type: file_input"),
    "two blocks of one id": ({"blocks": [section(block_id="b"), section(block_id="b")]}, "block_id already exists: b"),
    "two actions of one id": (
        {"blocks": actions(button("x", "a"), button("y", "a"))},
        "action_id already exists in this block: a",
    ),
    "six overflow options": ({"blocks": actions({"type": "overflow", "options": options(6)})}, "no more than 5"),
    "long confirm title": (
        {"blocks": actions(button("x", "a", confirm={k: plain("x" * 101) for k in ("title", "text", "confirm", "deny")}))},
        "less than 101",
    ),
    "two tables": ({"blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}] * 2}, "only one table"),
    "a table's header alone": ({"blocks": [data_table(["x"])]}, "no fewer than 2 items"),
    "a table with rows of two lengths": ({"blocks": [data_table(["x"], ["x", "y"])]}, "same number of cells"),
    "a table too long": ({"blocks": [data_table(["x"], *[["x" * 2500]] * 9)]}, "no more than 20000 characters"),
    "a chart whose series lacks a category": (
        {"blocks": [bars({"name": "a", "data": [{"label": "x", "value": 1}]})]},
        "labels must match the categories",
    ),
    "markdown in sum": ({"blocks": [{"type": "markdown", "text": "x" * 6001}] * 2}, "less than 12001"),
    "metadata without a type": ({"text": "x", "metadata": {"event_payload": {}}}, "invalid_metadata_format"),
    "metadata that is deep": (
        {"text": "x", "metadata": {"event_type": "t", "event_payload": {"a": {"b": {"c": 1}}}}},
        "invalid_metadata_schema",
    ),
}
INPUTS: dict[str, tuple[Json, str]] = {
    "long option value": (
        field_of("a", "A", "static_select", options=[*options(1), {"text": plain("x"), "value": "x" * 151}]),
        "than 151",
    ),
    "101 options": (field_of("a", "A", "static_select", options=options(101)), "no more than 100 items"),
    "no options": (field_of("a", "A", "static_select", options=[]), "no fewer than 1 items"),
    "neither options nor groups": (field_of("a", "A", "static_select"), "exactly one of options, option_groups"),
    "options of one value": (field_of("a", "A", "static_select", options=options(1) * 2), "option values must be unique"),
    "11 checkboxes": (field_of("a", "A", "checkboxes", options=options(11)), "no more than 10"),
    "11 radio buttons": (field_of("a", "A", "radio_buttons", options=options(11)), "no more than 10"),
    "initial option of another list": (
        field_of("a", "A", "static_select", options=options(1), initial_option={"text": plain("x"), "value": "x"}),
        "initial option was not found",
    ),
    "number without decimals said": (field_of("a", "A", "number_input"), "missing required field: is_decimal_allowed"),
    "number limit as a number": (
        field_of("a", "A", "number_input", is_decimal_allowed=True, max_value=3),
        "must provide a string",
    ),
    "max_length": (field_of("a", "A", max_length=3001), "must be between 1 and 3000"),
    "initial value above max_length": (field_of("a", "A", max_length=2, initial_value="xxx"), "less than 3 characters"),
    "e-mail with max_length": (field_of("a", "A", "email_text_input", max_length=9), "invalid additional property: max_length"),
    "long placeholder": (field_of("a", "A", placeholder=plain("x" * 151)), "less than 151"),
    "long label": (field_of("a", "x" * 2001), "less than 2001"),
    "odd date": (field_of("a", "A", "datepicker", initial_date="1/2/2027"), "failed to match pattern"),
    "odd moment": (field_of("a", "A", "datetimepicker", initial_date_time=12), "must be between"),
    "eleven files": (field_of("a", "A", "file_input", max_files=11), "must be between 1 and 10"),
    "long block_id": (field_of("a" * 256, "A"), "less than 256"),
    "button as an input": (field_of("a", "A", "button", text=plain("x")), "unsupported type: button"),
    "table in a form": ({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}, "unsupported type: table"),
    "markdown in a form": ({"type": "markdown", "text": "x"}, "unsupported type: markdown"),
}
VIEWS: dict[str, tuple[Json, str]] = {
    "long title": (modal(section(), title=plain("x" * 25)), "less than 25 characters [json-pointer:/view/title/text]"),
    "long submit": (modal(section(), submit=plain("x" * 25)), "less than 25"),
    "no blocks": (modal(), "no fewer than 1 items"),
    "101 blocks": (modal(*[{"type": "divider"}] * 101), "no more than 100"),
    "private metadata": (modal(section(), private_metadata="x" * 3001), "less than 3001"),
    "callback_id": (modal(section(), callback_id="x" * 256), "less than 256"),
    "unknown part": (modal(section(), colour="red"), "invalid additional property: colour"),
    "input without submit": (
        {k: v for k, v in modal(field_of("a", "A")).items() if k != "submit"},
        "missing required field: submit",
    ),
    "too many bytes": (
        modal(*(field_of(str(i), "A", "static_select", options=options(100, description=plain("é" * 75))) for i in range(20))),
        "view_too_large",
    ),
    "a home where a modal belongs": ({"type": "home", "blocks": [section()]}, "failed to match all allowed schemas"),
}


def verdict(error: WebApiError) -> str:
    return " ".join([error.word, *error.messages])


@pytest.mark.parametrize(("arguments", "words"), MESSAGES.values(), ids=MESSAGES)
def test_a_message_is_refused(arguments: Json, words: str) -> None:
    with pytest.raises(WebApiError) as caught:
        check_message(arguments)
    assert words in verdict(caught.value)


@pytest.mark.parametrize(("block", "words"), INPUTS.values(), ids=INPUTS)
def test_an_input_is_refused(block: Json, words: str) -> None:
    with pytest.raises(WebApiError) as caught:
        check_view(modal(block))
    assert words in verdict(caught.value)


@pytest.mark.parametrize(("view", "words"), VIEWS.values(), ids=VIEWS)
def test_a_view_is_refused(view: Json, words: str) -> None:
    with pytest.raises(WebApiError) as caught:
        check_view(view)
    assert words in verdict(caught.value)


@pytest.mark.parametrize(
    "block",
    [
        section(accessory={"type": "overflow", "action_id": "a", "options": options(5)}),
        {"type": "alert", "text": {"type": "mrkdwn", "text": "x"}, "level": "warning"},
        field_of("a", "A", "multi_external_select", min_query_length=0, initial_options=options(3), max_selected_items=3),
        field_of(
            "a",
            "A",
            "static_select",
            option_groups=[{"label": plain("g"), "options": options(100)}],
            initial_option=options(1)[0],
        ),
        field_of("a", "A", "number_input", is_decimal_allowed=False, min_value="-1", initial_value="3"),
        field_of("a", "A", "rich_text_input"),
        field_of("a", "A", "file_input", filetypes=["pem"], max_files=1),
        field_of("a", "A", "checkboxes", options=options(10, description=plain("more")), optional=True),
        field_of("a", "A", "timepicker", initial_time="23:59", timezone="Europe/Lisbon"),
        field_of("a", "A", max_length=3000, initial_value="x" * 3000, multiline=True),
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]},
        {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "a"},
        {"type": "header", "text": plain("x" * 150)},
    ],
)
def test_what_slack_takes_is_taken(block: Json) -> None:
    assert check_view(modal(block))


def test_metadata_options_and_errors() -> None:
    assert check_metadata('{"event_type": "t", "event_payload": {"id": 1, "ok": true}}') == {
        "event_type": "t",
        "event_payload": {"id": 1, "ok": True},
    }
    assert len(check_options({"option_groups": [{"label": plain("g"), "options": options(3)}]})) == 3
    for body in (None, {}, {"options": options(101)}, {"options": [{"text": plain("x")}]}):
        with pytest.raises(WebApiError, match="invalid_options"):
            check_options(body)
    blocks = [field_of("name", "Name"), section(block_id="words")]
    assert check_errors({"name": "no"}, blocks) == {"name": "no"}
    for errors in ({}, {"words": "no"}, {"name": ""}, {"other": "no"}):
        with pytest.raises(WebApiError, match="invalid_errors"):
            check_errors(errors, blocks)


async def test_refusals_reach_the_app_and_the_list_of_violations(company: Company) -> None:
    with pytest.raises(SlackApiError) as caught:
        await company.client.chat_postMessage(
            channel=company.shared.id, text="x", blocks=[{"type": "header", "text": plain("x" * 151)}]
        )
    assert caught.value.response["error"] == "invalid_blocks"
    assert "less than 151" in caught.value.response["response_metadata"]["messages"][0]
    assert [(violation.where, violation.error) for violation in company.slack.violations] == [
        ("chat.postMessage", "invalid_blocks")
    ]
    assert company.ana.sees(company.shared) == []
