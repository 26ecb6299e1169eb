"""Two processes of the bot on one PostgreSQL, as the manifests for Kubernetes set them up: both migrate, both take requests, what comes to
both is done once, and one goes on when the other ends."""

import asyncio
import signal
from collections.abc import Iterator

import aiohttp
import pytest

from bot.messages.buttons import Act
from playground.acts import Acts, example
from playground.drill import SOON, doubled
from playground.office import CALM, Office, free_port
from playground.postgres import database, server
from playground.slack import Delivery
from playground.slack.delivery import Courier
from playground.slack.records import Sent
from playground.slack.screen import tells
from playground.walkthrough import Walkthrough, action_id, said
from tests.databases import all_done, rows
from tests.deployments import given, manifest
from tests.warm import Warm

pytestmark = [pytest.mark.process, pytest.mark.postgres]

(BOT,) = manifest("Deployment")["spec"]["template"]["spec"]["containers"]


@pytest.fixture
def empty_database() -> Iterator[str]:
    with server() as url:
        if url is None:
            pytest.skip("no PostgreSQL: set TEST_POSTGRES_URL, or install its server")
        with database(url) as made:
            yield made


class Replica:
    """A process of the bot, with an address of its own. ``courier``: brings Slack's requests to it alone."""

    def __init__(self, office: Office) -> None:
        port, ops = str(free_port()), str(free_port())
        local = {"HOST": "127.0.0.1", "PORT": port, "OPS_HOST": "127.0.0.1", "OPS_PORT": ops}
        own = {name: value for name, value in office.environment().items() if value}
        self.environment = {**given(), **own, **local}
        self.office, self.log = office, office.path / f"{port}.log"
        self.by, self._ops = Delivery.http(f"http://127.0.0.1:{port}/slack/events"), f"http://127.0.0.1:{ops}"
        self.courier = Courier(office.slack)
        self.courier.by = self.by
        self.process: Warm | None = None

    async def migrate(self) -> tuple[int, str, str]:
        return await Warm.run("bot", "migrate", folder=self.office.path, environment=self.environment)

    def start(self) -> None:
        self.process = Warm("bot", folder=self.office.path, environment=self.environment, out=self.log, errors=self.log)

    async def takes_requests(self) -> bool:
        return await self._answers(BOT["readinessProbe"]["httpGet"]["path"])

    async def is_well(self) -> bool:
        return await self._answers("/readyz")

    async def _answers(self, path: str) -> bool:
        try:
            async with aiohttp.ClientSession() as web, web.get(f"{self._ops}{path}") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def end(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()

    async def close(self) -> None:
        await self.courier.close()
        if self.process is not None:
            self.process.end()


async def test_two_processes_share_what_there_is_to_do(empty_database: str) -> None:
    async with Office(socket_mode=False, policies=CALM + SOON, files=False, bot=False) as office:
        office.database_url = empty_database
        first, second = replicas = [Replica(office), Replica(office)]
        try:
            migrated = await asyncio.gather(*(one.migrate() for one in replicas))
            assert [code for code, *_ in migrated] == [0, 0], migrated
            assert sorted("migrated from empty" in out for _, out, _ in migrated) == [False, True], (
                "the other waited and had nothing to do"
            )
            for one in replicas:
                one.start()
            for one in replicas:
                await office.slack.until(one.takes_requests, timeout=60)
                await office.slack.until(one.is_well, timeout=60)
            await a_press_and_an_event_that_come_to_both(office, first, second)
            await one_goes_on(office, first, second)
        except BaseException:
            print(*(one.log.read_text()[-3000:] for one in replicas if one.log.exists()))  # noqa: T201  shown where it fails
            raise
        finally:
            for one in replicas:
                await one.close()


async def a_press_and_an_event_that_come_to_both(office: Office, first: Replica, second: Replica) -> None:
    office.slack.deliver_by(first.by)
    acts = Acts(Walkthrough(office))
    await acts.start()
    await acts.journey.send_step(acts.lead, "planning", example("planning"))
    await all_done(office)
    review = acts.journey.lasting("review", "planning")
    assert (await acts.sam.click(review, action_id=action_id(review.blocks, Act.CLAIM))).ok
    await acts.lead.say(office.acme, "password: hunter2hunter2")
    event = await office.slack.until(lambda: delivered(office, "message", "hunter2"))
    (press,) = delivered(office, "block_actions", Act.CLAIM)
    assert (await second.courier.interact(press.payload)).ok
    second.courier.event(event[0].payload)
    await office.slack.until(lambda: len(delivered(office, "message", "hunter2")) == len(event) + 1)
    await all_done(office)
    assert claims(office) == 1


def delivered(office: Office, kind: str, word: str) -> list[Sent]:
    return [sent for sent in office.slack.deliveries if sent.kind == kind and word in str(sent.payload)]


def claims(office: Office) -> int:
    return int(rows(office.database_url, "SELECT count(*) FROM audit_events WHERE tag LIKE 'step:planning:%claim'")[0][0])


async def one_goes_on(office: Office, first: Replica, second: Replica) -> None:
    ending = asyncio.create_task(first.end())
    office.slack.deliver_by(second.by)
    acts = Acts(Walkthrough(office))
    review = acts.journey.lasting("review", "planning")
    assert (await acts.sam.click(review, action_id=action_id(review.blocks, Act.APPROVE))).ok
    assert await ending == 0
    await office.slack.until(lambda: any(tells(m.text, said("say.approved")) for m in office.acme.messages), timeout=60)
    await all_done(office)
    assert doubled(office) == []
    assert sum(tells(m.text, said("say.secret_in_channel")) for m in office.support.messages) == 1
    assert await second.is_well()
    assert await second.end() == 0
