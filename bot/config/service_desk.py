"""``[service_desk]`` of the policies: the names of the access request's form in each portal, and how often to check a ticket."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pismo.jsm_form import RequestFormNames


def _usual() -> "Mapping[str, RequestFormNames]":
    from pismo.jsm_form import RequestFormNames  # noqa: PLC0415  loads httpx, which --help doesn't need

    return {"en": RequestFormNames(), "pt_BR": RequestFormNames(desk="PISMO | Service Desk")}


@dataclass(frozen=True)
class ServiceDeskPolicies:
    """``names``: by portal, i.e. the customer's language. ``lag_seconds``: how long the search may miss a newly filed request."""

    follow_seconds: float = 600.0
    lag_seconds: float = 120.0
    names: "Mapping[str, RequestFormNames]" = field(default_factory=_usual)


def names(usual: "RequestFormNames", values: Any) -> "RequestFormNames":
    """The names with a table of the file applied. Raises ValueError for an unknown key, TypeError for what isn't text."""
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
