"""What a review card has no room for, in its thread: all that was sent, and what a resubmission changed."""

from flows.cases.onboarding import situation_of, step_of

from bot.desk import Desk
from bot.jobs.posts import Messages, Result
from bot.messages import review
from bot.messages.blocks import Drawing
from flows.model import EffectRecord, Snapshot


class Submissions:
    def __init__(self, desk: Desk, messages: Messages) -> None:
        self.desk, self.messages = desk, messages

    async def in_full(self, effect: EffectRecord, again: bool) -> Result:
        """All values of a revision, where the card cannot show them all: who approves it has then seen it."""
        step_id, revision = effect.arguments["step"], effect.arguments["revision"]
        snapshot = await self.messages.snapshot(effect.onboarding_id)
        sent = next(s for s in snapshot.submissions[step_id] if s.revision == revision)
        async with self.desk.store.read() as unit:
            situation = situation_of(snapshot, self.desk.rules, unit.now)
        form = step_of(snapshot.onboarding, step_id).form
        drawn = review.in_full(form, sent, self.desk.support_texts(), situation)
        return await self._post(effect, snapshot, step_id, drawn, again=again)

    async def differences(self, effect: EffectRecord, again: bool) -> Result:
        """Old and new of every field that a resubmission changed."""
        step_id, revision = effect.arguments["step"], effect.arguments["revision"]
        snapshot = await self.messages.snapshot(effect.onboarding_id)
        sent = {s.revision: s for s in snapshot.submissions.get(step_id, [])}
        texts = self.desk.support_texts()
        form = step_of(snapshot.onboarding, step_id).form
        changed = review.diff(sent[revision - 1].answers, sent[revision].answers, form, texts)
        return await self._post(effect, snapshot, step_id, review.differences(changed, revision, texts), again=again)

    async def _post(self, effect: EffectRecord, snapshot: Snapshot, step_id: str, drawn: list[Drawing], *, again: bool) -> Result:
        """Each message once, whatever was tried before."""
        if not drawn:
            return None
        channel, thread = await self.messages.root(snapshot, "support", step_id, again=again)
        ts = ""
        for number, part in enumerate(drawn):
            name = f"{effect.id}:{number}" if number else effect.id
            _, ts = await self.desk.slack.post_once(channel, part.text, part.blocks, name, thread_ts=thread, again=again)
        return {"channel": channel, "ts": ts}
