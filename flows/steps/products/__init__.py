"""One step for each product that is planned: what it needs before go-live."""

from typing import Annotated

from flows.forms.fields import FormPage, Input, Kind
from flows.forms.step import Form, Page, Step, Task
from flows.people import Side
from flows.steps.planning import PRODUCTS


class SetupStanding(FormPage):
    standing: Annotated[str, Input(Kind.CHOICE, ("begun", "done"), choices="standing")]


def _setup(product: str) -> Step:
    step_id = f"setup_{product}"
    return Step(
        step_id,
        Form(step_id, (Page("standing", SetupStanding),), review=True, example={"standing": "done"}),
        requires=("first_programs", "authentication"),
        brought_by="planning",
        wanted=lambda answers: product in (answers.get("products") or ()),
        tasks=(Task("confirm_setup", Side.SUPPORT),),
        finished=lambda situation: f"{step_id}.confirm_setup" in situation.done,
    )


STEPS = tuple(_setup(product) for product in PRODUCTS)
