"""The access matrix: a row for each email address, a column for each access asked for. For support, and for the customer's own people."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.messages.blocks import (
    COMMENT,
    MESSAGE_TEXT,
    Block,
    Drawing,
    actions,
    button,
    context,
    drawing,
    header,
    long_sections,
    section,
)
from bot.messages.board import age
from bot.messages.buttons import Act, ButtonValue
from bot.messages.tables import length, split, table
from bot.messages.texts import Texts, escape, typed
from flows.cases.matrix import MatrixRow, rows
from flows.journey import Journey
from flows.model import Grant, Snapshot

SOON = timedelta(hours=24)
MOST = 10
"""So many are named of those that expire soon, and of those that have expired; the table has all."""
TURNING = 300
"""Characters of a page's number and buttons."""


def matrix(snapshot: Snapshot, journey: Journey, texts: Texts, now: datetime, page: int = 0) -> Drawing:
    """``page``: which of as many as show everybody; the last one if there are fewer by now. What expires soon stands on each."""
    people = rows(snapshot, journey)
    asked = list(dict.fromkeys(resource for resource in columns(journey) for row in people if resource in _cells(row)))
    asked += sorted({resource for row in people for resource in _cells(row)} - {*asked})
    title = texts("matrix.title", customer=snapshot.onboarding.customer)
    heads = [texts("matrix.person"), *(texts(f"resource.{resource}") for resource in asked)]
    above: list[Block] = [header(title), *(_urgent(people, texts, now) if people else [section(texts("matrix.empty"))])]
    cells = [[typed(row.email), *(_cell(row, resource, texts) for resource in asked)] for row in people]
    pages = split(heads, cells, MESSAGE_TEXT - length(above) - TURNING)
    if len(pages) < 2:
        return drawing([*above, *table(title, heads, cells)], most_text=COMMENT)
    page = min(max(page, 0), len(pages) - 1)
    first = sum(map(len, pages[:page]))
    shown = texts("list.rows", first=first + 1, last=first + len(pages[page]), total=len(people))
    blocks = [
        *above,
        context(shown),
        *table(title, heads, pages[page]),
        _turning(snapshot.onboarding.id, page, len(pages), texts),
    ]
    return drawing(blocks, most_text=COMMENT)


def _turning(onboarding_id: str, page: int, count: int, texts: Texts) -> Block:
    """Buttons that show another page in place of this one."""
    ways = [("before", page - 1, texts("button.previous_page")), ("after", page + 1, texts("button.next_page"))]
    return actions(
        *(
            button(label, Act.MATRIX_PAGE, ButtonValue(onboarding=onboarding_id, slot=to), name=name)
            for name, to, label in ways
            if 0 <= to < count
        )
    )


def columns(journey: Journey) -> Iterator[str]:
    """The accesses that can be asked for, in the order of the forms."""
    return (resource for step in journey.steps.values() for task in step.tasks for resource in task.resource)


def _cells(row: MatrixRow) -> dict[str, list[Grant]]:
    found: dict[str, list[Grant]] = {}
    for grant in row.grants:
        found.setdefault(grant.resource, []).append(grant)
    return found


def _cell(row: MatrixRow, resource: str, texts: Texts) -> str:
    return "; ".join(", ".join(_words(grant, texts)) for grant in _cells(row).get(resource, ()))


def _words(grant: Grant, texts: Texts) -> Iterator[str]:
    state = texts(f"grant.{grant.state}")
    yield f"{state} ({typed(grant.reference)})" if grant.reference else state
    if grant.expires_at:
        yield texts.md("matrix.expires", at=texts.at(grant.expires_at))
    if grant.role:
        yield ", ".join(texts(f"choice.role.{role}") for role in grant.role.split(","))


def _urgent(people: Sequence[MatrixRow], texts: Texts, now: datetime) -> Iterator[Block]:
    """Invitations that expire within 24 hours, the soonest first, and those that have expired."""
    grants = [grant for row in people for grant in row.grants]
    invited = [(grant.expires_at, grant) for grant in grants if grant.state == "invited" and grant.expires_at]
    soon = sorted(((at, grant) for at, grant in invited if now < at <= now + SOON), key=lambda one: one[0])
    expired = [grant for grant in grants if grant.state == "expired"]
    expired += [grant for at, grant in invited if at <= now]
    yield from _named("soon", [(grant, f" ({age(now, at, texts)})") for at, grant in soon], texts)
    yield from _named("expired", [(grant, "") for grant in expired], texts)


def _named(key: str, found: Sequence[tuple[Grant, str]], texts: Texts) -> Iterator[Block]:
    if found:
        lines = [f"• {typed(one.email)}: {escape(texts(f'resource.{one.resource}'))}{when}" for one, when in found[:MOST]]
        lines += [texts("status.more", n=len(found) - MOST)] if len(found) > MOST else []
        yield from long_sections("\n".join([f"*{texts(f'matrix.{key}', n=len(found))}*", *lines]))
