"""Adapters to everything outside the process: real ones from the settings, or a test's."""

from dataclasses import dataclass, field
from typing import Self

from bot.config.clock import Clock
from bot.config.settings import Settings
from bot.inspection.inspections import Inspections
from bot.jobs import lease
from bot.jobs.executor import Patience
from bot.slack.client import Slack
from bot.telemetry import traces
from pismo.client import Pismo
from pismo.environments import Environments
from pismo.service_desk import ServiceDesk
from pismo.tls import ClientTls


@dataclass(frozen=True)
class Adapters:
    """``service_desk``: None if none is configured."""

    slack: Slack
    pismo: Environments
    service_desk: ServiceDesk | None
    clock: Clock
    patience: Patience = field(default_factory=Patience)
    inspections: Inspections = field(default_factory=Inspections)

    @classmethod
    def real(cls, settings: Settings) -> Self:
        def pismo(address: str, tls: ClientTls) -> Pismo:
            # One attempt per call: the runner tries again, durably.
            return Pismo(address, tls=tls, attempts=1, on_call=traces.called)

        production, portal = settings.pismo_production_api_url, settings.service_desk_url
        return cls(
            slack=Slack(
                settings.slack_bot_token.get_secret_value(),
                settings.slack_api_url,
                before_call=lease.check,
                can_wait=lease.is_held,
            ),
            pismo=Environments(
                pismo(settings.pismo_api_url, settings.pismo_tls),
                pismo(production, settings.pismo_production_tls) if production else None,
            ),
            service_desk=ServiceDesk(portal, settings.service_desk_user, settings.service_desk_token, on_call=traces.called)
            if portal
            else None,
            clock=Clock(settings.clock_file),
        )

    async def close(self) -> None:
        self.inspections.close()
        await self.pismo.aclose()
        if self.service_desk is not None:
            await self.service_desk.aclose()
        await self.slack.stop()
