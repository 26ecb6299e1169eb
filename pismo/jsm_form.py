"""From names to ids: a request type's fields and choices are not published, so they are found by the names that people see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pismo.jsm_models import FieldOption, RequestField

Values = Mapping[str, Any]
"""What is sent: field id -> value."""


@dataclass(frozen=True)
class RequestFormNames:
    """What the form of requests is called in one portal.

    ``desk`` is the project's name or key. ``category`` is the choice whose children are ``subtypes``, by resource: how accesses are
    asked for. ``choices``, by resource: what is chosen for other requests, as "Category" or "Category > Choice"; empty if nothing is,
    since Pismo does not publish their names. ``fields`` are further fields and their values, by name.
    """

    desk: str = "PISMO | Service Desk EN"
    request_type: str = "Settings"
    category: str = "Access request"
    subtypes: Mapping[str, str] = field(
        default_factory=lambda: {
            "service_desk": "Service Desk Portal",
            "slack_connect": "Slack Connect",
            "status_page": "Status Page",
        }
    )
    choices: Mapping[str, str] = field(
        default_factory=lambda: dict.fromkeys(("webhooks", "event_delivery", "third_party_openid"), "")
    )
    priority: str = "Medium"
    fields: Mapping[str, str] = field(default_factory=dict)


class NameNotFoundError(LookupError):
    """The desk lacks a configured name, or (``required``) a field that must be filled isn't configured.

    ``what`` is one of desk, request_type, field, option, required; ``there`` lists the names that the desk has.
    """

    def __init__(self, what: str, name: str, there: Iterable[str]) -> None:
        self.what, self.name, self.there = what, name, sorted(set(there), key=str.casefold)
        super().__init__(f"no {what} {name!r}")


def same(one: str, other: str) -> bool:
    """Names are typed by people: case and spaces do not matter."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def fill(fields: Sequence[RequestField], names: RequestFormNames, resource: str, summary: str, description: str) -> Values:
    """The values of a request. Raises NameNotFoundError.

    Source of the formats: Atlassian's *Field input formats*: text as it is, a choice by ``id``, a cascading one with its ``child``.
    """
    values: dict[str, Any] = {
        _system(fields, "summary").field_id: summary,
        _system(fields, "description").field_id: description,
        **_category(fields, names, resource),
    }
    priority = next((one for one in fields if _is_system(one, "priority")), None)
    if priority is not None:
        values[priority.field_id] = {"id": _option(priority.valid_values, names.priority).value}
    for name, text in names.fields.items():
        one = _named(fields, name)
        values[one.field_id] = {"id": _option(one.valid_values, text).value} if one.valid_values else text
    for one in fields:
        if one.required and one.field_id not in values and not one.filled:
            raise NameNotFoundError("required", one.name or one.field_id, ())
    return values


def offered(fields: Sequence[RequestField]) -> list[str]:
    """What `RequestFormNames.choices` can name: every choice of a cascading field, with its children."""
    options = (option for one in fields for option in one.valid_values if option.children)
    return [f"{option.label} > {child.label}" for option in options for child in option.children]


def _is_system(one: RequestField, system: str) -> bool:
    return system in (one.field_id, one.jira_schema.system)


def _system(fields: Sequence[RequestField], system: str) -> RequestField:
    for one in fields:
        if _is_system(one, system):
            return one
    raise NameNotFoundError("field", system.capitalize(), (one.name for one in fields))


def _named(fields: Sequence[RequestField], name: str) -> RequestField:
    for one in fields:
        if same(one.name, name) or one.field_id == name:
            return one
    raise NameNotFoundError("field", name, (one.name for one in fields))


def _option(options: Sequence[FieldOption], label: str) -> FieldOption:
    for option in options:
        if same(option.label, label):
            return option
    raise NameNotFoundError("option", label, (option.label for option in options))


def _category(fields: Sequence[RequestField], names: RequestFormNames, resource: str) -> Values:
    """The field with the kind of request, and what to send for it; nothing if no choice is known."""
    subtype = names.subtypes.get(resource)
    parent, _, child = (names.category, "", subtype) if subtype else names.choices[resource].partition(">")
    if not parent.strip():
        return {}
    if child.strip():
        one, choice = _cascade(fields, parent, child)
        return {one.field_id: choice}
    for one in fields:
        if any(same(option.label, parent) for option in one.valid_values):
            return {one.field_id: {"id": _option(one.valid_values, parent).value}}
    raise NameNotFoundError("option", parent.strip(), (option.label for one in fields for option in one.valid_values))


def _cascade(fields: Sequence[RequestField], parent: str, child: str) -> tuple[RequestField, Mapping[str, Any]]:
    """The field that offers these two nested choices, whatever it is called, and what to send for it."""
    for one in fields:
        for option in one.valid_values:
            if same(option.label, parent):
                return one, {"id": option.value, "child": {"id": _option(option.children, child).value}}
    raise NameNotFoundError(
        "option", parent.strip(), (option.label for one in fields for option in one.valid_values if option.children)
    )
