"""What a customer has in the test environment and in production, and what production lacks. For support only."""

from bot.messages.blocks import COMMENT, Block, Drawing, context, drawing, header, long_sections
from bot.messages.tables import table
from bot.messages.texts import Texts, escape
from flows.cases.parity import ParityRow
from flows.forms.parity import ENVIRONMENTS, PRODUCTION, TEST, ParityCell
from flows.forms.step import Situation, Step


def parity(customer: str, rows: list[ParityRow], texts: Texts) -> Drawing:
    """What is lacking in words, then all of it as a table, in the order of the steps."""
    title = texts("parity.title", customer=customer)
    lacks = [texts(f"parity.what.{row.what}") for row in rows if row.lacks]
    blocks: list[Block] = [header(title)]
    blocks.extend(long_sections(texts("parity.lacks", what=", ".join(lacks)) if lacks else texts("parity.equal")))
    slow = [texts(f"parity.what.{row.what}") for row in rows if row.takes_long]
    if slow:
        blocks.append(context(texts("parity.long", what=", ".join(slow))))
    heads = [texts("parity.item"), *(texts(f"environment.{one}") for one in ENVIRONMENTS), texts("parity.notes")]
    return drawing([*blocks, *table(title, heads, (_cells(row, texts) for row in rows))], most_text=COMMENT)


def _cells(row: ParityRow, texts: Texts) -> list[str]:
    """The item, one of the four words for each environment, and what is known besides."""
    sides = {TEST: row.test, PRODUCTION: row.production}
    notes = [f"{escape(texts(f'environment.{name}'))}: {note}" for name, cell in sides.items() if (note := _note(cell, texts))]
    states = (escape(texts(f"parity.state.{cell.state.value}")) for cell in sides.values())
    return [escape(texts(f"parity.what.{row.what}")), *states, "; ".join(notes)]


def lane(step: Step, situation: Situation, texts: Texts) -> list[Block]:
    """A line for each thing that production needs, where a step leads there; for both sides."""
    if not step.shows_lane:
        return []
    cells = [(item.what, item.cell(situation, PRODUCTION)) for item in step.parity]
    lines = [f"*{texts(f'parity.what.{what}')}*: {_words(cell, texts)}" for what, cell in cells if cell is not None]
    return list(long_sections("\n".join(lines)))


def _words(cell: ParityCell, texts: Texts) -> str:
    state = texts(f"parity.state.{cell.state.value}")
    note = _note(cell, texts)
    return f"{escape(state)} ({note})" if note else escape(state)


def _note(cell: ParityCell, texts: Texts) -> str:
    return texts.md(f"parity.note.{cell.note}", **cell.params) if cell.note else ""
