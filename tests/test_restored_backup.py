"""A backup is restored: what stands in Slack is not posted again but drawn as it is stored, and customers whose answers were lost get
the button to send them again."""

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bot.messages.buttons import Act
from bot.messages.texts import Texts
from flows.steps.org_details import to_org_details
from playground.acts import Acts, example
from playground.office import CALM, Office
from playground.slack import Message
from playground.slack.screen import tells
from playground.walkthrough import Walkthrough, action_id, said
from storage.engine import is_sqlite
from tests.databases import DATABASES, all_done, copy_sqlite, doubled, left, office_on, posted, postgresql_copy

EN = Texts("en")

pytestmark = pytest.mark.process

OPENED = ("environments", "control_center", "authentication")
"""The steps that the org ID opens."""


@pytest.fixture(params=DATABASES)
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """Not yet open."""
    with office_on(request.param, CALM) as place:
        yield place


class Backup:
    """Of the office's database, made and restored while no bot runs."""

    def __init__(self, office: Office, stack: contextlib.ExitStack) -> None:
        self._office, self._stack, self._copy = office, stack, ""

    def make(self) -> None:
        if is_sqlite(self._office.database_url):
            copy_sqlite(Path(self._office.path, "onboarding.db"), Path(self._office.path, "backup.db"))
        else:
            self._copy = self._stack.enter_context(postgresql_copy(self._office.database_url))

    def restore(self) -> None:
        if is_sqlite(self._office.database_url):
            copy_sqlite(Path(self._office.path, "backup.db"), Path(self._office.path, "onboarding.db"))
        else:
            self._office.database_url = self._copy


@pytest.fixture
def backup(office: Office) -> Iterator[Backup]:
    """Not yet made."""
    with contextlib.ExitStack() as stack:
        yield Backup(office, stack)


def asked_again(journey: Walkthrough, step: str) -> list[Message]:
    return [m for m in journey.thread("step", step) if "were lost" in m.text]


async def test_nothing_is_posted_again_and_lost_answers_are_asked_for(office: Office, backup: Backup) -> None:
    async with office:
        journey = Walkthrough(office)
        acts, slack = Acts(journey), office.slack
        await acts.start()
        skip = {"step": "planning", "reason": "Held by phone."}
        typed = partial(acts.sam.command, "/onboarding skip", channel=office.acme)
        await journey.fill_form(acts.sam, typed, skip, lambda: journey.lasting("step", "organization"))
        await journey.send_step(acts.lead, "organization", example("organization"))
        await all_done(office)

        # What the approval asks for waits in the backup, and is done after it.
        slack.faults.add("*", "drop_before", times=None)
        review = journey.lasting("review", "organization")
        assert (await acts.sam.click(review, action_id=action_id(review.blocks, Act.APPROVE))).ok
        await slack.until(lambda: left(office) > 3)
        await office.kill_bot()
        backup.make()
        slack.faults.clear()
        await office.start_bot()
        await acts.thread_says("step", "organization", EN("say.approved", revision=1))

        # The time that will be lost: one step opens others, and the customer sends two.
        await journey.send_step(acts.lead, "service_desk", example("service_desk"))
        org_id = office.pismo.create_org(to_org_details({**example("organization"), "number": 42}))
        await acts.support_task(acts.sam, "organization", "record_org_id", acts.done("organization"), org_id=org_id)
        for step in OPENED:
            await slack.until(lambda: journey.all_lasting("step", step), timeout=60)  # noqa: B023  waited for here
        await journey.send_step(acts.lead, "environments", example("environments"))
        await all_done(office)

        assert await office.stop_bot() == 0
        backup.restore()
        code, printed = await office.command("after-restore")
        assert (code, "(1)" in printed) == (0, True), printed
        stood = {m.ts for m in posted(office)}
        await office.start_bot()
        await all_done(office)

        assert doubled(office) == []
        (now,), (later,) = asked_again(journey, "service_desk"), asked_again(journey, "environments")
        told = [m for m in office.support.messages if "lost with the restored backup" in m.text]
        assert {m.ts for m in posted(office)} - stood == {now.ts, later.ts, *(m.ts for m in told)}
        assert len(told) == 2
        assert f"<@{acts.lead.id}>" in now.text
        assert action_id(later.blocks, Act.OPEN_FORM) is None
        assert journey.says("step", "organization", "Status: approved")
        assert journey.says("step", "service_desk", "Status: ready to fill out")
        assert [step for step in OPENED if not journey.says("step", step, "Status: not open yet")] == []
        assert journey.sent_revision("service_desk") == journey.sent_revision("environments") == 0

        # `repair` finds nothing more to say.
        before = {m.ts for m in posted(office)}
        assert tells(
            (await acts.sam.command("/onboarding repair example", channel=office.support)).text, said("status.repair_begins")
        )
        await all_done(office)
        assert {m.ts for m in posted(office)} == before

        # They go on from there, in the messages that stand.
        form = journey.opens(acts.lead, lambda: now, Act.OPEN_FORM)
        await journey.fill_form(acts.lead, form, example("service_desk"), lambda: journey.sent_revision("service_desk") == 1)
        await acts.support_task(acts.sam, "organization", "record_org_id", acts.done("organization"), org_id=org_id)
        await journey.send_step(acts.lead, "environments", example("environments"))
        await all_done(office)
        assert [step for step in OPENED if len(journey.all_lasting("step", step)) != 1] == []
        assert len(journey.all_lasting("review", "environments")) == 1
