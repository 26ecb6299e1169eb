"""What goes into support's channel waits while that isn't support's alone."""

from bot.jobs.errors import Withheld
from bot.jobs.registry import Allows
from bot.slack.support_channel import SupportChannel
from flows.outbox import Effect


def withholding(channel: SupportChannel) -> Allows:
    async def unless_closed(effect: Effect) -> None:
        if effect.side == "support" and (fault := await channel.check()):
            raise Withheld(f"channel_{fault}")

    return unless_closed
