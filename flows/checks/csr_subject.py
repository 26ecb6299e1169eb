"""Compares a CSR's subject with what the organization said about itself.

Pismo asks for company name, document number, city, state, and country before it signs, but doesn't publish which attributes
carry them. Here: O, serialNumber (or OU), L, ST, and C.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flows.checks.certificates import Csr
from flows.checks.iso_codes import alpha2
from flows.problems import Parameter

_ATTRIBUTES = {"company": "O", "document_number": "serialNumber", "city": "L", "state": "ST", "country": "C"}


class SubjectFault(StrEnum):
    DIFFERS = "csr_subject_differs"  # attribute, expected, found
    MISSING = "csr_subject_missing"  # attribute, expected


@dataclass(frozen=True)
class SubjectDifference:
    """``field``: in the details; ``attribute``: in the subject."""

    key: SubjectFault
    field: str
    attribute: str
    expected: str
    found: str = ""

    @property
    def params(self) -> dict[str, Parameter]:
        return {"attribute": self.attribute, "expected": self.expected, "found": self.found}


def compare_subject(csr: Csr, details: Mapping[str, str]) -> list[SubjectDifference]:
    """``details``: company, document_number, city, state (ISO 3166-2 part), country (alpha-2 or alpha-3); empty ones are skipped.

    Case, accents, and punctuation don't count, nor does a state's name instead of its letters.
    """
    differences = []
    for field, attribute in _ATTRIBUTES.items():
        expected, found = details.get(field, ""), csr.subject.get(attribute, "")
        if not expected or _same(field, expected, csr):
            continue
        if field == "country":
            expected = alpha2(expected) or expected
        fault = SubjectFault.DIFFERS if found else SubjectFault.MISSING
        differences.append(SubjectDifference(fault, field, attribute, expected, found))
    return differences


def _same(field: str, expected: str, csr: Csr) -> bool:
    wanted, found = _plain(expected), _plain(csr.subject.get(_ATTRIBUTES[field], ""))
    if field == "country":
        return bool(found) and found == (alpha2(expected) or expected).casefold()
    if field == "document_number":
        return any(wanted in _plain(csr.subject.get(attribute, "")) for attribute in ("serialNumber", "OU", "O", "CN"))
    if field == "state":
        return found == wanted or (len(found) > len(wanted) and _abbreviates(wanted, found))
    return found == wanted


def _abbreviates(letters: str, name: str) -> bool:
    """``sp`` for ``saopaulo``, ``ca`` for ``california``: the letters in order, starting with the first."""
    rest = iter(name)
    return name[:1] == letters[:1] and all(letter in rest for letter in letters)


def _plain(text: str) -> str:
    signs = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in signs if sign.isalnum())
