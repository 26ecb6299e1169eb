"""The keeper knows whether the bot is running, starting or down, and it comes back after a restart and a crash."""

import asyncio

import pytest

from playground.life import life_of
from playground.office import CALM, Office

pytestmark = pytest.mark.process


async def test_restarted_or_killed_the_bot_comes_back_and_what_happened_is_said() -> None:
    async with Office(policies=CALM) as office:
        life = life_of(office)
        assert life_of(office) is life
        keeper, first = life.keeper, office.process
        watching = asyncio.create_task(keeper.watch())
        assert keeper.state == "running"
        restarting = asyncio.create_task(keeper.restart())
        await office.slack.until(lambda: keeper.state == "starting", timeout=30)
        await restarting
        assert keeper.state == "running"
        second = office.process
        assert second is not first
        await keeper.kill()
        await office.slack.until(lambda: keeper.state == "running" and office.process is not second, timeout=60)
        assert (await office.sam.command("/onboarding help", channel=office.support)).ok
        watching.cancel()
        life.move("+1 hour")
        life.switch("pismo_500", on=True)
        life.switch("pismo_500", on=True)
    told = [note.sentence for note in reversed(life.notes)]
    assert told == [
        "The bot is restarted.",
        "The bot runs again.",
        "The bot is killed.",
        "The bot has ended (signal 9). It is started again.",
        "The bot runs again.",
        "The clock was moved: +1 hour.",
        "Pismo fails (500): switched on.",
    ]
