"""Interactive elements outside input blocks: buttons, menus, selects, pickers and boxes."""

from nicegui import ui

from playground.page import fields
from playground.page.confirm import agreed
from playground.page.control import Control
from playground.page.mrkdwn import plain_html, safe_url
from playground.page.parts import HtmlElement, element, on_press
from playground.page.surface import Complaint, Surface
from playground.page.text import marked, unknown, words_of
from playground.page.words import say
from playground.slack.block_kit import Json
from playground.slack.forms import STATE, Field


def draw(block: Json, given: Json, surface: Surface) -> None:
    """One element in an actions block, or a section's accessory."""
    kind = given.get("type") if isinstance(given, dict) else None
    if kind is not None and surface.person.id not in given.get("visible_to_user_ids", [surface.person.id]):
        return
    if kind == "button":
        _button(block, given, surface)
    elif kind == "overflow":
        _overflow(given, surface)
    elif kind in STATE:
        _control(block, given, surface)
    else:
        unknown(given)


def _button(block: Json, given: Json, surface: Surface) -> None:
    """A button with a URL opens it and still tells the app."""
    url = safe_url(str(given.get("url") or ""))
    style = given.get("style")
    classes = f"b-button b-{style}" if style in {"primary", "danger"} else "b-button"
    name = given.get("accessibility_label")
    if url:
        made = element("a", classes, href=url, target="_blank", rel="noopener noreferrer", aria_label=name)
    else:
        made = element("button", classes, type="button", aria_label=name)
    with made:
        if marked(given.get("text")):
            ui.html(plain_html(given["text"]["text"]), sanitize=False, tag="span")

    async def press() -> None:
        if made.props.get("aria-busy") or not await agreed(given, surface):
            return
        _busy(made, on=True)
        try:
            act = surface.person.click(surface.target, action_id=given["action_id"], block_id=block["block_id"])
            await surface.run(act)
        finally:
            _busy(made, on=False)

    on_press(made, given["action_id"], press)


def _busy(made: HtmlElement, *, on: bool) -> None:
    """A button whose press is under way cannot be pressed again; it keeps the focus."""
    if made.is_deleted:
        return
    made.props.set_optional("aria-busy", "true" if on else None)
    made.props.set_optional("aria-disabled", "true" if on else None)


def _overflow(given: Json, surface: Surface) -> None:
    with element("div", "b-overflow"):
        made = element(
            "button", "b-button b-dots", "⋯", type="button", aria_label=say(surface.person, "more_actions"), aria_haspopup="menu"
        )
        with made, ui.menu().props('auto-close anchor="bottom right" self="top right"').classes("b-menu"):
            for option in given["options"]:
                _overflow_item(given, option, surface)


def _overflow_item(given: Json, option: Json, surface: Surface) -> None:
    async def choose() -> None:
        if await agreed(given, surface):
            await surface.run(surface.person.select(surface.target, given["action_id"], option["value"]))

    item = ui.menu_item(words_of(option["text"]), choose).props("role=menuitem")
    if url := safe_url(str(option.get("url") or "")):
        item.props.update({"href": url, "target": "_blank"})


def _control(block: Json, given: Json, surface: Surface) -> None:
    with element("div", f"b-control b-control-{given['type']}"):
        box = element("div")
        complaint = Complaint()
    name = (
        words_of(given.get("placeholder"))
        or words_of(block.get("text"))
        or say(surface.person, fields.NAMES.get(given["type"], "choose"))
    )
    with box:
        fields.control(Control(Field(block, given), surface, complaint, name=name))
