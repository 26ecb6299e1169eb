"""``python -m bot``."""

import gc

from bot.ops.cli import main

gc.set_threshold(50_000, 20, 20)
"""What a command imports is no garbage: it isn't looked through again and again while more is imported."""

main(prog_name="python -m bot")
