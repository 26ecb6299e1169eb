"""Demand deposit accounts: hierarchy, division, program and processing code; a holiday calendar and schema validation if wanted."""

from typing import Annotated

from flows.forms.fields import FormPage
from flows.steps.products.items import Help, SetupItem, asked
from flows.steps.products.setup import set_up

ACCOUNTS = ("CURRENT ACCOUNTS",)


class DemandDepositItems(FormPage):
    hierarchy: Annotated[str, asked("hierarchy")]
    division: Annotated[str, asked("division")]
    program: Annotated[str, asked("account_program")]
    processing_code: Annotated[str, asked("processing_codes")]
    holidays: Annotated[str, asked("holidays")]
    schema_validation: Annotated[str, asked("schema_validation")]
    help: Help = None


ITEMS = (
    SetupItem("hierarchy", "you", 5, "get-started-building-demand-deposit-accounts", reading="hierarchies"),
    SetupItem("division", "you", 5, "get-started-building-demand-deposit-accounts", reading="divisions"),
    SetupItem("program", "support", 10, "program-types", words="account_program", reading="programs", types=ACCOUNTS),
    SetupItem(
        "processing_code",
        "you",
        5,
        "processing-codes-and-transaction-types",
        words="processing_codes",
        reading="processing_codes",
    ),
    SetupItem("holidays", "you", 3, "get-started-building-demand-deposit-accounts", reading="holiday_calendars", optional=True),
    SetupItem("schema_validation", "you", 5, "get-started-building-demand-deposit-accounts", optional=True),
)

STEP = set_up("demand_deposit_accounts", DemandDepositItems, ITEMS)
