"""The page's looks: one style sheet and one script, both from this machine."""

from pathlib import Path

from nicegui import ui

_STATIC = Path(__file__).parent / "static"


def dress() -> None:
    """Give the page of this browser its style and its few lines of script."""
    ui.add_head_html(f"<style>{(_STATIC / 'page.css').read_text()}</style><script>{(_STATIC / 'page.js').read_text()}</script>")


def dark_switch() -> None:
    """As the machine prefers, until it is switched; the browser remembers."""
    dark = ui.dark_mode(value=None)
    switch = ui.switch("Dark").classes("dark-switch").props("dense")
    switch.on_value_change(lambda event: dark.set_value(event.value))
    switch.on("click", js_handler="() => rememberDark()")

    async def prefer() -> None:
        switch.value = bool(await ui.run_javascript("return prefersDark()", timeout=10))

    ui.context.client.on_connect(prefer)
