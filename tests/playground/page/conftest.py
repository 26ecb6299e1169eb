"""The gallery of all blocks in a browser, its app reached over HTTP."""

import contextlib
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, async_playwright
from playwright.async_api import Page as Tab
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from playground.browser import launch
from playground.page.server import serve
from playground.slack import Delivery, SlackStandIn
from tests.playground.company import SECRET, http
from tests.playground.page.gallery import Gallery, answer, complaints


@contextlib.asynccontextmanager
async def shown() -> AsyncIterator[Gallery]:
    """The gallery, served; its person is Ana of Acme Bank."""
    async with SlackStandIn(SECRET) as slack:
        vendor, acme = slack.add_team("Pismo"), slack.add_team("Acme Bank")
        sam = slack.add_person("Sam", vendor)
        ana = slack.add_person("Ana", acme, locale="pt-BR", tz="America/Sao_Paulo")
        slack.add_person("Bruno", acme)
        slack.add_channel("acme_pismo", vendor, [sam, ana], shared_with=[acme])
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        app = AsyncApp(client=client, signing_secret=SECRET, process_before_response=True)
        gallery = Gallery(slack, ana)
        answer(app, gallery)
        async with http(app) as url:
            slack.deliver_by(Delivery.http(url))
            async with serve(gallery) as gallery.url:
                yield gallery


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gallery() -> AsyncIterator[Gallery]:
    async with shown() as gallery:
        yield gallery


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def tab(gallery: Gallery, browser: Browser) -> AsyncIterator[Tab]:
    """A form that nobody has touched. Any complaint of the browser fails the test."""
    gallery.begin()
    tab = await browser.new_page(viewport={"width": 1140, "height": 900})
    problems = complaints(tab)
    await tab.goto(gallery.url)
    yield tab
    await tab.close()
    assert problems == []
