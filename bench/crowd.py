"""A third of the channels refuse every message, support's takes one a second, and everybody sends a form at the same moment, while a
customer is new: how long people wait who have nothing to do with it."""

import math
from collections.abc import Iterator, Sequence

from bench.aims import Aim, Row
from bench.customers import NEWCOMER, Ids
from bench.load import LATEST, Job, Reaction, Timing, acks, load, refused
from bench.slack import SlackCall, refuse
from bench.testbed import PACED, SECRET, Replicas, Testbed

SENDING, REFUSING = 200, 70
"""Customers that send at the same moment, and those of them whose channels refuse."""
LATER, RATE = 30, 2.0
"""Customers that send once that is over, while support's channel is still behind; so many a second."""
WARM = 16


def measure(bed: Testbed, *, share: float) -> Iterator[Row]:
    """``share``: of the usual numbers."""
    sending, refusing, later = (round(number * share) for number in (SENDING, REFUSING, LATER))
    with bed.bot(sending + later + WARM, PACED) as bot:
        send(bot, bed.example.sends(bot.fresh(WARM)), at_once=4)
        numbers = bot.fresh(sending)
        refuse(bed.slack, [Ids.of(number).channel for number in numbers[1::2][:refusing]])
        healthy = [place for place in range(sending) if place % 2 == 0 or place >= refusing * 2]
        bot.rest()

        bed.seen()
        half = sending // 2
        payloads = bed.example.sends(numbers)
        answers = send(bot, [*payloads[:half], bed.example.begin, *payloads[half:]], at_once=sending + 1)
        newcomer = answers.pop(half)
        bot.rest()
        calls = bed.seen()
        said = until_message(calls, [Ids.of(numbers[place]) for place in healthy], [answers[place] for place in healthy])
        (card,) = until_message(calls, [NEWCOMER], [newcomer])

        fresh = bot.fresh(later)
        after = send(bot, bed.example.sends(fresh), rate=RATE)
        bot.rest()
        said_after = until_message(bed.seen(), [Ids.of(number) for number in fresh], after)
        given_up = bot.given_up([Ids.of(number).onboarding for number in (*(numbers[place] for place in healthy), *fresh)])
    crowd = f"{sending} customers at once, {refusing} of whose channels refuse"
    waited = Timing.of(said)
    yield Row(
        f"{crowd}: message in another's channel",
        f"median {waited.median / 1000:.1f} s; acknowledged after {acks(answers)}; given up: {given_up}",
        (Aim(waited.p99 / 1000, 2, "s at p99"),),
    )
    yield Row(f"{crowd}: acknowledged", refused(answers), (Aim(acks(answers).p99 / 1000, LATEST, "s at p99"),))
    yield Row(f"{crowd}: card of a customer who starts meanwhile", f"acknowledged after {acks([newcomer])}", (Aim(card, 5, "s"),))
    waited = Timing.of(said_after)
    detail = f"median {waited.median:.0f} ms; acknowledged after {acks(after)}; {refused(after)}"
    yield Row(f"message in a channel afterwards, {RATE:g} a second", detail, (Aim(waited.p99 / 1000, 2, "s at p99"),))


def send(bot: Replicas, payloads: Sequence[str], *, at_once: int = 1, rate: float = 0.0) -> list[Reaction]:
    return load(Job(bot.urls, SECRET, payloads, at_once, rate=rate, together=not rate))


def until_message(calls: Sequence[SlackCall], customers: Sequence[Ids], answers: Sequence[Reaction]) -> list[float]:
    """Seconds from each submission until something was posted in that customer's channel."""
    posted: dict[str, float] = {}
    for call in calls:
        if call.method == "chat.postMessage":
            posted.setdefault(call.channel, call.moment)
    return [posted.get(one.channel, math.inf) - answer.due for one, answer in zip(customers, answers, strict=True)]
