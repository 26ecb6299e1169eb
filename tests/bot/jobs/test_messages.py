"""Drawing and saying, one effect after the other and with a Slack that only remembers: what ends up there, and what it costs the store."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import text

from bot.config.service_desk import ServiceDeskPolicies
from bot.jobs.executor import Executor, Patience
from bot.jobs.failures import Failures
from bot.jobs.handlers import PismoAccess, ServiceDeskAccess, handlers
from bot.jobs.registry import anything
from bot.messages.support import Support
from bot.messages.texts import table
from bot.slack.client import Slack
from bot.slack.errors import SlackError
from flows.cases.case import Case
from flows.checks.certificates import read_certificate
from flows.model import Posted
from flows.outbox import Draw, MoveMessages, Redraw, Say
from flows.steps.authentication import example_keys
from playground.slack.screen import tells
from playground.walkthrough import said
from storage import sealing
from storage.outbox import Outbox, Pace
from storage.store import Store
from storage.unit import Unit
from tests.flows.cases.casework import KIM, LEAD, OWNER, CaseBook, case_book

CUSTOMER, SUPPORT = "C1", "CSUPPORT"


@dataclass
class Post:
    channel: str
    text: str
    thread: str
    effect: str
    edits: int = 0


class RememberingSlack(Slack):
    """``refuse``: errors for the next calls, by method."""

    def __init__(self) -> None:
        super().__init__("xoxb-1-made-up", "http://127.0.0.1:1/api/")
        self.posts: dict[str, Post] = {}
        self.refuse: dict[str, list[str]] = {}
        self.told: list[tuple[str, str, str]] = []
        self.bookmarked: tuple[str, list[str]] = ("", [])

    def _maybe_refuse(self, method: str) -> None:
        if self.refuse.get(method):
            raise SlackError(method, self.refuse[method].pop(0))

    async def post_once(
        self,
        channel: str,
        text: str,
        blocks: Sequence[dict[str, Any]],
        effect_id: str,
        thread_ts: str | None = None,
        *,
        again: bool = False,
        revision: int = 0,  # noqa: ARG002  as Slack's
        broadcast: bool = False,  # noqa: ARG002
    ) -> tuple[str, str]:
        assert blocks
        self._maybe_refuse("chat.postMessage")
        known = [ts for ts, post in self.posts.items() if again and post.effect == effect_id]
        ts = known[0] if known else f"{len(self.posts) + 1}.0"
        self.posts.setdefault(ts, Post(channel, text, thread_ts or "", effect_id))
        return channel, ts

    async def update(self, channel: str, ts: str, text: str, blocks: Sequence[dict[str, Any]], **_: Any) -> None:
        assert blocks
        self._maybe_refuse("chat.update")
        assert self.posts[ts].channel == channel
        self.posts[ts].text = text
        self.posts[ts].edits += 1

    async def tell(self, channel: str, user_id: str, text: str, blocks: Sequence[dict[str, Any]]) -> None:
        assert blocks
        self.told.append((channel, user_id, text))

    async def upload_once(
        self,
        channel: str,
        name: str,
        content: bytes,
        comment: str,
        effect_id: str,
        thread_ts: str | None = None,
        *,
        again: bool = False,
    ) -> None:
        assert comment
        assert not again
        self.posts[f"{len(self.posts) + 1}.0"] = Post(channel, f"{name}\n{content.decode()}", thread_ts or "", effect_id)

    async def permalink(self, channel: str, ts: str) -> str:
        return f"https://slack.example/{channel}/{ts}"

    async def bookmark_once(self, channel: str, title: str, link: str, *, instead_of: Collection[str] = ()) -> None:
        assert (channel, title) == (CUSTOMER, table("en")["card.bookmark"])
        self.bookmarked = link, [*instead_of]

    def in_thread(self, ts: str) -> list[str]:
        return [post.text for post in self.posts.values() if post.thread == ts]


class CountingStore(Store):
    reads = writes = 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Unit]:
        self.reads += 1
        async with super().read() as unit:
            yield unit

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Unit]:
        self.writes += 1
        async with super().write() as unit:
            yield unit


class Jobs:
    def __init__(self, book: CaseBook, file: Path) -> None:
        self.book, self.slack = book, RememberingSlack()
        self.store = CountingStore(f"sqlite+aiosqlite:///{file}", sealing.current(), clock=lambda: book.now)
        nothing: Any = cast(Any, None)
        table = handlers(
            self.store,
            book.cases,
            self.slack,
            nothing,
            Support(SUPPORT, "en"),
            pismo=PismoAccess(nothing, {}),
            service_desk=ServiceDeskAccess(None, ServiceDeskPolicies()),
            publish_home=nothing,
            allows=anything,
        )
        failures = Failures(table)
        self.outbox = Outbox(self.store, pace=Pace(0.0))
        self.executor = Executor(
            self.store,
            self.outbox,
            table.do,
            patience=Patience(wait=lambda _: 0.0),
            on_failed=(failures.tell, failures.alert),
            clock=lambda: book.now,
        )

    async def run(self) -> None:
        """Everything that is left, until nothing is waiting."""
        while claims := (await self.outbox.claim(1, [])).claims:
            await self.executor.attempt(claims[0])

    async def cost(self) -> tuple[int, int]:
        """Reads and writes for running the one effect left."""
        self.store.reads = self.store.writes = 0
        (claim,) = (await self.outbox.claim(2, [])).claims
        await self.executor.attempt(claim)
        return self.store.reads, self.store.writes

    async def posted(self, kind: str, step: str = "") -> str:
        async with self.book.store.read() as unit:
            row = await unit.posted(self.book.id, kind, step)
        assert row is not None
        return row.ts


@pytest.fixture
async def jobs(tmp_path: Path) -> AsyncIterator[Jobs]:
    """An onboarding has started, and its messages are posted."""
    async with case_book(tmp_path) as book:
        jobs = Jobs(book, tmp_path / "case.db")
        await book.start()
        await book.do(_without_slack)
        await jobs.run()
        yield jobs
        await jobs.store.close()


async def _without_slack(unit: Unit) -> None:
    """What the remembering Slack doesn't do: members."""
    for record in await unit.open_effects():
        if record.kind == "people":
            record.state = "dropped"


def say(case: Case) -> None:
    case.say("customer", "planning", "stuck_received", by=LEAD.user_id)


async def test_drawing_and_saying_cost_two_reads_and_two_writes(jobs: Jobs) -> None:
    await jobs.book.act(say)
    assert await jobs.cost() == (2, 2)
    assert len(jobs.slack.in_thread(await jobs.posted("step", "planning"))) == 1
    await jobs.book.act(lambda case: case.ask(Draw(what="card")))
    assert await jobs.cost() == (2, 2)
    await jobs.book.send("planning")
    await jobs.run()
    await jobs.book.act(lambda case: case.ask(Draw(what="review", step="planning")))
    assert await jobs.cost() == (2, 2)


async def test_a_message_that_shows_what_it_should_is_left_alone(jobs: Jobs) -> None:
    ts = await jobs.posted("card")
    await jobs.book.act(lambda case: case.ask(Draw(what="card")))
    await jobs.run()
    assert jobs.slack.posts[ts].edits == 0
    await jobs.book.send("planning")
    await jobs.run()
    assert jobs.slack.posts[ts].edits == 1


async def test_a_message_is_posted_once_and_shows_the_newest_whoever_comes_first(jobs: Jobs) -> None:
    ts = await jobs.posted("card")
    await jobs.book.send("planning")

    async def ask(unit: Unit) -> None:
        unit.ask(jobs.book.id, Draw(what="card"))  # as it was asked for before the card was posted
        unit.ask(jobs.book.id, Redraw(what="review", step="planning"))  # it isn't posted yet

    await jobs.book.do(ask)
    await jobs.run()
    review = jobs.slack.posts[await jobs.posted("review", "planning")]
    assert (jobs.slack.posts[ts].edits, review.channel) == (1, SUPPORT)
    for message in (jobs.slack.posts[ts], review):
        assert [post.effect for post in jobs.slack.posts.values()].count(message.effect) == 1


async def test_a_message_that_someone_deleted_is_posted_anew(jobs: Jobs) -> None:
    old = await jobs.posted("card")
    jobs.slack.refuse["chat.update"] = ["message_not_found"]
    await jobs.book.send("planning")
    await jobs.run()
    new = await jobs.posted("card")
    assert new != old
    assert jobs.slack.posts[new].channel == CUSTOMER
    link, instead = jobs.slack.bookmarked
    assert (link.endswith(new), old in instead) == (True, True)


async def test_a_thread_without_its_message_gets_it(jobs: Jobs) -> None:
    old = await jobs.posted("step", "planning")

    async def forget(unit: Unit) -> None:
        row = await unit.posted(jobs.book.id, "step", "planning")
        assert row is not None
        await unit.delete(row)

    await jobs.book.do(forget)
    await jobs.book.act(say)
    await jobs.run()
    new = await jobs.posted("step", "planning")
    assert new != old
    assert len(jobs.slack.in_thread(new)) == 1


async def test_what_may_have_been_posted_is_not_posted_twice(jobs: Jobs) -> None:
    before = len(jobs.slack.posts)
    jobs.slack.refuse["chat.postMessage"] = ["unreachable"]
    await jobs.book.act(say)
    await jobs.run()
    assert len(jobs.slack.posts) == before + 1


async def test_support_gets_a_long_chain_as_a_file_and_reads_what_is_noted_of_a_renewal(jobs: Jobs) -> None:
    book, step = jobs.book, "authentication"
    chain = "subject=CN = Example Bank S.A.\n" * 100 + example_keys.CERTIFICATE.strip()
    await book.skip("planning", "organization")
    await book.send(step, mtls="own_ca", own_certificate=None, own_certificate_file={"name": "chain.pem", "text": chain})
    for person in (OWNER, KIM):
        await book.approve(step, person)
    await jobs.run()
    thread = await jobs.posted("review", step)
    assert jobs.slack.in_thread(thread).count(f"own_certificate.pem\n{chain}\n") == 1
    letter = {"received_on": "2026-03-01", "reference": "ABC-1", "installed": "yes"}
    await book.task(step, "record_risk_letter", letter)
    await book.skip(step)
    await jobs.run()
    before = len(jobs.slack.in_thread(thread))
    await book.task(step, "send_own_renewal", {"own_certificate": example_keys.CERTIFICATE}, LEAD)
    await jobs.run()
    asked, noted = jobs.slack.in_thread(thread)[before:]  # no file: it can be copied from the window
    assert tells(asked, said("task.authentication.send_own_renewal.done"))
    assert read_certificate(example_keys.CERTIFICATE).spki_fingerprint in noted
    assert tells(noted, said("note.renewal_same_key"))


async def test_support_is_alerted_once_and_the_review_card_shows_it(jobs: Jobs) -> None:
    await jobs.book.send("planning")
    await jobs.run()
    review = jobs.slack.posts[await jobs.posted("review", "planning")]
    edits = review.edits
    jobs.slack.refuse["chat.postMessage"] = ["channel_not_found"]
    await jobs.book.act(say)
    await jobs.run()
    alerts = [post for post in jobs.slack.posts.values() if tells(post.text, said("say.effect_failed_in"))]
    assert [(post.channel, post.thread) for post in alerts if "Acme Bank, step “Planning”" in post.text] == [(SUPPORT, "")]
    assert review.edits == edits + 1
    assert tells(review.text, said("review.failed"))


async def test_an_alert_that_fails_raises_no_other(jobs: Jobs) -> None:
    before = len(jobs.slack.posts)
    jobs.slack.refuse["chat.postMessage"] = ["channel_not_found", "invalid_blocks"]
    await jobs.book.act(
        lambda case: case.ask(Say(where="customer", step="planning", key="stuck_received", params={"by": LEAD.user_id}))
    )
    await jobs.run()
    assert len(jobs.slack.posts) == before
    assert jobs.slack.refuse["chat.postMessage"] == []


async def test_messages_follow_the_channel(jobs: Jobs) -> None:
    await jobs.book.act(lambda case: case.ask(MoveMessages(old=CUSTOMER, new="C9")))
    await jobs.run()
    async with jobs.book.store.read() as unit:
        rows = [await unit.get(Posted, f"{jobs.book.id}:{name}") for name in ("card:", "step:planning")]
    assert {row.channel_id for row in rows if row is not None} == {"C9"}


async def test_support_is_alerted_where_the_customers_rows_cannot_be_read(jobs: Jobs) -> None:
    await jobs.book.act(say)

    async def damage(unit: Unit) -> None:
        await unit.session.execute(
            text("UPDATE onboardings SET customer = substr(customer, 1, length(customer) - 8) || 'AAAAAAAA'")
        )
        await unit.session.execute(
            text("UPDATE effects SET arguments = substr(arguments, 1, length(arguments) - 8) || 'AAAAAAAA'")
        )

    await jobs.book.do(damage)
    before = len(jobs.slack.posts)
    await jobs.run()
    (alert,) = list(jobs.slack.posts.values())[before:]
    assert alert.channel == SUPPORT
    assert tells(alert.text, said("say.effect_failed"))
    assert "Acme" not in alert.text
