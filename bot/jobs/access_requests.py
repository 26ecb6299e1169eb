"""The access request at the Service Desk: filed over its REST interface where that is configured, else ready to paste.

A request is filed once: its effect's id stands in the summary, and where an attempt may have been carried out it is looked for until
the desk's search must know it. Only then it is filed anew.
"""

from datetime import datetime
from typing import Any

from flows.cases.onboarding import situation_of

from bot.config.service_desk import DeskPolicies
from bot.desk import Desk
from bot.jobs.posts import Messages, Result
from bot.jobs.runner import Impossible, RetryLater, Unreachable
from bot.messages.blocks import plain_blocks
from bot.messages.wording import sentence
from flows.cases.tickets import EFFECT, Ticket, note_filed, note_given_up
from flows.model import EffectRecord, Grant, Snapshot
from flows.ports import Unit
from flows.steps.service_desk import RESOURCES, portal_of, ready_text, request
from pismo.jsm_errors import DeskError
from pismo.jsm_form import NameNotFoundError, fill
from pismo.service_desk import DeskRequest, Form, ServiceDesk

MOST_PASTED = 3000
"""Characters of a text that is to be copied whole from a message; a longer one is sent as a file."""
MOST_NAMES = 30
LANE = "service_desk"


def marker_of(effect: EffectRecord) -> str:
    """One word of the desk's search."""
    return effect.id.rpartition("_")[2]


def ticket_of(filed: DeskRequest) -> Ticket:
    return Ticket(filed.key, filed.web, filed.status.name, filed.status.done)


class Requests:
    def __init__(self, desk: Desk, messages: Messages, service_desk: ServiceDesk | None, policies: DeskPolicies) -> None:
        self.desk, self.messages, self.service_desk, self.policies = desk, messages, service_desk, policies
        self._missing: dict[str, dict[str, Any]] = {}
        """By effect: what its failure was about, until it is told."""

    async def ask(self, effect: EffectRecord, again: bool) -> Result:
        """After the approval: a request for each access, in a queue of their own, or the text to paste."""
        if self.service_desk is None:
            return await self.ready_text(effect, again)
        snapshot = await self.messages.snapshot(effect.onboarding_id)

        async def work(unit: Unit) -> None:
            for resource in RESOURCES:
                if _asked(snapshot, resource) and await unit.once(f"{effect.id}:{resource}"):
                    step = effect.arguments["step"]
                    unit.effect(effect.onboarding_id, EFFECT, lane=LANE, step=step, resource=resource)

        await self.desk.transact(work)
        return None

    async def file(self, effect: EffectRecord, again: bool) -> Result:  # noqa: ARG002  what was sent is written down with the effect
        """File one request. Nothing is filed for what support filed by hand in the meantime."""
        resource = effect.arguments["resource"]
        snapshot = await self.messages.snapshot(effect.onboarding_id)
        grants = _asked(snapshot, resource)
        if self.service_desk is None or snapshot.onboarding.closed_at or not (grants or effect.result.get("sent")):
            return None
        try:
            filed = await self._find_or_file(self.service_desk, effect, snapshot, grants)
        except NameNotFoundError as error:
            self._missing[effect.id] = {"name": error.name, "there": error.there[:MOST_NAMES]}
            raise Impossible(f"desk_{error.what}") from None
        except DeskError as error:
            if error.transient:
                key = f"desk_{error.fault}"
                raise RetryLater(error.retry_after, key) if error.retry_after is not None else Unreachable(key) from None
            self._missing[effect.id] = {"detail": error.detail}
            raise Impossible(f"desk_{error.fault}") from None
        if filed is None:
            return None
        covered = effect.result["grants"]
        await self.desk.transact(
            lambda unit: note_filed(unit, self.desk.rules, effect.onboarding_id, effect.id, resource, covered, ticket_of(filed))
        )
        return {"ticket": filed.key}

    async def _find_or_file(
        self, service_desk: ServiceDesk, effect: EffectRecord, snapshot: Snapshot, grants: list[Grant]
    ) -> DeskRequest | None:
        """None: what may have been sent is not there, and by now support filed it by hand."""
        now = self.desk.clock()
        situation = situation_of(snapshot, self.desk.rules, now)
        names = self.policies.names[portal_of(situation)]
        form = await service_desk.form(names)
        if sent := effect.result.get("sent"):
            found = await service_desk.find(form, marker_of(effect))
            if found is not None:
                return found
            left = self.policies.lag_seconds - (now - datetime.fromisoformat(sent)).total_seconds()
            if left > 0:
                raise RetryLater(min(left, self.policies.lag_seconds / 8), "desk_index")
        if not grants:
            return None
        resource = effect.arguments["resource"]
        channel = await self.desk.slack.channel(snapshot.onboarding.channel_id) if resource == "slack_connect" else None
        emails = {grant.email for grant in grants}
        texts = request(situation, resource, emails, marker_of(effect), channel.name if channel else "")
        return await self._send(service_desk, effect, form, fill(form.fields, names, resource, *texts), grants)

    async def _send(
        self, service_desk: ServiceDesk, effect: EffectRecord, form: Form, values: Any, grants: list[Grant]
    ) -> DeskRequest:
        """Written down before it is sent: after a crash it is known that it may have been."""
        await self._mark(effect, {"sent": self.desk.clock().isoformat(), "grants": [grant.id for grant in grants]})
        try:
            return await service_desk.file(form, values)
        except DeskError as error:
            if not error.happened:
                await self._mark(effect, {})
            raise

    async def _mark(self, effect: EffectRecord, result: dict[str, Any]) -> None:
        async def work(unit: Unit) -> None:
            row = await unit.get(EffectRecord, effect.id)
            if row is None:
                raise Impossible("gone")  # erased
            row.result = result

        await self.desk.transact(work)
        effect.result = result

    async def give_up(self, effect: EffectRecord) -> bool:
        """Support gets the text to paste, with what was in the way."""
        about = {"why": effect.error, "resource": effect.arguments["resource"], "maybe": bool(effect.result.get("sent"))}
        about |= self._missing.pop(effect.id, {})

        async def work(unit: Unit) -> None:
            await note_given_up(unit, self.desk.rules, effect.onboarding_id, effect.arguments["resource"])
            unit.effect(effect.onboarding_id, "ready_text", step=effect.arguments["step"], **about)

        await self.desk.transact(work)
        return False

    async def ready_text(self, effect: EffectRecord, again: bool) -> Result:
        """The request, ready to paste, for support; behind what kept the bot from filing it."""
        asked, texts = effect.arguments, self.desk.support_texts()
        snapshot = await self.messages.snapshot(effect.onboarding_id)
        situation = situation_of(snapshot, self.desk.rules, self.desk.clock())
        ready = ready_text(situation, *([asked["resource"]] if "resource" in asked else ()))
        before = []
        if "why" in asked:
            before.append(
                sentence(texts, "desk_not_filed", {"what": f"resource.{asked['resource']}", "why": f"why.{asked['why']}"})
            )
        if "name" in asked:
            there = ", ".join(asked["there"]) or texts("say.desk_nothing")
            before.append(sentence(texts, "desk_names", {"name": asked["name"], "there": there}))
        if asked.get("detail"):
            before.append(sentence(texts, "desk_said", {"detail": asked["detail"]}))
        if asked.get("maybe"):
            before.append(sentence(texts, "desk_maybe", {}))
        text = "\n".join([*before, sentence(texts, "ready_text", ready)])
        if len(text) > MOST_PASTED:  # a message would be cut, and a part pasted for the whole
            channel, thread = await self.messages.root(snapshot, "support", asked["step"], again=again)
            comment = "\n".join([*before, sentence(texts, "ready_text", {**ready, "description": "access-request.txt"})])
            content = "\n".join(ready.values()).encode()
            await self.desk.slack.upload_once(channel, "access-request.txt", content, comment, effect.id, thread, again=again)
            return {"channel": channel}
        return await self.messages.post(effect, snapshot, "support", asked["step"], text, plain_blocks(text), again=again)


def _asked(snapshot: Snapshot, resource: str) -> list[Grant]:
    return [grant for grant in snapshot.grants if grant.resource == resource and grant.state == "asked"]
