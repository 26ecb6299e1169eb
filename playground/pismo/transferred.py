"""The exports and imports of programs that an organization asked for. Each goes on when somebody looks at it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from playground.pismo.facts import FACTS

Kind = Literal["export", "import"]
End = Literal["SUCCESS", "ERROR", "PROCESS"]
STEPS: list[str] = FACTS["transfer"]["steps"]


@dataclass
class TransferRules:
    """How transfers go in this environment.

    ``looks``: at how many looks one is still under way. ``ends``: with what the next ones end; with PROCESS, never. ``fails_at``: the
    step that an ERROR names. ``comes_as``: the status of an imported program. ``lost``: how many answers about a begun import get lost.
    ``swallowed``: how many imports are lost on the way to Pismo.
    """

    looks: int = 1
    ends: dict[Kind, End] = field(default_factory=lambda: {"export": "SUCCESS", "import": "SUCCESS"})
    fails_at: str = "DUEDATES"
    comes_as: str = "ACTIVE"
    lost: int = 0
    swallowed: int = 0


@dataclass
class ProgramTransfer:
    """``program``: what is exported or imported. ``looked``: how often somebody asked how far it is."""

    id: int
    kind: Kind
    name: str
    program: dict[str, Any]
    looked: int = 0
    program_id: int | None = None
    told: str = "PENDING"

    def goes_on(self, rules: TransferRules) -> None:
        if self.told in ("SUCCESS", "ERROR"):
            return
        self.looked += 1
        self.told = rules.ends[self.kind] if self.looked > rules.looks else "PROCESS" if self.looked > 1 else "PENDING"

    def begun(self) -> dict[str, Any]:
        """As in a list, and when it begins."""
        there = {"program_id": self.program_id} if self.program_id is not None else {}
        details = f"Details of program {self.kind} {self.id}"
        return {"id": self.id, "program_name": self.name, "status": self.told, "details": details, **there}

    def standing(self, rules: TransferRules) -> dict[str, Any]:
        """With its steps: those before the one that failed are done, those after it wait."""
        at = (
            STEPS.index(rules.fails_at) if self.told == "ERROR" else len(STEPS) if self.told == "SUCCESS" else min(self.looked, 1)
        )
        states = ["SUCCESS" if number < at else self.told if number == at else "PENDING" for number in range(len(STEPS))]
        steps = [
            {"id": number, "name": name, "status": state, "order": number, "details": f"{self.kind} step"}
            for number, (name, state) in enumerate(zip(STEPS, states, strict=True), start=1)
        ]
        told = {name: value for name, value in self.begun().items() if name != "program_name"}
        return told | {f"program_{self.kind}_steps": steps}


@dataclass
class OrgTransfers:
    exports: list[ProgramTransfer] = field(default_factory=list)
    imports: list[ProgramTransfer] = field(default_factory=list)
