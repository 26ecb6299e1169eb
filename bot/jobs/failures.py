"""What was given up, support sees: what and why, with a button that tries it again."""

import logging

from bot.jobs.errors import EffectError
from bot.jobs.registry import Handlers, Run
from flows.model import EffectRecord, Onboarding
from flows.outbox import Alert, Draw, Effect, UnreadableEffectError, loaded
from flows.ports import Unit
from storage.sealing import SealError
from storage.store import Store

log = logging.getLogger("bot.jobs.failures")


class Failures:
    def __init__(self, store: Store, handlers: Handlers) -> None:
        self._store, self._handlers = store, handlers

    async def tell(self, record: EffectRecord, error: EffectError) -> None:
        if record.kind == Alert.kind:
            return  # an alert that fails raises no further one
        effect = _read(record)
        if effect is not None and await self._handler_told(record, effect, error):
            return
        step = effect.step_id if effect is not None else ""

        async def work(unit: Unit) -> None:
            alert = Alert(
                onboarding=record.onboarding_id,
                customer=_customer(await unit.get(Onboarding, record.onboarding_id)),
                step=step,
                effect=record.id,
                what=f"effect.{record.kind}",
                why=f"why.{error.key}",
                id=record.error_id,
            )
            unit.ask("", alert)
            if step and not isinstance(effect, Draw) and await unit.posted(record.onboarding_id, "review", step):
                unit.ask(record.onboarding_id, Draw(what="review", step=step))  # the card shows it too, with the same button

        await self._store.transact(work)

    async def _handler_told(self, record: EffectRecord, effect: Effect, error: EffectError) -> bool:
        """Whether its own handler told everybody who must know."""
        given_up = self._handlers.told_of_giving_up(effect)
        if given_up is None:
            return False
        run = Run(record.id, record.onboarding_id, effect, again=record.attempts > 1, result=record.result)
        try:
            return await given_up(run, error)
        except Exception as failure:
            log.error("a handler wasn't told what was given up", extra={"error_id": record.error_id}, exc_info=failure)  # noqa: TRY400
            return False


def _read(record: EffectRecord) -> Effect | None:
    try:
        return loaded(record.kind, record.arguments)
    except (UnreadableEffectError, SealError):
        return None


def _customer(onboarding: Onboarding | None) -> str:
    """Their name; empty where it can't be read, as support must hear of the failure all the same."""
    try:
        return onboarding.customer if onboarding is not None else ""
    except SealError:
        return ""
