"""``[service_desk]`` of the policies: the names of the form in each portal, what statuses mean, and how often to check a ticket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pismo.jsm_form import RequestFormNames


def _usual() -> "Mapping[str, RequestFormNames]":
    from pismo.jsm_form import RequestFormNames  # noqa: PLC0415  loads httpx, which --help doesn't need

    return {"en": RequestFormNames(), "pt_BR": RequestFormNames(desk="PISMO | Service Desk")}


@dataclass(frozen=True)
class StatusNames:
    """What the statuses of a ticket are called in any portal, whatever their case. ``pending``: the desk waits for an answer;
    ``to_do``: the button that says that it was given; ``validating``: it waits for somebody to try what it did; ``declined``: it ended
    without doing it. Jira gives no resolution over this interface, so that names must tell."""

    pending: tuple[str, ...] = ("PENDING",)
    to_do: tuple[str, ...] = ("To Do",)
    validating: tuple[str, ...] = ("VALIDATING",)
    declined: tuple[str, ...] = (
        *("CANCELLED", "CANCELED", "DECLINED", "REJECTED", "WON'T DO"),
        *("CANCELADO", "CANCELADA", "RECUSADO", "RECUSADA", "REJEITADO", "REJEITADA"),
    )

    def phase(self, status: str) -> Literal["", "pending", "validating"]:
        return "pending" if _among(status, self.pending) else "validating" if _among(status, self.validating) else ""

    def outcome(self, history: Sequence[str]) -> Literal["resolved", "declined", "lapsed"]:
        """How a ticket ended, by all its statuses, the last one last. One that was closed from the status in which it waited for an
        answer, or that was only validated after it, lapsed: nobody has answered."""
        if _among(history[-1], self.declined):
            return "declined"
        before = [status for status in history[:-1] if not _among(status, self.validating)]
        return "lapsed" if before and _among(before[-1], self.pending) else "resolved"

    def answers(self, button: str) -> bool:
        return _among(button, self.to_do)


def _among(name: str, names: tuple[str, ...]) -> bool:
    return " ".join(name.split()).casefold() in {one.casefold() for one in names}


@dataclass(frozen=True)
class ServiceDeskPolicies:
    """``names``: by portal, i.e. the customer's language. ``lag_seconds``: how long the search may miss a newly filed request."""

    follow_seconds: float = 600.0
    lag_seconds: float = 120.0
    names: "Mapping[str, RequestFormNames]" = field(default_factory=_usual)
    statuses: StatusNames = StatusNames()


def names(usual: "RequestFormNames", values: Any) -> "RequestFormNames":
    """The names with a table of the file applied. Raises ValueError for an unknown key, TypeError for what isn't text."""
    known = {one.name for one in fields(usual)}
    if not isinstance(values, dict) or not values.keys() <= known:
        raise ValueError(", ".join(sorted(known)))
    for name, value in values.items():
        words = value.values() if isinstance(getattr(usual, name), Mapping) else (value,)
        if not all(isinstance(word, str) and word.strip() for word in words):
            raise TypeError(name)
    by_resource = {name: {**getattr(usual, name), **values.get(name, {})} for name in ("subtypes", "choices")}
    for name, given in by_resource.items():
        if unknown := given.keys() - getattr(usual, name).keys():
            raise ValueError(", ".join(unknown))
    return replace(usual, **{**values, **by_resource})


def statuses(usual: StatusNames, values: Any) -> StatusNames:
    """The statuses with a table of the file applied. Raises ValueError for an unknown key, TypeError for what is no list of texts."""
    known = {one.name for one in fields(usual)}
    if not isinstance(values, dict) or not values.keys() <= known:
        raise ValueError(", ".join(sorted(known)))
    for name, words in values.items():
        if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
            raise TypeError(name)
    return replace(usual, **{name: tuple(words) for name, words in values.items()})
