"""Answers of the Service Desk's REST API, as far as they are used. Unknown members are ignored."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

_ID = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        """Jira writes null where there is nothing."""
        return {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else value


class ServiceDeskProject(_Answer):
    id: _ID
    name: str = Field(alias="projectName")
    key: str = Field("", alias="projectKey")


class RequestType(_Answer):
    id: _ID
    name: str


class FieldOption(_Answer):
    """A choice of a field. ``value`` is what is sent as its id, ``label`` what people see; a cascading choice has children."""

    value: _ID
    label: str
    children: tuple["FieldOption", ...] = ()


class FieldSchema(_Answer):
    type: str = ""
    system: str = ""
    """``summary``, ``description``, ``priority``, …: the field's name within Jira, whatever the form calls it."""


class RequestField(_Answer):
    field_id: str
    name: str = ""
    required: bool = False
    visible: bool = True
    valid_values: tuple[FieldOption, ...] = ()
    default_values: tuple[Any, ...] = ()
    preset_values: tuple[Any, ...] = ()
    jira_schema: FieldSchema = FieldSchema()

    @property
    def filled(self) -> bool:
        """Whether it has a value even if none is sent."""
        return bool(self.default_values or self.preset_values)


class DeskDate(_Answer):
    epoch_millis: int = 0

    @property
    def at(self) -> datetime | None:
        """None if the answer gives no moment, or one that no calendar has."""
        try:
            return datetime.fromtimestamp(self.epoch_millis / 1000, UTC) if self.epoch_millis > 0 else None
        except (ValueError, OverflowError, OSError):
            return None


class RequestStatus(_Answer):
    """``category`` is one of UNDEFINED, NEW, INDETERMINATE, DONE, whatever a desk calls its statuses."""

    name: str = Field(alias="status")
    category: str = Field("UNDEFINED", alias="statusCategory")
    date: DeskDate = Field(DeskDate(), alias="statusDate")
    """When it began."""

    @property
    def done(self) -> bool:
        """Resolved or closed."""
        return self.category == "DONE"


class Account(_Answer):
    """Somebody at the site. ``email_address``: empty where they hide it."""

    account_id: str = ""
    display_name: str = ""
    email_address: str = ""


class Comment(_Answer):
    """A comment on a request. ``public``: the customer may see it; an internal one is for the desk's people alone."""

    id: Annotated[int, Field(ge=0)]
    body: str = ""
    public: bool = False
    author: Account = Account()
    created: DeskDate = DeskDate()


class Transition(_Answer):
    """A button of the portal that moves a request to another status."""

    id: _ID
    name: str = ""


class _Links(_Answer):
    web: str = ""


class _FieldValue(_Answer):
    field_id: str = ""
    value: Any = None


class CustomerRequest(_Answer):
    """A customer request. ``key`` is the ticket's, e.g. ``SD-1024``; ``web`` its page in the portal."""

    key: str = Field(alias="issueKey")
    status: RequestStatus = Field(alias="currentStatus")
    reporter: Account = Account()
    summary: str = ""
    values: tuple[_FieldValue, ...] = Field((), alias="requestFieldValues")
    links: _Links = Field(_Links(), alias="_links")

    @property
    def web(self) -> str:
        """Empty unless it can be a link in a message."""
        return self.links.web if self.links.web.startswith(("https://", "http://")) else ""

    def texts(self) -> Iterator[str]:
        """The summary and every text of the form."""
        yield self.summary
        yield from (value.value for value in self.values if isinstance(value.value, str))
