"""The programs as the form asks for them, each with what support recorded of it, for this step and for others to compare with."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from flows.forms.fields import Answers
from flows.forms.step import Situation
from flows.steps.first_programs.asked import product_of, templates

RECORD = "first_programs.record_program"


@dataclass(frozen=True)
class RecordedProgram:
    """A program of the form, by its key there. ``type``, ``currency`` (ISO 4217 letters), ``country`` (alpha-3), ``timezone``, ``brand``,
    ``bin``: as asked for. ``id``, ``recorded_type``, ``status`` (ACTIVE, PENDING): as recorded; None and empty until then."""

    key: str
    name: str
    type: str
    currency: str
    country: str
    timezone: str = ""
    brand: str = ""
    bin: str = ""
    id: int | None = None
    recorded_type: str = ""
    status: str = ""

    @property
    def product(self) -> str:
        """What it is for."""
        return product_of(self.key)

    @property
    def place(self) -> str:
        """Where its accounts are kept and in what: codes, as Pismo shows them too."""
        return ", ".join(one for one in (self.country, self.currency, self.timezone) if one)


def recorded(situation: Situation) -> tuple[RecordedProgram, ...]:
    """All programs of the sent form, in its order; none if the customer doesn't have this step. What was recorded for a program that
    was asked for otherwise since then doesn't count."""
    return tuple(_programs(situation))


def _programs(situation: Situation) -> Iterator[RecordedProgram]:
    for key, asked in templates(situation.answers.get("first_programs", {})).items():
        found = last(situation, key)
        known = found if found.get("asked") == asked_for(situation, key) else {}
        yield RecordedProgram(
            key,
            asked.name,
            asked.type,
            asked.currency,
            asked.country,
            asked.timezone,
            asked.brand,
            asked.bin,
            id=known.get("program_id"),
            recorded_type=str(known.get("type") or ""),
            status=str(known.get("status") or ""),
        )


def last(situation: Situation, key: str) -> Answers:
    """The last record of a program."""
    ran = [answers for _, answers in situation.items.get(RECORD, ()) if answers.get("program") == key]
    return ran[-1] if ran else {}


def asked_for(situation: Situation, key: str) -> Answers:
    """Everything the sent form says of a program, as JSON: kept with what is recorded of it."""
    asked = templates(situation.answers.get("first_programs", {})).get(key)
    return {**asdict(asked), "due_dates": list(asked.due_dates)} if asked else {}
