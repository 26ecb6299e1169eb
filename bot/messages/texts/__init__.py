"""Texts by key, one TOML file per language: ``Texts("en")("card.title", customer="Acme")``.

A customer stays on the version of the journey they started with. Where its texts differ from the current ones, they are in
``<language>.<version>.toml`` next to the language's file, and ``Texts("en", "1")`` finds them first.
"""

import re
import tomllib
from collections import ChainMap
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from bot.messages import dates, numbers
from flows.checks.visible import isolated, visible
from flows.problems import Amount, TextKey

FOLDER = Path(__file__).parent
FALLBACK = "en"


class Raw(str):
    """Text that is mrkdwn already: a mention, a date, a sentence in which what was typed is marked."""

    __slots__ = ()


OPEN, CLOSE = "\ue000", "\ue001"
"""Marks around what was typed: of Unicode's private use, so that nobody can type them (`visible` cuts them out)."""


QUOTE = "\ue002"
"""After `OPEN`: what was typed is a quote, on lines of its own."""

QUOTED = frozenset({"reason", "answer"})
"""Parameters that somebody typed as a sentence of their own: in a message, it is never a part of the bot's."""

DAYS = frozenset({"date", "day", "on", "before", "now", "go_live", "expires_on"})
"""Parameters that are a day as ``YYYY-MM-DD``, if they are one: it is shown as the language writes it."""

_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n){2,}")


def typed(text: str, *, quoted: bool = False) -> Raw:
    """What people typed, or another system answered, within mrkdwn: it is shown as it is, whatever signs are in it; ``quoted``: on lines
    of its own, with a bar before them.

    `bot.messages.blocks` draws it, as `rich_text` if need be. Nothing marked goes to Slack in any other way. Of several empty lines one is
    left: they would push out of sight what follows.
    """
    seen = _EMPTY_LINES.sub("\n\n", visible(text, lines=True))
    seen = seen if "\n" in seen else isolated(visible(seen))
    return Raw(f"{OPEN}{QUOTE if quoted else ''}{seen}{CLOSE}" if seen else "")


def escape(text: str) -> str:
    """The bot's own words within mrkdwn."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@cache  # every answer needs it
def languages() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml") if "." not in path.stem))


def _flatten(values: Mapping[str, Any], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


def table(language: str, folder: Path = FOLDER) -> Mapping[str, str]:
    """All texts of a language by dotted key."""
    return words_in(folder / f"{language}.toml")


@cache
def words_in(file: Path) -> Mapping[str, str]:
    """Takes a tenth of a second the first time."""
    return _flatten(tomllib.loads(file.read_text()))


@cache
def overlay(language: str, journey: str, folder: Path = FOLDER) -> Mapping[str, str]:
    """The texts that differ in a version of the journey; none if it has no file of its own."""
    name = f"{language}.{journey}"
    return table(name, folder) if journey and (folder / f"{name}.toml").is_file() else {}


@cache
def _words(language: str, journey: str, folder: Path) -> ChainMap[str, str]:
    """A version's own texts come before its language's; the fallback language comes last."""
    tables = [of for one in (language, FALLBACK) for of in (overlay(one, journey, folder), table(one, folder))]
    return ChainMap(*(dict(words) for words in tables))


def for_locale(locale: str, default: str = FALLBACK) -> str:
    """The language for a Slack locale such as ``pt-BR``; the default if there is no such file."""
    wanted = locale.replace("-", "_")
    known = languages()
    if wanted in known:
        return wanted
    same = [language for language in known if wanted and language.partition("_")[0] == wanted.partition("_")[0]]
    return same[0] if same else default if default in known else FALLBACK


def _one_stop(template: str, shown: Mapping[str, Any]) -> str:
    """A name that ends in a full stop, such as "Example Bank S.A.", ends a sentence with it."""
    for name, value in shown.items():
        if isinstance(value, str) and value.rstrip(f"{CLOSE}\u2069").endswith("."):
            template = re.sub(rf"{{{name}}}\.(?=\s|$)", f"{{{name}}}", template)
    return template


class Texts:
    """``journey``: the version of the customer's journey; empty for what is about no customer. ``folder``: where the files are."""

    def __init__(self, language: str, journey: str = "", *, folder: Path = FOLDER) -> None:
        self.language = language if language in languages() else FALLBACK
        self._folder, self._words = folder, _words(self.language, journey, folder)

    def of(self, journey: str) -> "Texts":
        """The same language for a customer on this version of the journey."""
        return Texts(self.language, journey, folder=self._folder)

    def has(self, key: str) -> bool:
        return key in self._words

    def _template(self, key: str, params: Mapping[str, Any]) -> str:
        if isinstance(params.get("n"), int):
            plural = f"{key}.{'one' if numbers.is_one(params['n'], self.language) else 'other'}"
            key = plural if self.has(plural) else key
        return self._words.get(key, key)

    def __call__(self, key: str, **params: Any) -> str:
        """Plain text, for where nothing is parsed; each parameter is one line."""
        shown = {name: self._shown(value) for name, value in self._with_days(params).items()}
        return _one_stop(self._template(key, params), shown).format(**shown) if params else self._template(key, params)

    def day(self, written: str) -> str:
        """A day (``YYYY-MM-DD``) as the language writes it; anything else as it is."""
        with suppress(ValueError):
            return dates.day(date.fromisoformat(written), self.language)
        return written

    def moment(self, at: datetime) -> str:
        """Day and time as the language writes them, in the moment's own zone, which it doesn't name."""
        return self("moment.written", day=dates.day(at, self.language), time=dates.clock(at, self.language))

    def language_name(self, language: str) -> str:
        """As CLDR has it, in these texts' language: Portuguese (Brazil)."""
        from babel import Locale  # noqa: PLC0415  not needed at startup

        name = Locale.parse(language).get_display_name(self.language) or language
        return name[:1].upper() + name[1:]

    def at(self, at: int | datetime) -> Raw:
        """A moment (seconds, if a number) as mrkdwn: Slack shows it in each reader's zone, and says "today"."""
        return self._token(at, self("moment.at"))

    def on(self, at: int | datetime) -> Raw:
        """The same without the time."""
        return self._token(at, "{date_short_pretty}", with_time=False)

    def _token(self, at: int | datetime, form: str, *, with_time: bool = True) -> Raw:
        moment = (at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)).astimezone(UTC)
        words = f"{self.moment(moment)} UTC" if with_time else dates.day(moment, self.language)
        return Raw(f"<!date^{int(moment.timestamp())}^{form}|{words}>")

    def _with_days(self, params: Mapping[str, Any]) -> dict[str, Any]:
        is_day = {name for name, value in params.items() if name in DAYS and type(value) is str}
        return {name: self.day(value) if name in is_day else value for name, value in params.items()}

    def _shown(self, value: Any) -> Any:
        if isinstance(value, Amount):
            return numbers.whole(value, self.language)
        if isinstance(value, TextKey):
            return self(value)
        return isolated(visible(value)) if isinstance(value, str) and not isinstance(value, Raw) else value

    def md(self, key: str, **params: Any) -> str:
        """mrkdwn: parameters are marked as typed, except Raw ones."""
        days = self._with_days(params)
        words = {name: self(value) if isinstance(value, TextKey) else value for name, value in days.items()}
        safe = {
            name: value if isinstance(value, Raw | int) else typed(str(value), quoted=name in QUOTED)
            for name, value in words.items()
        }
        return self(key, **safe)
