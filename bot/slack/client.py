"""Slack's Web API as the bot uses it: typed answers, one error, one connection pool, no hidden retries."""

import asyncio
import json
import logging
import math
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NoReturn, Self

from slack_sdk.errors import SlackApiError

from bot.messages.tables import has_tables, without_tables
from bot.slack import files
from bot.slack.errors import NO_THREAD, UNFIT_BLOCKS, SlackError
from bot.slack.lookups import PAGE, ChannelInfo, Lookups, Me, UserInfo
from bot.slack.no_tables import NoTables, NoTablesHere

__all__ = ["ChannelInfo", "Me", "Slack", "SlackError", "UserInfo", "Window"]

log = logging.getLogger("bot.slack.client")

EVENT_TYPE = "onboarding_effect"
"""Of the metadata that names a posted message's effect."""
MAX_PAGES = 5
"""How far back to look for an earlier post: a thousand messages."""
SHARED_WITHIN = (0.0, 0.2, 0.4, 0.6, 0.8)
"""Pauses in seconds before each time that Slack is asked whether a file was shared: it shares after it has answered."""

UNPARSED: Mapping[str, Any] = {"parse": "none", "link_names": False}
"""No name of a person, group or channel becomes a mention by being written in a text. By default, edits are parsed otherwise than posts."""

Json = dict[str, Any]
Blocks = Sequence[Json]


@dataclass(frozen=True)
class StandingMessage:
    """A message of the bot's own that stands in a channel. ``effect_id``, ``revision``: as it was posted or last edited with; the
    latter 0 if none was given."""

    channel: str
    ts: str
    effect_id: str
    revision: int


@dataclass(frozen=True)
class HistoryPage:
    """A part of a channel without its threads. ``standing``: the bot's own messages in it, newest first; ``back_to``: when its oldest
    message was posted, in Unix seconds, infinite without any; ``cursor``: of the next, older part; empty at the end."""

    standing: Sequence[StandingMessage]
    back_to: float
    cursor: str


@dataclass(frozen=True)
class Window:
    """A modal as it is on someone's screen. ``hash``: of what it shows; once it shows something else, it has another."""

    id: str
    hash: str

    @classmethod
    def of(cls, view: Mapping[str, Any]) -> Self:
        """From a view as Slack describes it."""
        return cls(str(view["id"]), str(view.get("hash") or ""))


class Slack(Lookups):
    """``await start()``, then any call, then ``await stop()``. What the calls raise: see `Lookups`. ``no_tables``: whether Slack refuses
    tables in this workspace; kept by this process unless given one that is kept for all."""

    def __init__(
        self,
        token: str,
        api_url: str,
        *,
        before_call: Callable[[], None] = lambda: None,
        can_wait: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(token, api_url, before_call=before_call, can_wait=can_wait)
        self.no_tables: NoTables = NoTablesHere()

    # -- messages

    async def _show(self, method: str, send: Callable[[Blocks], Coroutine[Any, Any, Any]], blocks: Blocks) -> Any:
        """``send``: the call with these blocks. Where Slack refuses tables, they are sent as sections, at once and from then on."""
        if not has_tables(blocks):
            return await self._call(method, send(blocks))
        plain = without_tables(map(dict, blocks))
        if await self.no_tables.known():
            return await self._call(method, send(plain))
        try:
            return await self._call(method, send(blocks))
        except SlackError as refused:
            if refused.error not in UNFIT_BLOCKS:
                raise
        answer = await self._call(method, send(plain))  # refused as well if it was for something else
        await self.no_tables.learnt()
        return answer

    async def post(
        self,
        channel: str,
        text: str,
        blocks: Blocks,
        *,
        thread_ts: str | None = None,
        effect_id: str = "",
        revision: int = 0,
        broadcast: bool = False,
    ) -> tuple[str, str]:
        """(channel, ts) of the new message. ``broadcast``: the channel shows a thread's message too.

        Raises SlackError, one of `NO_THREAD`, if the thread's root message is gone.
        """
        posted = await self._show(
            "chat.postMessage",
            lambda blocks: self.web.chat_postMessage(
                channel=channel,
                text=text,
                blocks=blocks,
                thread_ts=thread_ts,
                metadata=_metadata(effect_id, revision),
                unfurl_links=False,
                unfurl_media=False,
                reply_broadcast=True if broadcast and thread_ts else None,
                **UNPARSED,
            ),
            blocks,
        )
        channel, ts, message = str(posted["channel"]), str(posted["ts"]), posted.get("message")
        if thread_ts and message and not message.get("thread_ts"):
            await self._take_back(channel, ts)
        return channel, ts

    async def _take_back(self, channel: str, ts: str) -> NoReturn:
        """What was meant for a thread whose root is gone: Slack puts it into the channel itself and says nothing."""
        try:
            await self._call("chat.delete", self.web.chat_delete(channel=channel, ts=ts))
        except SlackError as error:
            if error.error != "message_not_found":
                raise
        raise SlackError("chat.postMessage", "thread_not_found")

    async def post_once(
        self,
        channel: str,
        text: str,
        blocks: Blocks,
        effect_id: str,
        thread_ts: str | None = None,
        *,
        again: bool = False,
        revision: int = 0,
        broadcast: bool = False,
    ) -> tuple[str, str]:
        """Post, unless it is already there.

        Slack has no idempotency keys: with ``again``, the channel or thread is searched for a message with the effect's id.
        """
        if again:
            found = await self._find(
                channel, thread_ts, lambda one: _payload(one).get("effect_id") == effect_id and self._is_own(one)
            )
            if found is not None and thread_ts and not found.get("thread_ts"):
                await self._take_back(channel, str(found["ts"]))
            if found is not None:
                return channel, str(found["ts"])
        return await self.post(
            channel, text, blocks, thread_ts=thread_ts, effect_id=effect_id, revision=revision, broadcast=broadcast
        )

    async def standing(self, channel: str, cursor: str = "") -> HistoryPage:
        """The bot's messages that name an effect. ``cursor``: the part to read; empty: the newest."""
        messages, older = await self._page(channel, None, cursor)
        own = [(message, _payload(message)) for message in messages if self._is_own(message)]
        return HistoryPage(
            [
                StandingMessage(channel, str(message["ts"]), str(payload["effect_id"]), int(payload.get("revision") or 0))
                for message, payload in own
                if payload.get("effect_id")
            ],
            min((float(message["ts"]) for message in messages), default=math.inf),
            older,
        )

    async def _find(self, channel: str, thread_ts: str | None, wanted: Callable[[Json], bool]) -> Json | None:
        """In the thread; if its root is gone, in the channel, where Slack then puts replies.

        Raises SlackError, one of `NO_THREAD`, if it is gone and nothing is found.
        """
        try:
            return await anext((one async for one in self._messages(channel, thread_ts) if wanted(one)), None)
        except SlackError as gone:
            if gone.error not in NO_THREAD:
                raise
            found = await anext((one async for one in self._messages(channel, None) if wanted(one)), None)
            if found is None:
                raise
            return found

    def _is_own(self, message: Json) -> bool:
        return bool(message.get("bot_id")) and message["bot_id"] == (self._bot_id or message["bot_id"])

    async def _messages(self, channel: str, thread_ts: str | None) -> AsyncIterator[Json]:
        """Newest first in a channel, oldest first in a thread. If reading isn't allowed, a rare duplicate is accepted."""
        cursor = ""
        for _ in range(MAX_PAGES):
            try:
                messages, cursor = await self._page(channel, thread_ts, cursor)
            except SlackError as error:
                if error.transient or error.error in NO_THREAD:
                    raise
                log.warning("an earlier post could not be looked for", extra={"method": error.method, "error": error.error})
                return
            for message in messages:
                yield message
            if not cursor:
                return

    async def _page(self, channel: str, thread_ts: str | None, cursor: str) -> tuple[Sequence[Json], str]:
        """Messages, and the cursor of the next page, empty at the end. A channel is read from its newest message back, as Slack does
        by itself: with ``oldest`` it would begin there."""
        method = "conversations.replies" if thread_ts else "conversations.history"
        asked: dict[str, Any] = {"channel": channel, "limit": PAGE, "include_all_metadata": True, "cursor": cursor or None}
        call = self.web.conversations_replies(ts=thread_ts, **asked) if thread_ts else self.web.conversations_history(**asked)
        page = await self._call(method, call)
        return page.get("messages") or [], str((page.get("response_metadata") or {}).get("next_cursor") or "")

    async def update(self, channel: str, ts: str, text: str, blocks: Blocks, *, effect_id: str = "", revision: int = 0) -> None:
        """Edit in place. Its metadata stays, unless it is given. ``text`` may have 4,000 characters here."""
        metadata = _metadata(effect_id, revision)
        await self._show(
            "chat.update",
            lambda blocks: self.web.chat_update(channel=channel, ts=ts, text=text, blocks=blocks, metadata=metadata, **UNPARSED),
            blocks,
        )

    async def ephemeral(self, channel: str, user_id: str, text: str, blocks: Blocks) -> None:
        """Seen by one person in a channel; Slack does not guarantee delivery."""
        await self._show(
            "chat.postEphemeral",
            lambda blocks: self.web.chat_postEphemeral(channel=channel, user=user_id, text=text, blocks=blocks, **UNPARSED),
            blocks,
        )

    async def respond(self, response_url: str, text: str, blocks: Blocks, *, replace: bool = False) -> None:
        """Seen by one person, where they typed a command or pressed a button; ``replace``: instead of the message with that button. Slack
        takes five answers within 30 minutes (error ``used_url``, ``expired_url``)."""
        shown = {"text": text, "response_type": "ephemeral", "replace_original": replace, **UNPARSED}
        await self._show("response_url", lambda blocks: self._respond(response_url, {**shown, "blocks": list(blocks)}), blocks)

    async def _respond(self, response_url: str, body: Json) -> None:
        """Raises SlackApiError, as the methods of the Web API do."""
        async with self.session.post(response_url, json=body) as answer:
            try:
                said = json.loads(await answer.text())
            except ValueError:  # "ok", or a page of something in between
                said = {}
            if answer.status != 200 or said.get("ok") is False:
                found = SimpleNamespace(status_code=answer.status, headers=answer.headers, data=said)
                raise SlackApiError("response_url", found)  # type: ignore[no-untyped-call]

    async def direct_channel(self, user_id: str) -> str:
        opened = await self._call("conversations.open", self.web.conversations_open(users=[user_id]))
        return str(opened["channel"]["id"])

    async def direct(self, user_id: str, text: str, blocks: Blocks) -> tuple[str, str]:
        return await self.post(await self.direct_channel(user_id), text, blocks)

    async def tell(self, channel: str, user_id: str, text: str, blocks: Blocks) -> None:
        """Tell one person privately: in the channel, or else as a direct message. ``channel`` may be empty."""
        if channel:
            try:
                await self.ephemeral(channel, user_id, text, blocks)
            except SlackError as error:
                if error.transient:
                    raise
                log.info("sent as a direct message instead", extra={"error": error.error})
            else:
                return
        await self.direct(user_id, text, blocks)

    async def permalink(self, channel: str, ts: str) -> str:
        answer = await self._call("chat.getPermalink", self.web.chat_getPermalink(channel=channel, message_ts=ts))
        return str(answer["permalink"])

    async def bookmark_once(self, channel: str, title: str, link: str, *, instead_of: Collection[str] = ()) -> None:
        """Add a bookmark, unless there is one of this link under any title. ``instead_of``: the times of messages in the channel; a
        bookmark to one of them is changed, so that there are not two."""
        listed = (await self._call("bookmarks.list", self.web.bookmarks_list(channel_id=channel))).get("bookmarks") or []
        if any(bookmark.get("link") == link for bookmark in listed):
            return
        before = tuple(f"/p{ts.replace('.', '')}" for ts in instead_of)
        old = next((one for one in listed if str(one.get("link") or "").endswith(before)), None)
        if old is None:
            adding = self.web.bookmarks_add(channel_id=channel, title=title, type="link", link=link)
            await self._call("bookmarks.add", adding)
        else:
            editing = self.web.bookmarks_edit(bookmark_id=str(old["id"]), channel_id=channel, title=title, link=link)
            await self._call("bookmarks.edit", editing)

    # -- views

    async def open_view(self, trigger_id: str, view: Json) -> Window:
        """The trigger is valid for 3 seconds and works once."""
        call = self.web.views_open(trigger_id=trigger_id, view={**view, "external_id": trigger_id})
        return await self._opened("views.open", call, trigger_id, view)

    async def push_view(self, trigger_id: str, view: Json) -> Window:
        """On top of the modal in which the trigger arose."""
        call = self.web.views_push(trigger_id=trigger_id, view={**view, "external_id": trigger_id})
        return await self._opened("views.push", call, trigger_id, view)

    async def _opened(self, method: str, call: Coroutine[Any, Any, Any], name: str, view: Json) -> Window:
        """The window has a name, by which Slack is asked whether it stands if the answer was lost."""
        try:
            answer = await self._call(method, call)
        except SlackError as lost:
            if not lost.unsure:
                raise
            try:
                answer = await self._call("views.update", self.web.views_update(external_id=name, view=view))
            except SlackError as error:
                raise lost if error.error == "not_found" else error from None
        return Window.of(answer["view"])

    async def update_view(self, window: Window, view: Json) -> Window:
        """Change what a window shows, unless it shows something else by now. Asked a second time if there was no answer. Returns the
        window with what it shows then, as far as is known."""
        for tried in (False, True):
            update = self.web.views_update(view_id=window.id, hash=window.hash or None, view=view)
            try:
                return Window.of((await self._call("views.update", update))["view"])
            except SlackError as error:
                if error.error == "hash_conflict":  # done by the first try, or the person went on
                    break
                if tried or not error.unsure:
                    raise
        return window

    async def publish_home(self, user_id: str, view: Json) -> None:
        """Tables would be sections there if Slack refused them; none is drawn there, since sources disagree."""
        await self._show(
            "views.publish",
            lambda blocks: self.web.views_publish(user_id=user_id, view={**view, "blocks": list(blocks)}),
            view["blocks"],
        )

    # -- files

    async def file(self, file_id: str) -> Json:
        """What Slack knows of a file: its name, where it stands, where its content is."""
        return dict((await self._call("files.info", self.web.files_info(file=file_id)))["file"])

    async def download(self, file: Mapping[str, Any], most_bytes: int) -> bytes:
        """A file's content. Raises SlackError, with ``file_too_large`` past the limit."""
        parts = await self.ends(file, most_bytes)
        if len(parts) > 1:
            raise SlackError("download", "file_too_large")
        return parts[0]

    async def ends(self, file: Mapping[str, Any], most_bytes: int) -> list[bytes]:
        """A file's content; of a larger one its first and its last bytes, each so many, the last empty if Slack doesn't give them."""
        if not (file.get("url_private_download") or file.get("url_private")):  # shared by another company: look it up first
            file = await self.file(str(file.get("id")))
        url = str(file.get("url_private_download") or file.get("url_private") or "")
        return await files.ends(self.session, url, self.web.token or "", self._api_host, most_bytes)

    async def upload_once(
        self,
        channel: str,
        name: str,
        content: bytes,
        comment: str,
        effect_id: str,
        thread_ts: str | None = None,
        *,
        again: bool = False,
    ) -> None:
        """Send a file. Slack keeps no metadata with files, so the file's name contains a short hash of the effect's id, and with
        ``again`` a file with that name is looked for first. If only the last answer was lost, Slack is asked about the file itself.
        """
        name = files.marked(name, effect_id)
        if again:
            found = await self._find(
                channel, thread_ts, lambda one: name in {file.get("name") for file in one.get("files") or ()}
            )
            if found is not None:
                return
        await self.share(channel, await self.upload(name, content), name, comment, thread_ts)

    async def upload(self, name: str, content: bytes) -> str:
        """Send a file that nobody sees until it is shared; its id."""
        place = self.web.files_getUploadURLExternal(filename=name, length=len(content))
        asked = await self._call("files.getUploadURLExternal", place)
        await files.send(self.session, str(asked["upload_url"]), content)
        return str(asked["file_id"])

    async def share(
        self, channel: str, file_id: str, title: str, comment: str, thread_ts: str | None = None, *, again: bool = False
    ) -> None:
        """Show in a conversation what was uploaded. ``again``: unless it stands somewhere already.

        Raises SlackError, `NO_FILE` if Slack no longer keeps it.
        """
        if again and await self._is_shared(file_id):
            return
        shares = self.web.files_completeUploadExternal(
            files=[{"id": file_id, "title": title}], channel_id=channel, initial_comment=comment, thread_ts=thread_ts
        )
        try:
            await self._call("files.completeUploadExternal", shares)
        except SlackError as lost:
            if not lost.unsure:
                raise
            with suppress(SlackError):
                if await self._is_shared(file_id):
                    return
            raise

    async def _is_shared(self, file_id: str) -> bool:
        """Whether a file stands in some conversation, or soon does. False as well if Slack won't say; raises SlackError if it may later."""
        for pause in SHARED_WITHIN:
            await asyncio.sleep(pause)
            try:
                file = await self.file(file_id)
            except SlackError as error:
                if error.transient:
                    raise
                return False
            if any(file.get(places) for places in ("channels", "groups", "ims")):
                return True
        return False

    async def delete_file(self, file_id: str) -> None:
        await self._call("files.delete", self.web.files_delete(file=file_id))


def _metadata(effect_id: str, revision: int) -> Json | None:
    """What a message is found by; None without an id."""
    if not effect_id:
        return None
    return {"event_type": EVENT_TYPE, "event_payload": {"effect_id": effect_id, **({"revision": revision} if revision else {})}}


def _payload(message: Json) -> Json:
    return (message.get("metadata") or {}).get("event_payload") or {}
