"""Seller management: merchant programs, a marketplace, merchants with their creditors, creditor operations."""

from typing import Annotated

from pydantic import Field

from flows.forms.fields import FormPage, Input, Kind
from flows.steps.products.items import Help, SetupItem, asked
from flows.steps.products.setup import set_up

MERCHANT = ("MERCHANT",)


class SellerManagementItems(FormPage):
    program: Annotated[str, asked("merchant_program")]
    marketplace: Annotated[str, asked("marketplace")]
    merchants: Annotated[str, asked("merchants")]
    creditor_operations: Annotated[str, asked("creditor_operations")]
    marketplace_id: Annotated[int | None, Field(ge=1, le=2**63 - 1), Input(Kind.NUMBER, words="setup.marketplace_id")] = None
    help: Help = None


ITEMS = (
    SetupItem(
        "program",
        "support",
        10,
        "seller-management-onboarding",
        words="merchant_program",
        reading="programs",
        types=MERCHANT,
        places=True,
    ),
    SetupItem("marketplace", "you", 5, "seller-management-onboarding", reading="marketplace"),
    SetupItem("merchants", "you", 10, "seller-management-onboarding"),
    SetupItem("creditor_operations", "you", 10, "seller-management-onboarding"),
)

STEP = set_up("seller_management", SellerManagementItems, ITEMS, marketplace="marketplace_id")
