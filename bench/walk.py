"""The way of one click through our code: functions and modules entered during the listener's call, and how often it comes back to a room
that it had left.

python -m bench.walk

Counted with ``sys.setprofile`` over one run each: a form's last page (organization) and an approval (planning), on a store of its own.
"""

import asyncio
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.messages.buttons import Act
from flows.journey import JOURNEYS
from playground.walkthrough import action_id, ready
from tests.bot.workplace import Workplace

ROOT = str(Path(__file__).parent.parent)
OURS = ("bot", "flows", "pismo", "storage")


@dataclass
class Walk:
    """``task``: whose calls are counted. ``steps``: the module of each function of ours that it enters, in order."""

    task: asyncio.Task[Any] | None
    functions: set[str] = field(default_factory=set)
    steps: list[str] = field(default_factory=list)

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        path = frame.f_code.co_filename
        if event != "call" or not path.startswith(ROOT) or asyncio.current_task() is not self.task:
            return
        module = path.removeprefix(f"{ROOT}/").removesuffix(".py").replace("/", ".")
        if module.partition(".")[0] in OURS:
            self.functions.add(f"{module}:{frame.f_code.co_qualname}")
            self.steps.append(module)

    @property
    def changes(self) -> list[str]:
        """The modules in the order they are come to: one for each change of module."""
        return [step for number, step in enumerate(self.steps) if not number or self.steps[number - 1] != step]

    @property
    def returns(self) -> Counter[str]:
        """By room: how often the walk comes back to it after it has been elsewhere."""
        rooms = [room_of(step) for step in self.changes]
        visits = Counter(room for number, room in enumerate(rooms) if not number or rooms[number - 1] != room)
        return Counter({room: count - 1 for room, count in visits.items() if count > 1})


def room_of(module: str) -> str:
    """``bot.modals``, ``flows.cases``, ``storage``."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] in ("bot", "flows") else parts[0]


def told(name: str, walk: Walk) -> str:
    modules = set(walk.steps)
    most = ", ".join(f"{room} {count}" for room, count in walk.returns.most_common(3))
    return (
        f"{name}: {len(walk.functions)} functions in {len(modules)} modules, {len(walk.changes) - 1} changes of module, "
        f"{walk.returns.total()} returns to a room already left (most: {most})"
    )


class Watched:
    """Walks of Bolt's dispatches, while ``on``."""

    def __init__(self, bolt: AsyncApp) -> None:
        self.on, self.walks, self._dispatch = False, list[Walk](), bolt.async_dispatch
        bolt.async_dispatch = self.dispatch  # type: ignore[method-assign]  # nothing else sees a listener's call from its beginning to its end

    async def dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        if not self.on:
            return await self._dispatch(request)
        self.walks.append(walk := Walk(asyncio.current_task()))
        sys.setprofile(walk)
        try:
            return await self._dispatch(request)
        finally:
            sys.setprofile(None)


async def a_forms_last_page(office: Workplace, watched: Watched) -> Walk:
    """The page that shows all answers of the organization, sent."""
    onboarding = await office.begin()
    await office.open_step(onboarding, "organization")
    await office.settled()
    pages = len(JOURNEYS.latest.steps["organization"].form.pages)
    opens = office.journey.opens(office.ana, lambda: office.journey.lasting("step", "organization"), Act.OPEN_FORM)
    example = JOURNEYS.latest.steps["organization"].form.example
    await office.journey.fill_form(office.ana, opens, example, lambda: False, stop_at=pages)
    await opens()
    await office.slack.until(lambda: ready(office.ana.view))
    while "review" not in str(office.ana.view.data["private_metadata"]) and office.ana.view.labels:  # type: ignore[union-attr]
        await office.ana.submit()
    watched.on = True
    await office.ana.submit()
    watched.on = False
    await office.settled()
    return watched.walks[-1]


async def an_approval(office: Workplace, watched: Watched) -> Walk:
    """Of the organization that was just sent."""
    review = office.journey.lasting("review", "organization")
    watched.on = True
    await office.sam.click(review, action_id=action_id(review.blocks, Act.APPROVE))
    watched.on = False
    await office.settled()
    return watched.walks[-1]


async def main() -> None:
    async with Workplace() as office:
        watched = Watched(office.bot.bolt)
        for name, walk in (("a form's last page", a_forms_last_page), ("an approval", an_approval)):
            print(told(name, await walk(office, watched)))


if __name__ == "__main__":
    asyncio.run(main())
