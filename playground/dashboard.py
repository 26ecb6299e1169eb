"""Draws the dashboard of `ops/grafana.json` from a rehearsal, as a picture: python -m playground.dashboard [folder].

A rehearsal is played while a real Prometheus scrapes the bot each second and evaluates `ops/alerts.yaml`; then every panel's queries are
put to it, and the answers drawn. What Grafana itself draws from them looks a little different.
"""

import asyncio
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from playwright.async_api import async_playwright

from playground.acts import play
from playground.browser import CHROMIUM, launch
from playground.charts import Series
from playground.grafana import DashboardPanel, PanelQuery, panels
from playground.narrator import Narrator
from playground.office import ROOT, Office, free_port
from playground.panels import CELL_WIDTH, page
from playground.second_customer import play_second
from playground.walkthrough import Walkthrough

OPS = ROOT / "ops"
FOLDER = ROOT / "docs" / "images"
PROMETHEUS = shutil.which("prometheus")
WINDOW = 5
"""Seconds that `$__rate_interval` stands for: several scrapes. What is counted is counted for as long."""
POINTS = 240
"""Of each line."""


class Prometheus:
    """Scrapes and answers until it is ended."""

    def __init__(self, url: str, web: aiohttp.ClientSession) -> None:
        self._url, self._web = url, web

    async def is_ready(self) -> bool:
        try:
            async with self._web.get(f"{self._url}/-/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def ask(self, what: str, **asked: str) -> Any:
        """The answer's data. Raises RuntimeError with what Prometheus says is wrong."""
        async with self._web.get(f"{self._url}/api/v1/{what}", params=asked) as answer:
            told = await answer.json()
        if told["status"] != "success":
            raise RuntimeError(f"{asked}: {told['error']}")
        return told["data"]

    async def lines(self, query: PanelQuery, began: float, ended: float, step: float) -> list[Series]:
        """A value every ``step`` seconds, where there is one; only the last for an instant query."""
        if query.instant:
            found = (await self.ask("query", query=query.expression, time=f"{ended:.3f}"))["result"]
            return [Series(_named(query.legend, one["metric"]), [_point(one["value"])]) for one in found]
        span = {"start": f"{began:.3f}", "end": f"{ended:.3f}", "step": f"{step:.3f}"}
        found = (await self.ask("query_range", query=query.expression, **span))["result"]
        return [Series(_named(query.legend, one["metric"]), [_point(point) for point in one["values"]]) for one in found]


def _point(told: Sequence[Any]) -> tuple[float, float]:
    moment, value = told
    return float(moment), float(value)


def _named(legend: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"{{(\w+)}}", lambda label: labels.get(label[1], ""), legend)


@asynccontextmanager
async def scraping(folder: Path, targets: Sequence[str]) -> AsyncIterator[Prometheus]:
    """A Prometheus as `ops/prometheus.yaml` has it, but each second, at these addresses, with its data in the folder."""
    config = yaml.safe_load((OPS / "prometheus.yaml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(OPS / name) for name in config["rule_files"]]
    config["scrape_configs"][0]["static_configs"] = [{"targets": list(targets)}]
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    options = {
        "config.file": folder / "prometheus.yaml",
        "storage.tsdb.path": folder / "prometheus",
        "web.listen-address": address,
        "log.level": "error",
    }
    process = await asyncio.create_subprocess_exec(
        PROMETHEUS or "prometheus", *(f"--{name}={value}" for name, value in options.items()), stdin=asyncio.subprocess.DEVNULL
    )
    try:
        async with aiohttp.ClientSession() as web:
            prometheus = Prometheus(f"http://{address}", web)
            while not await prometheus.is_ready():
                if process.returncode is not None:
                    raise RuntimeError(f"Prometheus ended with {process.returncode}")
                await asyncio.sleep(0.1)
            yield prometheus
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def rehearsed(office: Office, prometheus: Prometheus) -> tuple[str, Sequence[str]]:
    """The dashboard as a page once the whole journey was played, and the alerts that were firing at any time."""
    began, narrator = time.time(), Narrator(office, lambda _line: None)
    await play(Walkthrough(office, narrator))
    await play_second(office, narrator)
    ended = time.time()
    drawn: list[tuple[DashboardPanel, Sequence[Series]]] = []
    for panel in panels(f"{WINDOW}s"):
        step = WINDOW if panel.bars else (ended - began) / POINTS
        lines = [line for query in panel.queries for line in await prometheus.lines(query, began, ended, step)]
        drawn.append((panel, lines))
    fired = await prometheus.ask(
        "query", query='count by (alertname) (max_over_time(ALERTS{alertstate="firing"}[1h]))', time=f"{ended:.3f}"
    )
    return page(drawn, began, ended), sorted(one["metric"]["alertname"] for one in fired["result"])


async def take(folder: Path) -> None:
    async with Office() as office, scraping(office.path, [office.url.removeprefix("http://")]) as prometheus:
        html, fired = await rehearsed(office, prometheus)
    async with async_playwright() as playwright, await launch(playwright) as browser:
        window = await browser.new_page(viewport={"width": 24 * CELL_WIDTH + 16, "height": 600})
        await window.set_content(html)
        path = folder / "dashboard.png"
        picture = await window.screenshot(path=path, full_page=True)
    print(f"{path}  {len(picture) // 1000} kB")
    print(f"Alerts that fired: {', '.join(fired) or 'none'}")


def main() -> None:
    if CHROMIUM is None or PROMETHEUS is None:
        missing = "chromium" if CHROMIUM is None else "prometheus"
        sys.exit(f"There is no {missing} here; on Debian: apt-get install {missing}")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(folder))


if __name__ == "__main__":
    main()
