"""The page's appearance: one style sheet and one script, both from this machine."""

from pathlib import Path

from nicegui import ui

from playground.page.parts import element

_STATIC = Path(__file__).parent / "static"


def dress() -> None:
    """Give this browser's page its style and its few lines of script."""
    ui.add_head_html(f"<style>{(_STATIC / 'page.css').read_text()}</style><script>{(_STATIC / 'page.js').read_text()}</script>")


def dark_switch(label: str) -> None:
    """Follows the machine's preference until switched; the browser remembers. The script beside the style sheet does the work."""
    switch = element("button", "dark-switch", type="button", role="switch", aria_checked="false")
    switch.on("click", js_handler="() => switchDark()")
    with switch:
        element("span", "dark-track", aria_hidden="true")
        element("span", "", label)
