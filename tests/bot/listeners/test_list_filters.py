"""A filter of a list as people type it."""

import pytest

from bot.listeners.lists import read_filter
from bot.messages.lists import Asked, ListKind
from bot.messages.texts import Texts
from flows.desk import Only
from tests.bot.messages.samples import STEPS


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", Asked(ListKind.QUEUE)),
        ("  MINE ", Asked(ListKind.QUEUE, Only.MINE)),
        ("Go-Live", Asked(ListKind.QUEUE, Only.GO_LIVE)),
        ("atrasados", Asked(ListKind.QUEUE, Only.OVERDUE)),
        ("Sem responsavel", Asked(ListKind.QUEUE, Only.UNCLAIMED)),
        ("2", Asked(ListKind.QUEUE, step_id=STEPS[1])),
        ("Organização", Asked(ListKind.QUEUE, step_id="organization")),
        ("Etapa 2", Asked(ListKind.QUEUE, step_id=STEPS[1])),
        ("Mine", Asked(ListKind.QUEUE, Only.MINE)),
        ("control center access", Asked(ListKind.QUEUE, step_id="control_center")),
        ("Acme Bank", None),
    ],
)
def test_what_was_typed_is_a_filter_a_step_or_neither(typed: str, read: Asked | None) -> None:
    for language in ("pt_BR", "en"):
        assert read_filter(ListKind.QUEUE, typed, Texts(language), STEPS) == read
