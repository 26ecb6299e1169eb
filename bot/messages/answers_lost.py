"""A customer's answers were lost with a restored backup: they are told, with the button that opens the form again."""

from bot.messages.blocks import Drawing, actions, button, drawing, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from bot.messages.wording import all_here
from flows.cases.presence import called, in_line
from flows.model import Snapshot
from flows.people import Side
from flows.state import FILLABLE


def answers_lost(snapshot: Snapshot, step_id: str, revision: int, texts: Texts) -> Drawing:
    """``revision``: of the answers that were lost. No button while the step can't be filled in: its own message offers it then."""
    record, onboarding = snapshot.steps[step_id], snapshot.onboarding
    user = all_here(texts, called(snapshot, *in_line(snapshot, record, Side.CUSTOMER)))
    can = record.state in FILLABLE and onboarding.closed_at is None
    text = texts.md("answers_lost.now" if can else "answers_lost.later", user=user, revision=revision)
    value = ButtonValue(onboarding=onboarding.id, step=step_id)
    again = [actions(button(texts("button.fill_form"), Act.OPEN_FORM, value, style="primary"))] if can else []
    return drawing([section(text), *again])
