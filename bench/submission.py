"""A lead sends the last page of a form: one transaction, then the acknowledgement, then the effects, above all the review card."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.aims import Aim, Row
from bench.customers import Ids
from bench.load import Job, Reaction, Timing, acks, load, refused
from bench.slack import SUPPORT, SlackCall
from bench.testbed import PACED, SECRET, UNPACED, Replicas, Testbed

ALONE = 60
"""Submissions a round, one at a time."""
PAUSE = 0.03
AT_ONCE, MANY, BURST = 32, 640, 320
RATE, RATED = 20.0, 200
WARM = 32


@dataclass
class Sending:
    """Sends forms to the bot and to the bare transaction, each customer's once to either."""

    bed: Testbed
    bot: Replicas
    bare_url: str
    bare_left: Iterator[int]

    def to_bot(self, numbers: Sequence[int], **how: float) -> list[Reaction]:
        return self._send(self.bot.urls, numbers, **how)

    def to_bare(self, count: int, **how: float) -> list[Reaction]:
        return self._send([self.bare_url], [next(self.bare_left) for _ in range(count)], **how)

    def _send(
        self, urls: Sequence[str], numbers: Sequence[int], *, at_once: float = 1, pause: float = 0.0, rate: float = 0.0
    ) -> list[Reaction]:
        return load(Job(urls, SECRET, self.bed.example.sends(numbers), int(at_once), pause, rate))


def until_cards(calls: Sequence[SlackCall], numbers: Sequence[int], answers: Sequence[Reaction]) -> list[float]:
    """Seconds from each submission until its review card was posted."""
    cards: dict[str, float] = {}
    for call in calls:
        if call.method == "chat.postMessage" and call.channel == SUPPORT:
            cards.setdefault(call.onboarding, call.moment)
    return [cards.get(Ids.of(n).onboarding, math.inf) - answer.due for n, answer in zip(numbers, answers, strict=True)]


def one_at_a_time(bed: Testbed, *, rounds: int) -> Iterator[Row]:
    """At the pace of a customer's channels. What has to wait for support's channel waits on."""
    ways = {"30 ms between two": PAUSE, "back to back": 0.0}
    customers = rounds * ALONE * len(ways) + WARM
    found: dict[str, tuple[list[Reaction], list[Reaction]]] = {way: ([], []) for way in ways}
    with bed.bot(customers, PACED) as bot, bed.starlette(customers) as starlette:
        sending = Sending(bed, bot, f"{starlette}/writes", iter(range(1, customers + 1)))
        sending.to_bot(bot.fresh(WARM), at_once=4)
        sending.to_bare(WARM, at_once=4)
        for _ in range(rounds):
            for way, pause in ways.items():
                ours, bare = found[way]
                bot.rest()
                bare += sending.to_bare(ALONE, pause=pause)
                ours += sending.to_bot(bot.fresh(ALONE), pause=pause)
    for way, (ours, bare) in found.items():
        mine, other = acks(ours), acks(bare)
        detail = f"{mine}; bare {other}; {refused(ours)}"
        yield Row(f"submission, one at a time, {way}", detail, (Aim(mine.median / other.median, 6, "× bare"),))


def bursts(bed: Testbed, *, share: float) -> Iterator[Row]:
    """Without a channel's pace, so that effects run as fast as they can beside the submissions. ``share``: of the usual numbers."""
    many, burst_of, rated_of = (round(count * share) for count in (MANY, BURST, RATED))
    customers = many + burst_of + rated_of + WARM
    with bed.bot(customers, UNPACED) as bot, bed.starlette(customers) as starlette:
        sending = Sending(bed, bot, f"{starlette}/writes", iter(range(1, customers + 1)))
        sending.to_bot(bot.fresh(WARM), at_once=4)
        sending.to_bare(WARM, at_once=4)
        bot.settle()
        bare = sending.to_bare(many, at_once=AT_ONCE)

        bed.seen()
        before, numbers = bot.cpu(), bot.fresh(many)
        ours = sending.to_bot(numbers, at_once=AT_ONCE)
        bot.settle()
        cpu = (bot.cpu() - before) / many * 1000
        cards = until_cards(bed.seen(), numbers, ours)

        burst = sending.to_bot(bot.fresh(burst_of), at_once=AT_ONCE)
        bot.settle()
        last = max(call.moment for call in bed.seen()) - max(answer.moment for answer in burst)

        numbers = bot.fresh(rated_of)
        rated = sending.to_bot(numbers, rate=RATE)
        bot.settle()
        rated_cards = until_cards(bed.seen(), numbers, rated)
    mine, other = acks(ours), acks(bare)
    latest = 100 if bed.server is None else 150
    yield Row(
        f"submission, {AT_ONCE} at once, {many} in a row",
        f"{mine}; bare {other}; review card after {Timing.of(cards)}; {refused(ours)}",
        (Aim(mine.median / other.median, 4, "× bare"), Aim(mine.p99, latest, "ms at p99")),
    )
    detail = f"{acks(rated)}; review card after {Timing.of(rated_cards)}; {refused(rated)}"
    yield Row(f"submission, {RATE:.0f} a second (open loop)", detail)
    yield Row("CPU of one submission with its effects", f"over the {many} in a row", (Aim(cpu, 18, "ms"),))
    yield Row(f"last effect after a burst of {burst_of}", refused(burst), (Aim(last, 5, "s"),))
