"""Bolt's app: every kind of request that Slack sends, and the listener that handles it."""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.actions import Buttons
from bot.listeners.app_home import AppHome
from bot.listeners.customer_search import CALLBACK as FIND
from bot.listeners.customer_search import CustomerSearch
from bot.listeners.events import Events
from bot.listeners.next_item import NextItem
from bot.listeners.options import Options
from bot.listeners.own_command import Commands
from bot.modals.subject import meta_of
from bot.modals.submission import CLEAR, FormSubmissions, chosen_customer
from bot.slack.background import Background
from bot.slack.payloads import MalformedPayload, click_of, command_of, reading, search_of, submitted_of, who_of
from bot.slack.people import People
from bot.slack.support_people import SupportPeople
from bot.telemetry import traces

log = logging.getLogger("bot.listeners.bolt")

ANY = re.compile(".*")


@dataclass(frozen=True)
class Listeners:
    buttons: Buttons
    submissions: FormSubmissions
    options: Options
    commands: Commands
    events: Events
    home: AppHome
    searching: CustomerSearch
    following: NextItem
    people: People
    support: SupportPeople
    background: Background

    def bolt(self, web: AsyncWebClient) -> AsyncApp:
        """Signatures are `bot.slack.web`'s: Bolt checks them only after it has parsed the body, and logs the body of what isn't
        signed."""

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
            name="onboarding",  # without one, Bolt looks through the source of all that called this
            client=web,
            signing_secret="checked in bot.slack.web",  # noqa: S106  Bolt insists on one
            request_verification_enabled=False,
            authorize=authorize,
            process_before_response=True,
            raise_error_for_unhandled_request=True,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
        )
        app.error(_failed)
        app.middleware(self._received)
        app.action(ANY)(self._pressed)
        app.view(ANY)(self._submitted)
        app.options(ANY)(self._searched)
        app.command("/onboarding")(self._commanded)
        return app

    async def _received(self, body: dict[str, Any], next: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:  # noqa: A002  Bolt's name
        """Events stop here: no Bolt listener handles them."""
        if body.get("type") == "event_callback":
            traces.rename("event")
            await self.events.received(body)
            return BoltResponse(status=200, body="")
        if user := body.get("user"):
            with reading():
                user_id, team_id = str(user["id"]), str(user.get("team_id") or "")
            user["team_id"] = await self.people.home_team(user_id, team_id)
        if user or "user_id" in body:
            with reading():
                who = who_of(body)
            await self.support.verify(who)
        return await next()

    async def _pressed(self, body: dict[str, Any], ack: AsyncAck) -> None:
        with reading():
            click = click_of(body)
        await self.buttons.pressed(click, ack)

    async def _submitted(self, body: dict[str, Any], ack: AsyncAck) -> None:
        with reading():
            sent = submitted_of(body)
        traces.rename("submit")
        if sent.view.get("callback_id") == FIND:
            await ack(**await self.searching.search(sent))
            return
        response = await self.submissions.submitted(sent)
        if response == CLEAR:
            meta = meta_of(sent.view)
            if meta.home:
                self.home.seen(sent.who)
            elif meta.decides:
                self.background.later(self.following.offer(sent.who, meta.onboarding, meta.step))
            self.background.later(self.home.refresh(sent.who))
            if meta.verb and (customer := chosen_customer(sent.values)):
                command = self.commands.support.go_on(sent.who, meta.item, meta.verb, customer, key=f"command:{sent.key}")
                self.background.later(command)
        await ack(**response)

    async def _searched(self, body: dict[str, Any], ack: AsyncAck) -> None:
        with reading():
            search = search_of(body)
        traces.rename("search")
        await ack(options=await self.options.suggest(search))

    async def _commanded(self, body: dict[str, Any], ack: AsyncAck, request: AsyncBoltRequest) -> None:
        with reading():
            command = command_of(body, "".join(request.headers.get("x-slack-signature", ())))
        traces.rename("command")
        await ack(**(await self.commands.run(command) or {}))


async def _failed(error: Exception) -> BoltResponse | None:
    """What was wrong with a request is logged without anything of it. Slack sends an event again that failed."""
    if isinstance(error, MalformedPayload | BoltUnhandledRequestError):
        log.warning("a signed request makes no sense", exc_info=error)
        return BoltResponse(status=400, body="no payload of Slack's\n")
    log.error("a request failed", exc_info=error)
    return None
