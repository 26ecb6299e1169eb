"""The one place that knows the real adapters and joins them: store, engine, Slack, Pismo, listeners. Tests build the same bot."""

import asyncio
import logging
import math
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from sqlalchemy.ext.asyncio import AsyncSession

from bot.config.clock import Clock
from bot.config.policies import Policies
from bot.config.settings import Settings
from bot.desk import Desk
from bot.jobs.engine import Engine
from bot.jobs.handlers import executors
from bot.jobs.runner import Effects
from bot.jobs.ticket_poller import Following
from bot.listeners.actions import Buttons
from bot.listeners.app_home import refresh_home
from bot.listeners.commands import Commands
from bot.listeners.events import Events
from bot.listeners.options import Options
from bot.modals.windows import Modals
from bot.slack.client import Slack
from bot.slack.payloads import click_of, command_of, sent_of
from bot.slack.people import Directory
from bot.telemetry import metrics
from flows.cases import remind, renewals
from flows.cases.access import Access
from flows.model import EffectRecord, Onboarding
from flows.ports import Unit
from pismo.client import Pismo
from pismo.environments import Environments
from pismo.service_desk import ServiceDesk
from pismo.tls import ClientTls
from storage.retention import purge
from storage.sealing import Keyring
from storage.store import Store

log = logging.getLogger("bot.app")

REFRESH_SECONDS = 300.0
"""How often it is asked who belongs to support; who joins the support channel is known at once."""

PURGE_SECONDS = 86_400.0
EVENT_LATE = timedelta(seconds=60)
"""An event that is not handled by then was left behind by a failure."""

ANY = re.compile(".*")


def environments(settings: Settings) -> Environments:
    """Pismo's environments, each with its address and certificate. One attempt a call: the engine of effects tries again, durably."""

    def pismo(address: str, tls: ClientTls) -> Pismo:
        return Pismo(address, tls=tls, attempts=1, secret_field=settings.pismo_oauth2_secret_field)

    test, address = pismo(settings.pismo_api_url, settings.pismo_tls), settings.pismo_production_api_url
    return Environments(test, pismo(address, settings.pismo_production_tls) if address else None)


def service_desk(settings: Settings) -> ServiceDesk | None:
    """None where none is configured."""
    url, user, token = settings.service_desk_url, settings.service_desk_user, settings.service_desk_token
    return ServiceDesk(url, user, token) if url else None


class Bot:
    """The whole bot: ``await start()``, ``await stop()``; ``bolt`` takes requests in between."""

    def __init__(self, settings: Settings, policies: Policies) -> None:
        self.settings, self.policies = settings, policies
        self.clock = Clock(settings.clock_file)
        keyring = Keyring.parse(settings.encryption_keys.get_secret_value())
        self.store = Store(settings.database_url, keyring, self._enqueue, self.clock)
        self.engine = Engine(settings.database_url, self._run_batch, poll_seconds=policies.poll_seconds)
        self.slack = Slack(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        self.pismo = environments(settings)
        self.service_desk = service_desk(settings)
        access = Access()
        directory = Directory(
            self.store, self.slack, access, support_channel=settings.support_channel, usergroup=settings.support_usergroup
        )
        self.desk = Desk(
            rules=policies.rules,
            store=self.store,
            slack=self.slack,
            directory=directory,
            access=access,
            support_channel=settings.support_channel,
            support_language=policies.support_language,
            clock=self.clock,
            oauth2_secret_field=settings.pismo_oauth2_secret_field,
        )
        self.desk.refresh_home = lambda who: refresh_home(self.desk, who)
        self.desk.retry_effect = lambda effect_id: self.effects.retry(effect_id, self.engine)
        modals = Modals(self.desk)
        self.modals, self.buttons = modals, Buttons(self.desk, modals)
        self.commands, self.options, self.events = Commands(self.desk, modals), Options(self.desk), Events(self.desk)
        self.following = Following(self.desk, self.service_desk, policies.service_desk.follow_seconds)
        does, self._give_up = executors(self.desk, self.pismo, self.service_desk, policies.service_desk)
        self.effects = Effects(self.store, does, on_failed=self._gave_up, clock=self.clock)
        self.bolt = self._bolt()
        self._loops: list[asyncio.Task[None]] = []
        self._known = False

    # -- life

    async def start(self) -> None:
        """Begin to work; Slack need not be reachable yet."""
        await self.slack.start()
        await self.desk.directory.load()
        await self.engine.start()
        self._loops = [
            asyncio.create_task(self._every(self.policies.sweep_seconds, self._sweep)),
            asyncio.create_task(self._every(self.policies.sweep_seconds, self.following.round)),
            asyncio.create_task(self._every(REFRESH_SECONDS, self._refresh, retry=2.0)),
            asyncio.create_task(self._every(PURGE_SECONDS, self._purge, retry=60.0)),
        ]
        self.desk.later(self.events.handle_left())

    async def stop(self) -> None:
        """Finish what was acknowledged, then let go of everything."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self.desk.drain()
        await self.engine.stop()
        await self.pismo.aclose()
        if self.service_desk is not None:
            await self.service_desk.aclose()
        await self.slack.stop()
        await self.store.close()

    def ready(self) -> dict[str, str]:
        """Why the bot is not ready, by part; empty when it is."""
        wrong = {}
        if not self._known:
            wrong["slack"] = "not reached since the start"
        if self.events.lost:
            wrong["slack"] = f"{self.events.lost}: install the app again and set its new token"
        return wrong

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]], *, retry: float = 0) -> None:
        failures = 0
        while True:
            pause = seconds
            try:
                await work()
                failures = 0
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001  a loop outlives a failure; the next round tries again
                log.warning(
                    "a round failed", extra={"error": getattr(error, "error", type(error).__name__), "work": work.__name__}
                )
                failures += 1
                pause = min(seconds, retry * 2 ** min(failures - 1, 8)) if retry else seconds
            await asyncio.sleep(pause)

    async def _refresh(self) -> None:
        await self.desk.directory.refresh()
        self._known = True

    async def _sweep(self) -> None:
        async def work(unit: Unit) -> int:
            sent = await remind.remind_due(unit, self.desk.rules)
            await remind.expire_due(unit, self.desk.rules)
            await renewals.warn_renewals(unit, self.desk.rules)
            return sent

        metrics.REMINDERS.inc(await self.desk.transact(work))
        await self._count_certificates()
        await self.effects.requeue_stranded(self.engine)
        await self.events.handle_left(older=EVENT_LATE)

    async def _count_certificates(self) -> None:
        async with self.store.read() as unit:
            left = [(one.last_day - unit.now.date()).days for one in await unit.expiries()]
        metrics.CERTIFICATE_DAYS.set(min(left, default=math.nan))
        for days in (0, *self.policies.rules.renewal_days):
            metrics.CERTIFICATES.labels(str(days)).set(sum(n <= days for n in left))

    async def _purge(self) -> None:
        gone = await purge(self.store, timedelta(days=self.policies.retention_days))
        if any(gone.values()):
            log.info("purged what ended long ago", extra=gone)

    # -- effects

    async def _enqueue(self, session: AsyncSession, onboarding_id: str, batch_id: str) -> None:
        await self.engine.enqueue(session, onboarding_id, batch_id)

    async def _run_batch(self, batch_id: str) -> float | None:
        return await self.effects.run_batch(batch_id)

    async def _gave_up(self, effect: EffectRecord) -> None:
        """Support sees what could not be done and why, with a button that tries again. A failed alert raises no further one."""
        if effect.kind == "alert":
            return
        own = self._give_up.get(effect.kind)
        if own is not None and await own(effect):
            return
        step = str(effect.arguments.get("step") or "")

        async def work(unit: Unit) -> None:
            params = {"what": f"effect.{effect.kind}", "why": f"why.{effect.error}", "id": effect.error_id}
            onboarding = await unit.get(Onboarding, effect.onboarding_id)
            if onboarding is not None:
                params["customer"] = onboarding.customer
            unit.effect("", "alert", onboarding=effect.onboarding_id, step=step, effect=effect.id, params=params)
            if step and effect.kind != "draw":  # its card shows it too, with the same button
                unit.effect(effect.onboarding_id, "draw", what="review", step=step)

        await self.desk.transact(work)

    # -- Slack's side

    def _bolt(self) -> AsyncApp:
        secret = self.settings.slack_signing_secret.get_secret_value() if self.settings.slack_signing_secret else ""

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            """No call on the way of a click: there is one token."""
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                bot_token=self.slack.web.token,
                bot_id="B0",
                bot_user_id=self.desk.directory.bot_user_id or "U0",
            )

        app = AsyncApp(
            client=self.slack.web,
            signing_secret=secret or "unused: Socket Mode needs no signature",
            request_verification_enabled=bool(secret),
            authorize=authorize,
            process_before_response=True,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
        )
        app.middleware(self._inbox)
        app.action(ANY)(self._on_action)
        app.view(ANY)(self._on_view)
        app.options(ANY)(self._on_options)
        app.command("/onboarding")(self._on_command)
        return app

    async def _inbox(self, body: dict[str, Any], next: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:  # noqa: A002  Bolt's name
        """Events: stored before they are acknowledged; a store that cannot take one makes Slack send it again."""
        if body.get("type") != "event_callback":
            if user := body.get("user"):
                user["team_id"] = await self.desk.directory.home_team(str(user["id"]), str(user.get("team_id") or ""))
            return await next()
        if self.events.concerns(body) and await self.events.store(body):
            self.desk.later(self.events.handle(str(body["event_id"])))
        return BoltResponse(status=200, body="")

    async def _on_action(self, body: dict[str, Any], ack: AsyncAck) -> None:
        await self.buttons.pressed(click_of(body), ack)

    async def _on_view(self, body: dict[str, Any], ack: AsyncAck) -> None:
        answer = await self.modals.submitted(sent_of(body))
        await ack(**(answer or {}))

    async def _on_options(self, body: dict[str, Any], ack: AsyncAck) -> None:
        await ack(options=await self.options.suggest(body))

    async def _on_command(self, body: dict[str, Any], ack: AsyncAck) -> None:
        answer = await self.commands.run(command_of(body))
        await ack(**(answer or {}))
