"""The way of one click through our code: functions and modules entered during the listener's call, and how often it comes back to a room
that it had left.

python -m bench.walk

Counted with ``sys.setprofile`` over one run each: a form's last page (organization) and an approval (planning), on a store of its own.
"""

import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = str(Path(__file__).parent.parent)
OURS = ("bot", "flows", "pismo", "storage")


@dataclass
class Walk:
    """``steps``: the module of each function of ours that is entered, in order."""

    functions: set[str] = field(default_factory=set)
    steps: list[str] = field(default_factory=list)

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        path = frame.f_code.co_filename
        if event != "call" or not path.startswith(ROOT):
            return
        module = path.removeprefix(f"{ROOT}/").removesuffix(".py").replace("/", ".")
        if module.partition(".")[0] in OURS:
            self.functions.add(f"{module}:{frame.f_code.co_qualname}" if sys.version_info >= (3, 11) else module)
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


async def walked(work: Callable[[], Awaitable[Any]]) -> Walk:
    walk = Walk()
    sys.setprofile(walk)
    try:
        await work()
    finally:
        sys.setprofile(None)
    return walk


def told(name: str, walk: Walk) -> str:
    modules = set(walk.steps)
    most = ", ".join(f"{room} {count}" for room, count in walk.returns.most_common(3))
    return (
        f"{name}: {len(walk.functions)} functions in {len(modules)} modules, {len(walk.changes) - 1} changes of module, "
        f"{walk.returns.total()} returns to a room already left (most: {most})"
    )
