"""Every aim of the bot's speed, measured in one run beside its baselines. `make bench` runs it; docs/performance.md has results.

python -m bench [opening] [submission] [bursts] [crowd] [size] [desk] [day] [idle] [pismo]
                [--postgres] [--replicas 2] [--onboardings 100000] [--quick]
"""

import argparse
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator

from bench import crowd, day, desk, idle, opening, pismo, size, submission
from bench.aims import Row, table
from bench.testbed import Testbed, testbed


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what docs/performance.md promises.")
    parser.add_argument(
        "only", nargs="*", help="opening, submission, bursts, crowd, size, desk, day, idle, pismo: leave out the others"
    )
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own instead of SQLite")
    parser.add_argument("--replicas", type=int, default=1, help="processes of the bot; more than one need --postgres")
    parser.add_argument("--onboardings", type=int, default=10_000, help="the most that `size` compares with 1,000")
    parser.add_argument("--quick", action="store_true", help="fewer of each, to see whether it runs")
    return parser.parse_args()


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))  # with all that it started
    asked = arguments()
    if asked.replicas > 1 and not asked.postgres:
        raise SystemExit("several processes need --postgres: SQLite is for one")
    if asked.onboardings < size.SOME:
        raise SystemExit(f"--onboardings are at least {size.SOME}, since that is what they are compared with")
    rounds = 1 if asked.quick else 2
    measures: dict[str, Callable[[Testbed], Iterator[Row]]] = {
        "opening": lambda bed: opening.measure(bed, rounds=rounds),
        "submission": lambda bed: submission.one_at_a_time(bed, rounds=rounds),
        "bursts": lambda bed: submission.bursts(bed, share=0.25 if asked.quick else 1),
        "crowd": lambda bed: crowd.measure(bed, share=0.25 if asked.quick else 1),
        "size": lambda bed: size.measure(bed, rounds=rounds, onboardings=asked.onboardings),
        "desk": lambda bed: desk.measure(bed, rounds=rounds),
        "day": lambda bed: day.measure(bed, share=0.1 if asked.quick else 1),
        "idle": lambda bed: idle.measure(bed, idle_seconds=5 if asked.quick else 30),
        "pismo": lambda _: pismo.measure(),
    }
    if unknown := set(asked.only) - set(measures):
        raise SystemExit(f"unknown: {', '.join(unknown)}; there are {', '.join(measures)}")
    began = time.monotonic()
    rows: list[Row] = []
    with testbed(on_postgresql=asked.postgres, replicas=asked.replicas) as bed:
        for name, measure in measures.items():
            if not asked.only or name in asked.only:
                print(f"{name} ({time.monotonic() - began:.0f} s)", file=sys.stderr)
                rows += measure(bed)
    store = "PostgreSQL" if asked.postgres else "SQLite"
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {store}, replicas: {asked.replicas}\n"
    )
    print(table(rows))


if __name__ == "__main__":
    main()
