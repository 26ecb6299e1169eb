"""Step 6, first programs: Pismo allows no API access before the organization and a program exist. Support creates it and records its id."""

from typing import Annotated

from pydantic import Field

from flows.forms.fields import FormPage, Input, Kind, LongText
from flows.forms.step import Form, Page, Step, Task
from flows.people import Side


class Programs(FormPage):
    programs: LongText


class Recorded(FormPage):
    program_id: Annotated[str, Field(min_length=1, max_length=20), Input(Kind.TEXT)]


STEP = Step(
    "first_programs",
    Form("first_programs", (Page("programs", Programs),), review=True, example={"programs": "Example Credit"}),
    requires=("organization",),
    tasks=(
        Task(
            "record_program",
            Side.SUPPORT,
            Form("first_programs.record_program", (Page("recorded", Recorded),), example={"program_id": "4711"}),
        ),
    ),
    finished=lambda situation: "first_programs.record_program" in situation.done,
)
