"""Feeds made-up input to everything that reads what people send, guided by which branches it reaches.

``python -m tests.fuzz RUNS SEED SLOWEST`` ends with 0 and a table, or with what a parser raised and the input that did it. ``SLOWEST``: CPU
seconds that one input may take, measured again without the fuzzer; 0 for any. It has a process of its own, since the fuzzer ends it.
"""

import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["flows", "bot.inspection"], enable_loader_override=False):
    from tests.fuzz.parsers import PARSERS, seeds
    from tests.fuzz.seconds import seconds

RUNS, SEED, SLOWEST = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
MAX_BYTES = 200 * 1024
"""As much as is read of a file."""
DOUBLINGS = 18

names = sorted(PARSERS)
inputs: Counter[str] = Counter()
longest: defaultdict[str, float] = defaultdict(float)


class TooSlowError(Exception):
    pass


def read(given: bytes) -> None:
    """One input. Its first byte says what reads it; its second, how often the others are repeated: what is not linear shows by that."""
    if len(given) > 1:
        name, repeated = names[given[0] % len(names)], 2 ** given[1] if given[1] < DOUBLINGS else 1
        content = (given[2:] * min(repeated, MAX_BYTES // max(len(given) - 2, 1) + 1))[:MAX_BYTES]
        took = seconds(name, content)
        if 0 < SLOWEST < took:
            took = seconds_alone(name, content)
        inputs[name] += 1
        longest[name] = max(longest[name], took)
        if 0 < SLOWEST < took:
            raise TooSlowError(f"{name} took {took:.2f} s for {len(content)} bytes, which begin with {content[:200]!r}")
    if inputs.total() == RUNS:
        for name in names:
            sys.stdout.write(f"{name}: {inputs[name]} inputs, {longest[name] * 1000:.0f} ms at most\n")
        sys.stdout.flush()
        os._exit(0)


def seconds_alone(name: str, content: bytes) -> float:
    done = subprocess.run([sys.executable, "-m", "tests.fuzz.seconds", name], input=content, capture_output=True, check=True)  # noqa: S603
    return float(done.stdout)


with tempfile.TemporaryDirectory() as folder:
    for number, (name, content) in enumerate(seeds()):
        Path(folder, str(number)).write_bytes(bytes([names.index(name), 0xFF]) + content)
    options = [f"-runs={2 * RUNS + 1000}", f"-seed={SEED}", f"-max_len={MAX_BYTES}", f"-artifact_prefix={folder}/"]
    atheris.Setup([sys.argv[0], *options, folder], read)
    atheris.Fuzz()
