"""The access matrix: each e-mail address with the accesses asked for and their state. For support, and for the customer's own people."""

from collections.abc import Iterator
from datetime import datetime

from bot.messages.blocks import Drawing, drawing, fit, header, long_sections
from bot.messages.board import age
from bot.messages.texts import Texts, date_token, typed
from flows.cases.matrix import rows
from flows.journey import Journey
from flows.model import Grant, Snapshot


def matrix(snapshot: Snapshot, journey: Journey, texts: Texts, now: datetime, more: str = "review.more") -> Drawing:
    """``more``: the key of what stands there for what doesn't fit."""
    lines: list[str] = []
    for row in rows(snapshot, journey):
        lines += [f"*{typed(row.email)}*", *(f"    {' · '.join(_cell(grant, texts, now))}" for grant in row.grants)]
    title = texts("matrix.title", customer=snapshot.onboarding.customer)
    shown = [header(title), *long_sections("\n".join(lines) or texts("matrix.empty"))]
    return drawing(fit(shown, more=texts(more)))


def _cell(grant: Grant, texts: Texts, now: datetime) -> Iterator[str]:
    state = f"{texts(f'resource.{grant.resource}')}: {texts(f'grant.{grant.state}')}"
    yield f"{state} ({typed(grant.reference)})" if grant.reference else state
    if grant.role:
        yield ", ".join(texts(f"choice.role.{role}") for role in grant.role.split(","))
    if grant.expires_at:
        yield texts.md("matrix.expires_in", age=age(now, grant.expires_at, texts), at=date_token(grant.expires_at))
