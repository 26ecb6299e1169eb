"""The locale that a person reads in."""

from babel import Locale, UnknownLocaleError

from playground.slack.reader import Reader

_AS_BABEL_SAYS = {"es_LA": "es_419"}
"""Slack's name of Latin America's Spanish is the one of Laos elsewhere."""


def locale_of(reader: Reader) -> Locale:
    """US English if there is none, or none that is known."""
    wanted = (reader.user.locale or "en-US").replace("-", "_")
    try:
        return Locale.parse(_AS_BABEL_SAYS.get(wanted, wanted))
    except (UnknownLocaleError, ValueError):
        return Locale("en", "US")
