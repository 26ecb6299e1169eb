"""Made-up input, guided by the branches it reaches: nothing raises what isn't a fault of its own, and none takes a second."""

import importlib.util
import logging
import os
import subprocess
import sys

import pytest

from tests.fuzz.parsers import PARSERS, seeds

log = logging.getLogger("tests.fuzz")

RUNS = int(os.environ.get("FUZZ") or 0)
SEED = os.environ.get("FUZZ_SEED") or "1"


@pytest.mark.parametrize("name", PARSERS)
def test_what_the_fuzzer_begins_with_is_read(name: str) -> None:
    read = 0
    for wanted, content in seeds():
        if wanted == name:
            PARSERS[name](content)
            read += 1
    assert read > 1


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize(
    "content", [b"", b"\xed\xed", "\ud83d".encode(errors="surrogatepass")], ids=["nothing", "no UTF-8", "half a sign"]
)
def test_bytes_that_are_no_text_are_read(name: str, content: bytes) -> None:
    PARSERS[name](b"\0" + content)
    PARSERS[name](content)


@pytest.mark.skipif(not RUNS or not importlib.util.find_spec("atheris"), reason="make soak installs the fuzzer")
@pytest.mark.process
@pytest.mark.chance
@pytest.mark.timeout(300 + RUNS / 20)
def test_nothing_sent_in_ends_in_an_unnamed_error_or_takes_a_second() -> None:
    command = [sys.executable, "-m", "tests.fuzz", str(RUNS), SEED, "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, f"FUZZ={RUNS} FUZZ_SEED={SEED}\n{done.stderr[-4000:]}"
    log.info("%s inputs\n%s", RUNS, done.stdout)
    assert " inputs, " in done.stdout
