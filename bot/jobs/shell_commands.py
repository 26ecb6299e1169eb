"""Commands that the customer runs on their own machine, in the thread of the authentication step."""

from collections.abc import Sequence

from flows.cases.onboarding import situation_of

from bot.desk import Desk
from bot.jobs.posts import Messages, Result
from bot.jobs.runner import Impossible
from bot.messages.blocks import drawing, section
from bot.messages.texts import escape
from bot.messages.wording import sentence
from flows.forms.step import Situation
from flows.model import EffectRecord, Snapshot
from flows.steps.authentication.openssl import key_scripts
from flows.steps.authentication.scripts import Script
from flows.steps.authentication.token_scripts import token_scripts


class Commands:
    def __init__(self, desk: Desk, messages: Messages) -> None:
        self.desk, self.messages = desk, messages

    async def keys(self, effect: EffectRecord, again: bool) -> Result:
        """The exact `openssl` commands for this customer's keys, for each kind of machine."""
        snapshot, situation = await self._situation(effect)
        return await self._post(effect, snapshot, "commands", key_scripts(situation), again=again)

    async def tokens(self, effect: EffectRecord, again: bool) -> Result:
        """How to get a short-lived access token by the approved method; nothing while something for it is still to be recorded."""
        snapshot, situation = await self._situation(effect)
        scripts = token_scripts(situation, self.desk.oauth2_secret_field)
        return await self._post(effect, snapshot, "token_commands", scripts, again=again) if scripts else None

    async def _situation(self, effect: EffectRecord) -> tuple[Snapshot, Situation]:
        async with self.desk.store.read() as unit:
            snapshot = await unit.snapshot(effect.onboarding_id)
            if snapshot is None:
                raise Impossible("gone")
            return snapshot, situation_of(snapshot, self.desk.rules, unit.now)

    async def _post(
        self, effect: EffectRecord, snapshot: Snapshot, intro: str, scripts: Sequence[Script], *, again: bool
    ) -> Result:
        texts = self.messages.texts(snapshot, "customer")
        blocks = [section(sentence(texts, intro, {}))]
        blocks += [section(f"{sentence(texts, script.key, {})}\n```{escape(script.code)}```") for script in scripts]
        shown = drawing(blocks)
        return await self.messages.post(
            effect, snapshot, "customer", effect.arguments["step"], shown.text, shown.blocks, again=again
        )
