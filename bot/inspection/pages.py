"""Runs in the worker: screens and validates a page of a form, as its sending will once more do.

`flows.forms.pages` does both again in the transaction, where nothing slow may happen: what was quick here is quick there.
"""

import importlib
from typing import Any

from flows.forms.fields import Answers, FormPage
from flows.forms.pages import screen_fields, validate


def screen(model: str, raw: Answers) -> None:
    """``model``: as `name_of` says. ``raw``: some fields of the page."""
    screen_fields(_model(model), raw)


def check(model: str, raw: Answers) -> None:
    validate(_model(model), raw)


def name_of(model: type[FormPage]) -> str:
    return f"{model.__module__}:{model.__qualname__}"


def _model(name: str) -> type[FormPage]:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    assert issubclass(found, FormPage)  # noqa: S101  only the bot asks
    return found  # type: ignore[no-any-return]
