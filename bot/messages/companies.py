"""A third company in the customer's channel: how it is named, and support's warning with the button that accepts it."""

from bot.messages.blocks import Drawing, actions, button, drawing, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Raw, Texts
from flows.model import Onboarding, ThirdCompany


def named(ids: tuple[str, ...]) -> Raw:
    """By one of its people, beside whose name Slack shows the company, else by its id. ``ids``: of people or teams."""
    return Raw(", ".join(f"<@{one}>" if one.startswith(("U", "W")) else f"`{one}`" for one in ids))


def warning(onboarding: Onboarding, company: ThirdCompany, others: str, texts: Texts) -> Drawing:
    """``others``: names of customers whose company it is; empty if of none."""
    params = {"customer": onboarding.customer, "channel": Raw(f"<#{onboarding.channel_id}>"), "id": company.team_id}
    told = [texts.md("say.company_arrived", company=named((company.people[0] if company.people else company.team_id,)), **params)]
    if others:
        told.append(texts.md("say.company_is_customer", others=others))
    value = ButtonValue(onboarding=onboarding.id, item=company.team_id)
    return drawing([section("\n".join(told)), actions(button(texts("button.accept_company"), Act.ACCEPT_COMPANY, value))])
