"""Support's lists, on both databases: page by page, they are what a plain reckoning over whole onboardings says."""

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from flows.cases.settle import side_of
from flows.cases.skips import asked
from flows.desk import GO_LIVE_DAYS, Need, Only, Page, Place, Standing, Waiting, Wanted
from flows.model import Call, Decision, Expiry, Grant, Onboarding, Posted, Snapshot, StepRecord, ThirdCompany
from flows.outbox import Say
from flows.people import Side
from flows.state import ENDED, StepState
from storage.erase import erase
from storage.store import Store
from storage.unit import Unit
from tests.storage.example import NOW, onboarding, raw

T = TypeVar("T")
STEPS = ("planning", "organization", "service_desk")
PEOPLE = ("UANN", "UBEN")
TODAY = NOW.date() + timedelta(days=1)
DAY, SOON = timedelta(days=1), timedelta(hours=4)


@pytest.fixture
async def at_noon(store: Store) -> Store:
    """Its clock stands still. Support's day is tomorrow by UTC."""
    store._clock, store._zone = lambda: NOW, ZoneInfo("Pacific/Kiritimati")
    return store


def ago() -> datetime:
    return NOW - timedelta(minutes=random.randrange(1, 20_000))


def turn_of(state: StepState) -> str:
    side = {StepState.SUBMITTED: "support", StepState.FULFILLING: "support", StepState.OPEN: "customer"}.get(state, "")
    renewal = state is StepState.DONE and random.random() < 0.2
    return f"{'support' if renewal else side}:{state.value}:1" if side or renewal else ""


def add_one(unit: Unit, number: int) -> str:
    """An onboarding with some of everything that may wait in it."""
    ends = {"closed_at": ago()} if number % 7 == 0 else {"severed_at": ago()} if number % 9 == 0 else {}
    go_live = random.choice([None, TODAY + timedelta(days=random.randrange(-40, 90))]) if number != 1 else NOW.date()
    one = onboarding(customer=f"Acme {number}", go_live=go_live, started_at=ago(), owner_id=random.choice(PEOPLE), **ends)
    o = one.id
    unit.add(one)
    for position, step_id in enumerate(STEPS):
        state = random.choice([StepState.OPEN, StepState.SUBMITTED, StepState.FULFILLING, StepState.DONE, StepState.SKIPPED])
        turn = turn_of(state) if not ends.get("closed_at") or state is StepState.DONE else ""
        step = StepRecord(id=f"{o}:{step_id}", onboarding_id=o, step_id=step_id, position=position, state=state, revision=1)
        if turn:
            step.turn, step.turn_since, step.reminded = turn, ago(), random.choice([0, 0, 2])
        step.claimer_id = random.choice(["", *PEOPLE])
        unit.add(step)
        for user in PEOPLE[: random.choice([0, 0, 0, 1, 2])]:
            skip = {"revision": random.choice([0, 1]), "verdict": random.choice(["skip", "skip", "skip_withdrawn"])}
            name = f"{o}:{step_id}.skip:1:{user}"
            about = {"subject": f"{step_id}.skip", "digest": "", "team_id": "T", "user_id": user, "at": ago()}
            unit.add(Decision(id=name, onboarding_id=o, **about, **skip))  # type: ignore[arg-type]
        for state_of_grant in random.sample(["asked", "invited", "invited", "expired", "confirmed"], random.choice([0, 0, 2])):
            grant = Grant(id=f"g{number}{step_id}{random.random()}", onboarding_id=o, step_id=step_id, resource="r", email="a@b")
            grant.state, grant.at = state_of_grant, ago()
            grant.expires_at = NOW + random.randrange(-10, 15) * timedelta(hours=1) if state_of_grant == "invited" else None
            unit.add(grant)
        if number == 1 or random.random() < 0.2:
            last = TODAY + timedelta(days=random.randrange(-5, 60)) if number != 1 else NOW.date()
            unit.add(Expiry(id=f"{o}:{step_id}.cert", onboarding_id=o, step_id=step_id, task_id="cert", last_day=last))
        for kind, subject in random.sample([("review", step_id), ("step", step_id)], random.randrange(3)):
            unit.add(
                Posted(id=f"{o}:{kind}:{subject}", onboarding_id=o, kind=kind, subject=subject, channel_id=f"C{kind}", ts="1.2")
            )
    for count, kind in enumerate(
        random.sample(["stuck", "stuck", "lead_left", "question", "silent"], random.choice([0, 0, 1, 3]))
    ):
        call = Call(id=f"{o}:{kind}:{count}", onboarding_id=o, kind=kind, step_id=random.choice(["", *STEPS]), at=ago())
        call.answered_at = random.choice([None, NOW])
        call.claimer_id = random.choice(["", *PEOPLE]) if kind == "stuck" else ""
        unit.add(call)
        if random.random() < 0.5:
            of_call = {"lead_left": f"departure::{int(call.at.timestamp())}", "question": f"question:question:{count}"}
            unit.add(
                Posted(
                    id=f"{o}:{of_call.get(kind, f'call:{count}')}",
                    onboarding_id=o,
                    kind="",
                    subject="",
                    channel_id="CSUPPORT",
                    ts=f"3.{count}",
                    thread_ts="1.2",
                )
            )
    if random.random() < 0.2:
        accepted = random.choice([None, NOW])
        unit.add(ThirdCompany(id=f"{o}:T3", onboarding_id=o, team_id="T3", people=[], at=ago(), accepted_at=accepted))
        unit.add(Posted(id=f"{o}:company:T3", onboarding_id=o, kind="", subject="", channel_id="CSUPPORT", ts="4.1"))
    for _ in range(random.choice([0, 0, 2])):
        unit.ask(o, Say(where="support", step="planning", key=f"stuck{random.random()}", params={}))
    return o


# -- the reckoning


def late(one: Onboarding) -> bool:
    return one.closed_at is None and one.go_live is not None and one.go_live < TODAY


def first_moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


async def reckoned(unit: Unit, snapshot: Snapshot) -> Sequence[Waiting]:
    """What waits in one onboarding."""
    one, steps = snapshot.onboarding, snapshot.steps
    found: list[tuple[Need, datetime, dict[str, Any]]] = []
    for step_id, record in steps.items():
        skip = asked(snapshot, step_id)
        about = {"step_id": step_id, "overdue": record.reminded > 0}
        if skip:
            found.append((Need.SKIP, skip[0].at, {"step_id": step_id, "user_id": skip[0].user_id}))
        elif side_of(record) is Side.SUPPORT and record.turn_since:
            need = Need.REVIEW if record.state is StepState.SUBMITTED else Need.TASK
            found.append((Need.RENEWAL if record.state in ENDED else need, record.turn_since, about))
        soon = [
            grant.at if grant.state == "expired" else (grant.expires_at or NOW) - SOON
            for grant in snapshot.grants
            if grant.step_id == step_id
            and (grant.state == "expired" or (grant.state == "invited" and grant.expires_at and grant.expires_at <= NOW + SOON))
        ]  # fmt: skip
        if soon and record.state is not StepState.SKIPPED:
            expired = any(grant.state == "expired" for grant in snapshot.grants if grant.step_id == step_id)
            since = min(at for at in soon if at is not None)
            found.append((Need.INVITATION, since, {"step_id": step_id, "things": len(soon), "overdue": expired}))
    for call in snapshot.calls:
        if call.answered_at is None:
            need = {"stuck": Need.STUCK, "question": Need.QUESTION, "silent": Need.SILENT}.get(call.kind, Need.LEFT)
            has = {"claimer_id": call.claimer_id} if call.claimer_id else {}
            found.append((need, call.at, {"step_id": call.step_id, "item": call.id, **has}))
    found += [(Need.COMPANY, row.at, {"item": row.team_id}) for row in snapshot.companies if row.accepted_at is None]
    found += [(Need.FAILED, row.created_at or NOW, {"item": row.id}) for row in await unit.failed_effects(one.id)]
    for expiry in await unit.expiries(onboarding_id=one.id):
        record = steps[expiry.step_id]
        renewing = record.state in ENDED and side_of(record) is Side.SUPPORT
        if expiry.last_day <= TODAY + 30 * DAY and not renewing:
            about = {"step_id": expiry.step_id, "item": "cert", "overdue": expiry.last_day < TODAY}
            found.append((Need.CERTIFICATE, first_moment(expiry.last_day) - 30 * DAY, about))
    if one.closed_at:
        found = [row for row in found if row[0] in (Need.RENEWAL, Need.FAILED, Need.CERTIFICATE)]
    if one.severed_at:
        found = [row for row in found if row[0] not in (Need.STUCK, Need.SILENT, Need.COMPANY, Need.INVITATION, Need.CERTIFICATE)]
    return [row async for row in _rows(unit, snapshot, found)]


async def _rows(unit: Unit, snapshot: Snapshot, found: list[tuple[Need, datetime, dict[str, Any]]]) -> Any:
    one = snapshot.onboarding
    for need, since, about in found:
        step_id = about.get("step_id", "")
        item = about.get("item", "").rpartition(":")[2]
        kinds = [("departure", f":{int(since.timestamp())}")] if need is Need.LEFT else []
        kinds += [("call", item)] if need is Need.STUCK else [("question", f"question:{item}")] if need is Need.QUESTION else []
        kinds += [("company", item)] if need is Need.COMPANY else [("alert", item)] if need is Need.FAILED else []
        kinds += [("review", step_id), ("step", step_id)] if step_id else []
        posted = [row for kind, subject in kinds if (row := await unit.posted(one.id, kind, subject))]
        yield Waiting(
            need=need,
            onboarding_id=one.id,
            journey=one.journey,
            customer=one.customer,
            channel_id=one.channel_id,
            owner_id=one.owner_id,
            since=since,
            place=Place(posted[0].channel_id, posted[0].ts, posted[0].thread_ts) if posted else None,
            **{
                "claimer_id": snapshot.steps[step_id].claimer_id if step_id else "",
                **about,
                "overdue": about.get("overdue", False) or late(one),
            },
        )


def standing(snapshot: Snapshot) -> Standing:
    one, steps = snapshot.onboarding, sorted(snapshot.steps.values(), key=lambda step: step.position)
    longest = min((step for step in steps if side_of(step)), key=lambda step: step.turn_since or NOW, default=None)
    side = side_of(longest) if longest else None
    is_open = one.closed_at is None
    return Standing(
        onboarding_id=one.id,
        journey=one.journey,
        customer=one.customer,
        channel_id=one.channel_id,
        lead_id=one.lead_id,
        owner_id=one.owner_id,
        go_live=one.go_live,
        closed_at=one.closed_at,
        done=sum(step.state is StepState.DONE for step in steps),
        skipped=sum(step.state is StepState.SKIPPED for step in steps),
        steps=len(steps),
        side=side.value if side else "",
        step_id=longest.step_id if longest else "",
        since=longest.turn_since if longest else None,
        claimer_id=longest.claimer_id if longest else "",
        overdue=late(one) or (is_open and any(step.reminded for step in steps)),
        stuck=is_open and not one.severed_at and bool(stuck_since(snapshot)),
    )


def stuck_since(snapshot: Snapshot) -> Sequence[datetime]:
    return sorted(call.at for call in snapshot.calls if call.kind == "stuck" and call.answered_at is None)


def in_order(snapshots: Sequence[Snapshot]) -> Sequence[Standing]:
    def key(snapshot: Snapshot) -> Any:
        one, shown = snapshot.onboarding, standing(snapshot)
        waits = sorted(step.turn_since for step in snapshot.steps.values() if side_of(step) is Side.SUPPORT and step.turn_since)
        since = stuck_since(snapshot)[0] if shown.stuck else waits[0] if waits else NOW
        tier = 0 if shown.stuck else 1 if waits else 2 if one.closed_at is None else 3
        closed = -one.closed_at.timestamp() if one.closed_at else 0
        return tier, since, one.closed_at is not None, closed, one.go_live or date.max, one.started_at, one.id

    return [standing(snapshot) for snapshot in sorted(snapshots, key=key)]


LISTS = [*(Wanted(only, "UANN") for only in Only), Wanted(Only.UNCLAIMED, "UANN", "organization")]


def waits_as(wanted: Wanted, row: Waiting, snapshot: Snapshot) -> bool:
    mine = row.claimer_id == "UANN" or (not row.claimer_id and row.owner_id == "UANN")
    stuck = row.need is Need.STUCK
    kept = mine if wanted.only is Only.MINE else keeps(wanted.only, snapshot.onboarding, {row.claimer_id}, stuck, row.overdue)
    return kept and wanted.step_id in ("", row.step_id)


def stands_as(wanted: Wanted, row: Standing, snapshot: Snapshot) -> bool:
    turns = [step for step in snapshot.steps.values() if step.turn]
    claimers = {step.claimer_id for step in turns if side_of(step) is Side.SUPPORT}
    mine = row.owner_id == "UANN" or "UANN" in claimers
    kept = mine if wanted.only is Only.MINE else keeps(wanted.only, snapshot.onboarding, claimers, row.stuck, row.overdue)
    return kept and wanted.step_id in ("", *(step.step_id for step in turns))


def keeps(only: Only, one: Onboarding, claimers: set[str], stuck: bool, overdue: bool) -> bool:
    """``claimers``: of what waits for support; "" for what nobody claimed."""
    match only:
        case Only.UNCLAIMED:
            return "" in claimers
        case Only.OVERDUE:
            return overdue
        case Only.STUCK:
            return stuck
        case Only.GO_LIVE:
            return one.closed_at is None and one.go_live is not None and one.go_live <= TODAY + GO_LIVE_DAYS * DAY
    return True


# -- the contract


async def page_by_page(ask: Callable[..., Awaitable[Page[T]]], size: int) -> list[T]:
    """All rows; each page says how many there are."""
    rows: list[T] = []
    while True:
        page = await ask(first=len(rows), limit=size)
        assert page.first == len(rows)
        rows += page.rows
        if not page.rows:
            assert page.total == len(rows)
            return rows


async def test_every_list_is_what_a_plain_reckoning_says(at_noon: Store) -> None:
    async with at_noon.write() as unit:
        ids = [add_one(unit, number) for number in range(25)]
    raw(at_noon._url, "UPDATE effects SET state = 'failed' WHERE seq % 3 = 0")
    raw(
        at_noon._url,
        "INSERT INTO posted SELECT onboarding_id || ':alert:' || id, onboarding_id, 'alert', id, 'CSUPPORT', '5.1', '', ''"
        " FROM effects WHERE seq % 2 = 0",
    )
    gone = ids.pop()
    await erase(at_noon, gone)
    async with at_noon.read() as unit:
        snapshots = [snapshot for one in ids if (snapshot := await unit.snapshot(one))]
        by_id = {snapshot.onboarding.id: snapshot for snapshot in snapshots}
        waits = [row for snapshot in snapshots for row in await reckoned(unit, snapshot)]
        waits.sort(key=lambda row: (row.need is not Need.STUCK, row.since, row.onboarding_id, row.step_id, row.item))
        for wanted in LISTS:
            found = await page_by_page(partial(unit.waiting, wanted), 7)
            assert found == [row for row in waits if waits_as(wanted, row, by_id[row.onboarding_id])], wanted
            for closed in (False, True) if wanted == LISTS[0] else (True,):
                known = [row for row in in_order(snapshots) if closed or row.closed_at is None]
                stood = await page_by_page(partial(unit.standings, wanted, closed=closed), 9)
                assert stood == [row for row in known if stands_as(wanted, row, by_id[row.onboarding_id])], wanted


async def test_what_was_damaged_hides_nothing_else(at_noon: Store) -> None:
    async with at_noon.write() as unit:
        ids = [add_one(unit, number) for number in (1, 2, 3)]
        for one in ids:
            unit.add(Call(id=f"{one}:stuck:9", onboarding_id=one, kind="stuck", at=NOW))
    raw(at_noon._url, "UPDATE onboardings SET customer = 'v1.k0.changed' WHERE id = :id", id=ids[0])
    if at_noon.one_writer:  # what PostgreSQL takes into no such column
        raw(
            at_noon._url,
            "UPDATE steps SET turn = 'support:x', turn_since = 'once', onboarding_id = x'00' WHERE onboarding_id = :id",
            id=ids[1],
        )
        raw(at_noon._url, "UPDATE steps SET turn = 'support:x', turn_since = 'once' WHERE onboarding_id = :id", id=ids[2])
    async with at_noon.read() as unit:
        assert len((await unit.waiting(Wanted(), limit=100)).rows) >= 3
        assert {row.customer for row in (await unit.standings(Wanted())).rows} == {ids[0], "Acme 2", "Acme 3"}
        assert {row.customer for row in (await unit.waiting(Wanted(Only.STUCK))).rows} == {ids[0], "Acme 2", "Acme 3"}
