"""What a customer goes through from start to end, counted: windows, presses and fields of every form, for card issuing with two users of
Control Center. Nothing is sent: the forms are walked through with their examples, as `flows.cases.fill` turns their pages.

python -m playground.count
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from flows.cases import fill
from flows.forms.drafts import REVIEW
from flows.forms.fields import Answers, inputs
from flows.forms.pages import collect, hidden, is_brief, needs_a_look, put, raw_of, slots
from flows.forms.step import EXAMPLES_AT, Form, Situation
from flows.journey import JOURNEYS
from flows.people import Side

CHOICES: Mapping[str, Answers] = {
    "planning": {"products": ["card_issuing"]},
    "first_programs": {"products": ["card_issuing"]},
    "integration": {"integrations": ["not_needed"]},
}
OPENID: Mapping[str, Answers] = {"authentication": {"method": "oidc", "mtls": "csr"}, "production": {"key": "another"}}
"""What a customer chooses who signs with a key of their own, which is the longest way."""


@dataclass(frozen=True)
class Counted:
    """``windows``: pages and, where there is one, the last page with all answers. ``presses``: with the button that opens the form.
    ``fields``: on those pages; ``typed``: those of them in which nothing stands yet."""

    what: str
    windows: int = 0
    presses: int = 0
    fields: int = 0
    typed: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(
            self.what,
            self.windows + other.windows,
            self.presses + other.presses,
            self.fields + other.fields,
            self.typed + other.typed,
        )


def counted(choices: Mapping[str, Answers] = CHOICES) -> Iterator[Counted]:
    """One for each form of a step, then one for each of the customer's tasks that a step waits for."""
    journey = JOURNEYS.latest
    steps = {one.id: one for one in journey.steps.values() if not one.brought_by or one.id == "setup_card_issuing"}
    situation = Situation(EXAMPLES_AT, EXAMPLES_AT.date(), "Example Bank", "en", "UTC", steps=tuple(steps))
    tasks = list[Counted]()
    for step in steps.values():
        answers = {**step.form.example, **choices.get(step.id, {})}
        yield _form(step.form, answers, situation)
        clean, _ = collect(step.form, answers, situation)
        situation = replace(
            situation, answers={**situation.answers, step.id: clean}, contact=situation.contact or step.contact(clean)
        )
        for task in step.tasks:
            if task.side is Side.CUSTOMER and not task.optional:
                of = _form(task.form, task.form.example, situation) if task.form is not None else Counted("", presses=1)
                tasks.append(replace(of, what=f"{step.id}.{task.id}"))
    yield from tasks


def _form(form: Form, wanted: Answers, situation: Situation) -> Counted:
    answers = form.prefill(situation)
    index, found = fill.first_slot(form, answers, situation), Counted(form.id, presses=1)
    while index != REVIEW:
        slot = slots(form, answers)[index]
        unasked = hidden(slot, {**answers, **wanted}, situation)
        asked = [name for name, _, item in inputs(slot.page.model) if name not in unasked and not item.doubted]
        shown = raw_of(slot, answers)
        found += Counted("", 1, 1, len(asked), sum(shown.get(name) in (None, "", []) for name in asked))
        answers = put(slot, answers, raw_of(slot, {**answers, **wanted}))
        if slot.page.takes is not None:
            answers = slot.page.takes(answers, situation)
        index = fill.next_slot(form, answers, index, situation, back=False, removed=False)
    clean, _ = collect(form, answers, situation)
    reviewed = form.review and (not is_brief(form, answers, situation) or needs_a_look(form, clean, situation))
    return found + Counted("", 1, 1) if reviewed else found


def main() -> None:
    for title, choices in (
        ("Basic, key pair made by Pismo", CHOICES),
        ("OpenID Connect, signing request", {**CHOICES, **OPENID}),
    ):
        found = list(counted(choices))
        forms = [one for one in found if "." not in one.what]
        whole = sum(found, Counted("with the tasks"))
        print(f"\n{title}\n{'':34}windows presses  fields   empty")
        for one in (*forms, sum(forms, Counted("all forms")), *(one for one in found if one not in forms), whole):
            print(f"{one.what:34}{one.windows:7} {one.presses:7} {one.fields:7} {one.typed:7}")


if __name__ == "__main__":
    main()
