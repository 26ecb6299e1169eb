"""Faults at random: a share of the calls to a stand-in meets one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random


@dataclass
class RandomFaults:
    """``share``: the probability that a call meets one of ``kinds``. ``most``: how many calls do, together. ``met``: how often each."""

    chance: Random
    kinds: Sequence[str]
    share: float
    most: int
    met: Counter[str] = field(default_factory=Counter)

    def draw(self) -> str | None:
        """The fault that the next call meets, if any."""
        if self.met.total() >= self.most or self.chance.random() >= self.share:
            return None
        kind = self.chance.choice(self.kinds)
        self.met[kind] += 1
        return kind
