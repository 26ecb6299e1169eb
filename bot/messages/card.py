"""The living checklist card in the customer's channel."""

from bot.messages import turns
from bot.messages.blocks import Block, Drawing, actions, button, context, drawing, header, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.companies import named
from bot.messages.notes import note_words
from bot.messages.signs import OF_STATE
from bot.messages.texts import Raw, Texts
from bot.messages.wording import in_charge
from flows.business_time import BusinessDuration
from flows.cases.companies import unaccepted
from flows.cases.settle import open_tasks, side_of, waits_until
from flows.forms.step import Situation
from flows.journey import Journey
from flows.model import Onboarding, Snapshot, StepRecord
from flows.people import Side
from flows.problems import Amount
from flows.state import ENDED, StepState


def progress(snapshot: Snapshot, texts: Texts) -> str:
    """ "3 of 6 steps done, 1 skipped": what was skipped is not among the six."""
    states = [record.state for record in snapshot.steps.values()]
    done, skipped = states.count(StepState.DONE), states.count(StepState.SKIPPED)
    said = texts("card.progress", done=done, count=len(states) - skipped)
    return f"{said}, {texts('card.skipped', n=skipped)}" if skipped else said


def go_live(snapshot: Snapshot, texts: Texts, situation: Situation) -> str:
    """The day, and how far it is from the customer's today (`Sweeps.count_down` keeps that right); empty if none is set."""
    onboarding = snapshot.onboarding
    if onboarding.go_live is None:
        return ""
    day = onboarding.go_live.isoformat()
    if onboarding.closed_at:
        return texts("card.go_live", date=day)
    if not (left := (onboarding.go_live - situation.today).days):
        return texts("card.go_live_today", date=day)
    return texts("card.go_live_left" if left > 0 else "card.go_live_past", date=day, n=Amount(abs(left)))


def standing(snapshot: Snapshot, journey: Journey, texts: Texts, situation: Situation, *, support: bool = False) -> Block:
    """How much is done, until when, and what a step wants to be found at once, such as the org ID. ``support``: in its words."""
    known = [note_words(note, texts, support=support) for step in journey.steps.values() for note in step.on_card(situation)]
    day = go_live(snapshot, texts, situation)
    return context(" · ".join([f"*{progress(snapshot, texts)}*", *([day] if day else []), *known]))


def step_line(number: int, record: StepRecord, turn: str, texts: Texts) -> str:
    """Number, title, state and whose turn, all in words. ``turn``: see `bot.messages.turns`."""
    title = f"{number}. {texts(f'step.{record.step_id}.title')}"
    shown = title if record.state is StepState.LOCKED or record.state in ENDED else f"*{title}*"
    said = f"{OF_STATE[record.state]} {shown} – {texts(f'state.{record.state.value}')}"
    return f"{said} · {turn}" if turn else said


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


def at_hand(snapshot: Snapshot, journey: Journey) -> str:
    """The step that somebody asks about who names none: the first that is the customer's turn, else Pismo's, else the first that goes
    on; empty if all have ended."""
    going = [snapshot.steps[one] for one in journey.steps if snapshot.steps[one].state not in (*ENDED, StepState.LOCKED)]
    ours = (one.step_id for side in Side for one in going if side_of(one) is side)
    return next(ours, going[0].step_id if going else "")


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


def card(snapshot: Snapshot, journey: Journey, texts: Texts, situation: Situation, usual: BusinessDuration) -> Drawing:
    """All steps with their states, one primary button, who has access, and where to ask. ``usual``: see `turns.usually`."""
    onboarding = snapshot.onboarding
    buttons: list[Block] = []
    blocks = [header(texts("card.title", customer=onboarding.customer)), standing(snapshot, journey, texts, situation)]
    if (third := unaccepted(snapshot)) and not onboarding.closed_at:
        blocks.append(context(texts.md("card.third_company", companies=named(third))))
    records = enumerate((snapshot.steps[step_id] for step_id in journey.steps), start=1)
    lines = [step_line(number, record, turns.for_customer(record, texts), texts) for number, record in records]
    blocks.append(section("\n".join(lines)))
    if onboarding.closed_at:
        blocks.append(section(closed_line(onboarding, texts)))
    elif (offered := next_button(snapshot, journey, texts, situation)) is not None:
        buttons.append(offered)
    else:
        works = any(side_of(record) is Side.SUPPORT for record in snapshot.steps.values())
        words = [texts("card.nothing_to_do"), turns.usually(usual, texts)] if works else [texts("card.nothing_yet")]
        blocks.append(context(" ".join(filter(None, words))))
    if snapshot.grants:
        buttons.append(button(texts("button.matrix"), Act.MATRIX, ButtonValue(onboarding=onboarding.id)))
    if not onboarding.closed_at and (step_id := at_hand(snapshot, journey)):
        buttons.append(button(texts("button.ask_support"), Act.STUCK, ButtonValue(onboarding=onboarding.id, step=step_id)))
    if buttons:
        blocks.append(actions(*buttons))
    blocks.append(context(people_line(snapshot, texts)))
    return drawing(blocks)
