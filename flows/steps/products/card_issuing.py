"""Card issuing: an active card program, the networks, keys, an embosser for physical cards, and a webhook that answers in two seconds."""

from typing import Annotated

from flows.forms.fields import FormPage
from flows.steps.products.items import Help, SetupItem, asked
from flows.steps.products.setup import set_up

CARDS = (
    "CREDITO",
    "PRE-PAGO",
    "DEBITO",
    "CREDITO ZERO-BALANCE",
    "PRE-PAGO ZERO-BALANCE",
    "DEBITO ZERO-BALANCE",
    "VOUCHER",
)
"""Pismo's types of card programs."""


class CardIssuingItems(FormPage):
    program: Annotated[str, asked("card_program")]
    certification: Annotated[str, asked("certification")]
    key_ceremony: Annotated[str, asked("key_ceremony")]
    embosser: Annotated[str, asked("embosser")]
    webhook: Annotated[str, asked("webhook")]
    help: Help = None


ITEMS = (
    SetupItem(
        "program",
        "support",
        10,
        "step-3-create-your-programs",
        words="card_program",
        reading="programs",
        types=CARDS,
        cards=True,
    ),
    SetupItem("certification", "you_and_network", 130, "step-2-define-your-infrastructure"),
    SetupItem("key_ceremony", "you_and_network", 22, "cryptographic-keys"),
    SetupItem("embosser", "third_party", 60, "integration-requirements-and-setup"),
    SetupItem("webhook", "you_and_support", 20, "anti-fraud-integration"),
)

STEP = set_up("card_issuing", CardIssuingItems, ITEMS)
