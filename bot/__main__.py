"""The entry point of ``pismo-onboarding``, the console script, and of ``python -m bot``."""

import gc

from bot.config.command import COMMAND


def main() -> None:
    gc.set_threshold(50_000, 20, 20)  # what a command imports is no garbage: it isn't looked through again and again meanwhile
    from bot.ops.cli import main as cli  # noqa: PLC0415  counts as what a command imports

    cli(prog_name=COMMAND)


if __name__ == "__main__":
    main()
