"""A customer's name that others have already, wherever one is given: the person reads in which channels those are, and confirms it."""

from bot.modals.render import View
from bot.modals.session import FormSession
from flows.cases.naming import namesakes
from flows.checks.visible import visible
from flows.forms.dialogs import NAMESAKES, START
from flows.model import Draft
from flows.problems import Problem

NAMING = (START, "change")
"""The forms that name a customer."""


async def unconfirmed(session: FormSession, draft: Draft) -> View | None:
    """The form again, with the box to tick; None if the name is nobody else's, or confirmed. Confirmed is what was read: of others that
    have come up since, it is asked anew. ``draft``: all that was typed, and what is told stays in it."""
    if session.form.id not in NAMING:
        return None
    case, answers = session.case, draft.answers
    customer = visible(str(answers.get("customer") or ""))
    found: list[str] = []
    if case is None or customer != case.onboarding.customer:
        found = [*await namesakes(session.unit, customer, other_than=case.id if case is not None else "")]
    told = answers.get(NAMESAKES) or []
    if told == found and (not found or answers.get("same_name")):
        return None
    draft.answers = {**answers, NAMESAKES: found, "same_name": None}
    if not found:
        return None
    problems = (Problem("same_name", "name_taken"),) if told == found else ()
    return session.page(draft.answers, 0, problems, redrawn=["same_name"])
