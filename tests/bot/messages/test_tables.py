"""A table is complete in each of its forms: as a block, as sections, and in the message's text."""

from bot.messages.blocks import BLOCKS, COMMENT, MESSAGE_TEXT, drawing, header, section
from bot.messages.tables import ROWS, Cell, CellLink, length, table, without_tables
from bot.messages.texts import typed
from playground.slack.block_kit import MESSAGE, PLAIN_MESSAGE, check_blocks
from playground.slack.schema import Report
from tests.bot.messages.slack_reader import read

TYPED = "*Acme*\nBank → <!channel> :tada:"
CARD = "https://pismo.slack.com/archives/C1/p1"
HEAD = ["Customer", "Step", "Waits", "Claimed by"]
ROW: list[Cell] = [CellLink(TYPED, CARD), typed(TYPED), 3, "<@U_SUE>"]


def complaints(blocks: list[dict[str, object]], surface: str) -> Report:
    out: Report = []
    check_blocks(blocks, surface, "", out)
    return out


def test_nothing_typed_formats_and_all_is_said_in_each_form() -> None:
    blue: list[Cell] = [CellLink("Blue", CARD), "", 0, ""]
    drawn = drawing(table("What waits", HEAD, [ROW, blue]))
    plain = without_tables([*drawn.blocks, {"type": "data_visualization"}])
    assert complaints(drawn.blocks, MESSAGE) == complaints(plain, PLAIN_MESSAGE) == []
    assert complaints(drawn.blocks, PLAIN_MESSAGE)
    for lines in ("".join(read(plain).lines), drawn.text):
        said = "".join(lines.split()).replace("\u200a", "")
        assert all(
            "".join(word.split()) in said for word in ("Step: ", "*Acme*Bank→", "Waits: 3", "Claimed by: ", "Blue", "Waits: 0")
        )
    assert sum(CARD in str(mark) for mark in read(plain).marks) == 2
    assert "@U_SUE" in read(plain).marks
    assert "–" not in drawn.text  # nothing is said of what is empty


def test_what_has_no_room_is_told_and_the_rest_fits_as_sections_too() -> None:
    most: list[Cell] = ["É" * 80, typed("&" * 40), "<@U_SUE>", 3]
    for rows, kept in ((ROWS * 2, None), (ROWS, ROWS), (0, 0)):
        row: list[Cell] = most if kept is None else ["a", "b", "c", "d"]
        blocks = table("All", HEAD, [row] * rows, left_out="{} more".format)
        shown = len(blocks[0]["rows"]) - 1 if blocks else 0
        assert kept in (None, shown)
        drawn = drawing([header("All"), section("x" * 1000), *blocks], most_text=COMMENT)
        plain = without_tables(drawn.blocks)
        assert len(plain) <= BLOCKS
        assert length(plain) <= MESSAGE_TEXT
        assert complaints(drawn.blocks, MESSAGE) == complaints(plain, PLAIN_MESSAGE) == []
        assert (f"{rows - shown} more" in drawn.text) is (shown < rows)
