"""The form's pages: what all programs have in common, then a page for the first one of each product and one for its cards, then the same
two for each that comes after these."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, create_model

from flows.checks.programs import (
    ACCOUNT_TYPES,
    BRANDS,
    CARD_TYPES,
    FULL_BALANCE_CREDIT,
    LANGUAGES,
    MAX_NAME,
    MERCHANT,
    TYPES,
    days,
    digits,
    time_of_day,
)
from flows.forms.fields import FormPage, Input, Kind, RepeatedPage
from flows.problems import fault
from flows.steps.planning import PRODUCTS

OTHER = "another"
"""A program for none of the products."""
PROGRAMS = (*PRODUCTS, OTHER)
"""What a program is for: its first one has a page of its own."""
FURTHER = "further"
"""All that come after the first one of what they are for: chosen like these, and asked for one after the other."""
MOST_FURTHER = 10
"""So many of them, so that the step's messages hold a line for each."""
TYPES_OF: Mapping[str, tuple[str, ...]] = {
    "card_issuing": CARD_TYPES,
    "core_banking": ACCOUNT_TYPES,
    "transaction_banking": ACCOUNT_TYPES,
    "demand_deposit_accounts": ACCOUNT_TYPES,
    "digital_lending": (FULL_BALANCE_CREDIT, "CREDITO ZERO-BALANCE", *ACCOUNT_TYPES),
    "seller_management": (MERCHANT,),
    OTHER: TYPES,
}
CARD = ("brand", "bin", "range_start", "range_end", "due_dates")


def _time(value: str | None) -> str | None:
    if value is None:
        return None
    if (time := time_of_day(value)) is None:
        raise fault("time_of_day")
    return time


def _days(value: str | None) -> str | None:
    if value is None:
        return None
    if (found := days(value)) is None:
        raise fault("due_date_not_a_day")
    return ", ".join(map(str, found))


def _one_line(value: str) -> str:
    return " ".join(value.split())


class Shared(FormPage):
    products: Annotated[list[str], Input(Kind.CHOICES, (*PROGRAMS, FURTHER))]
    currency: Annotated[str, Input(Kind.SEARCH, source="currency")]
    country: Annotated[str, Input(Kind.SEARCH, source="country")]
    timezone: Annotated[str, Input(Kind.SEARCH, source="timezone")]
    language: Annotated[str | None, Input(Kind.CHOICE, LANGUAGES, choices="platform_language")] = None
    cycle_closing: Annotated[str | None, Field(max_length=20), AfterValidator(_time), Input(Kind.TEXT)] = None


Asked = tuple[Any, Any]
"""A field's type with what is asked, and its default, as `create_model` takes them."""
_annotated: Any = Annotated


def _required(asked: Input, *more: Any) -> Asked:
    return _annotated[(str, *more, asked)], ...


def _optional(asked: Input, *more: Any) -> Asked:
    return _annotated[(str | None, *more, asked)], None


def _page(name: str, key: str) -> type[FormPage]:
    """The page of one program. Its fields begin with ``key`` and share their words with those of the others."""
    return _model(name, key, **_program(key), **_place(), cycle_closing=_closing())


def _program(key: str, *, redraws: bool = False) -> dict[str, Asked]:
    named = (Field(min_length=1, max_length=MAX_NAME), AfterValidator(_one_line))
    types = Input(Kind.CHOICE, TYPES_OF.get(key, TYPES), choices="program_type", words="type", redraws=redraws)
    return {"name": _required(Input(Kind.TEXT, words="name"), *named), "type": _required(types)}


def _closing() -> Asked:
    return _optional(Input(Kind.TEXT, words="own_cycle_closing"), Field(max_length=20), AfterValidator(_time))


def _place() -> dict[str, Asked]:
    """What is otherwise for one program than for all."""
    return {
        "currency": _optional(Input(Kind.SEARCH, source="currency", words="own_currency")),
        "country": _optional(Input(Kind.SEARCH, source="country", words="own_country")),
        "timezone": _optional(Input(Kind.SEARCH, source="timezone", words="own_timezone")),
    }


def _further_page(name: str, key: str) -> type[FormPage]:
    """The page of one of those that come after the first; what comes next is asked below the rest."""
    of = _required(Input(Kind.CHOICE, PROGRAMS, choices="products", words="product"))
    asked = _model(name, key, RepeatedPage, product=of, **_program(key), **_place())
    then = Input(Kind.CHOICE, ("enough", "another", "remove"), choices="then_program")
    return create_model(name, __base__=asked, __module__=__name__, then=(Annotated[str, then], "enough"))


def _card_page(name: str, key: str, base: type[FormPage] = FormPage) -> type[FormPage]:
    return _model(name, key, base, **_cards())


def _cards() -> dict[str, Asked]:
    number = (Field(min_length=1, max_length=30), AfterValidator(digits))
    dated = (Field(max_length=200), AfterValidator(_days))
    return {
        "brand": _required(Input(Kind.CHOICE, BRANDS, choices="program_brand", words="brand")),
        "bin": _required(Input(Kind.TEXT, words="bin"), *number),
        "range_start": _required(Input(Kind.TEXT, words="range_start"), *number),
        "range_end": _required(Input(Kind.TEXT, words="range_end"), *number),
        "due_dates": _optional(Input(Kind.TEXT, words="due_dates"), *dated),
    }


def _model(model: str, key: str, base: type[FormPage] = FormPage, /, **fields: Asked) -> type[FormPage]:
    named: dict[str, Any] = {f"{key}_{name}": asked for name, asked in fields.items()}
    return create_model(model, __base__=base, __module__=__name__, **named)


CARD_ISSUING = "card_issuing"
"""Each of its programs has cards, so that one page asks for both."""
CardIssuingProgram = _model("CardIssuingProgram", CARD_ISSUING, FormPage, **_program(CARD_ISSUING, redraws=True), **_cards())
CardIssuingPlace = _model("CardIssuingPlace", CARD_ISSUING, FormPage, **_place(), cycle_closing=_closing())
CoreBankingProgram = _page("CoreBankingProgram", "core_banking")
TransactionBankingProgram = _page("TransactionBankingProgram", "transaction_banking")
DemandDepositProgram = _page("DemandDepositProgram", "demand_deposit_accounts")
LendingProgram = _page("LendingProgram", "digital_lending")
SellerProgram = _page("SellerProgram", "seller_management")
OtherProgram = _page("OtherProgram", OTHER)
LendingCards = _card_page("LendingCards", "digital_lending")
OtherCards = _card_page("OtherCards", OTHER)
FurtherProgram = _further_page("FurtherProgram", FURTHER)
FurtherCards = _card_page("FurtherCards", FURTHER, RepeatedPage)
PAGES: Mapping[str, tuple[type[FormPage], type[FormPage] | None]] = {
    CARD_ISSUING: (CardIssuingProgram, None),
    "core_banking": (CoreBankingProgram, None),
    "transaction_banking": (TransactionBankingProgram, None),
    "demand_deposit_accounts": (DemandDepositProgram, None),
    "digital_lending": (LendingProgram, LendingCards),
    "seller_management": (SellerProgram, None),
    OTHER: (OtherProgram, OtherCards),
}
"""By what the first program is for: its page, and that of its cards if some can have any."""
