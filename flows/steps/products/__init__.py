"""One step for each product that is planned: what it needs before go-live."""

from flows.steps.products import (
    card_issuing,
    core_banking,
    demand_deposit_accounts,
    digital_lending,
    seller_management,
    transaction_banking,
)

STEPS = (
    card_issuing.STEP,
    core_banking.STEP,
    transaction_banking.STEP,
    demand_deposit_accounts.STEP,
    digital_lending.STEP,
    seller_management.STEP,
)
"""In the order in which planning offers the products."""
