"""What is said on a ticket: the Service Desk's public comments come into the step's threads, and answers from there go to the desk.

A ticket's record keeps up to which comment it was read, so that none comes twice, and which answers are the bot's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.cases import limits
from flows.cases.access import May
from flows.cases.case import Case
from flows.cases.questions import end_question, open_question
from flows.cases.tickets import FiledTicket, open_ticket, record_with_ticket, sides, tell, ticket_of
from flows.model import TaskRecord, new_id
from flows.outbox import FileAnswer, Where
from flows.people import SYSTEM, Role
from flows.problems import Problem, Refused

MAX_SHOWN = 5
"""Comments of one ticket that are shown at a time; of the others it is said how many there are, and where."""
MAX_TEXT = 2500
"""Characters shown of a comment."""


@dataclass(frozen=True)
class DeskComment:
    """``text``: empty if it may not be shown. ``by_asker``: its author takes part in the ticket as one of those who ask, not at the desk.
    ``secret``: the kind that the guard found in it; ``unread``: it could not be looked into."""

    id: int
    author: str
    text: str
    by_asker: bool = False
    secret: str = ""
    unread: bool = False


@dataclass(frozen=True)
class Known:
    """``read``: the last comment that was read; ``own``: later ones that the bot wrote; ``sent``: the words by which those are found
    that it may have written."""

    read: int
    own: frozenset[int]
    sent: frozenset[str]

    def is_news(self, comment_id: int, body: str) -> bool:
        return comment_id > self.read and comment_id not in self.own and not any(word in body for word in self.sent)


def known(record: TaskRecord) -> Known:
    answers = record.answers
    return Known(int(answers.get("read") or 0), frozenset(answers.get("own") or ()), frozenset(answers.get("sent") or ()))


def note_comments(case: Case, record_id: str, comments: Sequence[DeskComment], ticket: FiledTicket) -> None:
    """Tell both sides of new comments, each once. A text with a secret is shown to nobody. ``ticket``: as it is now."""
    record = record_with_ticket(case, record_id)
    if record is None:
        return
    before = known(record)
    new = sorted((one for one in comments if before.is_news(one.id, one.text)), key=lambda one: one.id)
    if not new:
        return
    last = new[-1].id
    record.answers = {**record.answers, "read": last, "own": sorted(one for one in before.own if one > last)}
    case.log(f"task:{record.step_id}.{record.task_id}:comment", by=SYSTEM, facts={"item": record.item, "comments": len(new)})
    shown, more = new[:MAX_SHOWN], len(new[MAX_SHOWN:])
    for one in new:
        if one.by_asker:
            end_question(case, record)
        elif _asks(one, ticket):
            open_question(case, record, one.text)
    for where in sides(case):
        for one in shown:
            asks = _asks(one, ticket)
            if one.secret or one.unread:
                key = "desk_wrote_secret" if one.secret else "desk_wrote_unread"
                tell(case, record, where, key, ticket, answer=not one.by_asker, by_name=one.author, kind=one.secret)
            else:
                said = one.text if len(one.text) <= MAX_TEXT else f"{one.text[:MAX_TEXT]}…"
                key = "asker_wrote" if one.by_asker else "desk_asks" if asks else "desk_wrote"
                tell(case, record, where, key, ticket, said=said, answer=asks, mention=asks, by_name=one.author)
        if more:
            tell(case, record, where, "desk_wrote_more", ticket, answer=True, count=more)


def _asks(comment: DeskComment, ticket: FiledTicket) -> bool:
    return not comment.by_asker and (ticket.phase == "pending" or "?" in comment.text)


async def too_often(case: Case, record_id: str) -> tuple[Problem, ...]:
    """Why the actor can't answer again yet, at the form's field."""
    record = record_with_ticket(case, record_id)
    return await limits.answers(case, [_tag(record)]) if record is not None else ()


def answer(case: Case, record_id: str, text: str) -> None:
    """Write the actor's answer on a ticket. Raises Refused("ticket_ended") if it has ended."""
    May.EITHER.check(case.role)
    record, ticket = record_with_ticket(case, record_id), open_ticket(case, record_id)
    if record is None or ticket is None:
        raise Refused("ticket_ended")
    word = new_id("answer").rpartition("_")[2]
    record.answers = {**record.answers, "sent": [*(record.answers.get("sent") or ()), word]}
    end_question(case, record, case.actor, text)
    case.log(_tag(record), facts={"item": record.item, "answer": word}, changes={"text": text})
    case.ask(FileAnswer(step=record.step_id, item=record.id, answer=word, text=text, by=case.actor.user_id))
    where: Where = "support" if case.role is Role.SUPPORT else "customer"
    tell(case, record, where, "desk_answering", ticket, by=case.actor.user_id)


def note_answered(case: Case, effect: FileAnswer, comment_id: int, *, unpressed: bool) -> None:
    """An answer stands on the ticket: both sides read it. ``unpressed``: the desk waits on, since the bot could not press the button
    that answers it."""
    record = waiting(case, effect)
    if record is None:
        return
    before, ticket = known(record), ticket_of(case, record)
    own = before.own | ({comment_id} if comment_id > before.read else set())
    record.answers = {**record.answers, "own": sorted(own), "sent": sorted(before.sent - {effect.answer})}
    case.log(f"task:{record.step_id}.{record.task_id}:answered", by=SYSTEM, facts={"item": record.item, "answer": effect.answer})
    for where in sides(case):
        tell(case, record, where, "desk_answered", ticket, said=effect.text, by=effect.by)
    if unpressed and not ticket.ended:
        open_question(case, record)
        tell(case, record, "support", "desk_unpressed", ticket, mention=True)


def note_too_late(case: Case, effect: FileAnswer) -> None:
    """The ticket ended while the answer was on its way, so that it is nowhere but here: both sides read that."""
    record = waiting(case, effect)
    if record is None:
        return
    sent = sorted(known(record).sent - {effect.answer})
    record.answers = {**record.answers, "sent": sent}
    case.log(f"task:{record.step_id}.{record.task_id}:too_late", by=SYSTEM, facts={"item": record.item, "answer": effect.answer})
    for where in sides(case):
        tell(case, record, where, "desk_answer_too_late", ticket_of(case, record), said=effect.text, mention=True, by=effect.by)


def waiting(case: Case, effect: FileAnswer) -> TaskRecord | None:
    """The record of the ticket that an answer is on its way to; None if it arrived or nobody waits for it any more."""
    record = next((one for one in case.snapshot.tasks if one.id == effect.item), None)
    return record if record is not None and effect.answer in known(record).sent else None


def note_unanswered(case: Case, effect: FileAnswer, why: str) -> None:
    """The bot gave up: support gets the text to write it by hand, and a retry is possible. ``why``: the key of the reason."""
    record = waiting(case, effect)
    if record is None:
        return
    ticket = ticket_of(case, record)
    tell(case, record, "support", "desk_answer_lost", ticket, said=effect.text, mention=True, by=effect.by, why=f"why.{why}")
    if "customer" in sides(case):
        tell(case, record, "customer", "desk_answer_late", ticket, by=effect.by)


def _tag(record: TaskRecord) -> str:
    return f"task:{record.step_id}.{record.task_id}:answer"
