"""``python -m bot``."""

from bot.ops.cli import main

main(prog_name="python -m bot")
