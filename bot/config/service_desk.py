"""``[service_desk]`` of the policies: what the access request's form is called in each portal, and how often a ticket is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pismo.jsm_form import RequestFormNames


def _usual() -> "Mapping[str, RequestFormNames]":
    from pismo.jsm_form import RequestFormNames  # noqa: PLC0415  brings httpx, which --help need not load

    return {"en": RequestFormNames(), "pt_BR": RequestFormNames(desk="PISMO | Service Desk")}


@dataclass(frozen=True)
class ServiceDeskPolicies:
    """``names`` by portal: the language the customer asked for. What was filed may stay unfound by the search for ``lag_seconds``."""

    follow_seconds: float = 600.0
    lag_seconds: float = 120.0
    names: "Mapping[str, RequestFormNames]" = field(default_factory=_usual)


def names(usual: "RequestFormNames", values: Any) -> "RequestFormNames":
    """The names with what a table of the file changes. Raises ValueError for a key that is not known, TypeError for what is no text."""
    known = {one.name for one in fields(usual)}
    if not isinstance(values, dict) or not values.keys() <= known:
        raise ValueError(", ".join(sorted(known)))
    for name, value in values.items():
        words = value.values() if isinstance(getattr(usual, name), Mapping) else (value,)
        if not all(isinstance(word, str) and word.strip() for word in words):
            raise TypeError(name)
    subtypes = {**usual.subtypes, **values.get("subtypes", {})}
    if subtypes.keys() > usual.subtypes.keys():
        raise ValueError(", ".join(usual.subtypes))
    return replace(usual, **{**values, "subtypes": subtypes})
