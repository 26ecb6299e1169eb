"""Calling Slack, and who is who there: the bot, people, channels and their members."""

import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.errors import LOGGED_OUT, SlackError
from bot.telemetry import traces

TIMEOUT_SECONDS = 10.0
UNANSWERED = 3
"""Calls in a row without an answer after which those that can wait are made one at a time, until one is answered."""
PAGE = 200
MANY = 999
"""The most that Slack gives in one answer, where somebody waits for all."""


@dataclass(frozen=True)
class Me:
    """Who the bot is. ``scopes``: those the token has; empty if Slack does not say. ``enterprise_id``: the Enterprise Grid organization's;
    empty if none. ``is_org_wide``: the app is installed in that organization as a whole."""

    team_id: str
    user_id: str
    bot_id: str
    team: str
    scopes: frozenset[str]
    enterprise_id: str = ""
    is_org_wide: bool = False


@dataclass(frozen=True)
class UserInfo:
    """``team_id``: the home team. ``locale``, ``timezone`` may be empty for people of another company. ``is_guest``: no full member, or
    none any more: the account is deactivated.

    ``enterprise_id``: of their Enterprise Grid organization, which clicks may name instead of the team; empty if none.
    """

    id: str
    team_id: str
    name: str
    locale: str
    timezone: str
    is_bot: bool
    is_guest: bool
    is_deactivated: bool = False
    enterprise_id: str = ""


@dataclass(frozen=True)
class ChannelInfo:
    """``companies``: team (or Enterprise Grid) ids that it is shared with, without workspaces of the installing organization; empty if
    Slack doesn't say."""

    id: str
    name: str
    is_member: bool
    is_archived: bool
    is_shared: bool  # with another company
    is_private: bool = False
    is_org_shared: bool = False  # with other workspaces of the same Enterprise Grid organization
    is_pending_shared: bool = False  # an invitation to another company is open
    companies: frozenset[str] = frozenset()
    created: int = 0  # Unix seconds


class Lookups:
    """The calls that only read; each raises SlackError, and what ``before_call`` raises, which is asked before each.

    ``can_wait``: whether nobody waits for the call at hand: it is repeated later by itself.
    """

    def __init__(
        self,
        token: str,
        api_url: str,
        *,
        before_call: Callable[[], None] = lambda: None,
        can_wait: Callable[[], bool] = lambda: False,
    ) -> None:
        self._before_call, self._can_wait = before_call, can_wait
        self._unanswered, self._trying = 0, False
        self._rests: dict[str, float] = {}  # until when, by method
        self._silent_since: float | None = None
        self._silent_until = 0.0
        self.logged_out = ""
        """Why Slack no longer accepts the token, if its last answer said so."""
        # The SDK's default handler repeats a POST whose connection dropped, and so may post twice: use none.
        self.web = AsyncWebClient(token=token, base_url=api_url, timeout=int(TIMEOUT_SECONDS), retry_handlers=[])
        self._api_host = urlsplit(api_url).hostname or ""
        self._bot_id = ""
        self.address = ""
        """The workspace's (``https://acme.slack.com/``), once Slack was asked who the bot is."""

    async def start(self) -> None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS, connect=5)
        self.web.session = aiohttp.ClientSession(timeout=timeout)

    async def stop(self) -> None:
        if self.web.session is not None:
            await self.web.session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The one connection pool; the SDK would open one for each call."""
        if self.web.session is None:
            raise SlackError("session", "not_started")
        return self.web.session

    async def _call(self, method: str, call: Coroutine[Any, Any, Any]) -> Any:
        try:
            self._before_call()
            self._refuse_while_resting(method)
            with self._one_at_a_time(method):
                return await self._answered(method, call)
        finally:
            call.close()  # it may not have begun

    def _refuse_while_resting(self, method: str) -> None:
        """Raises SlackError, as Slack would, for a call that can wait: the rest that it asked for is not over."""
        left = self._rests.get(method, 0.0) - time.monotonic()
        if left > 0 and self._can_wait():
            raise SlackError(method, "ratelimited", retry_after=left)

    @contextmanager
    def _one_at_a_time(self, method: str) -> Iterator[None]:
        """While Slack answers nothing, each call takes as long as its timeout: those that can wait don't take everybody's place.

        Raises SlackError for all but one of them.
        """
        if self._unanswered < UNANSWERED or not self._can_wait():
            yield
            return
        if self._trying:
            raise SlackError(method, "unreachable", detail=("another call is tried first",))
        self._trying = True
        try:
            yield
        finally:
            self._trying = False

    async def _answered(self, method: str, call: Coroutine[Any, Any, Any]) -> Any:
        began, outcome = time.perf_counter(), "cancelled"
        try:
            answer = await self._answer(method, call)
        except SlackError as error:
            outcome = error.error
            raise
        else:
            outcome = "ok"
            return answer
        finally:
            traces.called("slack", method, outcome, time.perf_counter() - began)

    async def _answer(self, method: str, call: Coroutine[Any, Any, Any]) -> Any:
        try:
            answer = await call
        except SlackApiError as error:
            refused = SlackError.of(method, error.response)
            self._heard(answered=not refused.error.startswith("http_5"), error=refused.error)
            if refused.retry_after is not None and not refused.of_channel:
                self._rests[method] = time.monotonic() + refused.retry_after
            raise refused from None
        except TimeoutError:
            self._heard(answered=False)
            raise SlackError(method, "timeout") from None
        except (aiohttp.ClientError, SlackClientError, OSError) as error:
            self._heard(answered=False)
            raise SlackError(method, "unreachable", detail=(type(error).__name__,)) from None
        self._heard(answered=True)
        return answer

    def _heard(self, *, answered: bool, error: str = "") -> None:
        if answered:
            self._silent_since, self.logged_out = None, error if error in LOGGED_OUT else ""
            self._unanswered = 0
            return
        self._unanswered += 1
        self._silent_until = time.monotonic()
        self._silent_since = self._silent_since or self._silent_until

    @property
    def silence(self) -> float:
        """Seconds between the first and the latest of the calls that went without an answer since the last that had one."""
        return self._silent_until - self._silent_since if self._silent_since is not None else 0.0

    async def whoami(self) -> Me:
        answer = await self._call("auth.test", self.web.auth_test())
        header = {name.lower(): value for name, value in answer.headers.items()}.get("x-oauth-scopes", "")
        self._bot_id, self.address = str(answer.get("bot_id") or ""), str(answer.get("url") or "")
        return Me(
            team_id=str(answer["team_id"]),
            user_id=str(answer["user_id"]),
            bot_id=self._bot_id,
            team=str(answer.get("team") or ""),
            scopes=frozenset(scope.strip() for scope in header.split(",") if scope.strip()),
            enterprise_id=str(answer.get("enterprise_id") or ""),
            is_org_wide=bool(answer.get("is_enterprise_install")),
        )

    async def app_of(self, bot_id: str) -> str:
        """The id of a bot's app; empty if Slack does not say."""
        answer = await self._call("bots.info", self.web.bots_info(bot=bot_id))
        return str((answer.get("bot") or {}).get("app_id") or "")

    async def offers_socket(self, app_token: str) -> None:
        """Back if Slack offers this app-level token a connection of Socket Mode; it is not opened."""
        await self._call("apps.connections.open", self.web.apps_connections_open(app_token=app_token))

    async def user(self, user_id: str) -> UserInfo | None:
        """None for someone whom Slack does not know or won't show."""
        try:
            answer = await self._call("users.info", self.web.users_info(user=user_id, include_locale=True))
        except SlackError as error:
            if error.error in ("user_not_found", "user_not_visible"):
                return None
            raise
        user = answer["user"]
        profile = user.get("profile") or {}
        return UserInfo(
            id=str(user["id"]),
            team_id=str(user.get("team_id") or profile.get("team") or ""),
            name=str(profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name") or ""),
            locale=str(user.get("locale") or ""),
            timezone=str(user.get("tz") or ""),
            is_bot=bool(user.get("is_bot") or user.get("is_workflow_bot")),
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted") or user.get("deleted")),
            enterprise_id=str((user.get("enterprise_user") or {}).get("enterprise_id") or ""),
            is_deactivated=bool(user.get("deleted")),
        )

    async def channel(self, channel: str) -> ChannelInfo:
        answer = await self._call("conversations.info", self.web.conversations_info(channel=channel))
        return _channel_of(answer["channel"])

    async def own_channels(self) -> list[ChannelInfo]:
        """Those that the bot is in, without archived ones. Slack leaves out with whom they are shared, and that the bot is in them."""
        found: list[ChannelInfo] = []
        cursor = None
        while True:
            call = self.web.users_conversations(
                types="public_channel,private_channel", exclude_archived=True, limit=MANY, cursor=cursor
            )
            page = await self._call("users.conversations", call)
            found += [_channel_of(one) for one in page.get("channels") or []]
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return found

    async def members(self, channel: str) -> list[str]:
        """User ids, including bots."""
        found: list[str] = []
        cursor = None
        while True:
            call = self.web.conversations_members(channel=channel, limit=PAGE, cursor=cursor)
            page = await self._call("conversations.members", call)
            found += page.get("members") or []
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return found

    async def usergroup_members(self, usergroup: str) -> list[str]:
        answer = await self._call("usergroups.users.list", self.web.usergroups_users_list(usergroup=usergroup))
        return list(answer.get("users") or [])


def _channel_of(found: Mapping[str, Any]) -> ChannelInfo:
    return ChannelInfo(
        id=str(found["id"]),
        name=str(found.get("name") or ""),
        is_member=bool(found.get("is_member")),
        is_archived=bool(found.get("is_archived")),
        is_shared=bool(found.get("is_ext_shared")),
        is_private=bool(found.get("is_private")),
        is_org_shared=bool(found.get("is_org_shared")),
        is_pending_shared=bool(found.get("is_pending_ext_shared")),
        companies=frozenset(found.get("connected_team_ids") or ()) - frozenset(found.get("internal_team_ids") or ()),
        created=int(found.get("created") or 0),
    )
