"""Effects that show people what happened. What stands in Slack is drawn from the store when the effect runs."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from flows.people import Who
from flows.ports import Unit

Where = Literal["customer", "support"]
"""The step's thread in the customer's channel, or the thread of its review card in the support channel."""


def redraw(unit: Unit, onboarding_id: str, *step_ids: str) -> None:
    """Draw the card, and of each step its message in the customer's channel and, once it was sent, its review card."""
    unit.effect(onboarding_id, "draw", what="card")
    for step_id in step_ids:
        unit.effect(onboarding_id, "draw", what="step", step=step_id)
        unit.effect(onboarding_id, "draw", what="review", step=step_id)


def say(
    unit: Unit,
    onboarding_id: str,
    where: Where,
    step_id: str,
    key: str,
    *,
    mention: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
    **params: Any,
) -> None:
    """Post ``say.<key>`` in a thread. ``mention``: user ids put before the text. The text's parameters (``values``, or by name) are
    sealed with the effect."""
    unit.effect(
        onboarding_id, "say", where=where, step=step_id, key=key, mention=list(mention), params={**(values or {}), **params}
    )


def warn(unit: Unit, onboarding_id: str, key: str, **params: Any) -> None:
    """Post ``say.<key>`` in the support channel itself."""
    unit.effect(onboarding_id, "say", where="support_channel", step="", key=key, mention=[], params=params)


def tell(unit: Unit, onboarding_id: str, who: Who, channel_id: str, key: str, **params: Any) -> None:
    """Tell one person ``say.<key>`` privately: seen by them alone in the channel, else as a direct message."""
    unit.effect(onboarding_id, "tell", team=who.team_id, user=who.user_id, channel=channel_id, key=key, params=params)
