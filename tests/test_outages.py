"""Slack is away for a day, or throws the bot out for half a day: afterwards all is done, in order and once, and nobody pressed again."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from bot.messages.buttons import Act
from bot.messages.texts import Texts
from playground.acts import Acts, example
from playground.office import CALM, Office
from playground.slack.screen import tells
from playground.walkthrough import Walkthrough, action_id, effect_id, said

EN = Texts("en")

pytestmark = pytest.mark.process

HOUR = 3600.0


def effects(office: Office) -> list[tuple[str, str, int]]:
    """State, error and attempts of each effect."""
    with contextlib.closing(sqlite3.connect(f"file:{office.path}/onboarding.db?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT state, error, attempts FROM effects").fetchall()


def left(office: Office) -> list[tuple[str, str, int]]:
    return [row for row in effects(office) if row[0] in ("waiting", "running")]


async def readiness(office: Office) -> str:
    async with aiohttp.ClientSession() as web, web.get(f"{office.url}/readyz") as answer:
        return await answer.text()


async def away(office: Office) -> Callable[[], None]:
    """Slack answers nothing. Returns how it comes back."""
    office.slack.faults.add("*", "drop_before", times=None)
    return office.slack.faults.clear


async def thrown_out(office: Office) -> Callable[[], None]:
    office.slack.revoke_tokens()

    async def told() -> bool:
        return "tokens_revoked" in await readiness(office)

    await office.slack.until(told, timeout=60)

    def back() -> None:
        office.slack.token_state = None

    return back


@pytest.mark.parametrize(("how", "hours"), [(away, 24), (thrown_out, 13)])
async def test_after_a_long_outage_all_is_done_in_order_and_once(
    how: Callable[[Office], Awaitable[Callable[[], None]]], hours: int
) -> None:
    async with Office(socket_mode=False, policies=CALM) as office:
        journey = Walkthrough(office)
        acts = Acts(journey)
        await acts.start()
        await journey.send_step(acts.lead, "planning", example("planning"))
        await office.slack.until(lambda: not left(office), timeout=60)
        known = {message.ts for message in office.support.messages}
        back = await how(office)
        review = journey.lasting("review", "planning")
        assert (await office.sam.click(review, action_id=action_id(review.blocks, Act.APPROVE))).ok
        await office.slack.until(lambda: any(attempts > 1 for _, _, attempts in left(office)), timeout=60)
        office.clock.advance(hours * HOUR)
        tried = sum(attempts for _, _, attempts in effects(office))
        await office.slack.until(lambda: sum(attempts for _, _, attempts in effects(office)) > tried, timeout=60)
        back()
        if how is thrown_out:
            assert await office.stop_bot() == 0  # the new token is set
            await office.start_bot()
        await office.slack.until(lambda: not left(office), timeout=120)
        assert {state for state, _, _ in effects(office)} == {"done"}
        assert tells("\n".join(message.text for message in journey.thread("step", "planning")), said("say.approved"))
        assert not journey.says("step", "planning", EN("state.submitted"))
        new = [message.text for message in office.support.messages if message.ts not in known]
        assert not [text for text in new if "this failed: " in text]
        ids = Counter(effect_id(m) for c in (office.acme, office.support) for m in c.messages if effect_id(m))
        assert [name for name, times in ids.items() if times > 1] == []
