"""Column types: moments in UTC, JSON as text, and sealed text with the field that opens it."""

import json
import marshal
import math
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from functools import cached_property
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, DateTime, Dialect, Table, Text, type_coerce
from sqlalchemy.types import NullType, TypeDecorator

from storage.sealing import Place, Plain, SealError, current

DEEPEST = 50
"""How deep JSON may be nested. What this program writes is nested less than ten deep; Python's functions fail at some hundreds."""


def canonical(value: Any) -> str:
    """JSON whose text depends only on the value: sorted keys, no whitespace, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def loads(text: str) -> Any:
    """What `canonical` wrote. Raises TypeError or ValueError for anything that it can't have written, also for what Python could read, but
    not write again."""
    try:
        found = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if text.count("[") + text.count("{") > DEEPEST and _is_deep(found):
        raise ValueError("nested too deeply")
    return found


def _is_deep(found: Any) -> bool:
    level = [found]
    for _ in range(DEEPEST):
        level = [
            inner for one in level if isinstance(one, list | dict) for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(level)


def _number(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_refuse)


def unread(table: Table) -> list[ColumnElement[Any]]:
    """A table's columns as the driver gives them: whatever somebody put into them, reading them raises nothing."""
    return [type_coerce(column, NullType()).label(column.name) for column in table.c]


def moment(found: Any) -> datetime:
    """A moment as the driver gives it. SQLite keeps it as text, in UTC without saying so. Raises TypeError or ValueError, also in the
    first and the last year that Python knows, where the same moment in another zone may be in none."""
    at = found if isinstance(found, datetime) else datetime.fromisoformat(found)
    if not MINYEAR < at.year < MAXYEAR:
        raise ValueError(at.year)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, always returned in UTC. A naive one is refused: nobody knows when it is."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """JSON as text, the same on both databases. Assign a new value to change it: changes inside it aren't detected."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002  SQLAlchemy's signature
        return canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002  SQLAlchemy's signature
        return None if value is None else loads(value)


class Sealed(TypeDecorator[Any]):
    """Takes a `Plain` and writes it sealed with the keyring in use; returns the sealed text, which a `SealedField` opens.

    A bare string is accepted only if it is already sealed, so that no plaintext can slip in.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Plain | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  SQLAlchemy's signature
        if isinstance(value, Plain):
            return current().seal(value)
        if value is not None and not value.startswith("v1."):
            raise SealError("unsealed text was about to be written")
        return value


@dataclass(frozen=True)
class _Opened:
    """What a row's field held when it was opened, and its text."""

    held: Plain | str | None
    text: str = field(repr=False)

    @cached_property
    def _read(self) -> bytes:
        """A step's answers are read dozens of times for each message, and JSON takes several times as long as `marshal` to read them."""
        return marshal.dumps(json.loads(self.text))

    def fresh(self) -> Any:
        """What the JSON says, anew each time."""
        return marshal.loads(self._read)  # noqa: S302  what this process wrote a moment ago


_NOTHING = _Opened(None, "")


class SealedField:
    """A field that is plain in code and sealed at rest: in front of a mapped attribute that holds the sealed text.

    Reading opens it; assigning replaces it, and it is sealed with the row's id when written. A change inside a sealed dict is NOT
    detected, since each read returns a fresh one: assign a new dict.
    """

    def __init__(self, table: str, column: str, *, is_text: bool) -> None:
        self._table, self._column, self._is_text = table, column, is_text
        self.attribute = f"_{column}_sealed"
        self._opened = f"_{column}_opened"

    def __get__(self, row: Any, kind: type | None = None) -> Any:
        if row is None:
            return self
        opened = self._open(row)
        return opened.text if self._is_text else opened.fresh()

    def __set__(self, row: Any, value: Any) -> None:
        text = value if self._is_text else canonical(value)
        if row.__dict__.get(self.attribute) is None or not self._holds(row, text):
            setattr(row, self.attribute, Plain(text, self._place(row)))

    def _holds(self, row: Any, text: str) -> bool:
        """What can't be opened is replaced. If the log covers the row, its digest needs the key: then nothing is replaced."""
        try:
            return self.text(row) == text
        except SealError:
            return False

    def _place(self, row: Any) -> Place:
        return Place(self._table, self._column, row.id)

    def text(self, row: Any) -> str:
        """The opened text, of JSON too. Raises SealError."""
        return self._open(row).text

    def _open(self, row: Any) -> _Opened:
        """Once for what the field holds."""
        held: Plain | str | None = getattr(row, self.attribute)
        opened: _Opened = row.__dict__.get(self._opened, _NOTHING)
        if opened.held != held:
            text = held.text if isinstance(held, Plain) else current().open(str(held), self._place(row))
            row.__dict__[self._opened] = opened = _Opened(held, text)
        return opened
