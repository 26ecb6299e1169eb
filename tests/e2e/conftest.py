"""One browser for all, an office with its page per module, a window per test. All in one event loop."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from playground.browser import CHROMIUM, launch
from playground.office import CALM, Office
from playground.page.office_page import OfficePage
from playground.page.server import serve
from tests import leaks
from tests.e2e.visit import Visit, visit

Looking = Callable[..., Awaitable[Visit]]


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fixtures take a screenshot of what a failed test saw."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser, the page and the tests share the session's loop."""
    for item in items:
        if "tests/e2e/" in item.nodeid:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="there is no chromium here; on Debian: apt-get install chromium"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office() -> AsyncIterator[Office]:
    async with Office(policies=CALM) as office:
        leaks.listen(office)
        yield office
        assert await leaks.leaks(office, office.log.read_text()) == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(office: Office) -> AsyncIterator[str]:
    async with serve(OfficePage(office)) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def look(browser: Browser, url: str, office: Office, request: pytest.FixtureRequest) -> AsyncIterator[Looking]:
    """`await look(size=…, scheme=…)`: a new window on the page. Nobody has a form open initially."""
    for person in office.slack.people.values():
        if person.view:
            await person.close()
    name = str(request.node.name).removeprefix("test_")
    async with AsyncExitStack() as windows:
        visits: list[Visit] = []

        async def look(**how: Any) -> Visit:
            visits.append(await windows.enter_async_context(visit(browser, url, name, **how)))
            return visits[-1]

        yield look
        if request.node.stash.get(FAILED, False):
            for seen in visits:
                await seen.photograph("failed")
        else:
            assert [problem for seen in visits for problem in seen.problems] == []
