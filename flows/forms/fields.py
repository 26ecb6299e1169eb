"""The inputs a form can have, declared with the pydantic field they fill.

    class Company(FormPage):
        official_name: Annotated[str, Field(min_length=1, max_length=100), Input(Kind.TEXT)]

Input travels as raw values: str for texts, dates (``YYYY-MM-DD``), choices, and searches; list[str] for multiple choices;
int (Unix seconds) for a moment; dicts ``{"name", "text"}`` for a file's content. None or a missing key means nothing was
given.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from flows.checks import iso_codes
from flows.checks.emails import Status, examine
from flows.checks.iso_codes import Catalog
from flows.checks.visible import visible
from flows.problems import fault

Answers = dict[str, Any]
"""JSON values by field name."""

CATALOGS: Mapping[str, Catalog] = {
    "currency": "currency",
    "country": "country",
    "timezone": "timezone",
}
"""The sources whose values are the same for everyone: those of `flows.checks.iso_codes`."""


class Kind(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    URL = "url"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "moment"
    CHOICE = "choice"  # one of a few (at most 100)
    CHOICES = "choices"  # several of a few (at most 100)
    SEARCH = "search"  # one of many, searched while typing
    SEARCH_MANY = "search_many"
    FILE = "file"  # one file, read as text
    PERSON = "person"  # a Slack user id
    CHANNEL = "channel"  # a Slack channel id


TYPED = frozenset({Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.URL, Kind.NUMBER})
"""What people type, rather than choose. Whatever can't be seen is cut out of it, in every field of every form; a field in which
nothing can be seen is refused as ``invisible``. The name of a file is typed too: see `file_name`."""


def file_name(name: str) -> str:
    """What can be seen of a file's name; "file" if that is nothing, since the file is there nevertheless."""
    return visible(name) or "file"


@dataclass(frozen=True)
class Input:
    """How a field is asked. Only offered values are accepted; others are refused as ``not_offered``.

    ``options``: the values of a CHOICE or CHOICES; their labels are ``choice.<choices>.<value>``, with ``choices`` defaulting
    to the field's name. ``source``: where the values of a SEARCH come from, e.g. ``currency``, or which of a CHOICE's options are
    offered now; if that is its default alone, the page says it and doesn't ask. ``allow``: kinds of secret this field asks for (a
    short-lived access token). ``words``: the name its label and hint stand under, if fields of several pages share them; by default
    its own. With a dot in it, forms share them too: ``setup.accounting`` stands under ``field.setup.accounting``.
    """

    kind: Kind
    options: tuple[str, ...] = ()
    choices: str = ""
    source: str = ""
    filetypes: tuple[str, ...] = ()  # of a file to attach; of a text to copy, that of the file it is if no input takes it
    allow: frozenset[str] = frozenset()
    instead: bool = False  # a file ``x_file`` that replaces the text ``x``
    aside: bool = False  # it helps to fill in others, so it isn't shown as an answer
    addresses: bool = False  # a list of email addresses, typed or in a file: read and compared one by one
    redraws: bool = False  # once it is chosen, the page proposes other values in other fields
    asked_with: str = ""  # not asked unless the answers have something under this name
    doubted: bool = False  # not asked before the page's check refuses the page for its sake
    explains: str = ""  # the field whose value it explains or confirms: it isn't meant for another value
    forget: bool = False  # never written to a draft, a submission, or a log: a single-use token
    words: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        if self.kind in TYPED:
            schema = core_schema.no_info_before_validator_function(self._seen, schema)
        if self.kind is Kind.FILE:
            schema = core_schema.no_info_before_validator_function(_named, schema)
        if not self.options and self.source not in CATALOGS:
            return schema
        return core_schema.no_info_after_validator_function(self._offered, schema)

    def _seen(self, value: Any) -> Any:
        if not isinstance(value, str) or not value:
            return value
        seen = visible(value, lines=self.kind is Kind.LONG_TEXT)
        if not seen:
            raise fault("invisible")
        return seen

    def _offered(self, value: Any) -> Any:
        for one in value if isinstance(value, list) else [] if value is None else [value]:
            if not self._offers(one):
                raise fault("not_offered")
        return value

    def _offers(self, value: Any) -> bool:
        if self.options:
            return value in self.options
        return iso_codes.known(CATALOGS[self.source], value)


def _named(file: Any) -> Any:
    return {**file, "name": file_name(str(file.get("name") or ""))} if isinstance(file, dict) else file


class FormPage(BaseModel):
    """One page of a form: about six inputs. Limits are those of the API that receives the value.

    ``one_of``: inputs of which one must be given, whichever it is. Slack calls each of them optional, so that a line above says it.
    """

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True, validate_default=False)

    repeated: ClassVar[bool] = False
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = ()

    @classmethod
    def read_lists(cls, _answers: Answers) -> object:
        """The lists in its answers, as its check and notes read them; None if these read them as addresses, or if there are none."""
        return None


class RepeatedPage(FormPage):
    """A page asked once per item; ``then``, on the first page of an item, says what comes next, unless another page adds the items."""

    repeated: ClassVar[bool] = True


def inputs(page: type[FormPage]) -> Iterator[tuple[str, FieldInfo, Input]]:
    """A page's fields that are asked, in order."""
    for name, info in page.model_fields.items():
        for item in info.metadata:
            if isinstance(item, Input):
                yield name, info, item


def words_of(form_id: str, name: str, item: Input) -> str:
    """The key under which a field's ``label``, ``hint`` and ``placeholder`` stand."""
    return f"field.{item.words}" if "." in item.words else f"field.{form_id}.{item.words or name}"


def only_default(info: FieldInfo, item: Input, value: Any, offered: Collection[str]) -> bool:
    """Whether nothing but a choice's default is offered, which the page says instead of asking for it. ``value``: the raw one so far."""
    return item.kind is Kind.CHOICE and [*offered] == [info.default] and value in (None, info.default)


def max_length(info: FieldInfo) -> int | None:
    """The length limit declared on a text field, in characters."""
    return next((m.max_length for m in info.metadata if hasattr(m, "max_length")), None)


def min_length(info: FieldInfo) -> int | None:
    return next((m.min_length for m in info.metadata if hasattr(m, "min_length")), None)


# -- inputs that several steps use

MAX_LENGTH = 3000
"""The most characters Slack accepts in an input."""


_IN_NAME = re.compile(r"\S@\S+\.\S|\w://\S")
"""An address of e-mail or of the web."""


def _is_punctuation(text: str) -> bool:
    return all(unicodedata.category(sign)[0] in "PZ" or unicodedata.category(sign) in ("Sc", "Sk", "Sm") for sign in text)


def _name(value: str | None) -> str | None:
    if value and _is_punctuation(value):
        raise fault("name_without_letters")
    if value and _IN_NAME.search(value):
        raise fault("name_is_address")
    return value


NAME = AfterValidator(_name)
"""Of a person, a company or a place, in any script: it has more than punctuation, and no address stands in it."""

_NONE = re.compile(
    r"n ?[/.] ?[ad]\.?|none|nada|nenhum(?:a|o|[/(]a)?|ning[uú]n(?:[ao](?:[/(][ao])?)?|not applicable"
    r"|(?:no|n[ãa]o) (?:(?:se )?aplica|h[áa]|hay|tem|tiene|possui|posee|existe)",
    re.IGNORECASE,
)
_NORTH_DAKOTA = re.compile(r"n\. ?d\.?", re.IGNORECASE)


def _unless_none(value: Any) -> Any:
    none = isinstance(value, str) and (_is_punctuation(value) or _NONE.fullmatch(value.strip(" .-()")))
    return None if none else value


OR_NONE = BeforeValidator(_unless_none)
"""Of a text that may be left blank: a dash or "N/A" says so, too. "NA" and "ND" alone may be the code of a state."""


def _state_unless_none(value: Any) -> Any:
    return value if isinstance(value, str) and _NORTH_DAKOTA.fullmatch(value.strip()) else _unless_none(value)


def state_in(country: str, typed: str | None) -> str | None:
    """What was typed as an `AddressState`, once its country (ISO 3166-1 alpha-3) is known: "N.D." is one in the United States alone."""
    return typed if country == "USA" else _unless_none(typed)


_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?")


def _address(value: str) -> str:
    entries = examine(value).entries
    if not entries or len(entries) > 1:
        raise fault("email_one", address=value)
    entry = entries[0]
    if not entry.is_attempt:
        raise fault("email_one", address=value)
    if entry.status is not Status.NEW:
        raise fault(entry.key, address=entry.address, **entry.params)
    return entry.address


def _https(value: str) -> str:
    """No username or password in it: those would be a secret. A host with letters of other alphabets is kept in its ASCII form
    (RFC 5891), since it can look like another."""
    try:
        parts = urlsplit(value)
        host = (parts.hostname or "").encode("idna").decode()
        good = parts.scheme == "https" and _HOST.fullmatch(host) and not parts.username and (parts.port or 443) > 0
    except ValueError:
        good = False
    if not good or value.split() != [value]:
        raise fault("url_https")
    if parts.netloc.isascii():
        return value
    return urlunsplit(parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host))


Email = Annotated[str, Field(max_length=255), AfterValidator(_address), Input(Kind.EMAIL)]
HttpsUrl = Annotated[str, Field(max_length=500), AfterValidator(_https), Input(Kind.URL)]
Country = Annotated[str, Input(Kind.SEARCH, source="country")]
AddressState = Annotated[str | None, Field(max_length=60), BeforeValidator(_state_unless_none), Input(Kind.TEXT)]
"""Its page's ``normal`` asks `state_in`."""
LongText = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH), Input(Kind.LONG_TEXT)]
AddressList = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH), Input(Kind.LONG_TEXT, addresses=True)]
Attachment = dict[str, str]
"""A file as ``{"name", "text"}``, and Slack's id for it."""


class Chosen(FormPage):
    """The grants a task moves."""

    grants: Annotated[list[str], Input(Kind.SEARCH_MANY, source="grants")]


class ChosenWithReason(Chosen):
    reason: Annotated[str, Field(min_length=1, max_length=1000), Input(Kind.LONG_TEXT)]
