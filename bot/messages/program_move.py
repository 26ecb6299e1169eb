"""What came of moving a program into production, in words: the verdict, then a line for each thing that was done or looked at."""

from collections.abc import Sequence

from bot.messages.blocks import Block, Drawing
from bot.messages.results import Headline, ResultLine, reason_words, result
from bot.messages.signs import ATTENTION, DONE
from bot.messages.texts import Texts
from bot.messages.wording import sentence
from flows.model import TaskRecord


def move_report(texts: Texts, record: TaskRecord, *, support: bool, buttons: Sequence[Block] = ()) -> Drawing:
    """``support``: who reads it. ``buttons``: to go on, if it is not there yet."""
    done = record.state == "done"
    said = sentence(texts, "move_done" if done else "move_failed", {"name": str(record.answers.get("name") or "")})
    lines = [
        ResultLine(
            texts(f"check.{one['check']}"),
            one["outcome"],
            reason_words(one["reason"], one["params"], texts, fixes=one["outcome"] == "failed"),
            one["x_cid"],
            one["ms"],
        )
        for one in record.answers.get("lines") or ()
    ]
    return result(Headline(DONE if done else ATTENTION, said), lines, texts, support=support, buttons=() if done else buttons)
