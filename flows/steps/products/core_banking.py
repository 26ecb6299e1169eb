"""Core banking: a program of current accounts, processing codes, the credentials of providers, accounting."""

from typing import Annotated

from flows.forms.fields import FormPage
from flows.steps.products.items import Help, SetupItem, asked
from flows.steps.products.setup import set_up

ACCOUNTS = ("CURRENT ACCOUNTS",)


class CoreBankingItems(FormPage):
    program: Annotated[str, asked("account_program")]
    processing_codes: Annotated[str, asked("processing_codes")]
    providers: Annotated[str, asked("providers")]
    accounting: Annotated[str, asked("accounting")]
    help: Help = None


ITEMS = (
    SetupItem("program", "support", 10, "program-types", words="account_program", reading="programs", types=ACCOUNTS),
    SetupItem("processing_codes", "you", 5, "processing-codes-and-transaction-types", reading="processing_codes"),
    SetupItem("providers", "third_party", 15, "banking-overview"),
    SetupItem("accounting", "you_and_support", 15, "get-started-building-banking"),
)

STEP = set_up("core_banking", CoreBankingItems, ITEMS)
