"""What is wrong with an input, as a key and its parameters. The sentence is in the language files."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from enum import StrEnum

from pydantic_core import PydanticCustomError

Parameter = str | int


class Amount(int):
    """A number that may be large: thousands are grouped as in the reader's language."""


class TextKey(str):
    """A parameter that is itself the key of a text: it is shown in the reader's language."""

    __slots__ = ()


@dataclass(frozen=True)
class Problem:
    """A fault in one field. ``key`` is looked up as ``error.<key>``; parameters never hold a secret."""

    field: str
    key: str
    params: Mapping[str, Parameter] = default(default_factory=dict)


class NoteKind(StrEnum):
    """Whom a note is for. ``TO_CHECK``: whoever reviews the answers must look at it. ``HINT``: whoever fills in the form, nobody else."""

    FACT = "fact"
    TO_CHECK = "to_check"
    HINT = "hint"


@dataclass(frozen=True)
class LineReason:
    """Why something that was listed is odd, or is not sent. ``key`` is looked up as ``reason.<key>``."""

    key: str
    params: Mapping[str, Parameter] = default(default_factory=dict)


class Mark(StrEnum):
    """What becomes of something that was listed: it is sent, it is sent but is to be checked, or it is not sent."""

    SENT = "sent"
    CHECK = "check"
    NOT_SENT = "not_sent"


@dataclass(frozen=True)
class NoteLine:
    """One thing that was listed. ``text``: as it was typed."""

    mark: Mark
    text: str
    reasons: tuple[LineReason, ...] = ()


@dataclass(frozen=True)
class Note:
    """Something to show before sending, not a fault. ``key`` is looked up as ``note.<key>``; if support needs other words than the
    customer, as ``note.<key>_here``. ``lines``: what it counts, one by one."""

    key: str
    params: Mapping[str, Parameter] = default(default_factory=dict)
    kind: NoteKind = NoteKind.FACT
    lines: tuple[NoteLine, ...] = ()


class Refused(Exception):  # noqa: N818  an answer, not a failure
    """A use case said no. ``key`` is looked up as ``refused.<key>`` and tells the person the current state."""

    def __init__(self, key: str, **params: Parameter) -> None:
        super().__init__(key)
        self.key = key
        self.params = params


def fault(key: str, **params: Parameter) -> PydanticCustomError:
    """For validators of form models: raise it to mark the field with ``error.<key>``."""
    return PydanticCustomError(key, "{key}", {"key": key, **params})
