"""Support's lists as drawn: every row can be reached, in either form, and leads to its card."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.messages.blocks import BLOCKS, MESSAGE_TEXT
from bot.messages.board import age
from bot.messages.buttons import Act, OldButton, parse
from bot.messages.links import Links
from bot.messages.lists import WITH_WORDS, Asked, ListKind, StuckCall, board, message, queue
from bot.messages.tables import ROWS, length, without_tables
from bot.messages.texts import Texts
from flows.desk import Need, Only, Page, Place
from playground.slack.checks import check_message
from tests.bot.messages import samples


def presses(blocks: list[dict[str, Any]], ending: str) -> list[Asked]:
    """What the buttons of this name ask for."""
    elements = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    return [Asked.of(parse(one["value"])) for one in elements if one["action_id"].endswith(ending)]


@pytest.mark.parametrize("said", ["Acme", "É&" * 40])
@pytest.mark.parametrize("kind", [ListKind.QUEUE, ListKind.BOARD])
def test_the_next_page_begins_where_this_one_ends(kind: ListKind, said: str) -> None:
    """However little room there is; and each page is whole as sections too."""
    many = range(230)
    waiting = [replace(samples.waiting(f"{number} {said}")[0], item=f"call_{number}") for number in many]
    standing = [replace(samples.standing(f"{number} {said}")[1]) for number in many]
    look, asked, seen = samples.look("en", ROWS), Asked(kind), list[int]()
    while True:
        part = slice(asked.first, asked.first + ROWS)
        words = {row.item: StuckCall("<!channel> *help*", "U_SUE") for row in waiting[part]}
        if kind is ListKind.QUEUE:
            blocks = queue(asked, Page(waiting[part], asked.first, len(waiting)), words, look)
        else:
            blocks = board(asked, Page(standing[part], asked.first, len(standing)), look)
        drawn = message(blocks)
        check_message({"text": drawn.text, "blocks": drawn.blocks})
        plain = without_tables(drawn.blocks)
        assert (len(plain) <= BLOCKS, length(plain) <= MESSAGE_TEXT) == (True, True)
        rows = [row for block in drawn.blocks if block["type"] == "data_table" for row in block["rows"][1:]]
        above = [row.customer for row in waiting[part][:WITH_WORDS]] if kind is ListKind.QUEUE else []
        names = above + [row[0]["elements"][0]["elements"][0]["text"] for row in rows]
        seen += [int(name.split()[0].strip("\u2068")) for name in names]
        assert all(f"{number} " in drawn.text for number in seen[-len(names) :])  # all of it is read out
        if not (after := presses(blocks, "-after")):
            break
        assert after[0].first == asked.first + len(names)
        asked = after[0]
    assert seen == list(many)
    assert presses(blocks, "-before")[0].first == asked.first - ROWS


def test_a_row_leads_to_its_card_and_who_is_stuck_stands_on_top_with_their_words() -> None:
    rows = samples.waiting(step_id="planning")[:2]
    rows = [replace(rows[0], need=Need.STUCK, item="call_1"), rows[1]]
    drawn = message(
        queue(
            Asked(ListKind.QUEUE), Page(rows, 0, 2), {"call_1": StuckCall("We wait for our bank.", "U_SUE")}, samples.look("en")
        )
    )
    kinds = [block["type"] for block in drawn.blocks]
    assert kinds.index("section") < kinds.index("data_table")
    assert "We wait for our bank." in drawn.text
    assert "<@U_SUE> is answering." in drawn.text
    answer, card = next(block for block in drawn.blocks if block["type"] == "actions")["elements"]
    assert (answer["action_id"], parse(answer["value"]).item) == (f"{Act.ANSWER_CALL}:call_1", "call_1")
    url = "https://pismo.slack.com/archives/C_SUPPORT/p1700000000000100"
    assert card["url"] == url
    assert drawn.blocks[kinds.index("data_table")]["rows"][1][0]["elements"][0]["elements"][0]["url"] == url


def test_a_link_is_made_as_slack_makes_it() -> None:
    links, place = Links("https://pismo.slack.com/"), Place("C1", "1700000000.000100", "1699999999.000001")
    assert links.to(place) == ("https://pismo.slack.com/archives/C1/p1700000000000100?thread_ts=1699999999.000001&cid=C1")
    assert links.to(None) == Links().to(place) == ""


def test_every_filter_comes_back_as_it_was_chosen_and_no_other() -> None:
    look = samples.look("en")
    for asked in (Asked(ListKind.QUEUE, only) for only in Only):
        blocks = queue(asked, Page([], 0, 0), {}, look)
        (select,) = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
        options = [option for group in select["option_groups"] for option in group["options"]]
        assert [Asked.of(parse(option["value"])) for option in options if option == select["initial_option"]] == [asked]
        assert all(len(option["value"]) <= 150 for option in options)
        assert len(options) == len(Only) + len(look.steps)
    with pytest.raises(OldButton):
        Asked.of(asked.value.model_copy(update={"only": "zebra"}))


def test_an_age_is_no_number_before_a_minute_is_over() -> None:
    en = Texts("en")
    told = [age(samples.NOW - timedelta(seconds=seconds), samples.NOW, en) for seconds in (0, 59, 60)]
    assert told == [en("age.less"), en("age.less"), en("age.minutes", n=1)]
