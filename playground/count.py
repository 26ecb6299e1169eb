"""What a customer goes through from start to end, counted: windows, presses and fields of every form, for card issuing with two users of
Control Center. Nothing is sent: the forms are walked through with their examples, as `flows.cases.fill` turns their pages.

python -m playground.count
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flows.cases import fill
from flows.forms.drafts import REVIEW
from flows.forms.fields import Answers, inputs, only_default
from flows.forms.pages import collect, hidden, is_brief, needs_a_look, put, raw_of, slots
from flows.forms.step import EXAMPLES_AT, Form, Situation, Task
from flows.journey import JOURNEYS
from flows.people import Side

CHOICES: Mapping[str, Answers] = {
    "planning": {"products": ["card_issuing"]},
    "first_programs": {"products": ["card_issuing"]},
    "integration": {"integrations": ["not_needed"]},
}
OPENID: Mapping[str, Answers] = {
    **CHOICES,
    "authentication": {"method": "oidc", "mtls": "csr"},
    "production": {"key": "another"},
}
"""What a customer chooses who signs with keys of their own, which is the longest way."""
HEAD = f"{'':34}windows presses  fields   empty"


@dataclass(frozen=True)
class Counted:
    """``windows``: pages and, where there is one, the last page with all answers. ``presses``: with the button that opens the form.
    ``fields``: on those pages; ``empty``: those of them in which nothing stands yet."""

    what: str
    windows: int = 0
    presses: int = 0
    fields: int = 0
    empty: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        windows, presses = self.windows + other.windows, self.presses + other.presses
        return Counted(self.what, windows, presses, self.fields + other.fields, self.empty + other.empty)

    def __str__(self) -> str:
        return f"{self.what:34}{self.windows:7} {self.presses:7} {self.fields:7} {self.empty:7}"


def counted(choices: Mapping[str, Answers] = CHOICES) -> tuple[list[Counted], list[Counted]]:
    """The forms of the steps, and the customer's tasks that a step waits for."""
    journey = JOURNEYS.latest
    steps = {one.id: one for one in journey.steps.values() if not one.brought_by or one.id == "setup_card_issuing"}
    situation = Situation(EXAMPLES_AT, EXAMPLES_AT.date(), "Example Bank", "en", "UTC", steps=tuple(steps))
    forms, tasks = list[Counted](), list[Counted]()
    for step in steps.values():
        answers = {**step.form.example, **choices.get(step.id, {})}
        forms.append(_form(step.form, answers, situation))
        clean, _ = collect(step.form, answers, situation)
        known = {**situation.answers, step.id: clean}
        situation = replace(situation, answers=known, contact=situation.contact or step.contact(clean))
        for task in step.tasks:
            without_key = task.id == "record_upload" and situation.get("authentication", "method") != "oidc"
            if task.side is Side.CUSTOMER and not task.optional and not without_key:
                found = _form(task.form, task.form.example, situation, task) if task.form is not None else Counted("", presses=1)
                tasks.append(replace(found, what=f"{step.id}.{task.id}"))
    return forms, tasks


def _form(form: Form, wanted: Answers, situation: Situation, task: Task | None = None) -> Counted:
    """From the press that opens it to the one that sends it."""
    answers = form.prefill(situation)
    offers = task.offers if task is not None else {}
    offered = {source: [offer.value for offer in offers_of(situation)] for source, offers_of in offers.items()}
    index, found = fill.first_slot(form, answers, situation), Counted(form.id, presses=1)
    while index != REVIEW:
        slot = slots(form, answers)[index]
        unasked = hidden(slot, {**answers, **wanted}, situation)
        shown = raw_of(slot, answers)
        asked = [
            name
            for name, info, item in inputs(slot.page.model)
            if not (name in unasked or item.doubted or only_default(info, item, shown.get(name), offered.get(item.source, ())))
        ]
        found += Counted("", 1, 1, len(asked), sum(shown.get(name) in (None, "", []) for name in asked))
        answers = put(slot, answers, raw_of(slot, {**answers, **wanted}))
        if slot.page.takes is not None:
            answers = slot.page.takes(answers, situation)
        index = fill.next_slot(form, answers, index, situation, back=False, removed=False)
    clean, _ = collect(form, answers, situation)
    reviewed = form.review and (not is_brief(form, answers, situation) or needs_a_look(form, clean, situation))
    return found + Counted("", 1, 1) if reviewed else found


def main() -> None:
    for title, choices in (("Basic, key pair made by Pismo", CHOICES), ("OpenID Connect, own signing request", OPENID)):
        forms, tasks = counted(choices)
        all_forms, whole = sum(forms, Counted("all forms")), sum((*forms, *tasks), Counted("with the tasks"))
        print(f"\n{title}\n{HEAD}", *forms, all_forms, *tasks, whole, sep="\n")


if __name__ == "__main__":
    main()
