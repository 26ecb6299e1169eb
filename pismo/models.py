"""Pismo's answers. Unknown fields are ignored: Pismo adds some without notice."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Result(BaseModel):
    """An answer and the call it came from: ``x_cid`` is Pismo's correlation ID, ``ms`` the call's duration."""

    # A validation error never contains the input: it may be a token or a person's name.
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)

    x_cid: str = ""
    ms: int = 0

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Raises pydantic.ValidationError."""
        return cls.model_validate(body)


class ProgramBin(BaseModel):
    """The card network's BIN, and the first and last of the numbers after it."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)

    value: str | None = None
    start_range: str | None = None
    end_range: str | None = None


class Program(BaseModel):
    """``status`` PENDING: its card settings or accounting are not configured yet. Only cards have a ``brand`` and a ``bin``.
    ``currency_numeric_code`` is ISO 4217, ``country_code`` ISO 3166-1 alpha-3."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)

    id: int | None = None
    name: str | None = None
    type: str | None = None
    status: str | None = None
    brand: str | None = None
    bin: ProgramBin | None = None
    currency_numeric_code: str | None = None
    country_code: str | None = None
    timezone: str | None = None


class ProgramsPage(Result):
    """``total_items`` counts all pages."""

    total_items: int
    items: tuple[Program, ...] = ()


class ProgramImport(Result):
    """A program that is being created. It may take minutes until it is listed."""

    program_import_id: int


class ProgramImportRecord(Result):
    """How far that is. ``status``: PENDING, PROCESS, SUCCESS, ERROR."""

    program_id: int | None = None
    status: str = ""


class Organization(Result):
    """OrgDetails of the Organizations API: nothing in it is required. Its repr shows no details, since some are personal.

    ``currency_numeric_code`` is ISO 4217 numeric, ``country_code`` ISO 3166-1 alpha-3, ``state`` ISO 3166-2 without the
    country, ``timezone`` a name of the TZ database, ``cycle_closing`` HH:MM:SS, the two dates RFC 3339.
    """

    id: str | None = None
    official_name: str | None = None
    org_name: str | None = None
    start_date: str | None = None
    expiration_date: str | None = None
    document_number: str | None = None
    address: str | None = None
    number: str | None = None
    complementary_address: str | None = None
    neighborhood: str | None = None
    zipcode: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    country_code: str | None = None
    legal_proxy_name: str | None = None
    legal_proxy_document: str | None = None
    responsible: str | None = None
    currency_numeric_code: str | None = None
    timezone: str | None = None
    language: str | None = None
    cycle_closing: str | None = None
    holiday_calendar_id: str | None = None

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        yield from (("id", self.id), ("x_cid", self.x_cid), ("ms", self.ms))


class AuditOperation(BaseModel):
    """``date`` is RFC 3339; ``feature`` and ``action`` are e.g. ``user`` and ``login``."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)

    action: str = ""
    feature: str = ""
    feature_id: str = ""
    date: str = ""
    cid: str = ""


class AuditUser(BaseModel):
    """Who acted. ``email`` is only to be compared, in memory: no repr shows it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    email: SecretStr = SecretStr("")


class AuditHttp(BaseModel):
    """``code``: the status that the action ended with."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    code: int = 0


class AuditRecord(BaseModel):
    """One action in Control Center. Its payloads and places are left out: they are personal."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int
    operation: AuditOperation
    user: AuditUser = AuditUser()
    http: AuditHttp = AuditHttp()


class AuditPage(Result):
    """``total_items`` counts all pages. Beta."""

    total_items: int
    items: tuple[AuditRecord, ...] = ()


class AccessToken(Result):
    """What Pismo gives for a JWT. When it expires and whose it is, the token itself may say."""

    value: SecretStr = Field(min_length=1, validation_alias="token")
