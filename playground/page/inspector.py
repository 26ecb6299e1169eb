"""The pane that shows what Slack and the app say to each other."""

import time
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from playground.page.parts import button, element, set_prop
from playground.page.traffic import Counts, Filter, TrafficRow, counts, find, rows
from playground.page.words import in_language
from playground.slack.core import Core

SECONDS = 0.5
"""Between checks for new traffic: counting three lists is cheap, drawing them is not."""
FILTERS: tuple[Filter, ...] = ("all", "payloads", "calls", "refused")
COLUMNS = ("at", "kind", "what", "who", "ms", "outcome")
_OPENER = """
<q-td :props="props">
  <button type="button" class="inspector-open" :aria-label="props.row.name"
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
.inspector h2 { font-size: 13px; line-height: 1.6; font-weight: 700; }
.inspector-bar > [role=group] { display: flex; gap: 4px; }
.inspector-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; font-size: 13px; }
.inspector-bar > [role=status] { margin-right: auto; }
.inspector-bar button { height: 28px; padding: 0 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper);
  font-size: 13px; font-weight: 600; }
.inspector-bar button:hover { background: var(--hover); }
.inspector-bar button[aria-pressed=true] { border-color: var(--link); color: var(--link); }
.inspector-body { display: flex; flex-wrap: wrap; gap: 8px 20px; margin-top: 8px; }
.inspector-table { flex: 1 1 28rem; min-width: 0; max-height: max(10rem, 36vh - 110px); background: transparent; color: var(--ink); }
.inspector-table .q-table__middle { flex: 1 1 auto; max-height: inherit; }
.inspector-table th { position: sticky; top: 0; z-index: 1; background: var(--paper); }
.inspector-table th, .inspector-table td { height: auto; padding: 3px 8px; }
.layout .inspector-open { padding: 0; border: 0; background: none; color: var(--link); }
.inspector-open:hover { text-decoration: underline; }
.inspector-opened { flex: 1 1 22rem; min-width: 0; }
.inspector-opened:empty { display: none; }
.inspector-json { max-height: max(7rem, 36vh - 165px); margin-top: 6px; padding: 8px; overflow: auto; border-radius: 6px;
  background: var(--sunken); font: 12px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
"""


class Inspector:
    """What one browser sees of the traffic: its filter, where it starts, and which row is open. A row itself is in English, as Slack
    and the app write."""

    def __init__(self, core: Core, language: str) -> None:
        self.core, self._say = core, partial(in_language, language)
        self.since = Counts()
        self.filter: Filter = "all"
        self._drawn: tuple[Counts, Filter] | None = None
        self.root = element("section", "inspector", aria_label=self._say("page.inspector"))
        with self.root:
            self._bar()
            with element("div", "inspector-body"):
                self._table()
                self.opened = element("div", "inspector-opened")
        ui.timer(SECONDS, self.refresh)
        self.refresh()

    def _bar(self) -> None:
        with element("div", "inspector-bar"):
            element("h2", "", self._say("page.inspector"))
            self.told = element("span", role="status")
            with element("div", role="group", aria_label=self._say("inspector.show")):
                self.buttons = {name: button(self._say(f"inspector.{name}"), partial(self.choose, name)) for name in FILTERS}
            button(self._say("inspector.clear"), self.clear)

    def _table(self) -> None:
        columns = [
            {"name": name, "label": self._say(f"inspector.{name}"), "field": name, "align": "right" if name == "ms" else "left"}
            for name in COLUMNS
        ]
        self.table = ui.table(columns=columns, rows=[], row_key="key").classes("inspector-table")
        self.table.props('flat dense hide-bottom :rows-per-page-options="[0]"')
        self.table.add_slot("body-cell-what", _OPENER)
        self.table.add_slot("body-cell-outcome", _OUTCOME)
        self.table.on("open", self.open)

    def choose(self, shown: Filter) -> None:
        self.filter = shown
        self.refresh()

    def clear(self) -> None:
        """Only this browser forgets: others, and the demo's own count of refusals, keep the traffic."""
        self.since = counts(self.core)
        self.opened.clear()
        self.refresh()

    def refresh(self) -> None:
        """Draw what is new, if anybody can see it."""
        now = counts(self.core, self.since), self.filter
        if now == self._drawn or not all(element.visible for element in self.root.ancestors()):
            return
        self._drawn = now
        for name, pressed in self.buttons.items():
            set_prop(pressed, "aria-pressed", "true" if name == self.filter else "false")
        self.told.text = self._counted(now[0])
        self.told.classes(replace="inspector-bad" if now[0].refused else "inspector-good")
        self.table.rows = [self._cells(row) for row in rows(self.core, self.filter, since=self.since)]

    def open(self, event: GenericEventArguments) -> None:
        row = find(self.core, str(event.args))
        self.opened.clear()
        if row is None:
            return
        with self.opened:
            with element("div", "inspector-bar"):
                element("strong", f"inspector-{row.verdict}", f"{row.what}: {row.outcome}", role="status")
                button(self._say("inspector.close"), self.opened.clear)
            element("div", "inspector-json", row.json(), tabindex="0", role="region", aria_label=self._say("inspector.details"))

    def _counted(self, those: Counts) -> str:
        payloads, calls = (self._say(f"inspector.count.{name}", n=getattr(those, name)) for name in ("payloads", "calls"))
        return self._say("inspector.counts", payloads=payloads, calls=calls, refused=those.refused)

    def _cells(self, row: TrafficRow) -> dict[str, Any]:
        ms = "" if row.ms is None else f"{row.ms:.0f}"
        at = time.strftime("%H:%M:%S", time.localtime(row.at))
        return {"key": row.key, "at": at, "kind": row.kind, "what": row.what, "who": row.who, "ms": ms} | {
            "outcome": row.outcome,
            "verdict": row.verdict,
            "name": self._say("inspector.open", what=row.what, at=at),
        }


def draw(core: Core, language: str) -> None:
    """Draw the pane "Inspector" at the current place in the page."""
    ui.add_css(STYLE)
    Inspector(core, language)
