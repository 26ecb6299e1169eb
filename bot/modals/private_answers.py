"""What the bot tells one person privately, right after they pressed or typed something."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from bot.messages.blocks import Drawing, notice
from bot.messages.texts import Texts
from bot.messages.wording import sentence, worded
from bot.slack.client import Slack, SlackError
from bot.slack.people import People
from bot.telemetry.logs import error_id, named
from flows.cases.case import Case
from flows.model import Onboarding
from flows.people import Who
from flows.problems import Refused
from storage.audit import Altered
from storage.sealing import SealError
from storage.store import Conflict, Store, Unavailable, UnavailableKind

log = logging.getLogger("bot.modals.private_answers")

AGAIN = (1.0, 4.0)
"""Seconds before an answer is sent again that Slack could not take."""
NAMED = frozenset({"step", "task", "field", "what"})
"""Parameters whose words belong to a version of the journey."""


_UNAVAILABLE: Mapping[UnavailableKind, str] = {
    "locked": "busy",
    "full": "store_full",
    "read_only": "store_read_only",
    "unreachable": "store_away",
    "overloaded": "store_overloaded",
    "too_old": "store_upgraded",
    "too_new": "store_upgraded",
}
"""What a person reads, ``refused.<key>``."""


def explained(texts: Texts, error: Exception) -> str:
    """What a person reads when something was refused or failed; failures show a short id that is in the log too."""
    if isinstance(error, Refused):
        return texts.md(f"refused.{error.key}", **worded(texts, error.params))
    number = error_id()
    log.error("failed", extra={"error_id": number, "error": named(error)}, exc_info=error)
    if isinstance(error, Altered):
        return texts.md("refused.altered_log", id=number)
    if isinstance(error, Unavailable):
        return texts.md(f"refused.{_UNAVAILABLE[error.kind]}", id=number)
    return texts.md("refused.busy" if isinstance(error, Conflict) else "refused.internal", id=number)


async def texts_of(people: People, case: Case) -> Texts:
    """For whoever acts in a case, in the words of this customer's version of the journey."""
    return Texts(await people.language_of(case.unit, case.actor, case.onboarding.language), case.onboarding.journey)


class PrivateAnswers:
    """Seen by one person only, in the channel or else as a direct message. What Slack can't take at the moment is tried again for a few
    seconds, while it is news; what can't be delivered is logged."""

    def __init__(self, store: Store, slack: Slack, people: People) -> None:
        self._store, self._slack, self._people = store, slack, people

    async def texts(self, who: Who, about: str = "") -> Texts:
        """In the person's language, even if the store is unavailable. ``about``: the id of the onboarding or channel that it is about."""
        return Texts(await self._people.language_of(None, who, about=about))

    async def texts_of(self, case: Case) -> Texts:
        """As the function."""
        return await texts_of(self._people, case)

    async def answer(self, who: Who, channel_id: str, key: str, **params: Any) -> None:
        """``key``: a text's, as `bot.messages.wording.sentence` takes it."""
        await self.show(who, channel_id, notice(sentence(await self.texts(who, channel_id), key, params)))

    async def explain(self, who: Who, channel_id: str, error: Exception, onboarding_id: str = "") -> None:
        await self.show(who, channel_id, notice(await self.explained(who, error, onboarding_id, channel_id)))

    async def explained(self, who: Who, error: Exception, onboarding_id: str, channel_id: str = "") -> str:
        """As the function. Steps are named as in this customer's version of the journey."""
        texts = await self.texts(who, onboarding_id or channel_id)
        if onboarding_id and isinstance(error, Refused) and error.params.keys() & NAMED:
            texts = texts.of(await self._journey_of(onboarding_id))
        return explained(texts, error)

    async def _journey_of(self, onboarding_id: str) -> str:
        try:
            async with self._store.read() as unit:
                onboarding = await unit.get(Onboarding, onboarding_id)
        except (Conflict, SealError, Unavailable):
            return ""
        return onboarding.journey if onboarding is not None else ""

    async def show(self, who: Who, channel_id: str, told: Drawing, response_url: str = "", *, replace: bool = False) -> None:
        """``response_url``: where they typed or pressed something, if Slack gave one; ``replace``: in place of what they pressed."""
        if response_url:
            try:
                await self._slack.respond(response_url, told.text, told.blocks, replace=replace)
            except SlackError as error:
                log.info("answered in the channel instead", extra={"error": error.error})
            else:
                return
        for pause in (*AGAIN, None):
            try:
                await self._slack.tell(channel_id, who.user_id, told.text, told.blocks)
            except SlackError as error:
                if pause is None or not error.transient or (error.retry_after or 0.0) > AGAIN[-1]:
                    log.warning("a private answer could not be delivered", extra={"error": error.error})
                    return
                await asyncio.sleep(max(pause, error.retry_after or 0.0))
            else:
                return
