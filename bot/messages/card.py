"""The living checklist card in the customer's channel."""

from bot.messages import turns
from bot.messages.blocks import Block, Drawing, actions, button, context, divider, drawing, header, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.companies import named
from bot.messages.notes import note_words
from bot.messages.texts import Raw, Texts
from bot.messages.wording import in_charge
from flows.cases.companies import unaccepted
from flows.cases.settle import open_tasks, side_of, waits_until
from flows.forms.step import Situation
from flows.journey import Journey
from flows.model import Onboarding, Snapshot, StepRecord
from flows.people import Side
from flows.state import StepState


def progress(snapshot: Snapshot, texts: Texts) -> str:
    """ "3 of 7 steps done, 1 skipped" with a bar in text, which what was skipped doesn't fill."""
    states = [record.state for record in snapshot.steps.values()]
    done, skipped, count = states.count(StepState.DONE), states.count(StepState.SKIPPED), len(states)
    return f"{'▓' * done}{'░' * (count - done)}  {progress_words(done, skipped, count, texts)}"


def progress_words(done: int, skipped: int, count: int, texts: Texts) -> str:
    said = texts("card.progress", done=done, count=count)
    return f"{said}, {texts('card.skipped', n=skipped)}" if skipped else said


def step_line(number: int, record: StepRecord, turn: str, texts: Texts) -> str:
    """Number, title, state and whose turn, all in words. ``turn``: see `bot.messages.turns`."""
    words = [f"*{number}. {texts(f'step.{record.step_id}.title')}*", texts(f"state.{record.state.value}")]
    words += [turn] if turn else []
    return " · ".join(words)


def next_button(snapshot: Snapshot, journey: Journey, texts: Texts, situation: Situation) -> Block | None:
    """The one thing for this customer to do next: a form to fill in, else a task of theirs."""
    if snapshot.onboarding.closed_at:
        return None
    onboarding_id = snapshot.onboarding.id
    for wanted in (StepState.CHANGES_REQUESTED, StepState.OPEN):
        for step_id in journey.steps:
            if snapshot.steps[step_id].state is wanted:
                return _fill_button(onboarding_id, journey, step_id, texts)
    for step_id, step in journey.steps.items():
        record = snapshot.steps[step_id]
        if record.state is StepState.FULFILLING and waits_until(record) is None:
            if side_of(record) is Side.CUSTOMER and step.to_resend(situation):
                return _fill_button(onboarding_id, journey, step_id, texts)
            for task in open_tasks(step, situation):
                if task.side is Side.CUSTOMER:
                    value = ButtonValue(onboarding=onboarding_id, step=step_id, task=task.id)
                    return button(texts(f"task.{step_id}.{task.id}.button"), Act.TASK, value, style="primary")
    return None


def _fill_button(onboarding_id: str, journey: Journey, step_id: str, texts: Texts) -> Block:
    text = texts("button.fill", number=journey.number(step_id), step=texts(f"step.{step_id}.title"))
    return button(text, Act.OPEN_FORM, ButtonValue(onboarding=onboarding_id, step=step_id), style="primary")


def closed_line(onboarding: Onboarding, texts: Texts) -> str:
    """By whom it was closed, and when; empty while it is open."""
    if onboarding.closed_at is None:
        return ""
    return texts.md("card.closed", by=Raw(f"<@{onboarding.closed_by}>"), at=texts.at(onboarding.closed_at))


def people_line(snapshot: Snapshot, texts: Texts) -> str:
    lead, owner = (in_charge(texts, snapshot, one) for one in (snapshot.onboarding.lead_id, snapshot.onboarding.owner_id))
    return texts.md("card.people", lead=lead, owner=owner)


def card(snapshot: Snapshot, journey: Journey, texts: Texts, situation: Situation) -> Drawing:
    """All steps with their states, one primary button, and who has access."""
    onboarding = snapshot.onboarding
    buttons: list[Block] = []
    blocks: list[Block] = [header(texts("card.title", customer=onboarding.customer)), section(progress(snapshot, texts))]
    if onboarding.go_live:
        blocks.append(context(texts.md("card.go_live", date=onboarding.go_live.isoformat())))
    if (third := unaccepted(snapshot)) and not onboarding.closed_at:
        blocks.append(context(texts.md("card.third_company", companies=named(third))))
    blocks.extend(context(note_words(note, texts)) for step in journey.steps.values() for note in step.on_card(situation))
    blocks.append(divider())
    records = enumerate((snapshot.steps[step_id] for step_id in journey.steps), start=1)
    lines = [step_line(number, record, turns.for_customer(record, texts), texts) for number, record in records]
    blocks.append(section("\n".join(lines)))
    if onboarding.closed_at:
        blocks.append(section(closed_line(onboarding, texts)))
    elif (offered := next_button(snapshot, journey, texts, situation)) is not None:
        buttons.append(offered)
    else:
        works = any(side_of(record) is Side.SUPPORT for record in snapshot.steps.values())
        blocks.append(context(texts("card.nothing_to_do" if works else "card.nothing_yet")))
    if snapshot.grants:
        buttons.append(button(texts("button.matrix"), Act.MATRIX, ButtonValue(onboarding=onboarding.id)))
    if buttons:
        blocks.append(actions(*buttons))
    blocks.append(context(people_line(snapshot, texts)))
    return drawing(blocks)
