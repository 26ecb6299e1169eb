"""How blocks and text are drawn."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from nicegui import ui

from playground.slack.block_kit import texts


@dataclass
class _Plain:
    person: Any
    target: Any
    world: Any
    run: Any
    errors: Mapping[str, str] = field(default_factory=dict)


def _text(text: str, _reader: Any) -> str:
    return html.escape(text)


def _blocks(blocks: Any, _surface: Any) -> None:
    for block in blocks:
        ui.label("\n".join(texts([block])))


def _from(module: str, name: str, otherwise: Any) -> Any:
    try:
        return getattr(import_module(module), name)
    except ImportError:
        return otherwise


Surface: Any = _from("playground.page.surface", "Surface", _Plain)
draw_blocks: Any = _from("playground.page.blocks", "draw", _blocks)
to_html: Any = _from("playground.page.mrkdwn", "to_html", _text)
controls: Any = _from("playground.page.controls", "draw", None)
