"""The page of an office, as served to each browser."""

from nicegui import background_tasks, ui

from playground.office import Office
from playground.page.layout import Layout
from playground.page.shared import SharedState
from playground.slack import SlackStandIn


class OfficePage:
    def __init__(self, office: Office) -> None:
        self.shared = SharedState(office)

    @property
    def slack(self) -> SlackStandIn:
        return self.shared.slack

    def draw(self) -> None:
        """One browser's page, which follows Slack for as long as the browser stays."""
        layout = Layout(self.shared)
        keeping_up = background_tasks.create(layout.follow(), name="page follows Slack")

        def gone() -> None:
            keeping_up.cancel()

        ui.context.client.on_delete(gone)
