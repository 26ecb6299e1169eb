"""`make demo` as a newcomer meets it: the real process, its page, and the next day's start."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, expect

from bot.messages.texts import Texts
from playground.browser import open_pane
from playground.office import ROOT
from tests.e2e.visit import visit

EN = Texts("en")

SECONDS = 120.0


@contextlib.asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[str]:
    """Runs until the block ends, then is ended as by Ctrl-C. Yields the page's address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "playground.demo", "--folder", str(folder), "--port", "0", "--no-browser"),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield await asyncio.wait_for(_address(process), SECONDS)
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), SECONDS) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    printed = ""
    while line := (await process.stdout.readline()).decode():
        printed += line
        if line.startswith("Open http"):
            return line.split()[1]
    raise AssertionError(f"it ended without an address:\n{printed}")


async def test_it_begins_in_the_middle_plays_on_and_continues_at_the_next_start(browser: Browser, tmp_path: Path) -> None:
    async with demo(tmp_path) as url, visit(browser, url, "demo-first") as first:
        await first.support.become("Sam")
        await first.support.go("onboarding-support")
        await first.support.sees(EN("button.approve", step="Organization"))
        await first.customer.go("acme_pismo")
        await first.customer.sees("1 of 12 steps done")
        await first.photograph("begins")
        await first.inspector_tells("0 refused")
        await first.support.press(EN("button.approve", step="Organization"))
        await first.customer.open_thread("2. Organization")
        await first.customer.sees(EN("say.approved", revision=1))
        await (await open_pane(first.page, "Demo")).get_by_role("button", name="Play the next step for me").click()
        await expect(first.page.get_by_role("log", name="What happened lately").locator("div").first).to_contain_text(".")
        assert first.problems == []
    async with demo(tmp_path) as url, visit(browser, url, "demo-second") as second:
        await second.customer.go("acme_pismo")
        await second.customer.open_thread("2. Organization")
        await second.customer.sees(EN("say.approved", revision=1))
        assert second.problems == []
