"""Many customers for a demo, to see support's lists as they are with many: open onboardings at every step, in every state, old and new,
claimed or not, stuck, given up. The use cases make them, as if people had pressed everything within a moment; then what waits is made to
have waited for some time.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from bot.messages.texts import languages
from flows.cases import fill, manage, review, start, tasks
from flows.cases.access import Access
from flows.cases.case import Case, Cases
from flows.forms.pages import collect
from flows.model import Call, EffectRecord, Snapshot, StepRecord
from flows.people import Who
from flows.rules import Rules
from flows.state import ENDED, StepState
from playground.drawn import post_all
from playground.examples import dates_of
from playground.invented import invented_name
from playground.office import SUPPORT_ZONE, Office
from playground.slack import SlackPerson, SlackStandIn
from storage import sealing
from storage.sealing import Keyring
from storage.store import Store
from storage.unit import Unit

MARK = "crowd"
"""How the names of these customers' channels begin."""
COLLEAGUES = ("Sam", "Kim", "Lia", "Max", "Noa", "Rui")
"""Of support: who owns and claims."""
OLDEST = timedelta(days=40)
"""For how long something waits, at most."""
SLOWEST = timedelta(days=12)
"""For how long something that was done has waited, at most."""
SAID = ("say", "tell", "in_full", "draw", "redraw")
"""Kinds of effects that post: what lasts is there (`playground.drawn`), and the rest counts as said long ago."""
STUCK, GIVEN_UP = 20, 30
"""Of so many customers somebody is stuck at one, and one has an effect that was given up."""
MANY = 1_000_000
STUCK_WORDS = (
    "Our certificate is refused and we don't know why.",
    "Who at Pismo can tell us which BIN we get?",
    "Não achamos a tela.",
)


@dataclass
class Crowd:
    """``store``: the bot's. Each customer is begun, and goes on for a while, in one transaction."""

    office: Office
    store: Store
    chance: Random

    def __post_init__(self) -> None:
        slack, known = self.office.slack, self.office.everyone
        pismo = slack.installing_team
        self.support: list[SlackPerson] = []
        for name in COLLEAGUES:
            person = known.get(name) or slack.add_person(name, pismo, tz=SUPPORT_ZONE)
            if person.id not in self.office.support.members:
                slack.invite(person, self.office.support)
            self.support.append(person)
        self._numbers = count(1)
        access = Access()
        access.team_id, access.support = pismo.id, frozenset(self._who(person) for person in self.support)
        self._rules = Rules()
        self._cases = Cases(self._rules, access)

    def _who(self, person: SlackPerson) -> Who:
        return Who(person.user.team.id, person.id)

    async def add(self) -> str:
        """One more customer, with a company and a channel of its own. Returns the onboarding's id."""
        slack, name = self.office.slack, invented_name(self.chance)
        number = next(self._numbers)
        team, owner = slack.add_team(name), self.chance.choice(self.support)
        lead = slack.add_person(f"{self.chance.choice(('Ines', 'João', 'Mia', 'Raj'))} {number}", team)
        members = [owner, lead]
        channel = slack.add_channel(f"{MARK}_{number}_pismo", slack.installing_team, members, shared_with=[team])
        late = self.chance.choice([None, *range(-20, 200, 7)])
        go_live = None if late is None else self.office.clock().date() + timedelta(days=late)
        asked = start.StartRequest(name, channel.id, self._who(lead), owner.id, self.chance.choice(languages()), go_live)
        return await self.store.transact(partial(self._begin, asked=asked, owner=self._who(owner), stuck=number % STUCK == 1))

    async def _begin(self, unit: Unit, *, asked: start.StartRequest, owner: Who, stuck: bool) -> str:
        onboarding = await start.start(unit, self._rules, asked, owner)
        for work, who in self._path(asked.lead, owner):
            async with self._cases.open(unit, onboarding, who) as case:
                self._take_time(case)
                done = work(case)
                if done is not None:
                    await done
        snapshot = await unit.snapshot(onboarding)
        if snapshot is not None:
            self._grow_old(unit, snapshot)
            if stuck:
                self._call_for_help(unit, snapshot)
            await post_all(self.office, unit, snapshot, self._rules)
        return onboarding

    # -- how far each goes

    def _path(self, lead: Who, owner: Who) -> Sequence[tuple[Callable[[Case], Any], Who]]:
        """What its people do, as far as it goes."""
        chance = self.chance
        reviewer, other = (self._who(person) for person in chance.sample(self.support, 2))
        org_id = f"TN-{UUID(int=chance.getrandbits(128), version=4)}"
        path: list[tuple[Callable[[Case], Any], Who]] = [
            (partial(self._send, step="planning"), lead),
            (partial(self._approve, step="planning"), reviewer),
            (partial(manage.skip, step_id="planning", reason="The sessions were held before."), owner),
            (partial(self._send, step="service_desk"), lead),
            (partial(self._send, step="organization"), lead),
            (partial(self._approve, step="organization"), reviewer),
            (partial(self._do, step="organization", task="record_org_id", org_id=org_id), other),
            (partial(self._send, step="environments"), lead),
            (partial(self._send, step="control_center"), lead),
            (partial(self._approve, step="control_center"), other),
            (partial(self._do, step="control_center", task="send_invitations", grants=["*"]), other),
            (partial(self._send, step="first_programs"), lead),
            (partial(self._approve, step="environments"), reviewer),
            (partial(manage.skip, step_id="authentication", reason="They only look at the test environment."), reviewer),
        ]
        length = chance.randrange(len(path) + 1)
        claims = [(self._claim, self._who(chance.choice(self.support)))] if chance.random() < 0.5 else []
        return [*path[:length], *claims]

    def _send(self, case: Case, *, step: str) -> None:
        form = case.step(step).form
        answers, problems = collect(form, {**form.example, **dates_of(case.now, step)}, case.situation)
        if problems:
            raise ValueError(step, problems)
        fill.submit(case, step, answers)

    def _approve(self, case: Case, *, step: str) -> None:
        record = case.record(step)
        review.approve(case, step, record.revision, record.digest[:16])

    async def _do(self, case: Case, *, step: str, task: str, **answers: Any) -> None:
        await tasks.do_task(case, step, task, answers)

    def _claim(self, case: Case) -> None:
        for step, record in case.snapshot.steps.items():
            if record.state is StepState.SUBMITTED and not record.claimer_id:
                review.claim(case, step)

    # -- what has waited

    def _take_time(self, case: Case) -> None:
        """What is done now was waited for, as the report adds up."""
        for record in _turns(case.snapshot):
            record.turn_since = case.now - SLOWEST * self.chance.random() ** 2

    def _grow_old(self, unit: Unit, snapshot: Snapshot) -> None:
        """The moments that the log does not cover are set back, so that it still explains every row."""
        chance, now = self.chance, unit.now
        for record in _turns(snapshot):
            waits = OLDEST * chance.random() ** 3
            record.turn_since = now - waits
            if waits > timedelta(days=2) and chance.random() < 0.6:
                record.reminded, record.reminded_on = chance.randrange(1, 4), (now - timedelta(days=1)).date()

    def _call_for_help(self, unit: Unit, snapshot: Snapshot) -> None:
        onboarding, lead, step = snapshot.onboarding.id, snapshot.lead(), self.chance.choice(_turns(snapshot)).step_id
        at, words = unit.now - OLDEST * self.chance.random() ** 4, self.chance.choice(STUCK_WORDS)
        call = Call(id=f"{onboarding}:stuck:{MARK}", onboarding_id=onboarding, kind="stuck", step_id=step, at=at, words=words)
        call.team_id, call.user_id = lead.team_id, lead.user_id
        unit.add(call)
        snapshot.calls.append(call)


def _turns(snapshot: Snapshot) -> list[StepRecord]:
    return [record for record in snapshot.steps.values() if record.turn and record.state not in ENDED]


async def end_effects(store: Store, onboardings: Collection[str]) -> int:
    """What was to be posted for these onboardings was. Of one customer in so many (`GIVEN_UP`) an effect is given up, as if Slack had
    refused it for good. Returns how many were."""
    async with store.write() as unit:
        first: dict[str, EffectRecord] = {}
        for record in await unit.open_effects(limit=MANY):
            if record.kind in SAID and record.onboarding_id in onboardings:
                record.state = "done"
                if record.kind == "say":
                    first.setdefault(record.onboarding_id, record)
        given_up = list(first.values())[::GIVEN_UP]
        for record in given_up:
            record.state, record.error, record.error_id = "failed", "restricted_action", "CROWD"
    return len(given_up)


async def add_customers(office: Office, count: int, tell: Callable[[str], None], seed: int = 1) -> None:
    """Add so many customers while the bot doesn't run. Once it does, it learns who is in their channels and goes on from there."""
    keyring = Keyring.parse(office.keys)
    store, begun = Store(office.database_url, keyring, clock=office.clock), set[str]()
    with sealing.using(keyring):
        try:
            crowd = Crowd(office, store, Random(seed))
            for number in range(1, count + 1):
                begun.add(await crowd.add())
                if number % 100 == 0:
                    tell(f"{number:,} of {count:,} customers have begun.")
                await asyncio.sleep(0)
            given_up = await end_effects(store, begun)
        finally:
            await store.close()
    tell(f"{count:,} customers are there. At {given_up} of them something could not be posted, which the queue lists.")


def crowded(slack: SlackStandIn) -> bool:
    """Whether there are such customers."""
    return any(channel.name.startswith(MARK) for channel in slack.world.channels.values())
