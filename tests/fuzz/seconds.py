"""CPU seconds that one input takes as the bot would need them, without the fuzzer's counting of branches, which slows it down a lot.

``python -m tests.fuzz.seconds PARSER`` reads the input from standard input and writes the seconds.
"""

import sys
import time

from tests.fuzz.parsers import PARSERS


def seconds(name: str, content: bytes) -> float:
    begun = time.thread_time()
    PARSERS[name](content)
    return time.thread_time() - begun


if __name__ == "__main__":
    sys.stdout.write(str(seconds(sys.argv[1], sys.stdin.buffer.read())))
