"""A fresh demo starts midway: the first company's planning is done, a reminder has gone out, its organization waits for support's
review; the second company is about to plan; nothing is begun with the third."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flows import business_time
from flows.business_time import BusinessDuration
from playground.clock import CUSTOMER
from playground.examples import demo_companies
from playground.next_step import Player
from playground.office import Office
from playground.walkthrough import holds, said


async def seed(office: Office, tell: Callable[[str], None]) -> None:
    """Play that far with the real bot. Raises UnmetError or RuntimeError if it does not get there."""
    acme, blue, *_ = (Player(office, company) for company in demo_companies(office))
    journey = acme.journey
    morning(office)
    await _play(acme, lambda: journey.lasting("step", "planning"))
    tell("Sam has started the onboarding of Acme Bank.")
    await _play(acme, lambda: '"task":"hold_session"' in _buttons(journey.lasting("review", "planning").blocks))
    tell("Ana has sent the planning step; Sam has approved it and invited to a session.")
    await _play(acme, lambda: journey.is_now("planning", "done"))
    tell("The session was held, and planning is done.")
    office.clock.move("+1 business day")
    await office.slack.until(
        lambda: office.ana.find(office.acme, said("button.snooze"), journey.lasting("step", "organization")), timeout=30
    )
    tell("A business day later Ana was reminded of what waits for her.")
    office.clock.move("+1 hour")
    await _play(acme, lambda: journey.sent_revision("organization"))
    tell("She has sent the organization step: it waits for support's review.")
    await _play(blue, lambda: blue.journey.lasting("step", "planning"))
    tell("Sam has started the onboarding of Blue Coop, too: planning waits for Olga.")


def morning(office: Office) -> None:
    """The next business day at half past nine, so that the demo does not depend on when it is started."""
    now = office.clock()
    zone = ZoneInfo(CUSTOMER.timezone)
    day = business_time.add(CUSTOMER, now, BusinessDuration(days=1)).astimezone(zone)
    office.clock.advance((day.replace(hour=9, minute=30, second=0, microsecond=0) - now).total_seconds())


async def _play(player: Player, done: Callable[[], Any]) -> None:
    sentences = await player.play_until(done)
    if not holds(done):
        raise RuntimeError("the demo did not come as far as it should; its last words were: " + sentences[-1])


def _buttons(blocks: list[Any]) -> str:
    return "".join(element.get("value", "") for block in blocks for element in block.get("elements", []))
