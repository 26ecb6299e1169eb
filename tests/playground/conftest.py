"""Two teams' workspaces, with the app reached by signed HTTP and by Socket Mode in turn."""

from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack import SlackStandIn
from tests.playground.company import SECRET, Company, reached


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    async with SlackStandIn(SECRET) as slack:
        vendor, acme = slack.add_team("Pismo"), slack.add_team("Acme Bank")
        sam, rita = slack.add_person("Sam", vendor, email="sam@pismo.example"), slack.add_person("Rita", vendor)
        ana = slack.add_person("Ana", acme, locale="pt-BR", tz="America/Sao_Paulo")
        gus = slack.add_person("Gus", vendor, restricted=True)
        shared = slack.add_channel("acme_pismo", vendor, [sam, ana], shared_with=[acme])
        support = slack.add_channel("onboarding-support", vendor, [sam, rita], private=True)
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        app = AsyncApp(client=client, signing_secret=SECRET, process_before_response=True)
        yield Company(slack, client, sam, rita, ana, gus, shared, support, app)


@pytest.fixture(params=["http", "socket"])
async def by(request: pytest.FixtureRequest, company: Company) -> AsyncIterator[Company]:
    """The app is up, over each transport in turn."""
    async with reached(company, request.param):
        yield company
