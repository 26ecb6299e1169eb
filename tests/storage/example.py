"""An onboarding with something in every table, and ways to look beneath the store."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import text

from flows.model import (
    Call,
    Decision,
    Draft,
    Expiry,
    Grant,
    Member,
    Note,
    Onboarding,
    Person,
    Posted,
    Received,
    RefusedField,
    Reminder,
    StepRecord,
    Submission,
    TaskRecord,
    ThirdCompany,
    Turn,
    new_id,
)
from flows.outbox import Say
from flows.people import Who
from flows.state import StepState
from storage.engine import sync_engine
from storage.sealing import Keyring, new_key
from storage.store import Store
from storage.tables import metadata
from storage.unit import Unit

KEYRING = Keyring.parse(new_key())
NOW = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)
LEAD, OWNER = Who("TCUST", "ULEAD"), Who("THOME", "UOWNER")
SECRET = "Zaphod & Söhne"
EMAIL = "trillian@heart-of-gold.example"


def onboarding(**fields: Any) -> Onboarding:
    row_id = fields.pop("id", None) or new_id("onb")
    defaults: dict[str, Any] = {
        "id": row_id,
        "journey": "1",
        "customer": SECRET,
        "channel_id": f"C{row_id[4:]}",
        "team_id": LEAD.team_id,
        "lead_id": LEAD.user_id,
        "owner_id": OWNER.user_id,
        "language": "en",
        "go_live": date(2027, 3, 1),
        "started_at": NOW,
        "started_by": OWNER.user_id,
    }
    return Onboarding(**defaults | fields)


def submission(onboarding_id: str, revision: int = 1, **answers: Any) -> Submission:
    return Submission(
        id=f"{onboarding_id}:organization:{revision}",
        onboarding_id=onboarding_id,
        step_id="organization",
        revision=revision,
        digest="d" * 64,
        salt="5" * 32,
        answers=answers,
        team_id=LEAD.team_id,
        user_id=LEAD.user_id,
        at=NOW,
    )


def add_whole(unit: Unit, **fields: Any) -> str:
    """Personal data is in every place it can be."""
    one = onboarding(**fields)
    o = one.id
    unit.add(one)
    for position, step in enumerate(("planning", "organization")):
        unit.add(
            StepRecord(id=f"{o}:{step}", onboarding_id=o, step_id=step, position=position, state=StepState.OPEN, reason=SECRET)
        )
    unit.add(submission(o, legal_name=SECRET, contact=EMAIL))
    unit.add(Draft(id=f"{o}:planning:", onboarding_id=o, form="planning", answers={"goals": SECRET}, user_id="ULEAD", at=NOW))
    unit.add(
        Decision(
            id=f"{o}:organization:1:UOWNER",
            onboarding_id=o,
            subject="organization",
            revision=1,
            digest="d" * 64,
            verdict="request_changes",
            team_id="THOME",
            user_id="UOWNER",
            at=NOW,
            reason=SECRET,
        )
    )
    unit.add(
        TaskRecord(id=f"{o}:planning.session:1", onboarding_id=o, step_id="planning", task_id="session", answers={"n": SECRET})
    )
    unit.add(
        Grant(id=new_id("grant"), onboarding_id=o, step_id="service_desk", resource="service_desk", email=EMAIL, name=SECRET)
    )
    unit.add(Expiry(id=f"{o}:planning.session", onboarding_id=o, step_id="planning", task_id="session", last_day=NOW.date()))
    unit.add(Posted(id=f"{o}:card:", onboarding_id=o, kind="card", subject="", channel_id=one.channel_id, ts="1.2"))
    unit.add(
        Reminder(
            id=f"{o}:eff_1",
            onboarding_id=o,
            side="customer",
            user_id=LEAD.user_id,
            steps=["planning"],
            waits=["planning"],
            channel_id=one.channel_id,
            ts="1.3",
        )
    )
    unit.add(Member(id=f"{o}:{LEAD}", onboarding_id=o, team_id=LEAD.team_id, user_id=LEAD.user_id, role="lead"))
    unit.add(ThirdCompany(id=f"{o}:TTHIRD", onboarding_id=o, team_id="TTHIRD", people=["UTHIRD"], connected=True, at=NOW))
    unit.add(
        Call(id=f"{o}:stuck:1", onboarding_id=o, kind="stuck", user_id=LEAD.user_id, at=NOW, words=SECRET, answer=f"{SECRET}!")
    )
    unit.add(Note(id=f"{o}:note:1", onboarding_id=o, user_id=OWNER.user_id, at=NOW, words=SECRET))
    unit.add(
        Turn(
            id=f"{o}:planning:turn:1",
            onboarding_id=o,
            step_id="planning",
            side="customer",
            state="open",
            next_state="submitted",
            began_at=NOW,
            ended_at=NOW,
            seconds=0,
        )
    )
    unit.add(
        RefusedField(
            id=f"{o}:day:planning.goals:missing",
            onboarding_id=o,
            form="planning",
            field="goals",
            reason="missing",
            day=NOW.date(),
        )
    )
    unit.add(Received(id=new_id("Ev"), type="message", payload={"channel": one.channel_id, "text": SECRET}, at=NOW))
    unit.record(o, "onboarding:start", OWNER, facts={"revision": 1, "list": ["b", "a"]}, changes={"customer": SECRET})
    unit.record(o, "step:planning:unlock", OWNER)
    unit.record(o, "step:organization:submit", LEAD, changes={"answers": {"legal_name": [None, SECRET]}})
    unit.ask(o, Say(where="support", step="planning", key="stuck", params={"reason": SECRET}))
    return o


async def whole(store: Store, **fields: Any) -> str:
    async def work(unit: Unit) -> str:
        if await unit.get(Person, str(LEAD)) is None:
            unit.add(Person(id=str(LEAD), team_id=LEAD.team_id, user_id=LEAD.user_id, name=SECRET, seen_at=NOW))
        return add_whole(unit, **fields)

    return await store.transact(work)


def raw(url: str, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """What someone with access to the database sees and does."""
    engine = sync_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def dump(url: str) -> str:
    """Every value of every table as text."""
    rows = [repr(row) for name in metadata.tables for row in raw(url, f"SELECT * FROM {name}")]  # noqa: S608  our own names
    return "\n".join(rows)
