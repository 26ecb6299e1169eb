"""Date, time, and date with time: typed or picked with the browser's own controls. Moments are in the reader's zone."""

from typing import Any, Final

from nicegui import ui

from playground.page.control import Control
from playground.page.moments import moment_of

_NATIVE: Final = {"datepicker": "date", "timepicker": "time", "datetimepicker": "datetime-local"}


def picker(of: Control) -> None:
    made = ui.input(value=_shown(of)).classes(f"b-typed b-picked b-{of.kind}").props(f"outlined dense type={_NATIVE[of.kind]}")
    made.props["for"] = of.id
    if of.kind != "timepicker":
        made.props["max"] = "9999-12-31" + ("T23:59" if of.kind == "datetimepicker" else "")
    of.owns(made)

    async def picked(event: Any) -> None:
        if not await of.put(str(event.value) if event.value else None):
            made.value = _shown(of)

    made.on_value_change(picked)


def _shown(of: Control) -> str:
    value = of.value
    if of.kind == "datetimepicker" and value is not None:
        moment = moment_of(int(value), of.surface.person)
        return f"{moment:%Y-%m-%dT%H:%M}" if moment else ""
    return str(value or "")
