"""Transaction banking: programs, then hierarchy, divisions and holidays, then cycle closing time and dormancy."""

from typing import Annotated

from flows.forms.fields import FormPage
from flows.steps.products.items import Help, SetupItem, asked
from flows.steps.products.setup import set_up

BANKING = ("CURRENT ACCOUNTS", "INTERNAL ACCOUNTS", "CORRESPONDENT ACCOUNTS")


class TransactionBankingItems(FormPage):
    programs: Annotated[str, asked("banking_programs")]
    hierarchy: Annotated[str, asked("hierarchy")]
    divisions: Annotated[str, asked("divisions")]
    holidays: Annotated[str, asked("holidays")]
    cycle_closing: Annotated[str, asked("cycle_closing")]
    dormancy: Annotated[str, asked("dormancy")]
    help: Help = None


ITEMS = (
    SetupItem("programs", "support", 10, "program-types", words="banking_programs", reading="programs", types=BANKING),
    SetupItem("hierarchy", "you", 5, "get-started-with-transaction-banking", reading="hierarchies"),
    SetupItem("divisions", "you", 5, "get-started-with-transaction-banking", reading="divisions"),
    SetupItem("holidays", "you", 3, "get-started-with-transaction-banking", reading="holiday_calendars"),
    SetupItem("cycle_closing", "you", 3, "get-started-with-transaction-banking"),
    SetupItem("dormancy", "you", 3, "get-started-with-transaction-banking"),
)

STEP = set_up("transaction_banking", TransactionBankingItems, ITEMS)
