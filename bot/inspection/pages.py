"""Runs in the worker: screens and validates a page of a form, as its sending will do once more.

`flows.forms.pages` does both again in the transaction, where nothing slow may happen: what was quick here is quick there.
"""

import importlib
from typing import Any

from flows.forms import addresses
from flows.forms.fields import Answers, FormPage, inputs
from flows.forms.pages import screen_fields, validate


def look(model: str, raw: Answers) -> None:
    """``model``: as `name_of` says; ``raw``: what was typed on the page. Lists are read as their checks and notes will read them."""
    page = _model(model)
    screened = screen_fields(page, raw).raw
    validate(page, screened)
    if page.read_lists(screened) is not None:
        return
    for name, _, item in inputs(page):
        if item.addresses or "csv" in item.filetypes:
            addresses.addresses(screened, name)


def screen(model: str, raw: Answers) -> None:
    """``raw``: some fields of the page."""
    screen_fields(_model(model), raw)


def loaded() -> None:
    """Does nothing; whoever asks for it knows that the rest is loaded."""


def name_of(model: type[FormPage]) -> str:
    return f"{model.__module__}:{model.__qualname__}"


def _model(name: str) -> Any:
    module, _, found = name.partition(":")
    return getattr(importlib.import_module(module), found)
