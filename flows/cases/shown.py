"""What each lasting message shows of an onboarding; comparing two moments tells which messages changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.model import Snapshot

Mark = tuple[Any, ...]


@dataclass(frozen=True)
class Changed:
    """``steps``, ``reviews``: ids of the steps whose message, or whose review card, changed."""

    card: bool
    steps: frozenset[str]
    reviews: frozenset[str]


@dataclass(frozen=True)
class Shown:
    """``whole``: what all messages show; ``card``: only the card; ``steps``: by step, its message and review card;
    ``reviews``: by step, only its review card."""

    whole: Mark
    card: Mark
    steps: Mapping[str, Mark]
    reviews: Mapping[str, Mark]

    @classmethod
    def nothing(cls) -> "Shown":
        """Before anything was shown."""
        return cls((), (), {}, {})

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Shown":
        onboarding = snapshot.onboarding
        steps: dict[str, Mark] = {}
        reviews: dict[str, Mark] = {}
        for step_id, step in snapshot.steps.items():
            tasks = sorted(
                (task.id, task.state, task.user_id, task.at, task.answers) for task in snapshot.tasks if task.step_id == step_id
            )
            grants = sorted(
                (grant.id, grant.state, grant.role, grant.reference) for grant in snapshot.grants if grant.step_id == step_id
            )
            steps[step_id] = (step.state, step.revision, step.digest, step.submitted_at, step.turn, tasks, grants)
            decided = sorted(
                (d.id, d.verdict, d.digest, d.at) for d in snapshot.decisions if d.subject.partition(".")[0] == step_id
            )
            reviews[step_id] = (step.claimer_id, step.changed_by, decided)
        return cls(
            (onboarding.customer, onboarding.closed_at, onboarding.severed_at),
            (onboarding.lead_id, onboarding.owner_id, onboarding.language, onboarding.go_live),
            steps,
            reviews,
        )

    def changed_since(self, before: "Shown") -> Changed:
        if self.whole != before.whole:
            return Changed(card=True, steps=frozenset(self.steps), reviews=frozenset(self.reviews))
        steps = frozenset(step_id for step_id, mark in self.steps.items() if before.steps.get(step_id) != mark)
        reviews = frozenset(step_id for step_id, mark in self.reviews.items() if before.reviews.get(step_id) != mark)
        return Changed(card=bool(steps) or self.card != before.card, steps=steps, reviews=steps | reviews)
