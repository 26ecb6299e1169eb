"""Opening and sending beside few and many other onboardings, one at a time, at the pace of a customer's channels."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack

from bench.aims import Aim, Row
from bench.load import Job, Timing, load
from bench.testbed import PACED, SECRET, Testbed, memory_mb

FEW, SOME = 10, 1_000
EACH = 60
"""Of either kind a round, as far as there are so many customers."""
PAUSE = 0.03


def measure(bed: Testbed, *, rounds: int, onboardings: int) -> Iterator[Row]:
    """The databases take turns."""
    kinds = ("opening, acknowledged", "opening, window asked for", "submission")
    times: dict[str, dict[int, list[float]]] = {kind: defaultdict(list) for kind in kinds}
    with ExitStack() as stack:
        bots = {size: stack.enter_context(bed.bot(size, PACED)) for size in sorted({FEW, SOME, onboardings})}
        for number in range(rounds + 1):
            for size, bot in bots.items():
                for other in bots.values():
                    other.rest()
                pressing = range(1, min(EACH, size) + 1)
                opened = load(Job(bot.urls, SECRET, bed.example.presses(pressing), pause=PAUSE, windows=bed.slack))
                sending = bot.fresh(EACH if size > FEW else FEW // (rounds + 1))
                sent = load(Job(bot.urls, SECRET, bed.example.sends(sending), pause=PAUSE))
                if number:  # the first round warms up
                    taken = ([one.seconds for one in opened], [one.window for one in opened], [one.seconds for one in sent])
                    for kind, some in zip(kinds, taken, strict=True):
                        times[kind][size] += some
        memory = {size: max(map(memory_mb, bot.pids)) for size, bot in bots.items()}
    for what, by_size in times.items():
        timings = {size: Timing.of(taken) for size, taken in by_size.items()}
        detail = "; ".join(f"{size:,}: {timing}" for size, timing in timings.items())
        ratio = timings[onboardings].median / timings[SOME].median
        yield Row(f"{what}, with {onboardings:,} onboardings", detail, (Aim(ratio, 1.2, f"× of {SOME:,}"),))
    yield Row("memory after that", "; ".join(f"{size:,}: {megabytes:.0f} MB" for size, megabytes in memory.items()))
