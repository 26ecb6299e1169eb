"""Support's card about somebody who has left: what they had, the button that chooses another, and once that is done, who it is."""

from bot.messages.blocks import Drawing, actions, button, drawing, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Raw, Texts
from bot.messages.wording import worded
from flows.cases.presence import SIDES, of_departures
from flows.model import Call, Snapshot
from flows.people import Side


def departure(snapshot: Snapshot, user_id: str, customer: str, texts: Texts) -> Drawing:
    """``customer``: the name, or what stands for one that can't be read. Raises LookupError if nobody is needed in their place, nor ever
    was."""
    onboarding, calls = snapshot.onboarding, of_departures(snapshot, user_id)
    if not calls:
        raise LookupError(user_id)
    about = {"user": Raw(f"<@{user_id}>"), "customer": customer, "channel": Raw(f"<#{onboarding.channel_id}>")}
    ours = any(SIDES[call.kind] is Side.SUPPORT for call in calls)
    told = [texts.md("departure.of_support" if ours else "departure.of_customer", **about)]
    told += [f"• {_line(call, texts)}" for call in calls]
    if all(call.answered_at for call in calls):
        return drawing([section("\n".join(told))])
    told.append(texts("departure.until"))
    value = ButtonValue(onboarding=onboarding.id, item=user_id)
    choose = button(texts("button.choose_another"), Act.HAND_OVER, value, style="primary")
    return drawing([section("\n".join(told)), actions(choose)])


def _line(call: Call, texts: Texts) -> str:
    """What they had, and whose it is by now."""
    what = texts.md(f"departure.{call.kind}", **worded(texts, {"steps": call.words}))
    if call.answered_at is None:
        return what
    key = "back" if call.answer == call.user_id else "chosen" if call.answer else "over"
    people = worded(texts, {"user": call.answer, "by": call.answered_by})
    return texts.md(f"departure.{key}", what=Raw(what), at=texts.at(call.answered_at), **people)
