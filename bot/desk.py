"""What every listener works with: the rules, the store, Slack, who may what. Made once by `bot.app`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from bot.config.clock import Clock
from bot.messages.blocks import plain_blocks
from bot.messages.texts import Texts
from bot.messages.wording import sentence, worded
from bot.slack.client import Slack, SlackError
from bot.slack.people import Directory
from bot.telemetry.logs import error_id
from flows.cases.access import Access
from flows.cases.start import join
from flows.model import Onboarding
from flows.people import Who
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules
from flows.steps.authentication.token_scripts import SECRET_FIELD
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger("bot.desk")
T = TypeVar("T")


async def _nothing(_: Any) -> Any:
    """Until `bot.app` joins the parts."""
    return False


@dataclass
class Desk:
    rules: Rules
    store: Store
    slack: Slack
    directory: Directory
    access: Access
    support_channel: str
    support_language: str = "en"
    oauth2_secret_field: str = SECRET_FIELD
    clock: Callable[[], datetime] = field(repr=False, default_factory=Clock)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    """Access tokens pasted for a proof, by the proof's item; in memory alone, taken out when used."""
    retry_effect: Callable[[str], Awaitable[bool]] = field(repr=False, default=_nothing)
    refresh_home: Callable[[Who], Coroutine[Any, Any, None]] = field(repr=False, default=_nothing)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run after the acknowledgement. The loop keeps only weak references to tasks, so they are kept here."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work failed", extra={"error_id": error_id(), "error": type(error).__name__}, exc_info=error)

    async def drain(self) -> None:
        """Wait for what was begun after an acknowledgement."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def transact(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        """One write, repeated when another writer was first."""
        return await self.store.transact(work)

    async def meet(self, who: Who, onboarding_id: str) -> None:
        """Remember a colleague who pressed a button in the customer's channel before Slack told that they joined it."""

        async def work(unit: Unit) -> None:
            onboarding = await unit.get(Onboarding, onboarding_id)
            if onboarding is not None:
                await join(unit, onboarding, who, welcome=False)

        await self.transact(work)
        self.later(self._fetch(who))

    async def _fetch(self, who: Who) -> None:
        try:
            await self.directory.fetch(who.user_id)
        except SlackError as error:
            log.info("a person's language is not known yet", extra={"error": error.error})

    def support_texts(self) -> Texts:
        return Texts(self.support_language)

    async def answer(self, who: Who, channel_id: str, key: str, *, onboarding: Onboarding | None = None, **params: Any) -> None:
        """Tell one person something privately, at once: seen by them alone in the channel, else as a direct message."""
        texts = await self.directory.texts_for(None, who, onboarding)
        await self._try_to_tell(who, channel_id, sentence(texts, key, params))

    async def explain(self, who: Who, channel_id: str, error: Exception) -> None:
        """Tell one person why something was refused or failed."""
        await self._try_to_tell(who, channel_id, self.explained(await self.directory.texts_for(None, who), error))

    async def _try_to_tell(self, who: Who, channel_id: str, text: str) -> None:
        try:
            await self.tell(who, channel_id, text)
        except SlackError as error:
            log.warning("an answer did not reach its reader", extra={"error": error.error})

    async def tell(self, who: Who, channel_id: str, text: str) -> None:
        """One person alone: in the channel, or as a direct message where that cannot be. Raises SlackError."""
        if channel_id:
            try:
                await self.slack.ephemeral(channel_id, who.user_id, text, plain_blocks(text))
            except SlackError as error:
                if error.transient:
                    raise
                log.info("told as a direct message", extra={"error": error.error})
            else:
                return
        await self.slack.direct(who.user_id, text, plain_blocks(text))

    def explained(self, texts: Texts, error: Exception) -> str:
        """What a person reads when something was refused or failed; failures carry a short id that is in the log too."""
        if isinstance(error, Refused):
            return texts.md(f"refused.{error.key}", **worded(texts, error.params))
        number = error_id()
        key = "refused.busy" if isinstance(error, Conflict | Unavailable) else "refused.internal"
        log.error("failed", extra={"error_id": number, "error": type(error).__name__}, exc_info=error)
        return texts.md(key, id=number)
