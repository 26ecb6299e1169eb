"""What was tried on one side with messages and forms, and how it turned out."""

from collections.abc import Awaitable, Callable

from playground.page import troubles
from playground.page.browser_script import BrowserScript
from playground.slack import Outcome, SlackPerson, View


class Attempts:
    """``warnings``: by message or view, what last went wrong there. ``sending``: the forms on their way to the app.

    ``refresh`` redraws what changed.
    """

    def __init__(self, script: BrowserScript, refresh: Callable[[], None]) -> None:
        self.script, self.refresh = script, refresh
        self.warnings: dict[str, str] = {}
        self.sending: set[str] = set()
        self._client_errors: dict[str, dict[str, str]] = {}

    def errors(self, view: View) -> dict[str, str]:
        """By block_id: what the app, or Slack's client itself, found wrong at the last submission."""
        return {**view.errors, **self._client_errors.get(view.id, {})}

    async def run(self, person: SlackPerson, key: str, act: Awaitable[Outcome]) -> None:
        """Await an act on the message or view ``key`` and show there what went wrong, if anything did."""
        self.warnings.pop(key, None)
        trouble = await troubles.of(person, act)
        if trouble:
            self.warnings[key] = trouble
        self.refresh()

    async def submit(self, person: SlackPerson) -> None:
        """Submit the form on top of her stack."""
        view = person.view
        if view is None or view.id in self.sending:
            return
        self.sending.add(view.id)
        self.warnings.pop(view.id, None)
        self.refresh()
        try:
            outcome = await person.submit()
        finally:
            self.sending.discard(view.id)
        self._client_errors.pop(view.id, None)
        if outcome.client_errors:
            self._client_errors[view.id] = troubles.by_block(person, view, outcome.client_errors)
        elif not outcome.ok and not outcome.errors:
            self.warnings[view.id] = troubles.sentence(person, outcome.error or "")
        self.refresh()
        if not outcome.ok:
            self.script.focus_error()
        elif person.view is view:  # its next page
            self.script.modal_opened()

    async def close(self, person: SlackPerson, *, back: bool) -> None:
        """Close the form on top of her stack if ``back``, else all of them."""
        if person.view is None:
            return
        key = person.view.id
        await self.run(person, key, person.close(back=back))
        self.warnings.pop(key, None)
