"""What the bot wrote on a ticket itself is no news, however its reading and its writing overlap."""

from dataclasses import replace
from pathlib import Path

import pytest

from flows.cases import ticket_comments
from flows.cases.case import Case
from flows.cases.questions import record_asked_about
from flows.cases.ticket_comments import DeskComment
from flows.cases.tickets import FiledTicket, note_status
from flows.outbox import FileAnswer
from tests.flows.cases.casework import LEAD, CaseBook, case_book

STEP = "service_desk"
TICKET = FiledTicket("SD-7", "https://desk.example/SD-7", "IN DEV")
OWN, DESKS = 50_001, 50_002


async def told(one: CaseBook) -> list[str]:
    return [effect.arguments["key"] for effect in await one.news("ticket_news") if effect.arguments["where"] == "customer"]


@pytest.mark.parametrize("noted", [False, True], ids=["while it is written", "once it is written"])
async def test_the_bots_own_comment_that_was_read_meanwhile_is_not_told(tmp_path: Path, *, noted: bool) -> None:
    async with case_book(tmp_path) as one:
        await one.start()
        await one.skip("planning")
        await one.send(STEP)
        await one.approve(STEP)
        await one.task(STEP, "file_request", {"grants": ["*"], "ticket": "SD-7"})
        record = next(task.id for task in (await one.snapshot()).tasks if task.answers.get("ticket") == "SD-7")
        await one.act(lambda case: ticket_comments.answer(case, record, "Both of them."), LEAD)
        (sent,) = [
            FileAnswer(**{k: v for k, v in one.arguments.items() if k not in ("v", "of")})
            for one in await one.news("file_answer")
        ]

        def reads(case: Case) -> None:
            if noted:
                ticket_comments.note_answered(case, sent, OWN, unpressed=False)
            said = [DeskComment(OWN, "bot", f"Both of them.\n(Acme Bank · {sent.answer})"), DeskComment(DESKS, "Dora", "Thanks.")]
            ticket_comments.note_comments(case, record, said, TICKET)

        await told(one)
        await one.act(
            lambda case: ticket_comments.note_comments(case, record, [DeskComment(1, "Dora", "Which of them?")], TICKET)
        )
        await one.act(lambda case: note_status(case, record, replace(TICKET, status="PENDING", phase="pending")))
        assert [(call.words, call.answered_by) for call in (await one.snapshot()).calls] == [("Which of them?", "")]
        await one.act(lambda case: ticket_comments.answer(case, record, "Both."), LEAD)
        (asked,) = (await one.snapshot()).calls
        assert (asked.answer, asked.answered_by, record_asked_about(asked)) == ("Both.", LEAD.user_id, record)

        await told(one)
        await one.act(reads)
        assert await told(one) == (["desk_answered"] if noted else []) + ["desk_wrote"]
