"""The report, for whoever of support asks: after the acknowledgement, since it adds up all that is stored."""

import re

from bot.messages.report import report as drawn
from bot.modals.private_answers import PrivateAnswers
from flows.cases.case import Cases
from flows.cases.report import PERIODS, USUAL, report
from flows.model import Onboarding
from flows.people import Who
from flows.problems import Refused
from storage.customers import readable_name
from storage.store import Store

_LAST = r"(?:(?:the\s|in\sthe\s)?(?:last|past)\s|(?:[nd]?os\s|de\slos\s)?[uúUÚ]ltimos\s)?"
_PERIOD = rf"{_LAST}(?:(?P<days>\d{{1,4}})(?P<unit>\s?(?:d|days?|d[iíIÍ]as?))?|all|tudo|todo)"
_FORMS = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE) for form in (rf"{_PERIOD}(?:\s(?P<name>.*))?", rf"(?P<name>.*?)\s{_PERIOD}")
)


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
    """What follows the command: the days, 0 for all time, and a customer's name, in any order. A number beside a name counts as days if it
    says so, or is one of the usual ones: names have numbers too."""
    said = " ".join(words.split())
    for form in _FORMS:
        found = form.fullmatch(said)
        if found and ((days := int(found["days"] or 0)) in PERIODS or found["unit"] or not found["name"]):
            return days, found["name"] or ""
    return USUAL, said


def days_of(text: str) -> int:
    """What a choice in the menu says; the usual period for anything else."""
    return int(text) if text.isdecimal() and int(text) in PERIODS else USUAL
