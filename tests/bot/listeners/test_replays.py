"""A signed request that is sent again, by Slack or by whoever got hold of it, does nothing again and tells nothing again."""

import asyncio

from playground.slack.screen import tells
from playground.walkthrough import said
from tests.bot.workplace import Workplace

TWO = 2


async def exports(office: Workplace) -> int:
    await office.settled()
    return sum(len(message.files) for message in office.sam.direct_messages())


async def test_a_command_runs_once_also_after_a_restart(place: Workplace) -> None:
    await place.begin()
    trigger = place.slack.new_trigger(place.sam.user)
    first = await place.deliver_command(place.sam, "export", place.acme, trigger)
    assert "already" not in str(first.body)
    at_once = await asyncio.gather(*(place.deliver_command(place.sam, "export", place.acme, trigger) for _ in range(TWO)))
    await place.restart()
    for copy in (*at_once, await place.deliver_command(place.sam, "export", place.acme, trigger)):
        assert copy.ok
        assert tells(str(copy.body), said("refused.command_repeated"))
        assert "Acme" not in str(copy.body)
    assert await exports(place) == 1
    assert "already" not in str((await place.sam.command("/onboarding export", place.acme)).body)


async def test_copies_that_come_at_the_same_time_get_one_answer(place: Workplace) -> None:
    await place.begin()
    trigger = place.slack.new_trigger(place.sam.user)
    copies = await asyncio.gather(*(place.deliver_command(place.sam, "export", place.acme, trigger) for _ in range(TWO)))
    assert all(tells(str(copy.body), said("status.export_comes")) for copy in copies)
    assert await exports(place) == 1
