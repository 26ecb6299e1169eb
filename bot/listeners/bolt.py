"""Bolt's app: every kind of request that Slack sends, and the listener that handles it."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.actions import Buttons
from bot.listeners.app_home import AppHome
from bot.listeners.commands import SlashCommands
from bot.listeners.events import Events
from bot.listeners.options import Options
from bot.modals.subject import meta_of
from bot.modals.submission import CLEAR, FormSubmissions
from bot.slack.background import Background
from bot.slack.payloads import click_of, command_of, submitted_of, who_of
from bot.slack.people import People
from bot.slack.support_people import SupportPeople

ANY = re.compile(".*")


@dataclass(frozen=True)
class Listeners:
    buttons: Buttons
    submissions: FormSubmissions
    options: Options
    commands: SlashCommands
    events: Events
    home: AppHome
    people: People
    support: SupportPeople
    background: Background

    def bolt(self, web: AsyncWebClient, signing_secret: str) -> AsyncApp:
        """``signing_secret``: empty in Socket Mode, which needs no signature."""

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            """There is one token, so a click needs no call."""
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                bot_token=web.token,
                bot_id="B0",
                bot_user_id=self.people.bot_user_id or "U0",
            )

        app = AsyncApp(
            client=web,
            signing_secret=signing_secret or "unused: Socket Mode needs no signature",
            request_verification_enabled=bool(signing_secret),
            authorize=authorize,
            process_before_response=True,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
        )
        app.middleware(self._received)
        app.action(ANY)(self._pressed)
        app.view(ANY)(self._submitted)
        app.options(ANY)(self._searched)
        app.command("/onboarding")(self._commanded)
        return app

    async def _received(self, body: dict[str, Any], next: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:  # noqa: A002  Bolt's name
        """Events stop here: no Bolt listener handles them."""
        if body.get("type") == "event_callback":
            await self.events.received(body)
            return BoltResponse(status=200, body="")
        if user := body.get("user"):
            user["team_id"] = await self.people.home_team(str(user["id"]), str(user.get("team_id") or ""))
        if user or "user_id" in body:
            await self.support.verify(who_of(body))
        return await next()

    async def _pressed(self, body: dict[str, Any], ack: AsyncAck) -> None:
        await self.buttons.pressed(click_of(body), ack)

    async def _submitted(self, body: dict[str, Any], ack: AsyncAck) -> None:
        sent = submitted_of(body)
        response = await self.submissions.submitted(sent)
        if response == CLEAR:
            if meta_of(sent.view).home:
                self.home.seen(sent.who)
            self.background.later(self.home.refresh(sent.who))
        await ack(**response)

    async def _searched(self, body: dict[str, Any], ack: AsyncAck) -> None:
        await ack(options=await self.options.suggest(body))

    async def _commanded(self, body: dict[str, Any], ack: AsyncAck) -> None:
        await ack(**(await self.commands.run(command_of(body)) or {}))
