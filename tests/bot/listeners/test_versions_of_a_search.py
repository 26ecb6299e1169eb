"""A field that two versions of the journey search in different catalogs: each customer is offered their own version's."""

from dataclasses import replace
from typing import Annotated, Any

import pytest

from bot.config.policies import Policies
from bot.messages.buttons import Act, ButtonValue
from flows.forms.fields import FormPage, Input, Kind
from flows.forms.step import Form, Page, Step
from flows.journey import FIRST, Journeys
from flows.rules import Rules
from playground.slack.payloads import actions_on_view
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.bot

_planning = FIRST.steps["planning"]


def searched_in(source: str) -> Step:
    """The step with one more page, whose only field has this source."""

    class Where(FormPage):
        market: Annotated[str, Input(Kind.SEARCH, source=source)]

    form = _planning.form
    return replace(_planning, form=Form("planning", (Page("where", Where), *form.pages), example=form.example))


def policies(*sources: str) -> Policies:
    """A version of the journey for each source."""
    versions = [
        replace(FIRST, version=str(number), steps={**FIRST.steps, "planning": searched_in(source)})
        for number, source in enumerate(sources, 1)
    ]
    return Policies(sweep_seconds=3600, channel_seconds=0.0, rules=Rules(journeys=Journeys.known(*versions)))


async def offered(office: Workplace, onboarding: str, typed: str) -> list[str]:
    """What support is offered in an onboarding's field."""
    await office.press(office.sam, office.support, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step="planning"))
    await office.settled()
    view = office.sam.view
    assert view is not None
    payload = actions_on_view(office.slack, office.sam.user, view)
    payload |= {"type": "block_suggestion", "block_id": "market~where", "action_id": "value", "value": typed}
    outcome = await office.deliver(office.sam, payload)
    office.sam.user.stack.clear()
    assert outcome.ok, outcome.error
    options: list[dict[str, Any]] = outcome.body["options"]
    return [option["value"] for option in options]


async def test_each_customer_searches_in_the_catalog_of_their_own_version() -> None:
    async with Workplace(policies("currency")) as office:
        first = await office.begin()
        await office.stop_bot()
        office.rules = policies("currency", "country")
        await office.start_bot()
        second = await office.begin(office.blue, office.olga, "Blue Coop")
        assert await offered(office, first, "brazil") == ["BRL"]
        assert await offered(office, second, "brazil") == ["BRA"]


async def test_a_source_that_is_a_catalog_in_another_version_alone_offers_nothing_of_it() -> None:
    async with Workplace(policies("currency", "nowhere")) as office:
        assert await offered(office, await office.begin(), "brazil") == []
