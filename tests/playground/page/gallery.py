"""Every block and every element in one modal and one message, drawn on a page of their own."""

import re
from collections.abc import Awaitable
from typing import Any

from nicegui import ui
from playwright.async_api import Page as Tab
from slack_bolt.async_app import AsyncApp

from playground.page.blocks import draw
from playground.page.parts import element
from playground.page.surface import Surface
from playground.page.theme import dress
from playground.slack import Message, Outcome, SlackPerson, SlackStandIn, View
from playground.slack.view_methods import new_view
from tests.playground.company import button, field_of, plain

CONFIRM = {
    "title": plain("Close it?"),
    "text": plain("Nobody can open it again."),
    "confirm": plain("Close it"),
    "deny": plain("Keep it"),
}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def option(text: str, value: str = "", **more: Any) -> dict[str, Any]:
    return {"text": plain(text), "value": value or text.casefold(), **more}


CITIES = [option("Recife"), option("Olinda"), option("São Paulo", "sp")]
GROUPS = [
    {"label": plain("Fruit"), "options": [option("Apple"), option("Banana")]},
    {"label": plain("Roots"), "options": [option("Carrot"), option("Cassava")]},
]


def rich(person: str, channel: str) -> dict[str, Any]:
    def section(*parts: dict[str, Any]) -> dict[str, Any]:
        return {"type": "rich_text_section", "elements": list(parts)}

    def text(words: str, **style: bool) -> dict[str, Any]:
        return {"type": "text", "text": words, **({"style": style} if style else {})}

    def listed(indent: int, *items: str, style: str = "bullet") -> dict[str, Any]:
        return {"type": "rich_text_list", "style": style, "indent": indent, "elements": [section(text(item)) for item in items]}

    return {
        "type": "rich_text",
        "elements": [
            section(text("Bold", bold=True), text(", "), text("italic", italic=True), text(", "), text("struck", strike=True)),
            section({"type": "user", "user_id": person}, text(" in "), {"type": "channel", "channel_id": channel}, text(" ")),
            section({"type": "emoji", "name": "tada"}, {"type": "color", "value": "#7a1fa2"}),
            section({"type": "date", "timestamp": 1_790_000_000, "format": "{date_long}, {time}", "fallback": "one day"}),
            listed(0, "First", "Second", style="ordered"),
            listed(1, "Nested"),
            {"type": "rich_text_quote", "elements": [text("A quote")]},
            {"type": "rich_text_preformatted", "elements": [text("code = 1\nmore()")]},
        ],
    }


def form_blocks() -> list[dict[str, Any]]:
    def hinted(block: dict[str, Any], hint: str) -> dict[str, Any]:
        return {**block, "hint": plain(hint)}

    many = {"options": [option("Cards"), option("Accounts", description=plain("With statements")), option("Pix")]}
    return [
        {"type": "context", "elements": [mrkdwn("*Your organization* · page 1 of 3")]},
        {"type": "alert", "level": "error", "text": mrkdwn("The *name* is taken.")},
        {"type": "alert", "level": "info", "text": mrkdwn("Saved at each page.")},
        hinted(field_of("name", "Name", placeholder=plain("As in the contract"), max_length=20), "Letters and digits."),
        field_of("about", "About", multiline=True, optional=True, initial_value="Two\nlines"),
        field_of("mail", "E-mail", "email_text_input", placeholder=plain("ana@acme.example")),
        field_of("site", "Site", "url_text_input"),
        field_of("cards", "Cards a month", "number_input", is_decimal_allowed=False, min_value="1"),
        field_of("day", "Day", "datepicker", initial_date="2027-02-03"),
        field_of("hour", "Hour", "timepicker"),
        field_of("moment", "Moment", "datetimepicker"),
        field_of("city", "City", "static_select", options=CITIES, initial_option=CITIES[0]),
        field_of("food", "Food", "static_select", option_groups=GROUPS, optional=True),
        field_of("cities", "Cities", "multi_static_select", options=CITIES, initial_options=CITIES[:2]),
        field_of("currency", "Currency", "external_select", min_query_length=0),
        field_of("currencies", "Currencies", "multi_external_select", min_query_length=2),
        field_of("lead", "Lead", "users_select"),
        field_of("team", "Team", "multi_users_select"),
        field_of("place", "Place", "conversations_select"),
        field_of("public", "Public channel", "channels_select"),
        field_of("wants", "Products", "checkboxes", **many),
        field_of("one", "First product", "radio_buttons", **many),
        field_of("file", "Certificate", "file_input", filetypes=["pem", "txt"], max_files=2),
        field_of("sum", "Sum", dispatch_action=True, optional=True),
        field_of("poem", "Poem", "rich_text_input", optional=True),
        {"type": "actions", "block_id": "back", "elements": [button("Back", "back")]},
    ]


def card_blocks(person: str, channel: str) -> list[dict[str, Any]]:
    png = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    menu = {"type": "overflow", "action_id": "menu", "options": [option("Skip"), option("Export")]}
    said = (
        f"Hello <@{person}>, see <#{channel}> :wave: and *bold*, _italic_, ~struck~, `code`, <https://example.com|a link>.\n"
        "> quoted :unknown_one:\n```\nfenced = True\n```\nDue <!date^1790000000^{date_short_pretty} {time}|then>, 3 &lt; 4 &amp; 5."
    )
    return [
        {"type": "header", "text": plain("Acme Bank :bank:")},
        {"type": "section", "text": mrkdwn(said)},
        {
            "type": "section",
            "fields": [mrkdwn(f"*Field {n}*\nvalue {n}") for n in range(1, 5)],
            "accessory": button("Open", "open"),
        },
        {"type": "section", "text": mrkdwn("With a menu"), "accessory": menu},
        {
            "type": "section",
            "text": mrkdwn("With a picture"),
            "accessory": {"type": "image", "image_url": png, "alt_text": "A dot"},
        },
        {"type": "context", "elements": [{"type": "image", "image_url": png, "alt_text": "A dot"}, mrkdwn("Opened _today_")]},
        {"type": "divider"},
        {
            "type": "actions",
            "block_id": "acts",
            "elements": [
                button("Approve", "approve", style="primary"),
                button("Close", "close", style="danger", confirm=CONFIRM),
                button("Read on", "read", url="https://example.com/docs"),
                button("Plain", "plain"),
                {"type": "static_select", "action_id": "pick", "placeholder": plain("Pick a city"), "options": CITIES},
            ],
        },
        {"type": "image", "title": plain("A picture"), "image_url": "https://example.com/a.png", "alt_text": "A chart of cards"},
        {
            "type": "markdown",
            "text": "## Notes\n\n1. **bold** and [link](https://example.com)\n2. `code`\n\n> quote\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        },
        {
            "type": "table",
            "rows": [
                [{"type": "raw_text", "text": "Product"}, {"type": "raw_text", "text": "Cards"}],
                [{"type": "raw_text", "text": "Credit"}, {"type": "raw_number", "value": 1200, "text": "1,200"}],
            ],
        },
        {
            "type": "data_table",
            "caption": "Cards by month",
            "page_size": 2,
            "rows": [
                [{"type": "raw_text", "text": "Month"}, {"type": "raw_text", "text": "Issued"}],
                *(
                    [{"type": "raw_text", "text": month}, {"type": "raw_number", "value": issued, "text": f"{issued:,}"}]
                    for month, issued in (("May", 900), ("June", 1300), ("July", 85))
                ),
            ],
        },
        {
            "type": "data_visualization",
            "title": "Days by step",
            "chart": {
                "type": "bar",
                "series": [
                    {"name": name, "data": [{"label": "Planning", "value": value}, {"label": "Production", "value": 12}]}
                    for name, value in (("Customer", 3.4), ("Support", 0))
                ],
                "axis_config": {"categories": ["Planning", "Production"], "y_label": "Business days"},
            },
        },
        rich(person, channel),
        {
            "type": "video",
            "title": plain("How it goes"),
            "video_url": "https://example.com/v",
            "thumbnail_url": "https://example.com/t",
            "alt_text": "v",
        },
        {"type": "hologram", "light": "green"},
    ]


class Gallery:
    """What `playground.page.server.serve` serves: the view on the left, the message on the right."""

    def __init__(self, slack: SlackStandIn, person: SlackPerson) -> None:
        self.slack, self.person, self.url = slack, person, ""
        self.outcomes: list[Outcome] = []
        self.actions: list[dict[str, Any]] = []
        self.errors: dict[str, str] = {"mail": "This address is known already."}
        channel = next(channel for channel in person.channels() if not channel.im)
        blocks = [{"block_id": f"block{n}", **block} for n, block in enumerate(card_blocks(person.id, channel.id))]
        self.message = Message(slack.world.new_ts(), channel, slack.bot_user_id, "Card", blocks, bot=True)
        channel.messages.append(self.message)
        self.begin()

    def begin(self) -> None:
        """Open a fresh form."""
        self.actions.clear()
        form = {"type": "modal", "callback_id": "form", "title": plain("Form"), "submit": plain("Send"), "blocks": form_blocks()}
        self.person.user.stack[:] = [new_view(self.slack, self.person.user, form)]

    @property
    def view(self) -> View:
        view = self.person.view
        assert view
        return view

    def inputs(self, block_id: str) -> Any:
        state = self.view.inputs[block_id]["value"]
        return next(value for name, value in state.items() if name != "type")

    async def run(self, act: Awaitable[Outcome]) -> None:
        self.outcomes.append(await act)

    def draw(self) -> None:
        dress()
        ui.dark_mode(value=None)
        ui.context.client.content.classes(replace="gallery")
        style = "display:grid;grid-template-columns:470px 560px;gap:40px;padding:24px;background:var(--paper);height:100vh;overflow:auto"
        with element("main", "layout", style=style):
            with element("section", aria_label="Form"):
                draw(self.view.blocks, Surface(self.person, self.view, self.slack.world, self.run, self.errors))
            with element("section", aria_label="Message"):
                draw(self.message.blocks, Surface(self.person, self.message, self.slack.world, self.run))


def answer(app: AsyncApp, gallery: Gallery) -> None:
    """An app that acknowledges everything and remembers it; currencies are searched."""

    @app.options("value")
    async def currencies(ack: Any, body: dict[str, Any]) -> None:
        found = [text for text in ("Real", "Euro", "Dollar", "Peso") if body["value"].casefold() in text.casefold()]
        await ack(options=[option(text) for text in found])

    @app.action(re.compile(".*"))
    async def acted(ack: Any, body: dict[str, Any]) -> None:
        gallery.actions.append(body["actions"][0])
        await ack()


def complaints(tab: Tab) -> list[str]:
    """The browser's complaints from now on."""
    found: list[str] = []
    tab.on("console", lambda said: found.append(said.text) if said.type in {"error", "warning"} else None)
    tab.on("pageerror", lambda error: found.append(str(error)))
    return found
