"""Whether the programs of a product are at Pismo: each of those approved for it, as it was approved. Where none was, one will do whose type
tells that it is for this product (docs/decisions 0028)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from flows.checks.programs import ACTIVE
from flows.forms.step import Difference, Judgement, ProgramsRead, SetupOutcome, Situation
from flows.steps.authentication.comparing import differing, known_in, matched, missing, place
from flows.steps.authentication.proving import accepted
from flows.steps.first_programs.recorded import RecordedProgram, recorded
from flows.steps.products.items import SetupItem

NAMED = 5
"""Of many that nobody approved, so many are named."""
GOOD, NOT_SEEN = "program_good", "program_not_seen"

Found = Mapping[str, Any]
"""A program, as Pismo names its fields."""
Sentence = tuple[str, Mapping[str, str | int]]
"""A key under ``setup_check``, and its parameters."""


def judged(item: SetupItem, product: str, situation: Situation, environment: str, read: ProgramsRead) -> Judgement:
    """A difference that support accepted is none."""
    if not read.items:
        return _judgement("missing", "programs_none")
    let_be = accepted(situation, environment)
    known = known_in(environment, recorded(situation))
    approved = [one for one in known if one.product == product and missing(one) not in let_be]
    if approved:
        return _as_approved(approved, read, let_be)
    return _of_type(item, read.items) if item.types else _judgement("not_checked", "programs_untold")


def _as_approved(approved: Sequence[RecordedProgram], read: ProgramsRead, let_be: Collection[Difference]) -> Judgement:
    """One or more sentences on each."""
    said: list[Sentence] = []
    for one, found in zip(approved, matched(approved, read.items)[0], strict=True):
        faults = [_absent(one, read)] if found is None else list(_faults(one, found, let_be))
        said += [(key, {"name": one.name, "place": one.place, **params}) for key, params in faults or [(GOOD, {})]]
    keys = {key for key, _ in said}
    outcome: SetupOutcome = "done" if keys == {GOOD} else "not_checked" if keys <= {GOOD, NOT_SEEN} else "missing"
    return Judgement(outcome, said)


def _absent(one: RecordedProgram, read: ProgramsRead) -> Sentence:
    if not read.whole:
        return NOT_SEEN, {"count": len(read.items)}
    return "program_absent" if one.status else "program_unrecorded", {}


def _faults(one: RecordedProgram, found: Found, let_be: Collection[Difference]) -> Iterator[Sentence]:
    if found.get("status") != ACTIVE:
        yield "program_pending", {}
    elif one.brand and not _has_cards(found):
        yield "program_no_bin", {}
    for field, ours, theirs in differing(one, found):
        if (field, ours, theirs) not in let_be:
            yield f"program_{field.rpartition(':')[2]}", {"ours": ours, "theirs": theirs}


def _of_type(item: SetupItem, programs: Sequence[Found]) -> Judgement:
    """Whether there is one that the product can use: of the right type, active, and for cards with brand and BIN."""
    fit = [one for one in programs if one.get("type") in item.types]
    active = [one for one in fit if one.get("status") == ACTIVE]
    usable = [one for one in active if not item.cards or _has_cards(one)]
    if not fit:
        names = _some(f"{one.get('name')} ({one.get('type')})" for one in programs)
        return _judgement("missing", "programs_type", types=", ".join(item.types), names=names)
    if not active:
        return _judgement("missing", "programs_pending", names=_some(str(one.get("name")) for one in fit))
    if not usable:
        return _judgement("missing", "programs_no_bin", names=_some(str(one.get("name")) for one in active))
    if item.places:
        return _judgement("done", "programs_places", names=_some(f"{one.get('name')} ({place(one)})" for one in usable))
    return _judgement("done", "programs_found", names=_some(str(one.get("name")) for one in usable))


def _has_cards(found: Found) -> bool:
    return bool(found.get("brand") and (found.get("bin") or {}).get("value"))


def _judgement(outcome: SetupOutcome, key: str, **params: str) -> Judgement:
    return Judgement(outcome, [(key, params)])


def _some(names: Iterable[str]) -> str:
    all_of_them = list(names)
    return ", ".join(all_of_them[:NAMED]) + (", …" if len(all_of_them) > NAMED else "")
