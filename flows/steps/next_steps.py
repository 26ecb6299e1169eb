"""Step 7, next steps: the guides of the chosen products, a rating, the receipt; support closes the onboarding."""

from typing import Annotated, Literal

from pydantic import Field

from flows.fields import FormPage, Input, Kind
from flows.people import Side
from flows.step import Form, Page, Situation, Step, Task

DOCS = "https://developers.pismo.io/pismo-docs/docs"
GUIDES = {
    "card_issuing": f"{DOCS}/get-started-building-card-issuing",
    "core_banking": f"{DOCS}/get-started-building-banking",
    "transaction_banking": f"{DOCS}/get-started-with-transaction-banking",
    "demand_deposit_accounts": f"{DOCS}/get-started-building-demand-deposit-accounts",
    "digital_lending": f"{DOCS}/get-started-building-lending",
    "seller_management": f"{DOCS}/get-started-with-seller-management",
}
GENERAL = (
    ("developers_portal", DOCS),
    ("ask_ai", f"{DOCS}/using-llms"),
    ("control_center_guide", f"{DOCS}/get-started-building-control-center"),
)


class Rating(FormPage):
    rating: Annotated[Literal["5", "4", "3", "2", "1"], Input(Kind.CHOICE, ("5", "4", "3", "2", "1"))]
    comment: Annotated[str | None, Field(max_length=3000), Input(Kind.LONG_TEXT)] = None


def _links(at: Situation) -> tuple[tuple[str, str], ...]:
    products = at.get("planning", "products", [])
    return (*((f"guide_{product}", GUIDES[product]) for product in products), *GENERAL)


STEP = Step(
    "next_steps",
    Form("next_steps", (Page("rating", Rating),), example={"rating": "5", "comment": "Clear from the first day."}),
    requires=("service_desk", "environments", "control_center", "authentication"),
    approvals=0,
    tasks=(Task("close_onboarding", Side.SUPPORT),),
    finished=lambda at: "next_steps.close_onboarding" in at.done,
    links=_links,
)
