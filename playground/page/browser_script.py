"""What only the browser itself can do within an element: the functions of static/page.js."""

import json

from nicegui.element import Element


class BrowserScript:
    """Does nothing before the browser is connected or after it has left."""

    def __init__(self, root: Element) -> None:
        self.root, self.client = root, root.client

    @property
    def connected(self) -> bool:
        return self.client.has_socket_connection

    def show_message(self, ts: str) -> None:
        self._call("showMessage", ts)

    def show_beginning(self, ts: str) -> None:
        """A message where somebody who was nowhere yet begins."""
        self._call("showBeginning", ts)

    def show_change(self, ts: str) -> None:
        """A message that changed. If it cannot be shown at once, the event ``changeunseen`` comes, and ``changeseen`` when it is."""
        self._call("showChange", ts)

    def show_button(self, ts: str) -> None:
        """The first button of a message, with the focus."""
        self._call("showButton", ts)

    def show_end(self, ts: str) -> None:
        """The end of a message, where its buttons are."""
        self._call("showMessage", ts, "end")

    def focus(self, selector: str) -> None:
        self._call("focusInside", selector)

    def focus_error(self) -> None:
        self._call("focusError")

    def modal_opened(self) -> None:
        self._call("modalOpened")

    def modal_closed(self) -> None:
        self._call("modalClosed")

    def _call(self, function: str, *given: str) -> None:
        if self.connected:
            self.client.run_javascript(f"{function}({', '.join(map(json.dumps, (self.root.id, *given)))})")
