"""The step: the customer describes the programs, support creates them and records what Pismo gave them."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import partial

from flows.checks.programs import FULL_BALANCE_CREDIT, MERCHANT, ProgramTemplate, faults
from flows.forms.fields import Answers, FormPage
from flows.forms.step import Coverage, Form, Page, Situation, Step
from flows.problems import Note, NoteKind, Problem
from flows.steps.first_programs import creating, recording
from flows.steps.first_programs.asked import each, further, has_cards, own, product_of, several, template, wanted
from flows.steps.first_programs.pages import (
    CARD,
    CARD_ISSUING,
    FURTHER,
    MOST_FURTHER,
    OTHER,
    PAGES,
    PROGRAMS,
    TYPES_OF,
    CardIssuingPlace,
    FurtherCards,
    FurtherProgram,
    Shared,
)
from flows.steps.first_programs.recorded import recorded
from flows.steps.planning import PRODUCTS

GUIDE = "https://developers.pismo.io/pismo-docs/docs/program-types"


def _program(key: str, answers: Answers, _situation: Situation) -> Iterator[Problem]:
    """What Pismo would refuse on the page of one program, and a name that an earlier one has."""
    yield from _refused(key, answers)
    name = str(answers.get(f"{key}_name") or "")
    earlier = PROGRAMS[: PROGRAMS.index(key)]
    if _named(name, (other for of, other in each(answers) if of in earlier)):
        yield Problem(f"{key}_name", "program_name_twice", {"name": name})


def _further(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    """The same for one that comes after the first of what it is for, and what no page of its own keeps away."""
    yield from _refused(FURTHER, answers)
    name, of = str(answers.get(f"{FURTHER}_name") or ""), str(answers.get(f"{FURTHER}_product") or "")
    if _named(name, (other for _, other in each(answers))) > 1:  # it is one of them itself
        yield Problem(f"{FURTHER}_name", "program_name_twice", {"name": name})
    if answers.get(f"{FURTHER}_type") not in TYPES_OF[of]:
        yield Problem(f"{FURTHER}_type", "program_type_of_another_product", {"types": ", ".join(TYPES_OF[of])})
    *_, (_, last) = each(answers)
    if len(further(answers)) >= MOST_FURTHER and answers.get("then") == "another" and _named(name, [last]):
        yield Problem("then", "programs_too_many", {"maximum": MOST_FURTHER})


def _refused(key: str, answers: Answers) -> Iterator[Problem]:
    for one in faults(template(answers, key)):
        if one.field not in CARD:
            yield Problem(f"{key}_{one.field}", one.key, one.params)


def _named(name: str, programs: Iterable[ProgramTemplate]) -> int:
    """How many of them are called that."""
    return sum(" ".join(one.name.split()).casefold() == name.casefold() for one in programs)


def _cards(key: str, answers: Answers, _situation: Situation) -> Iterator[Problem]:
    for one in faults(template(answers, key)):
        if one.field in CARD:
            yield Problem(f"{key}_{one.field}", one.key, one.params)


def _card_issuing(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from _program(CARD_ISSUING, answers, situation)
    yield from _cards(CARD_ISSUING, answers, situation)


def _shared(key: str, answers: Answers, _situation: Situation) -> Collection[str]:
    """The only program differs from no other."""
    return () if several(answers) else own(key)


def _compulsory(key: str, answers: Answers) -> tuple[str, ...]:
    return (f"{key}_due_dates",) if template(answers, key).type == FULL_BALANCE_CREDIT else ()


def _pages() -> Iterator[Page]:
    yield Page("shared", Shared, known=True)
    for key, (program, cards) in PAGES.items():
        if key == CARD_ISSUING:
            yield Page(key, program, when=wanted(key), compulsory=partial(_compulsory, key), check=_card_issuing)
            yield Page(
                f"{key}_place",
                CardIssuingPlace,
                when=lambda answers: wanted(CARD_ISSUING)(answers) and several(answers),
                known=True,
            )
            continue
        yield Page(key, program, when=wanted(key), hides=partial(_shared, key), check=partial(_program, key))
        if cards is not None:
            yield _cards_page(key, cards)
    yield Page(FURTHER, FurtherProgram, when=wanted(FURTHER), check=_further, repeat=FURTHER)
    yield _cards_page(FURTHER, FurtherCards, repeat=FURTHER)


def _cards_page(key: str, model: type[FormPage], repeat: str = "") -> Page:
    needed, check = partial(_compulsory, key), partial(_cards, key)
    return Page(f"{key}_cards", model, when=has_cards(key), compulsory=needed, check=check, repeat=repeat)


def _prefill(situation: Situation) -> Answers:
    """The products of planning, and what the organization says; a type that is the only one."""
    organization = situation.answers.get("organization", {})
    known = {name: organization[name] for name in ("currency", "country", "timezone", "language") if organization.get(name)}
    alone = {f"{key}_type": types[0] for key, types in TYPES_OF.items() if len(types) == 1}
    return {"products": _planned(situation) or [OTHER], **known, **alone}


def _planned(situation: Situation) -> list[str]:
    return [product for product in PRODUCTS if product in (situation.get("planning", "products") or ())]


def _covered(answers: Answers) -> set[str]:
    """The products that have a program."""
    return {product_of(key) for key, _ in each(answers)}


def _left_out(answers: Answers, at: datetime, situation: Situation) -> list[str]:
    """Products that these answers have no program for, if they were planned after the moment ``at``, when the answers were given: whoever
    gives them after the plan leaves a product out on purpose."""
    known = _covered(answers) | _planned_at(at, situation)
    return [product for product in _planned(situation) if product not in known]


def _planned_at(at: datetime, situation: Situation) -> set[str]:
    """The products that were planned at that moment, and in every plan since."""
    plans = [(when, set(sent.get("products") or ())) for when, sent in situation.revisions.get("planning", ())]
    then = [products for when, products in plans if when <= at]
    return set.intersection(*then[-1:], *(products for when, products in plans if when > at)) if then else set()


def _to_add(situation: Situation) -> list[str]:
    """Of the sent form."""
    sent = situation.sent_at.get("first_programs")
    return _left_out(situation.answers["first_programs"], sent, situation) if sent is not None else []


def _since(answers: Answers, at: datetime, situation: Situation) -> Answers:
    left_out = _left_out(answers, at, situation)
    chosen = {*(answers.get("products") or ()), *left_out}
    return {"products": [one for one in (*PROGRAMS, FURTHER) if one in chosen]} if left_out else {}


def _facts(situation: Situation) -> Iterator[Note]:
    """What each program is at Pismo, and what has none yet."""
    if "first_programs" in situation.unfinished:
        yield from (Note(f"program_not_asked_{product}", kind=NoteKind.TO_CHECK) for product in _to_add(situation))
    for one in recorded(situation):
        if one.id is None:
            continue
        yield Note(f"program_{one.status.casefold()}", {"name": one.name, "id": str(one.id)})
        if one.recorded_type != one.type:
            yield Note("program_other_type", {"name": one.name, "asked": one.type, "type": one.recorded_type}, NoteKind.TO_CHECK)


def _receipt(situation: Situation) -> Iterator[Note]:
    for one in recorded(situation):
        if one.id is not None:
            yield Note("program_test", {"name": one.name, "id": str(one.id)})


def _notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    asked = list(each(answers))
    for product in _planned(situation):
        if product not in _covered(answers):
            yield Note(f"program_not_asked_{product}", kind=NoteKind.TO_CHECK)
    if any(program.for_cards for _, program in asked):
        yield Note("program_cards_follow", kind=NoteKind.HINT)
    yield from _same_places([program for _, program in asked if program.type == MERCHANT])
    if situation.items.get("first_programs.record_program"):
        yield Note("program_recorded_before", kind=NoteKind.HINT)


def _same_places(merchants: Iterable[ProgramTemplate]) -> Iterator[Note]:
    """Pismo's guide to seller management wants one program for each country, time zone and currency."""
    first: dict[tuple[str, str, str], str] = {}
    for one in merchants:
        other = first.setdefault((one.country, one.timezone, one.currency), one.name)
        if other != one.name:
            yield Note("program_same_place", {"name": one.name, "other": other}, NoteKind.TO_CHECK)


STEP = Step(
    "first_programs",
    Form(
        "first_programs",
        tuple(_pages()),
        prefill=_prefill,
        since=_since,
        notes=_notes,
        review=True,
        example={
            "products": ["card_issuing", "core_banking"],
            "currency": "BRL",
            "country": "BRA",
            "timezone": "America/Sao_Paulo",
            "language": "pt-BR",
            "cycle_closing": "23:59",
            "card_issuing_name": "Example Credit",
            "card_issuing_type": "CREDITO",
            "card_issuing_brand": "VISA",
            "card_issuing_bin": "4567 89",
            "card_issuing_range_start": "000000000",
            "card_issuing_range_end": "999999999",
            "card_issuing_due_dates": "5, 15, 25",
            "core_banking_name": "Example Accounts",
            "core_banking_type": "CURRENT ACCOUNTS",
            "transaction_banking_name": "Example Treasury",
            "transaction_banking_type": "CURRENT ACCOUNTS",
            "demand_deposit_accounts_name": "Example Deposits",
            "demand_deposit_accounts_type": "CURRENT ACCOUNTS",
            "digital_lending_name": "Example Loans",
            "digital_lending_type": "CURRENT ACCOUNTS",
            "seller_management_name": "Example Merchants",
            "seller_management_type": "MERCHANT",
            "another_name": "Example Internal",
            "another_type": "INTERNAL ACCOUNTS",
        },
    ),
    requires=("organization",),
    covers=Coverage(
        "planning",
        lambda answers: answers.get("products") or (),
        _covered,
        label="choice.products",
        lacking="programs_lacking",
        gone="programs_no_more",
        unplanned="programs_unplanned",
    ),
    tasks=(recording.TASK, creating.TASK),
    finished=lambda situation: (
        bool(recorded(situation)) and all(one.id is not None for one in recorded(situation)) and not _to_add(situation)
    ),
    to_resend=lambda situation: bool(_to_add(situation)),
    facts=_facts,
    receipt=_receipt,
    links=lambda _situation: (("program_types", GUIDE),),
)
