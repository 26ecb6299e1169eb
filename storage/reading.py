"""Rows as objects, of values as the driver gives them or as JSON has them. Whatever somebody put into a row, reading it either gives
what this program could have written, or raises one error that says where."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Boolean, Column, Date, Double, Enum, Integer, String
from sqlalchemy import inspect as inspected
from sqlalchemy.orm import Mapper

from storage.columns import Json, Moment, Sealed, loads, moment
from storage.mapping import TABLES
from storage.sealing import Place, SealError

Reader = Callable[[Any], Any]
"""Raises TypeError or ValueError."""


class DamagedError(SealError):
    """A stored value that this program can't have written: SQLite takes any into any column. Says where, never what."""


def values_of(kind: type, stored: Sequence[Any]) -> Mapping[str, Any]:
    """By mapped attribute. ``stored``: in the order of the table's columns. Raises DamagedError."""
    values: dict[str, Any] = {}
    name = ""
    try:
        for (name, plain, read), found in zip(_reading(kind), stored, strict=True):
            values[name] = found if type(found) is plain else read(found)
    except (TypeError, ValueError):
        raise _damaged(kind, name, stored) from None
    return values


def plain_row(kind: type, values: Mapping[str, Any]) -> Any:
    """A row that no session knows: for reading only."""
    row: Any = object.__new__(kind)
    row.__dict__.update(values)
    return row


def readable_part(kind: type, found: Mapping[Any, Any]) -> tuple[Any, list[str]]:
    """A row for reading only, with None for what nobody could have written, and where that is. What is sealed stays as it was found.
    ``found``: as `storage.columns.unread` gives it."""
    values, damaged = dict[str, Any](), list[str]()
    for (attribute, *_), column in zip(_reading(kind), TABLES[kind].c, strict=True):
        stored = found[column.name]
        try:
            values[attribute] = stored if isinstance(column.type, Sealed) else read_value(column, stored, found["id"])
        except DamagedError as error:
            values[attribute] = None
            damaged.append(str(error))
    return plain_row(kind, values), damaged


def read_value(column: Column[Any], found: Any, row_id: Any = "") -> Any:
    """One value; a sealed one stays sealed. Raises DamagedError."""
    plain, read = _reader(column)
    try:
        return found if type(found) is plain else read(found)
    except (TypeError, ValueError):
        raise DamagedError(_where(column, row_id)) from None


def _where(column: Column[Any], row_id: Any) -> str:
    return f"{Place(column.table.name, column.name, row_id)}: not what was written"


def _damaged(kind: type, attribute: str, stored: Sequence[Any]) -> DamagedError:
    columns = list(TABLES[kind].c)
    place = [name for name, *_ in _reading(kind)].index(attribute)
    return DamagedError(_where(columns[place], stored[columns.index(TABLES[kind].c.id)]))


@cache
def _reading(kind: type) -> Sequence[tuple[str, type, Reader]]:
    """In the order of the table's columns: the attribute, and how it is read."""
    mapper: Mapper[Any] = inspected(kind)
    return [(mapper.get_property_by_column(column).key, *_reader(column)) for column in TABLES[kind].c]


@cache
def _reader(column: Column[Any]) -> tuple[type, Reader]:
    """The type of values that are taken as they are, and how the others are read. Raises TypeError for a column of another type."""
    plain, read = _reader_of(column)

    def read_or_none(found: Any) -> Any:
        if found is None and column.nullable:
            return None
        return read(found)

    return plain, read_or_none


def _reader_of(column: Column[Any]) -> tuple[type, Reader]:
    nothing = type(None) if column.nullable else _Nothing
    match column.type:
        case Moment():
            return nothing, moment
        case Date():
            return nothing, _day
        case Enum(enum_class=kind) if kind is not None:
            return nothing, kind
        case Json():
            return nothing, loads
        case Boolean():
            return bool, _flag
        case Double():
            return float, _number
        case Integer():
            return int, _refuse
        case String() | Sealed():
            return str, _refuse
    raise TypeError(f"no reader for {column}")


class _Nothing:
    """No value is of this type: each is read."""


def _day(found: Any) -> date:
    return found if isinstance(found, date) else date.fromisoformat(found)


def _flag(found: Any) -> bool:
    if type(found) is int and found in (0, 1):  # as SQLite keeps it
        return bool(found)
    raise ValueError(found)


def _number(found: Any) -> float:
    if type(found) is int:
        return float(found)
    raise TypeError


def _refuse(_: Any) -> Any:
    raise TypeError
