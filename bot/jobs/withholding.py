"""What goes into support's channel waits while that isn't support's alone."""

from bot.jobs.errors import Withheld
from bot.jobs.executor import Do
from bot.jobs.registry import Finished
from bot.slack.support_channel import SupportChannel
from storage.outbox import Claim
from storage.unit import SUPPORT


def withholding(do: Do, channel: SupportChannel) -> Do:
    async def unless_closed(claim: Claim) -> Finished | None:
        if claim.pace == SUPPORT and (fault := await channel.check()):
            raise Withheld(f"channel_{fault}")
        return await do(claim)

    return unless_closed
