"""A request to the Service Desk as a text for support to paste, after the reason why the bot couldn't file it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.jobs.records import declared
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages.texts import Texts
from bot.messages.wording import sentence
from flows.cases.wanted_requests import accepted_by
from flows.outbox import ShowReadyText

MAX_PASTED = 3000
"""Characters of a text to be copied from a message; a longer one is sent as a file."""
FILE = "request.txt"


class ReadyTexts:
    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def show(self, run: Run[ShowReadyText]) -> Finished:
        return await self.post(run, run.effect)

    async def post(self, run: Run[Any], asked: ShowReadyText) -> Finished:
        """``run``: of the effect that it is shown for."""
        thread = await self._threads.of(run, "support", asked.step)
        texts = thread.texts
        step = thread.case.step(asked.step)
        accepted, situation = accepted_by(thread.case, step), thread.case.situation
        if accepted is not None:  # a later revision may have been sent since
            situation = replace(situation, answers={**situation.answers, step.id: accepted.answers})
        ready = declared(step.desk_request).pasted(situation, [asked.resource] if asked.resource else [])
        before = list(_in_the_way(asked, texts))
        text = "\n".join([*before, sentence(texts, "ready_text", ready)])
        if len(text) <= MAX_PASTED:
            return await self._threads.say(run, thread, text)
        comment = "\n".join([*before, sentence(texts, "ready_text", {**ready, "description": FILE})])
        content = "\n".join(ready.values()).encode()
        # A message would be cut, and only part of it pasted.
        return await self._threads.upload(run, thread, FILE, content, comment)


def _in_the_way(asked: ShowReadyText, texts: Texts) -> Iterator[str]:
    if asked.why:
        yield sentence(texts, "desk_not_filed", {"what": f"resource.{asked.resource}", "why": f"why.{asked.why}"})
    if asked.name:
        there = ", ".join(asked.there) or texts("say.desk_nothing")
        yield sentence(texts, "desk_names", {"name": asked.name, "there": there})
    if asked.detail:
        yield sentence(texts, "desk_said", {"detail": asked.detail})
    if asked.maybe:
        yield sentence(texts, "desk_maybe", {})
