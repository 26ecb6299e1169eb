"""The dialog in which Slack asks for confirmation before doing what was clicked."""

from nicegui import ui

from playground.page.parts import button, element
from playground.page.surface import Surface
from playground.page.text import draw_text, words_of
from playground.page.words import say
from playground.slack.block_kit import Json


async def agreed(given: Json, surface: Surface) -> bool:
    """Whether she confirms; true at once if the element has no confirm dialog. Escape or a click outside the dialog denies."""
    asked = given.get("confirm")
    if not isinstance(asked, dict):
        return True
    title = words_of(asked.get("title"), say(surface.person, "are_you_sure"))
    style = "danger" if asked.get("style") == "danger" else "primary"
    with ui.dialog() as dialog:
        dialog.props["aria-label"] = title
        with element("div", "b-confirm", lang=surface.person.user.locale):
            element("h2", "b-confirm-title", title)
            draw_text(asked.get("text"), surface.person)
            with element("div", "b-confirm-foot"):
                button(words_of(asked.get("deny"), say(surface.person, "cancel")), lambda: dialog.submit(False), "b-button")
                yes = button(
                    words_of(asked.get("confirm"), say(surface.person, "yes")), lambda: dialog.submit(True), f"b-button b-{style}"
                )
                yes.props["autofocus"] = True
    answer = await dialog
    if not dialog.is_deleted:
        dialog.delete()
    return bool(answer)
