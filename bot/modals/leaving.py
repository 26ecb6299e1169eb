"""Leaving a page of a form: what was typed is kept, unless somebody else changed the page since it was shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.modals.inspected import Inspected
from bot.modals.parse import drawn_page, file_problems, parse_page
from bot.modals.render import View
from bot.modals.session import FormSession, mark_of
from bot.slack.payloads import values_of, window_of
from flows.cases import fill, secrets
from flows.forms import drafts
from flows.forms.drafts import REVIEW
from flows.forms.fields import Answers
from flows.forms.pages import Slot, screen, slots
from flows.model import Draft
from flows.problems import Problem


@dataclass(frozen=True)
class Left:
    """The result of leaving a page: its problems, or the next view. If there is neither, the form is to be sent now, from its
    ``draft``.

    ``kept``: it was left, and what was typed is kept. ``raw``: what was typed. ``used``: the part of it that must
    not be kept. ``answers``: everything kept now.
    """

    slot: Slot
    raw: Answers
    answers: Answers
    problems: tuple[Problem, ...] = ()
    view: View | None = None
    kept: bool = False
    used: Answers = field(default_factory=dict)
    draft: Draft | None = None


async def leave(
    session: FormSession, view: Mapping[str, Any], inspected: Inspected, *, back: bool = False, out: bool = False
) -> Left:
    """Keep what was typed on a page, unless somebody else changed it since it was shown: then it is shown again.

    ``view``: as it was drawn, with its state. ``out``: the entry that the page is for is left out. If it comes
    twice, it has one effect: keeping the same again changes nothing, and an entry is removed only once.
    """
    unit, form, meta, answers = session.unit, session.form, session.meta, session.answers
    values, window = values_of(view), window_of(view)
    order = slots(form, answers)
    slot = drafts.slot_of(form, meta.page) or order[min(meta.slot, len(order) - 1)]
    raw = {"then": "remove"} if out else parse_page(values, slot, inspected.files)
    unscreened = (Problem(name, "not_looked_into", {"why": why}) for name, why in sorted(inspected.unscreened.items()))
    unreadable = file_problems(raw) + tuple(unscreened)
    unchecked = (
        () if unreadable else tuple(Problem(name, "not_checked", {"why": why}) for name, why in inspected.unchecked.items())
    )
    typed = {name: value for name, value in raw.items() if name not in {problem.field for problem in unreadable}}
    removes = slot.item is not None and typed.get("then") == "remove"
    if removes and await unit.was_seen(f"removed:{window}"):
        after = fill.next_slot(form, answers, meta.slot, session.situation, back=back, removed=True)
        return Left(slot, raw, answers, view=session.page(answers, after, anew=True))
    if await session.changed_since(window):
        screened = screen(slot.page, typed)
        problems = unreadable + _of_others(screened.problems, unreadable)
        if problems:
            return _refused(session, slot, raw, answers, problems, back=back)
        return Left(slot, raw, answers, view=session.page_again(slot, screened.raw, _untouched(session, view, slot, raw)))
    paged = fill.leave_page(
        unit,
        form,
        session.opened,
        meta.slot,
        typed,
        session.who,
        session.situation,
        back=back,
        page=meta.page,
        found=unchecked,
        mending=meta.mending,
    )
    answers = paged.draft.answers
    problems = unreadable + _of_others(paged.problems, unreadable)
    await unit.once(f"removed:{window}" if removes and not problems else mark_of(window, unit.now))
    if problems:
        return _refused(session, slot, raw, answers, problems, back=back)
    if paged.slot == REVIEW and session.goes_without_review(answers):
        return Left(slot, raw, answers, used=paged.used, draft=paged.draft)
    view_next = session.page(answers, paged.slot, session.to_correct(answers, paged.slot), anew=removes)
    return Left(slot, raw, answers, view=view_next, kept=True)


def _untouched(session: FormSession, view: Mapping[str, Any], slot: Slot, raw: Answers) -> frozenset[str]:
    """The fields in which nothing was typed: somebody else's words in them are not put back. None where the page was drawn again
    before: what stands in it may have been typed."""
    drawn = drawn_page(view.get("blocks") or (), slot) if not session.meta.anew else {}
    return frozenset(name for name, value in drawn.items() if (raw.get(name) or None) == (value or None))


def _of_others(problems: tuple[Problem, ...], refused: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Without those of fields that were refused already: they count as empty, though something was sent in them."""
    fields = {problem.field for problem in refused}
    return tuple(problem for problem in problems if problem.field not in fields)


def _refused(
    session: FormSession, slot: Slot, raw: Answers, answers: Answers, problems: tuple[Problem, ...], *, back: bool
) -> Left:
    """The page's own fields show the problems; on the way back, which Slack doesn't check, the page is redrawn with them."""
    view = session.page(answers, session.meta.slot, problems, anew=True) if back else None
    return Left(slot, raw, answers, problems, view)


async def refuse_secrets(session: FormSession, problems: tuple[Problem, ...], raw: Answers) -> None:
    """Warn support of refused secrets, without showing them, and delete the files that contained them if Slack allows it; and of what
    was refused because it could not be looked into."""
    case = session.case
    if case is None:
        return
    for problem in problems:
        if problem.key.startswith("secret_"):
            value = raw.get(problem.field)
            file = str(value["id"]) if isinstance(value, dict) else ""
            await secrets.refused(case, problem.key, f"{session.form.id}.{problem.field}", file)
        elif problem.key in ("not_looked_into", "not_checked"):
            await secrets.not_looked_into(case, f"{session.form.id}.{problem.field}", str(problem.params["why"]))
