"""The pane where one sees what Slack and the app say to each other."""

import time
from typing import TYPE_CHECKING, Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from playground.page.traffic import Counts, Filter, Row, counts, find, rows
from playground.slack.core import Core

if TYPE_CHECKING:
    from playground.page.server import Page

SECONDS = 0.5
"""Between two looks whether something went by: counting three lists costs nothing, drawing them does."""
FILTERS: dict[Filter, str] = {"all": "All", "payloads": "Payloads", "calls": "Calls", "refused": "Refused"}
_COLUMNS = [
    {"name": "at", "label": "Time", "field": "at", "align": "left"},
    {"name": "kind", "label": "Kind", "field": "kind", "align": "left"},
    {"name": "what", "label": "What", "field": "what", "align": "left"},
    {"name": "who", "label": "By", "field": "who", "align": "left"},
    {"name": "ms", "label": "ms", "field": "ms", "align": "right"},
    {"name": "outcome", "label": "Outcome", "field": "outcome", "align": "left"},
]
_OPENER = """
<q-td :props="props">
  <button type="button" class="inspector-open" :aria-label="'Open ' + props.row.what + ' of ' + props.row.at"
    @click="() => $parent.$emit('open', props.row.key)">{{ props.row.what }}</button>
</q-td>
"""
_OUTCOME = '<q-td :props="props"><span :class="\'inspector-\' + props.row.verdict">{{ props.row.outcome }}</span></q-td>'
STYLE = """
.inspector { --good: #1a6b4f; --poor: #7a4b00; --bad: #b3123d; width: 100%; min-width: 0; }
.body--dark .inspector { --good: #6fd3ae; --poor: #f2c76b; --bad: #ff9cae; }
.inspector-good { color: var(--good); }
.inspector-poor { color: var(--poor); }
.inspector-bad { color: var(--bad); font-weight: 600; }
.inspector-open { background: none; border: 0; padding: 0; font: inherit; color: inherit; text-decoration: underline; cursor: pointer; }
.inspector-open:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
.inspector-table { max-height: 20rem; background: transparent; }
.inspector-table th, .inspector-table td { height: auto; padding: 3px 8px; }
.inspector-json { max-height: 20rem; overflow: auto; font: 12px/1.5 ui-monospace, monospace; }
.inspector-json { white-space: pre-wrap; overflow-wrap: anywhere; }
"""


class Inspector:
    """What one browser sees of the traffic: its filter, from where on, and the row that is open."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.since = Counts()
        self.filter: Filter = "all"
        self._drawn: tuple[Counts, Filter] | None = None
        self.root = ui.element("section").props('aria-label="Inspector"').classes("inspector")
        with self.root:
            self._bar()
            self._table()
            self.opened = ui.column().classes("w-full gap-1 q-mt-sm")
        ui.timer(SECONDS, self.refresh)
        self.refresh()

    def _bar(self) -> None:
        with ui.row().classes("w-full items-center gap-3"):
            ui.label("Inspector").classes("text-weight-bold").props("role=heading aria-level=2")
            self.told = ui.label().props("role=status")
            ui.space()
            ui.toggle(dict(FILTERS), value=self.filter, on_change=lambda e: self.choose(e.value)).props(
                'dense no-caps unelevated role=group aria-label="Show"'
            )
            ui.button("Clear", on_click=self.clear).props("flat dense no-caps")

    def _table(self) -> None:
        self.table = ui.table(columns=_COLUMNS, rows=[], row_key="key").classes("inspector-table w-full")
        self.table.props('flat dense hide-bottom :rows-per-page-options="[0]"')
        self.table.add_slot("body-cell-what", _OPENER)
        self.table.add_slot("body-cell-outcome", _OUTCOME)
        self.table.on("open", self.open)

    def choose(self, shown: Filter) -> None:
        self.filter = shown
        self.refresh()

    def clear(self) -> None:
        """Only this browser forgets: others, and the demo's own count of what was refused, keep what went by."""
        self.since = counts(self.core)
        self.opened.clear()
        self.refresh()

    def refresh(self) -> None:
        """Draw what is new, where somebody can see it."""
        now = counts(self.core, self.since), self.filter
        if now == self._drawn or not all(element.visible for element in self.root.ancestors()):
            return
        self._drawn = now
        self.told.text = now[0].in_words()
        self.told.classes(replace="inspector-bad" if now[0].refused else "inspector-good")
        self.table.rows = [_cells(row) for row in rows(self.core, self.filter, since=self.since)]

    def open(self, event: GenericEventArguments) -> None:
        row = find(self.core, str(event.args))
        self.opened.clear()
        if row is None:
            return
        with self.opened:
            with ui.row().classes("w-full items-center"):
                ui.label(f"{row.what}: {row.outcome}").classes(f"text-weight-bold inspector-{row.verdict}")
                ui.space()
                ui.button("Close details", on_click=self.opened.clear).props("flat dense no-caps")
            ui.label(row.json()).classes("inspector-json w-full").props('tabindex=0 role=region aria-label="Details"')


def _cells(row: Row) -> dict[str, Any]:
    ms = "" if row.ms is None else f"{row.ms:.0f}"
    at = time.strftime("%H:%M:%S", time.localtime(row.at))
    return {"key": row.key, "at": at, "kind": row.kind, "what": row.what, "who": row.who, "ms": ms} | {
        "outcome": row.outcome,
        "verdict": row.verdict,
    }


def draw(page: "Page") -> None:
    """The pane "Inspector" into the current place of the page."""
    ui.add_css(STYLE)
    Inspector(page.office.slack)
