"""Whatever changes in a lasting message is drawn anew, also where it follows from another step."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.jobs.lasting import LastingMessages
from bot.messages.blocks import Drawing
from bot.messages.support import Support
from bot.slack.client import Slack
from flows.cases import calls, change, channels, departures, manage, members, remind, review, snooze
from flows.cases.case import Case
from flows.model import EffectRecord
from flows.outbox import Draw, LastingMessage, ShowInFull
from flows.people import SYSTEM, Side
from flows.ports import Unit
from flows.state import StepState
from tests.flows.cases.casework import COLLEAGUE, KIM, LEAD, OWNER, CaseBook, case_book
from tests.storage.example import raw

ORG_ID = "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"

Message = tuple[LastingMessage, str]


class Watched(CaseBook):
    """Notices what each use case changes in the lasting messages without asking for a drawing."""

    def __init__(self, book: CaseBook) -> None:
        super().__init__(book.store, book.rules, book._clock)
        self.id = book.id
        slack = Slack("xoxb-1-made-up", "http://127.0.0.1:1/api/")
        self._lasting = LastingMessages(book.store, book.cases, slack, Support("CSUPPORT", "en"))
        self._shown: dict[Message, Drawing] = {}
        self.forgotten: list[tuple[str, Message]] = []

    async def look(self, after: str) -> None:
        drawings = await self._drawings()
        asked = {(load.what, load.step) for load in await self._asked()}
        changed = {message for message, drawing in drawings.items() if self._shown.get(message) != drawing}
        self.forgotten += [(after, message) for message in sorted(changed - asked)]
        self._shown = drawings

    async def _asked(self) -> list[Draw]:
        return [
            Draw(what=record.arguments["what"], step=record.arguments["step"]) for record in await self.news("draw", "redraw")
        ]

    async def _drawings(self) -> dict[Message, Drawing]:
        """All that are in Slack, or will be."""
        snapshot = await self.snapshot()
        there: list[Message] = [("card", "")]
        there += [("step", step) for step, record in snapshot.steps.items() if record.state is not StepState.LOCKED]
        there += [("review", step) for step in snapshot.steps if snapshot.last(step) is not None]
        return {message: await self._lasting.drawing(self.id, *message) for message in there}


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Watched]:
    async with case_book(tmp_path) as book:
        await book.start()
        yield Watched(book)


async def fail(acme: Watched) -> str:
    """An effect of planning is given up. Returns its id."""

    async def ask(unit: Unit) -> None:
        unit.ask(acme.id, ShowInFull(step="planning", revision=1))

    await acme.do(ask)
    effect_id = (await acme.news(ShowInFull.kind))[-1].id

    async def give_up(unit: Unit) -> None:
        record = await unit.get(EffectRecord, effect_id)
        assert record is not None
        record.state, record.error_id = "failed", "E-1"
        unit.ask(acme.id, Draw(what="review", step="planning"))

    await acme.do(give_up)
    return effect_id


async def test_on_the_way_from_the_first_form_to_the_end_no_message_is_forgotten(acme: Watched) -> None:
    async def act(name: str, work: Callable[[Case], Any], **how: Any) -> None:
        await acme.act(work, **how)
        await acme.look(name)

    async def sent(step: str, *approvers: Any, **changed: Any) -> None:
        await acme.send(step, **changed)
        await acme.look(f"{step} sent")
        for who in approvers:
            await acme.approve(step, who)
            await acme.look(f"{step} approved")

    await acme.look("start")
    await sent("planning")
    await act("the owner left", lambda case: departures.follow_support(case, lambda user: user == OWNER.user_id))
    await act("another owner", lambda case: change.hand_over(case, OWNER.user_id, KIM, Side.SUPPORT), who=KIM)
    await act("claim", lambda case: review.claim(case, "planning"), who=KIM)
    await acme.send_back("planning", "Which products?")
    await acme.look("send back")
    await sent("planning", OWNER)
    failed = await fail(acme)
    await acme.look("given up")
    assert "Try again" in str(acme._shown["review", "planning"].blocks)
    await act("retry", partial(manage.retry, effect_id=failed))
    assert "Try again" not in str(acme._shown["review", "planning"].blocks)
    await act("skip planning", lambda case: manage.skip(case, "planning", "Held by phone."))
    await sent("organization", OWNER)
    await acme.task("organization", "record_org_id", {"org_id": ORG_ID})
    await acme.look("org ID")
    await act("assign", lambda case: manage.assign(case, "environments", COLLEAGUE, Side.CUSTOMER))
    await act("snooze", lambda case: snooze.snooze(case, "environments", case.now + timedelta(days=1)), who=LEAD)
    await act("stuck", lambda case: calls.stuck(case, "environments", "Which keys?"), who=LEAD)
    for step in ("service_desk", "environments", "control_center"):
        await sent(step, OWNER)
    await acme.task("control_center", "send_invitations", {"grants": ["*"]})
    await acme.look("invitations")
    acme.now += timedelta(days=30)
    await act("expiry", remind.expire, who=SYSTEM)
    await sent("authentication", OWNER, KIM)
    for step in [step for step in (await acme.snapshot()).steps if step not in ("planning", "organization", "next_steps")]:
        if (await acme.step(step)).state is not StepState.DONE:
            for person in (OWNER, KIM):
                if (await acme.step(step)).state is not StepState.SKIPPED:
                    await act(f"skip {step}", partial(manage.skip, step_id=step, reason="Later."), who=person)
    await sent("next_steps")
    await act("reopen", lambda case: manage.reopen(case, "planning", "Another product."))
    await sent("planning", OWNER, products=["core_banking"])
    await act("skip planning again", lambda case: manage.skip(case, "planning", "Held by phone."))
    await act("reopen organization", lambda case: manage.reopen(case, "organization", "Another address."))
    await sent("organization", responsible="ana@other.example")
    await act("a new id", lambda case: channels.follow(case, "C1", "C9"))
    await act("severed", channels.sever)
    await act("shared", channels.share)
    await act("join", lambda case: members.join(case, COLLEAGUE, welcome=True))
    await act("leave", lambda case: members.leave(case, LEAD))
    await act("close", manage.close)

    assert acme.forgotten == []


async def test_an_effect_that_cannot_be_read_is_retried_all_the_same(acme: Watched) -> None:
    await acme.send("planning")
    failed = await fail(acme)
    raw(acme.store._url, "UPDATE effects SET arguments = arguments || 'A' WHERE id = :failed", failed=failed)
    await acme.look("damaged")
    assert "Try again" in str(acme._shown["review", "planning"].blocks)
    await acme.act(partial(manage.retry, effect_id=failed))
    async with acme.store.read() as unit:
        assert not await unit.failed_effects(acme.id)


async def test_answers_that_cannot_be_read_keep_no_closed_onboarding_from_moving(acme: Watched) -> None:
    await acme.send("planning")
    await acme.act(channels.sever, SYSTEM)
    await acme.act(manage.close)
    raw(acme.store._url, "UPDATE submissions SET answers = answers || 'A' WHERE onboarding_id = :id", id=acme.id)
    await acme.act(lambda case: channels.follow(case, "C1", "C9"), SYSTEM, closed=True, shows=False)
    await acme.act(manage.export, closed=True, shows=False)
    async with acme.store.read() as unit:
        assert await unit.by_channel("C9") is not None
