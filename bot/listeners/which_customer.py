"""Which customer a command means: by the name that was typed, by a channel, or by what was chosen since."""

from collections.abc import Sequence

from bot.slack.payloads import SlashCommand
from flows.desk import PAGE, Page, Standing
from flows.model import Onboarding
from flows.names import folded
from flows.ports import Unit
from flows.problems import Refused

_ENGLISH = ("of", "for", "on", "in", "at", "the", "with", "please")
_OTHERS = ("do", "da", "de", "dos", "das", "em", "no", "na", "para", "por", "favor", "del")
FILLERS = frozenset((*_ENGLISH, *_OTHERS))
"""Words that people put around a name; they count where no name has them."""


class UnclearCustomerError(Exception):
    """Several customers may be meant, or any. ``command``: as it was read; its ``rest`` is the name. ``fitting``: those that fit; None if
    nothing was typed."""

    def __init__(self, command: SlashCommand, fitting: Page[Standing] | None = None) -> None:
        super().__init__("which customer?")
        self.command, self.fitting = command, fitting


async def customer_meant(unit: Unit, command: SlashCommand, *, closed: bool = False) -> Onboarding:
    """The onboarding that a command means. ``closed``: it changes nothing, so that a closed one will do as well as an open one.

    Raises UnclearCustomerError, and Refused if nobody is meant.
    """
    if command.onboarding:
        return await _by_id(unit, command.onboarding)
    if command.mentioned or not command.rest:
        return await _of_channel(unit, command)
    text, page = command.rest, await unit.named(command.rest, limit=PAGE)
    if not page.rows and (text := _without_fillers(command.rest)) not in ("", command.rest):
        page = await unit.named(text, limit=PAGE)
    found = meant(page.rows, text, closed=closed)
    if not found:
        raise Refused("no_match", text=command.rest)
    if len(found) > 1:
        more = page.total - len(page.rows) if len(found) == len(page.rows) else 0
        raise UnclearCustomerError(command, Page(found, 0, len(found) + more))
    return await _by_id(unit, found[0].onboarding_id)


def _without_fillers(text: str) -> str:
    """``of Acme Bank, please`` -> ``Acme Bank,``"""
    return " ".join(word for word in text.split() if folded(word) not in FILLERS)


async def _by_id(unit: Unit, onboarding_id: str) -> Onboarding:
    found = await unit.get(Onboarding, onboarding_id)
    if found is None or found.erased_at:
        raise Refused("gone")
    return found


async def _of_channel(unit: Unit, command: SlashCommand) -> Onboarding:
    here = await unit.by_channel(command.mentioned or command.channel_id)
    if here is None and command.mentioned:
        raise Refused("no_onboarding_there")
    if here is None:
        raise UnclearCustomerError(command)
    return here


def meant(fitting: Sequence[Standing], text: str, *, closed: bool) -> Sequence[Standing]:
    """Of the customers whose names fit, the exact ones first of all, whether open or closed; else open ones rather than closed ones.
    Of equal names, a change means an open one; what changes nothing may mean each."""
    exact = [one for one in fitting if folded(one.customer) == folded(text)]
    still_open = [one for one in exact or fitting if one.closed_at is None]
    if exact:
        return exact if closed else still_open or exact
    return still_open or fitting
