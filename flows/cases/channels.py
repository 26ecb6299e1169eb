"""Changes to the channels: a new id, no longer shared, shared again, a message deleted."""

from typing import cast

from flows.cases.case import Case
from flows.model import LEFT, Posted
from flows.outbox import (
    AddBookmark,
    Draw,
    DrawHome,
    LastingMessage,
    MoveMessages,
    RedrawReminder,
    RememberMembers,
    ShowCall,
    ShowDeparture,
    WarnOfCompany,
)
from flows.people import SYSTEM


async def follow(case: Case, old: str, new: str) -> None:
    """Slack gave the channel a new id (sharing a private channel does that): everything moves to it, and review cards link to it."""
    case.onboarding.channel_id = new
    case.log("channel:id_changed", by=SYSTEM, facts={"old": old, "new": new})
    case.ask(MoveMessages(old=old, new=new))
    for step_id in case.journey.steps:
        if await case.has_review(step_id):
            case.ask(Draw(what="review", step=step_id))


def sever(case: Case) -> None:
    """The channel is no longer shared with the customer: nothing can reach them there, and they see and open nothing any more, of a
    closed onboarding either. Tell support once."""
    onboarding = case.onboarding
    if onboarding.severed_at:
        return
    onboarding.severed_at = case.now
    case.log("channel:severed", by=SYSTEM, facts={"channel": onboarding.channel_id})
    _draw_homes(case)
    if not onboarding.closed_at:
        case.warn("severed", customer=onboarding.customer, channel=onboarding.channel_id)


async def share(case: Case) -> None:
    """The channel is shared with the customer again: redraw all messages, resume reminders, and find who is there."""
    onboarding = case.onboarding
    if not onboarding.severed_at:
        return
    onboarding.severed_at = None
    case.log("channel:shared", by=SYSTEM, facts={"channel": onboarding.channel_id})
    await case.redraw()
    for reminder in case.snapshot.reminders:
        if reminder.side == "customer":
            case.ask(RedrawReminder(where="customer", reminder=reminder.id))
    case.ask(RememberMembers())
    _draw_homes(case)
    for record in case.snapshot.steps.values():  # reminders had stopped; resume any series that wasn't completed
        if record.turn and record.remind_at is record.escalate_at is record.escalated_at is None:
            record.remind_at = case.now
    if not onboarding.closed_at:
        case.warn("shared_again", customer=onboarding.customer, channel=onboarding.channel_id)


def _draw_homes(case: Case) -> None:
    for member in case.snapshot.members:
        if member.role != LEFT:
            case.ask(DrawHome(team=member.team_id, user=member.user_id))


async def post_again(case: Case, posted: Posted) -> None:
    """Somebody deleted a lasting message. After the onboarding is closed, it may stay away. News isn't told again: support's lists lead to
    the step's card instead."""
    if posted.kind in ("alert", "question"):
        await _forget(case, posted)
        return
    if case.onboarding.closed_at:
        return
    await case.unit.delete(posted)
    if posted.kind == "call":
        for call in case.snapshot.calls:
            if call.id.endswith(f":{posted.subject}") and call.answered_at is None:
                case.ask(ShowCall(step=call.step_id, call=call.id))
        return
    if posted.kind == "departure":
        case.ask(ShowDeparture(user=posted.subject.partition(":")[0]))
        return
    if posted.kind == "company":
        case.ask(WarnOfCompany(team=posted.subject))
        return
    case.ask(Draw(what=cast("LastingMessage", posted.kind), step=posted.subject))
    if posted.kind == "card":
        case.ask(AddBookmark(instead=posted.ts))


async def _forget(case: Case, posted: Posted) -> None:
    """Whatever else stands in the same message, too."""
    row: Posted | None = posted
    while row is not None:
        await case.unit.delete(row)
        row = await case.unit.posted_at(posted.channel_id, posted.ts)
