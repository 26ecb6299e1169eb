"""Step 7, next steps: guides for the chosen products, a rating, the closing message; support closes the onboarding."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from flows.forms.fields import MAX_LENGTH, FormPage, Input, Kind
from flows.forms.step import Form, Page, Situation, Step, Task
from flows.people import Side
from flows.state import StepState
from flows.steps import products

DOCS = "https://developers.pismo.io/pismo-docs/docs"
GUIDES = {
    "card_issuing": f"{DOCS}/get-started-building-card-issuing",
    "core_banking": f"{DOCS}/get-started-building-banking",
    "transaction_banking": f"{DOCS}/get-started-with-transaction-banking",
    "demand_deposit_accounts": f"{DOCS}/get-started-building-demand-deposit-accounts",
    "digital_lending": f"{DOCS}/get-started-building-lending",
    "seller_management": f"{DOCS}/get-started-with-seller-management",
}
"""The guide for each product in the planning step."""

GENERAL = (
    ("developers_portal", DOCS),
    ("ask_ai", f"{DOCS}/start-building"),  # its own page's address is not published; this page lists it
    ("control_center_guide", f"{DOCS}/get-started-building-control-center"),
    ("core_objects", f"{DOCS}/setup-overview"),
    ("security_guide", f"{DOCS}/pismo-platform-security-guide"),
)


class Rating(FormPage):
    rating: Annotated[str, Input(Kind.CHOICE, ("5", "4", "3", "2", "1"))]
    comment: Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.LONG_TEXT)] = None


def _links(situation: Situation) -> tuple[tuple[str, str], ...]:
    return (*((f"guide_{product}", GUIDES[product]) for product in situation.get("planning", "products", ())), *GENERAL)


STEP = Step(
    "next_steps",
    Form(
        "next_steps",
        (Page("rating", Rating),),
        example={"rating": "5", "comment": "It was always clear whose turn it was."},
    ),
    requires=(
        "service_desk",
        "environments",
        "control_center",
        "first_programs",
        "authentication",
        *(step.id for step in products.STEPS),
        "production",
    ),
    approvals=0,
    tasks=(
        Task(
            "close_onboarding",
            Side.SUPPORT,
            closes=True,
            ready=lambda situation: situation.unfinished <= {"next_steps", "integration"},  # which can go on without the bot
            # A customer who never rates doesn't keep the onboarding open.
            also_in=(StepState.OPEN, StepState.CHANGES_REQUESTED, StepState.SKIPPED),
        ),
    ),
    finished=lambda situation: "next_steps.close_onboarding" in situation.done,
    links=_links,
    rating=lambda answers: int(answers["rating"]) if answers.get("rating") else None,
)

FIRST_STEP = replace(STEP, requires=("service_desk", "environments", "control_center", "authentication"))
"""As journey 1 has it."""
