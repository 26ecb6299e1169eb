"""The programs of the test environment, and what is known of each in production."""

from dataclasses import dataclass

from flows.checks.programs import ACTIVE
from flows.forms.step import Situation
from flows.steps.authentication.proofs import NEVER
from flows.steps.first_programs.recorded import recorded

MOVED, RECORDED, CORRECTED = (f"production.{task}" for task in ("move_program", "record_program", "correct_program"))


@dataclass(frozen=True)
class ProgramInProduction:
    """``id``: in test, as text. ``there``: its id in production, or empty. ``status``: there."""

    id: str
    name: str
    type: str
    there: str = ""
    status: str = ""

    @property
    def active(self) -> bool:
        return self.status == ACTIVE


def programs(situation: Situation) -> tuple[ProgramInProduction, ...]:
    """Those that were recorded in test, in the order of their form; what was found, recorded by hand or corrected last counts."""
    found: dict[str, tuple[str, str]] = {}
    said = [(key, item, answers) for key in (MOVED, RECORDED, CORRECTED) for item, answers in situation.items.get(key, ())]
    for _, _, answers in sorted(said, key=lambda one: situation.done_at.get(f"{one[0]}:{one[1]}", NEVER)):
        there = answers.get("found") or answers
        found[str(answers.get("program"))] = str(there.get("program_id") or ""), str(there.get("status") or "")
    return tuple(
        ProgramInProduction(str(one.id), one.name, one.recorded_type or one.type, *found.get(str(one.id), ("", "")))
        for one in recorded(situation)
        if one.id is not None
    )


def program(situation: Situation, chosen: str) -> ProgramInProduction | None:
    return next((one for one in programs(situation) if one.id == chosen), None)


def any_to_move(situation: Situation) -> bool:
    return any(not one.there for one in programs(situation))


def any_to_activate(situation: Situation) -> bool:
    return any(one.there and not one.active for one in programs(situation))
