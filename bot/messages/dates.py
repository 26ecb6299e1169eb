"""Days and moments as each language writes them: Jan 15, 2027 · 15/01/2027 · 15 ene 2027. Nothing else formats one for people."""

from datetime import date, datetime

NUMERIC = frozenset({"pt"})
"""Languages in which the usual short day has no name of a month: babel's other forms would write it out in full."""


def day(of: date, language: str) -> str:
    """``language``: as its file of texts is named, such as ``pt_BR``."""
    from babel.dates import format_date  # noqa: PLC0415  not needed at startup

    numeric = language.partition("_")[0] in NUMERIC
    return str(format_date(of, "short" if numeric else "medium", locale=language))


def clock(of: datetime, language: str) -> str:
    """The time of day, in the moment's own zone."""
    from babel.dates import format_time  # noqa: PLC0415  not needed at startup

    return str(format_time(of, "short", tzinfo=of.tzinfo, locale=language)).replace(
        "\u202f", " "
    )  # a plain space can be searched for
