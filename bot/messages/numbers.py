"""Numbers as each language writes them, and which of its two forms a text takes with one: 1,234.5 · 1.234,5. Nothing else formats one
for people."""

from functools import lru_cache


def whole(value: int, language: str) -> str:
    """``language``: as its file of texts is named, such as ``pt_BR``."""
    from babel.numbers import format_decimal  # noqa: PLC0415  not needed at startup

    return str(format_decimal(value, format="#,##0", locale=language))


def tenths(value: float, language: str) -> str:
    """With one decimal."""
    from babel.numbers import format_decimal  # noqa: PLC0415  not needed at startup

    return str(format_decimal(round(value, 1), format="#,##0.0", locale=language))


@lru_cache(1024)  # nearly every text about a number asks for it
def is_one(n: int, language: str) -> bool:
    """Whether a text about so many takes its form ``one``: in Portuguese and French, about none, too."""
    from babel import Locale  # noqa: PLC0415  not needed at startup

    return bool(Locale.parse(language).plural_form(n) == "one")
