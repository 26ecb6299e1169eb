"""Digital lending: a program, loan products, charge plans, penalty plans, the order in which repayments are used."""

from typing import Annotated

from flows.forms.fields import FormPage
from flows.steps.products.items import Help, SetupItem, asked
from flows.steps.products.setup import set_up


class DigitalLendingItems(FormPage):
    program: Annotated[str, asked("lending_program")]
    loan_products: Annotated[str, asked("loan_products")]
    charge_plans: Annotated[str, asked("charge_plans")]
    penalty_plans: Annotated[str, asked("penalty_plans")]
    repayment_hierarchy: Annotated[str, asked("repayment_hierarchy")]
    help: Help = None


ITEMS = (
    SetupItem("program", "support", 10, "program-types", words="lending_program", reading="programs"),
    SetupItem("loan_products", "you", 10, "get-started-building-lending", reading="loan_products"),
    SetupItem("charge_plans", "you", 5, "get-started-building-lending"),
    SetupItem("penalty_plans", "you", 5, "get-started-building-lending"),
    SetupItem("repayment_hierarchy", "you", 5, "get-started-building-lending"),
)

STEP = set_up("digital_lending", DigitalLendingItems, ITEMS)
