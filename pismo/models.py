"""Pismo's answers. Unknown fields are ignored: Pismo adds some without notice."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
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
    """``status`` PENDING: its card settings or accounting are not configured yet. Only cards have a ``brand`` and a ``bin``."""

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
    """``date`` is RFC 3339; ``feature`` and ``action`` are e.g. ``user`` and ``create``."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)

    action: str = ""
    feature: str = ""
    feature_id: str = ""
    date: str = ""
    cid: str = ""


class AuditRecord(BaseModel):
    """One action in Control Center. Its payloads, people and places are left out: they are personal."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: int
    operation: AuditOperation


class AuditPage(Result):
    """``total_items`` counts all pages. Beta."""

    total_items: int
    items: tuple[AuditRecord, ...] = ()


class _TokenAnswer(Result):
    """The answers of all three token calls: OAuth2 says ``access_token``, the others ``token``; ``expires_in`` may be text."""

    access_token: SecretStr | None = None
    token: SecretStr | None = None
    expires_in: float | None = Field(default=None, ge=0, le=365 * 24 * 3600)
    tenant: str | None = None


class AccessToken(Result):
    """``expires_at`` is from ``expires_in``; ``tenant`` is the org ID. None if the answer doesn't say; the token itself may."""

    value: SecretStr = Field(min_length=1)
    expires_at: datetime | None = None
    tenant: str | None = None

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        answer = _TokenAnswer.model_validate(body)
        value = answer.access_token or answer.token
        later = datetime.now(UTC) + timedelta(seconds=answer.expires_in) if answer.expires_in is not None else None
        return cls.model_validate(
            {
                "value": value,
                "expires_at": later,
                "tenant": answer.tenant,
                "x_cid": answer.x_cid,
                "ms": answer.ms,
            }
        )
