"""The environment in which a pasted token is tried: test, and production once support has opened it."""

from collections.abc import Iterator
from typing import Annotated

from flows.forms.fields import Answers, FormPage, Input, Kind
from flows.forms.parity import PRODUCTION, TEST
from flows.forms.step import Offer, Situation
from flows.problems import Problem
from flows.steps.org_details import production_org_id

SOURCE = "environments"


class EnvironmentChoice(FormPage):
    environment: Annotated[str, Input(Kind.CHOICE, (TEST, PRODUCTION), source=SOURCE)] = TEST


def opened(situation: Situation) -> bool:
    """Whether two people of support let the customer into production. In journey 1, production is no step that could be opened."""
    return "production" in situation.approved or "production" not in situation.steps


def offers(situation: Situation) -> Iterator[Offer]:
    yield Offer(TEST, key="choice.environment.test")
    if opened(situation):
        yield Offer(PRODUCTION, key="choice.environment.production")


def check(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """Why nothing can be tried in production yet."""
    if answers.get("environment") != PRODUCTION:
        return
    if not opened(situation):
        yield Problem("environment", "production_not_opened")
    elif not production_org_id(situation):
        yield Problem("environment", "production_org_unknown")


OFFERS = {SOURCE: offers}
