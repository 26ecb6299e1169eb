"""The report says the same in words, in its table and in its chart, and Slack takes it, with or without tables."""

from dataclasses import replace

import pytest

from bot.messages.blocks import Block
from bot.messages.buttons import parse
from bot.messages.charts import bar_chart
from bot.messages.report import report
from bot.messages.tables import without_tables
from bot.messages.texts import Texts
from flows.cases.report import PERIODS
from flows.report import Figures
from playground.slack.block_kit import MESSAGE, PLAIN_MESSAGE, check_blocks
from playground.slack.schema import Report as Complaints
from tests.bot.messages import samples
from tests.bot.messages.test_drawings import mentions, no_key_left

EN = Texts("en")

NASTY = "*Acme* <!channel> & _Söhne_\u202e"


def complaints(blocks: list[Block], surface: str) -> Complaints:
    out: Complaints = []
    check_blocks(blocks, surface, "", out)
    return out


@pytest.mark.parametrize("language", samples.LANGUAGES)
def test_words_and_table_carry_it_alone(language: str) -> None:
    texts, full = Texts(language), samples.report(said=NASTY)
    empty = replace(full, figures=Figures(), steps=(), sides={}, at_risk=(), risks=0)
    for found in (full, samples.report(0, NASTY, NASTY), empty):
        drawn = report(found, texts)
        plain = without_tables(drawn.blocks)
        assert complaints(drawn.blocks, MESSAGE) == complaints(plain, PLAIN_MESSAGE) == []
        assert mentions(drawn) == set()
        assert no_key_left(drawn)
        chosen = next(block for block in drawn.blocks if block["type"] == "actions")["elements"][0]
        values = [parse(option["value"]) for option in chosen["options"]]
        assert [(value.onboarding, value.item) for value in values] == [(found.onboarding_id, str(n)) for n in PERIODS]
        assert chosen["initial_option"] == chosen["options"][PERIODS.index(found.days)]
    drawn = report(full, texts)
    by_kind = {block["type"]: block for block in drawn.blocks}
    head, *rows = ([cell["text"] for cell in row] for row in by_kind["data_table"]["rows"])
    assert all(
        f"{name}: {value}" in drawn.text for row in rows for name, value in zip(head[1:], row[1:], strict=True) if value != "–"
    )
    for series in by_kind["data_visualization"]["chart"]["series"]:
        column = head.index(series["name"])
        shown = [float(row[column].replace(",", ".").replace("–", "0")) for row in rows[:10]]
        assert shown == [point["value"] for point in series["data"]]
    assert {"en": "4.4", "es": "4,4", "pt_BR": "4,4"}[language] in drawn.text  # decimals as the language writes them


def test_reasons_are_told_without_what_was_typed() -> None:
    said = report(samples.report(), Texts("en")).text
    assert f"Postal code: “{EN('error.postal_code').partition('. ')[0]}” 14 times, in 6 onboardings" in said
    assert f"“{EN('error.document_doubted', standard='…').partition('. ')[0]}” 1 time" in said
    for key, hole in (("string_too_long", "max_length"), ("email_missing_at", "address")):  # whole, though a colon is in it
        sentence = EN(f"error.{key}", **{hole: "…"}).removeprefix("…: ").rstrip(".")
        assert f"“{sentence[0].upper()}{sentence[1:]}” 1 time" in said
    assert "gone · field: “reason”" in said  # an older version's


def test_names_in_a_chart_are_short_and_differ() -> None:
    series = {f"series {n}": [1.0] * 25 for n in range(9)}
    chart = bar_chart("t" * 60, "a" * 60, "b" * 60, [EN("step.setup_transaction_banking.title")] * 25, series)
    assert complaints([chart], MESSAGE) == []
