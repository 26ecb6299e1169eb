"""One click's path through our code: functions and modules entered during the listener's call, and how often it returns to a room
it had left.

python -m bench.walk [--modules]

Counted with ``sys.setprofile`` over one run each: a form's last page (organization) and an approval of it, on a store of its own.
A frame counts once, when it begins: resuming a coroutine after a wait, or a generator for its next value, enters nothing.
A call from another room returns to a room if the walk has been elsewhere since it was last there. What SQLAlchemy calls for
each value or statement (column types, the driver) and what a sealed field does when read or assigned are counted separately.
``--modules``: also each module.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
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

ROOT = f"{Path(__file__).parent.parent}/"
OURS = ("bot", "flows", "pismo", "storage")


def module_of(frame: FrameType) -> str:
    """Our module's name, or empty."""
    path = frame.f_code.co_filename
    module = (
        path.removeprefix(ROOT).removesuffix(".py").replace("/", ".").removesuffix(".__init__") if path.startswith(ROOT) else ""
    )
    return module if module.partition(".")[0] in OURS else ""


def room_of(module: str) -> str:
    """``bot.modals``, ``flows.cases``, ``storage``."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] in ("bot", "flows") else parts[0]


@dataclass(frozen=True)
class Entered:
    """``caller``: the module of ours that called, directly or through a library. ``for_value``: by SQLAlchemy or a sealed field."""

    module: str
    function: str
    caller: str
    for_value: bool


@dataclass
class Walk:
    """``task``: whose calls are counted. ``begun``: frames that were already there."""

    task: asyncio.Task[Any] | None
    begun: frozenset[FrameType]
    entries: dict[FrameType, Entered] = field(default_factory=dict)

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or frame in self.entries or frame in self.begun or asyncio.current_task() is not self.task:
            return
        if module := module_of(frame):
            caller, for_value = self._caller(frame)
            for_value = for_value or frame.f_code.co_name in ("__get__", "__set__")
            self.entries[frame] = Entered(module, frame.f_code.co_qualname, caller, for_value)

    def _caller(self, frame: FrameType) -> tuple[str, bool]:
        by_sqlalchemy, back = False, frame.f_back
        while back is not None:
            if back in self.entries:
                return self.entries[back].module, by_sqlalchemy or self.entries[back].for_value
            by_sqlalchemy = by_sqlalchemy or "/sqlalchemy/" in back.f_code.co_filename
            back = back.f_back
        return "", by_sqlalchemy

    def told(self, *, for_values: bool, modules: bool) -> str:
        """The result in words. ``for_values``: including what is entered for each value."""
        entries = [entry for entry in self.entries.values() if for_values or not entry.for_value]
        names = [entry.module for entry in entries]
        functions = {(entry.module, entry.function) for entry in entries}
        changes = sum(here != before for here, before in zip(names[1:], names, strict=False))
        back = returns(entries)
        most = ", ".join(f"{room} {count}" for room, count in back.most_common(4))
        told = (
            f"{len(functions)} functions in {len(set(names))} modules, {changes} changes of module, "
            f"{back.total()} returns to a room already left (most: {most})"
        )
        each = sorted(
            f"\n    {module}: {', '.join(sorted(name for its, name in functions if its == module))}" for module in set(names)
        )
        return told + "".join(each if modules else ())


def on_stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def returns(entries: list[Entered]) -> Counter[str]:
    """How often the walk returns to each room."""
    back, seen, last = Counter[str](), set[str](), ""
    for entry in entries:
        room = room_of(entry.module)
        if room in seen and room not in (last, room_of(entry.caller)):
            back[room] += 1
        seen.add(room)
        last = room
    return back


class Watched:
    """Walks of Bolt's dispatches, while ``on``."""

    def __init__(self, bolt: AsyncApp) -> None:
        self.on, self.walks, self._dispatch = False, list[Walk](), bolt.async_dispatch
        bolt.async_dispatch = self.dispatch  # type: ignore[method-assign, assignment]  # only this sees a listener's whole call

    async def dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        if not self.on:
            return await self._dispatch(request)
        self.walks.append(walk := Walk(asyncio.current_task(), frozenset(on_stack(sys._getframe()))))  # noqa: SLF001  the documented way
        sys.setprofile(walk)
        try:
            return await self._dispatch(request)
        finally:
            sys.setprofile(None)


async def a_forms_last_page(office: Workplace, watched: Watched) -> Walk:
    """Sends the page that shows all the organization's answers."""
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
    """Approves the organization just sent."""
    await office.slack.until(lambda: bool(office.journey.lasting("review", "organization")))
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
            walked = await walk(office, watched)
            print(f"{name}: {walked.told(for_values=False, modules='--modules' in sys.argv)}")
            print(f"  and for each value: {walked.told(for_values=True, modules=False)}")


if __name__ == "__main__":
    asyncio.run(main())
