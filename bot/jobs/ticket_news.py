"""News of a ticket in the step's thread: what the Service Desk's people wrote is drawn as they typed it, with the button that answers."""

from dataclasses import replace

from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages.blocks import Block, actions, button, drawing, fit, long_sections, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import typed
from bot.messages.wording import calling, sentence
from flows.cases.presence import there
from flows.cases.questions import QUESTION, asked_in
from flows.cases.tickets import open_ticket
from flows.model import Posted
from flows.outbox import TellOfTicket


class TicketNews:
    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def tell(self, run: Run[TellOfTicket]) -> Finished:
        asked = run.effect
        thread = await self._threads.of(run, asked.where, asked.step)
        mentioned = there(thread.case.snapshot, *asked.mention)
        words = calling(mentioned, sentence(thread.texts, asked.key, asked.params))
        blocks: list[Block] = [section(words), *long_sections(typed(asked.said))] if asked.said else [section(words)]
        can_answer = thread.case.onboarding.closed_at is None and open_ticket(thread.case, asked.item) is not None
        if asked.answer and can_answer:
            value = ButtonValue(onboarding=thread.case.id, step=asked.step, item=asked.item)
            blocks.append(actions(button(thread.texts("button.answer_ticket"), Act.ANSWER_TICKET, value)))
        finished = await self._threads.post(run, thread, [drawing(fit(blocks))], broadcast=asked.broadcast)
        question = asked_in(thread.case, asked.item) if can_answer and asked.answer and asked.where == "support" else None
        if question is None:
            return finished
        subject = question.id.partition(":")[2]
        posted = Posted(
            id=f"{thread.case.id}:{QUESTION}:{subject}",
            onboarding_id=thread.case.id,
            kind=QUESTION,
            subject=subject,
            channel_id=str(finished.result["channel"]),
            ts=str(finished.result["ts"]),
            thread_ts="" if asked.broadcast else str(finished.result["thread"]),
        )
        return replace(finished, also=lambda unit: unit.place(posted))
