"""The report, for whoever of support asks: after the acknowledgement, since it adds up all that is stored."""

from bot.messages.report import report as drawn
from bot.modals.private_answers import PrivateAnswers
from flows.cases.case import Cases
from flows.cases.report import PERIODS, USUAL, report
from flows.model import Onboarding
from flows.people import Who
from flows.problems import Refused
from storage.customers import readable_name
from storage.store import Store

ALWAYS = frozenset({"all", "tudo", "0"})
"""Words for the whole time."""


class Reports:
    def __init__(self, store: Store, cases: Cases, answers: PrivateAnswers) -> None:
        self._store, self._cases, self._answers = store, cases, answers

    async def show(self, who: Who, channel_id: str, days: int = USUAL, onboarding_id: str = "") -> None:
        """Answer privately. ``onboarding_id``: only about that one."""
        try:
            self._cases.access.require_support(who)
            texts = await self._answers.texts(who)
            async with self._store.read() as unit:
                onboarding = await unit.get(Onboarding, onboarding_id) if onboarding_id else None
                if onboarding_id and (onboarding is None or onboarding.erased_at):
                    raise Refused("gone")  # noqa: TRY301  told like any other
                name = readable_name(onboarding) or onboarding_id
                found = await report(unit, self._cases.rules, days, onboarding_id=onboarding_id, customer=name)
        except Exception as error:  # noqa: BLE001  the person is told
            await self._answers.explain(who, channel_id, error, onboarding_id)
            return
        await self._answers.show(who, channel_id, drawn(found, texts.of(onboarding.journey) if onboarding else texts))


def report_period(words: str) -> tuple[int, str]:
    """What follows the command: the days, and what else was typed, a customer's name. "all" alone, or before a name, is all time."""
    first, _, rest = words.strip().partition(" ")
    if first.casefold() in ALWAYS:
        return 0, rest.strip()
    last = words.strip().rpartition(" ")
    for number, others in ((first, rest), (last[2], last[0])):
        if number.isdecimal() and int(number) in PERIODS:
            return int(number), others.strip()
    return USUAL, words.strip()


def days_of(text: str) -> int:
    """What a choice in the menu says; the usual period for anything else."""
    return int(text) if text.isdecimal() and int(text) in PERIODS else USUAL
