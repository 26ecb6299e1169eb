"""What statements hold in themselves, so that partial indexes are used and no driver has to guess a type; and moments some days earlier."""

from typing import Any

from sqlalchemy import ColumnElement, Date, DateTime, String, case, literal_column, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


def text_of(value: str) -> ColumnElement[str]:
    """For the program's own words alone: nothing is quoted."""
    return type_coerce(literal_column(f"'{value}'"), String)


def number_of(value: int) -> ColumnElement[int]:
    return literal_column(str(value))


def flag_of(wanted: ColumnElement[bool]) -> ColumnElement[int]:
    """1 or 0, on both databases."""
    return case((wanted, number_of(1)), else_=number_of(0))


def is_one_of(column: Any, *values: str) -> ColumnElement[bool]:
    return type_coerce(column, String).in_([text_of(value) for value in values])


class Before(FunctionElement[Any]):
    """``Before(column, number_of(hours))``: the moment, or the beginning of the day in UTC, so many hours earlier."""

    inherit_cache = True
    type = DateTime(timezone=True)


@compiles(Before, "sqlite")
def _(element: Before, compiler: Any, **options: Any) -> str:
    at, hours = (compiler.process(one, **options) for one in element.clauses)
    if _is_day(element):
        return f"(date({at}, '-{hours} hours') || ' 00:00:00.000000')"
    return f"(strftime('%Y-%m-%d %H', {at}, '-{hours} hours') || substr({at}, 14))"


@compiles(Before, "postgresql")
def _(element: Before, compiler: Any, **options: Any) -> str:
    at, hours = (compiler.process(one, **options) for one in element.clauses)
    at = f"CAST({at} AS TIMESTAMP) AT TIME ZONE 'UTC'" if _is_day(element) else at
    return f"({at} - {hours} * INTERVAL '1 hour')"


def _is_day(element: Before) -> bool:
    return isinstance(next(iter(element.clauses)).type, Date)
