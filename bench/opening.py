"""A lead presses the button that opens a form: how soon the press is acknowledged, and how soon Slack is asked for the window."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from bench.aims import Aim, Row
from bench.load import Job, Reaction, acks, load, refused, windows
from bench.testbed import PACED, SECRET, Testbed

COUNTS = {1: 80, 32: 320}
"""Presses a round, by how many at the same moment."""
PAUSE = 0.03
"""Seconds between the last window and the next presses."""
RATE, RATED = 100.0, 500


def measure(bed: Testbed, *, rounds: int) -> Iterator[Row]:
    most = max(*COUNTS.values(), RATED)
    found: dict[tuple[str, int], list[Reaction]] = defaultdict(list)
    with bed.bot(most, PACED) as bot, bed.starlette(1) as starlette, bed.node() as node:
        servers = {"bot": bot.urls, "checked": [f"{starlette}/checked"], "opens": [f"{starlette}/opens"], "node": [node]}
        servers = {name: urls for name, urls in servers.items() if urls[0]}

        def press(server: str, count: int, *, at_once: int = 1, rate: float = 0.0) -> list[Reaction]:
            presses, windows = bed.example.presses(range(1, count + 1)), "" if server == "checked" else bed.slack
            return load(Job(servers[server], SECRET, presses, at_once, PAUSE, rate, windows, together=True))

        for server in servers:
            press(server, 64, at_once=32)
        for _ in range(rounds):
            for at_once, count in COUNTS.items():
                for server in servers:
                    found[server, at_once] += press(server, count, at_once=at_once)
        rated = press("bot", RATED, rate=RATE)
    for at_once in COUNTS:
        yield from compared(at_once, {server: found[server, at_once] for server in servers})
    detail = f"acknowledged {acks(rated)}; window {windows(rated)}; {refused(rated)}"
    yield Row(f"opening, {RATE:.0f} a second (open loop)", detail)


def compared(at_once: int, found: Mapping[str, Sequence[Reaction]]) -> Iterator[Row]:
    acknowledged = {server: acks(answers) for server, answers in found.items()}
    opened = {server: windows(answers) for server, answers in found.items() if server != "checked"}
    for what, times, bare in (("acknowledged", acknowledged, "checked"), ("window asked for", opened, "opens")):
        bot = times["bot"]
        node = bot.median / times["node"].median if "node" in times else None
        aims = [Aim(bot.median / times[bare].median, 3, "× Starlette"), Aim(node, 1, "× Node")]
        if times is opened:  # with 32 at once, someone is always last
            aims.append(Aim(bot.p99 if at_once == 1 else bot.median, 30, "ms at p99" if at_once == 1 else "ms"))
        others = "; ".join(f"{server} {timing}" for server, timing in islice(times.items(), 1, None))
        detail = f"{bot}; {others}; {refused(found['bot'])}"
        yield Row(f"opening, {at_once} at once: {what}", detail, tuple(aims))
