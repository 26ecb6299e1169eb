"""Posting in a step's thread, on one side, or in a channel itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bot.jobs.errors import later_part
from bot.jobs.lasting import LastingMessages, customer_texts, root_of
from bot.jobs.registry import Finished, Run
from bot.messages.blocks import Drawing, comment, notice
from bot.messages.support import Support
from bot.messages.texts import Texts
from bot.slack.client import Slack, SlackError
from bot.slack.errors import NO_THREAD
from flows.cases.case import Case, Cases
from flows.model import Posted
from flows.outbox import Room
from storage.store import Store

T = TypeVar("T")


@dataclass(frozen=True)
class Thread:
    """An onboarding and the place where one of its steps is discussed. ``texts``: in the language of those who read there."""

    case: Case
    where: Room
    step_id: str
    texts: Texts
    root: Posted | None


class Threads:
    def __init__(self, store: Store, cases: Cases, slack: Slack, lasting: LastingMessages, support: Support) -> None:
        self._store, self._cases, self._slack, self._lasting, self._support = store, cases, slack, lasting, support

    async def of(self, run: Run[Any], where: Room, step_id: str = "") -> Thread:
        """Everything needed to post something, from one read of the store."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
            root = await unit.posted(case.id, root_of(where), step_id) if where in ("customer", "support") else None
        texts = self._support.texts(case.onboarding.journey) if where.startswith("support") else customer_texts(case)
        return Thread(case, where, step_id, texts, root)

    async def place(self, thread: Thread, *, again: bool) -> tuple[str, str | None]:
        """Channel and thread; the thread's root message is posted if it is missing."""
        if thread.where == "support_channel":
            return self._support.channel, None
        if thread.where == "customer_channel":
            return thread.case.onboarding.channel_id, None
        return await self._lasting.root(thread.case, thread.where, thread.step_id, thread.root, again=again)

    async def say(self, run: Run[Any], thread: Thread, text: str) -> Finished:
        return await self.post(run, thread, [notice(text)])

    async def post(self, run: Run[Any], thread: Thread, drawn: Sequence[Drawing], *, broadcast: bool = False) -> Finished:
        """Post each message once, whatever was tried before. ``broadcast``: the channel shows it too. The result says where the last one
        is: ``channel``, ``ts`` and ``thread``."""

        async def send(channel: str, root: str | None) -> dict[str, str]:
            ts = ""
            for number, part in enumerate(drawn):
                name = f"{run.id}:{number}" if number else run.id
                with later_part(begun=number > 0):
                    _, ts = await self._slack.post_once(
                        channel, part.text, part.blocks, name, thread_ts=root, again=run.again, broadcast=broadcast
                    )
            return {"ts": ts, "thread": root or ""}

        channel, where = await self._in(run, thread, send)
        return Finished({"channel": channel, **where})

    async def upload(self, run: Run[Any], thread: Thread, name: str, content: bytes, text: str) -> Finished:
        """Send a file once, with a comment (mrkdwn), whatever was tried before."""
        words = comment(text)

        async def send(channel: str, root: str | None) -> None:
            await self._slack.upload_once(channel, name, content, words, run.id, thread_ts=root, again=run.again)

        channel, _ = await self._in(run, thread, send)
        return Finished({"channel": channel})

    async def _in(self, run: Run[Any], thread: Thread, send: Callable[[str, str | None], Awaitable[T]]) -> tuple[str, T]:
        """Send something into a thread; if somebody deleted its root message, into that of a new one. Returns the channel too."""
        channel, root = await self.place(thread, again=run.again)
        try:
            return channel, await send(channel, root)
        except SlackError as error:
            if root is None or error.error not in NO_THREAD:
                raise
        channel, root = await self.place(replace(thread, root=None), again=run.again)
        return channel, await send(channel, root)
