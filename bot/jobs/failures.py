"""Shows support what was given up and why, with a retry button. Asked for in the transaction that gives it up."""

import contextlib
import logging

from bot.jobs.errors import EffectError
from bot.jobs.registry import Handlers, Run
from bot.slack.errors import BARRED
from bot.telemetry.logs import error_id
from flows.model import EffectRecord, Onboarding
from flows.outbox import Alert, Draw, Redraw, TellOfAlteredLog
from storage.audit import Altered
from storage.customers import readable_name
from storage.sealing import SealError
from storage.store import Store
from storage.unit import Unit

log = logging.getLogger("bot.jobs.failures")


class Failures:
    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    async def tell(self, unit: Unit, record: EffectRecord, error: EffectError) -> None:
        """Let the effect's own handler deal with it; alert support unless that is enough."""
        effect = unit.effect_of(record)
        given_up = self._handlers.told_of_giving_up(effect) if effect is not None else None
        if effect is not None and given_up is not None:
            run = Run(record.id, record.onboarding_id, effect, again=record.attempts > 1, result=record.result)
            if await given_up(unit, run, error):
                return
        await self.alert(unit, record, error)

    async def alert(self, unit: Unit, record: EffectRecord, error: EffectError) -> None:
        if record.kind == Alert.kind:
            return  # a failed alert doesn't raise another
        effect = unit.effect_of(record)
        step, scope = effect.step_id if effect is not None else "", str(error.about.get("scope") or "")
        alert = Alert(
            onboarding=record.onboarding_id,
            customer=readable_name(await readable_onboarding(unit, record.onboarding_id)),
            step=step,
            effect=record.id,
            what=f"effect.{record.kind}",
            why=f"why.{error.key}",
            id=record.error_id,
            scope=scope,
            group=f"{record.onboarding_id}:{effect.whose}:{error.key}:{scope}" if effect and error.key in BARRED else "",
        )
        unit.ask("", alert)
        if step and not isinstance(effect, Draw) and await unit.posted(record.onboarding_id, "review", step):
            unit.ask(record.onboarding_id, Redraw(what="review", step=step))  # the card shows it too, with the same button


async def tell_of_altered(store: Store, error: Altered) -> None:
    """Support reads it once a day at most, however often this is called meanwhile."""
    number, new = error_id(), True

    async def work(unit: Unit) -> bool:
        first = await unit.once(f"altered:{error.onboarding_id}:{error.flaw.value}:{unit.now.date()}")
        if first:
            unit.ask("", TellOfAlteredLog(onboarding=error.onboarding_id, flaw=error.flaw.value, id=number))
        return first

    try:
        new = await store.transact(work)
    finally:
        if new:
            about = {"error_id": number, "onboarding": error.onboarding_id, "flaw": error.flaw.value}
            log.error("the audit log was altered", extra=about)


async def readable_onboarding(unit: Unit, onboarding_id: str) -> Onboarding | None:
    """None also if its row was damaged: support must hear of it anyway."""
    with contextlib.suppress(SealError):
        return await unit.get(Onboarding, onboarding_id)
    return None
