"""Whoever opens a form reads in its first line, or in the window's title, whom and what it is about."""

from collections.abc import Iterator
from pathlib import Path

from bot.messages.texts import Texts
from bot.modals.session import FormSession
from bot.modals.subject import DIALOG_MAY, FormMeta, subject_of
from flows.cases.access import May
from flows.cases.case import Case
from flows.forms.dialogs import DIALOGS
from flows.forms.drafts import REVIEW
from flows.forms.fields import inputs
from flows.people import Who
from tests.bot.messages.slack_reader import Reading, read
from tests.flows.cases.casework import LEAD, OWNER, STEPS, case_book

WITHOUT_CUSTOMER = {"start", "choose"}
TITLES = {step: Texts("en")(f"step.{step}.title") for step in STEPS}


def dialogs(book: str) -> Iterator[tuple[FormMeta, str]]:
    """Each with the title of the step that it is opened for, or nothing where the step is chosen in it."""
    for form in DIALOGS.values():
        asked = any(name == "step" for page in form.pages for name, _, _ in inputs(page.model))
        if form.id not in WITHOUT_CUSTOMER:
            yield FormMeta(form=form.id, onboarding=book, step="" if asked else "planning"), "" if asked else TITLES["planning"]


def forms(book: str) -> Iterator[tuple[FormMeta, str]]:
    for step_id, step in STEPS.items():
        for form in (step.form, *(task.form for task in step.tasks if task.form is not None)):
            yield FormMeta(form=form.id, onboarding=book, step=step_id), TITLES[step_id]


async def first_lines(case: Case, who: Who, meta: FormMeta) -> list[tuple[str, Reading]]:
    """With the window's title: of the first page, and of the last one, which shows all answers."""
    subject = subject_of(case, meta)
    session = await FormSession.read(case.unit, who, meta, subject, case, case.situation, Texts("en"))
    answers = {**session.form.example, **session.answers}
    views = [session.page(answers, index) for index in ((0, REVIEW) if session.form.review else (0,))]
    return [(view["title"]["text"], read(view["blocks"][:1])) for view in views]


async def test_every_form_begins_with_its_customer_and_step(tmp_path: Path) -> None:
    async with case_book(tmp_path) as book:
        await book.start(customer="Acme & <Bank>")
        for who, customer, channel in ((OWNER, "Acme & <Bank>", ["#C1"]), (LEAD, "", [])):
            async with book.store.read() as unit:
                case = await book.cases.look(unit, book.id, who)
                for meta, step in (*dialogs(book.id), *forms(book.id)):
                    if who == OWNER or DIALOG_MAY.get(meta.form) is not May.SUPPORT:
                        for title, line in await first_lines(case, who, meta):
                            words = [word for word in (customer, step) if word]
                            first = (line.marks, [word for word in line.lines[0].split(" · ") if word])
                            assert (first == (channel, words)) != (who == LEAD and title == step != ""), meta
