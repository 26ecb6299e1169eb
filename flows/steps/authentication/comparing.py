"""What a proof read at Pismo, compared with what was approved: the organization, and each program by its id or name.

Only what was read is spoken of. ``accepted``: differences that support let be.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flows.checks.iso_codes import CURRENCIES, alpha3, canonical_zone
from flows.checks.programs import ACTIVE, PENDING
from flows.forms.parity import TEST
from flows.forms.step import Comparison, Difference, Outcome, ProgramsRead, ReportLine, Situation
from flows.steps import org_details
from flows.steps.first_programs.recorded import RecordedProgram

PROGRAM = "program:"
"""How the name of a program's difference begins; those of the organization are its details' names."""
MAX_NAMES, MAX_NAME = 10, 50
MAX_AS_APPROVED = 20
"""So many programs that are as approved have a line of their own; beyond them, they are counted."""

Accepted = Collection[Difference]
Found = Mapping[str, Any]
"""A program, as Pismo names its fields."""


def organization(situation: Situation, details: Mapping[str, Any], accepted: Accepted) -> Comparison:
    """Nothing is said if no organization was sent."""
    if "organization" not in situation.answers:
        return Comparison()
    found = org_details.differences(situation, details)
    if not found:
        return Comparison([ReportLine("approved", "passed", "details_same")])
    lines = [
        ReportLine(
            "detail",
            _outcome(one, accepted),
            "value_differs",
            {"field": org_details.label_of(one[0]), "ours": one[1] or "-", "theirs": one[2] or "-"},
        )
        for one in found
    ]
    return Comparison(lines, found)


def programs(approved: Sequence[RecordedProgram], environment: str, read: ProgramsRead, accepted: Accepted) -> Comparison:
    """Recorded ids are those of the test environment: elsewhere, a program is known by its name. Nothing is said if none was approved."""
    approved = known_in(environment, approved)
    there, left = matched(approved, read.items)
    lines, differences, same = list[ReportLine](), list[Difference](), list[ReportLine]()
    for one, found in zip(approved, there, strict=True):
        if found is None and not read.whole:
            lines.append(ReportLine("program", "skipped", "program_not_seen", {"name": one.name, "count": len(read.items)}))
            continue
        differs = list(differing(one, found)) if found is not None else [missing(one)]
        differences += differs
        lines += [_difference(one, each, accepted) for each in differs]
        if found is not None:
            standing = _standing(one, found)
            if standing.outcome != "passed":
                lines.append(standing)
            elif not differs:
                same.append(standing)
    lines += same[:MAX_AS_APPROVED]
    if len(same) > MAX_AS_APPROVED:
        lines.append(ReportLine("more_programs", "passed", "programs_same", {"count": len(same) - MAX_AS_APPROVED}))
    if approved and left:
        lines.append(_unapproved(left))
    return Comparison(lines, differences)


def _outcome(difference: Difference, accepted: Accepted) -> Outcome:
    return "accepted" if difference in accepted else "differs"


def known_in(environment: str, approved: Sequence[RecordedProgram]) -> Sequence[RecordedProgram]:
    """Without the recorded ids outside the test environment, which has them."""
    return approved if environment == TEST else [replace(one, id=None) for one in approved]


def matched(approved: Sequence[RecordedProgram], listed: Sequence[Found]) -> tuple[list[Found | None], list[Found]]:
    """For each approved program Pismo's, by its recorded id, else by its name; and those that are left."""
    left = list(listed)
    by_id = [None if one.id is None else _taken(left, lambda found: found.get("id"), one.id) for one in approved]
    there = [found or _taken(left, _name_of, _name(one.name)) for one, found in zip(approved, by_id, strict=True)]
    return there, left


def _taken(left: list[Found], key: Callable[[Found], object], wanted: object) -> Found | None:
    found = next((one for one in left if key(one) == wanted), None)
    if found is not None:
        left.remove(found)
    return found


def _name(text: str) -> str:
    return " ".join(text.split()).casefold()


def _name_of(found: Found) -> str:
    return _name(str(found.get("name") or ""))


def _currency(numeric: str) -> str:
    """Its letters, where they are known."""
    return next((letters for letters, digits in CURRENCIES.items() if digits == numeric.zfill(3)), numeric) if numeric else ""


def place(found: Found) -> str:
    """Of a program, as `RecordedProgram.place`."""
    parts = (found.get("country_code"), _currency(str(found.get("currency_numeric_code") or "")), found.get("timezone"))
    return ", ".join(str(one) for one in parts if one)


def missing(one: RecordedProgram) -> Difference:
    """That it is not listed."""
    return f"{PROGRAM}{one.name}:missing", str(one.id or one.name), ""


def differing(one: RecordedProgram, found: Found) -> Iterator[Difference]:
    """In what is known of both. A type that support confirmed to be another one is the approved one."""
    if one.id is not None and found.get("id") not in (one.id, None):
        yield f"{PROGRAM}{one.name}:id", str(one.id), str(found["id"])
    for what, ours, theirs, form in (
        ("name", one.name, found.get("name"), _name),
        ("type", one.recorded_type or one.type, found.get("type"), lambda text: " ".join(text.split()).upper()),
        ("currency", one.currency, _currency(str(found.get("currency_numeric_code") or "")), str),
        ("country", one.country, found.get("country_code"), lambda text: alpha3(text) or text.upper()),
        ("timezone", one.timezone, found.get("timezone"), lambda zone: canonical_zone(zone) or zone),
        ("brand", one.brand, found.get("brand"), str.upper),
        ("bin", one.bin, (found.get("bin") or {}).get("value"), str.strip),
    ):
        if ours and theirs and form(ours) != form(str(theirs)):
            yield f"{PROGRAM}{one.name}:{what}", ours, str(theirs)


def _difference(one: RecordedProgram, difference: Difference, accepted: Accepted) -> ReportLine:
    field, ours, theirs = difference
    reason = f"program_{field.rpartition(':')[2]}"
    return ReportLine("program", _outcome(difference, accepted), reason, {"name": one.name, "ours": ours, "theirs": theirs})


def _standing(one: RecordedProgram, found: Found) -> ReportLine:
    """Whether it can be used. What differs is said besides."""
    known = {
        "name": one.name,
        "id": str(found.get("id") or "-"),
        "type": str(found.get("type") or "-"),
        "place": one.place or "-",
    }
    status = str(found.get("status") or "")
    if status == PENDING:
        return ReportLine("program", "note", "program_pending", known)
    if status != ACTIVE:
        return ReportLine("program", "note", "program_status", known | {"status": status or "-"})
    return ReportLine("program", "passed", "program_same", known)


def _unapproved(left: Sequence[Found]) -> ReportLine:
    names = [str(one.get("name") or one.get("id") or "-")[:MAX_NAME] for one in left[:MAX_NAMES]]
    more = len(left) - len(names)
    reason = "programs_unapproved_more" if more else "programs_unapproved"
    return ReportLine("other_programs", "note", reason, {"count": len(left), "names": ", ".join(names), "more": more})
