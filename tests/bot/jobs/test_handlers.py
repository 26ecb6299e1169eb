"""Every effect has a handler, and every handler an effect."""

from typing import Any, cast

import pytest

from bot.config.service_desk import ServiceDeskPolicies
from bot.jobs.handlers import PismoAccess, ServiceDeskAccess, handlers
from bot.jobs.registry import Handlers, HandlersError, Run
from bot.messages.support import Support
from flows.outbox import EFFECTS, DeleteFile, Say


def test_each_effect_has_a_handler() -> None:
    nothing: Any = cast(Any, None)
    service_desk = ServiceDeskAccess(None, ServiceDeskPolicies())
    all_of_them = handlers(
        nothing,
        nothing,
        nothing,
        nothing,
        Support("C1", "en"),
        pismo=PismoAccess(nothing, {}),
        service_desk=service_desk,
        publish_home=nothing,
        allows=nothing,
    )
    all_of_them.check(EFFECTS)
    with pytest.raises(HandlersError, match="Say"):
        all_of_them.check([effect for effect in EFFECTS if effect is not Say])


async def does_nothing(run: Run[Any]) -> None: ...


def test_handlers_and_effects_are_held_against_each_other() -> None:
    table = Handlers()
    table.on(Say, does_nothing)
    table.check([Say])
    with pytest.raises(HandlersError, match="DeleteFile"):
        table.check([Say, DeleteFile])
    with pytest.raises(HandlersError, match="Say"):
        table.check([])
    with pytest.raises(HandlersError, match="Say"):
        table.on(Say, does_nothing)
