"""Access tokens that are pasted for production: used once, and never stored."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from flows.checks.tokens import unwrapped
from flows.forms.fields import MAX_LENGTH, Input, Kind

SECRET = Input(Kind.LONG_TEXT, allow=frozenset({"access_token"}), forget=True)


def _unwrapped(value: object) -> object:
    return unwrapped(value) if isinstance(value, str) else value


TokenText = Annotated[str, Field(min_length=20, max_length=MAX_LENGTH), BeforeValidator(_unwrapped), SECRET]
