"""A customer's data can be exported, and can be erased."""

import csv
import io
import json
import re

import pytest

from flows.cases import searches
from flows.model import Draft, EffectRecord, Member, Person, Received
from flows.outbox import Alert, Tell
from storage.erase import erase
from storage.export import export
from storage.sealing import Place, current, using
from storage.store import Store
from storage.tables import id_column, metadata, sealed_columns
from storage.verify import Finding, Flaw, verify
from tests.storage.example import EMAIL, KEYRING, LEAD, NOW, OWNER, SECRET, raw, submission, whole


def opened(url: str, onboarding_id: str) -> str:
    """All sealed values of the database in the clear."""
    texts = []
    for table in metadata.sorted_tables:
        for column in sealed_columns(table):
            for row_id, sealed in raw(url, f"SELECT {id_column(table).name}, {column.name} FROM {table.name}"):  # noqa: S608  fixed names
                texts.append(current().open(sealed, Place(table.name, column.name, row_id)))
    return "\n".join(texts)


async def test_an_erased_onboarding_leaves_no_personal_data_and_a_whole_log(store: Store) -> None:
    onboarding_id = await whole(store)
    async with store.write() as unit:
        unit.ask(
            "", Alert(onboarding=onboarding_id, customer=SECRET, effect="eff_1", what="effect.say", why="why.x", id="ABC234")
        )
        snapshot = await unit.snapshot(onboarding_id)
        assert snapshot is not None
        started = {"channel": snapshot.onboarding.channel_id, "customer": SECRET}
        unit.add(Draft(id=":start:UOWNER", onboarding_id="", form="start", item="UOWNER", answers=started))
        await searches.keep(unit, searches.new(OWNER, SECRET))
    assert SECRET in opened(store._url, onboarding_id)
    counts = await erase(store, onboarding_id, OWNER)
    left = opened(store._url, onboarding_id)
    assert SECRET not in left
    assert json.dumps(SECRET)[1:-1] not in left
    assert EMAIL not in left
    assert await verify(store) == []
    assert counts["drafts"] == 2
    assert counts["effects"] == 2
    assert counts["people"] == 1
    async with store.read() as unit:
        erased = await unit.snapshot(onboarding_id)
        assert await unit.onboardings(closed=True) == []
        assert await unit.person(LEAD) is None
        assert await unit.open_effects() == []
    assert erased is not None
    assert erased.onboarding.erased_at is not None
    assert erased.onboarding.closed_at == erased.onboarding.erased_at
    assert (await erase(store, onboarding_id))["people"] == 0


async def test_what_belongs_to_others_stays(store: Store) -> None:
    gone, stays = await whole(store), await whole(store)
    async with store.write() as unit:
        unit.add(Person(id="TCUST/UALONE", team_id="TCUST", user_id="UALONE", name="alone"))
        unit.add(Member(id=f"{gone}:TCUST/UALONE", onboarding_id=gone, team_id="TCUST", user_id="UALONE"))
        unit.add(Person(id=str(OWNER), team_id=OWNER.team_id, user_id=OWNER.user_id, support=True, name="owner"))
        unit.add(Member(id=f"{gone}:{OWNER}", onboarding_id=gone, team_id=OWNER.team_id, user_id=OWNER.user_id))
        unit.ask("", Tell(team="TCUST", user="UELSE", channel="C", key="welcome", params={}))
    async with store.read() as unit:
        (home,) = [effect.id for effect in await unit.open_effects() if effect.kind == Tell.kind and not effect.onboarding_id]
    await erase(store, gone)
    async with store.read() as unit:
        assert await unit.person(LEAD) is not None  # in the other onboarding too
        assert await unit.get(Person, "TCUST/UALONE") is None
        assert await unit.person(OWNER) is not None
        other = await unit.snapshot(stays)
        effect = await unit.get(EffectRecord, home)
    assert other is not None
    assert effect is not None
    assert other.onboarding.customer == SECRET
    assert other.submissions["organization"][0].answers["contact"] == EMAIL
    assert effect.state == "waiting"


@pytest.mark.parametrize("mark", ["", "message"])
async def test_a_channel_that_somebody_made_none_takes_nothing_of_others(store: Store, mark: str) -> None:
    gone = await whole(store)
    async with store.write() as unit:
        unit.add(Received(id="Ev2", type="message", payload={"type": "message", "channel": "CELSE", "text": ""}, at=NOW))
        unit.ask("", Tell(team="TCUST", user="UELSE", channel="", key="welcome", params={}))
    raw(store._url, "UPDATE onboardings SET channel_id = :m", m=mark)
    raw(store._url, "UPDATE members SET user_id = ''")
    await erase(store, gone)
    async with store.read() as unit:
        event = await unit.get(Received, "Ev2")
        assert [effect.state for effect in await unit.open_effects() if not effect.onboarding_id] == ["waiting"]
    assert event is not None
    assert event.payload["channel"] == "CELSE"


async def test_what_stands_under_ids_and_marks_that_are_none_is_erased(sqlite_url: str) -> None:
    with using(KEYRING):
        store = Store(sqlite_url, KEYRING)
        onboarding_id = await whole(store)
        raw(sqlite_url, "UPDATE grants SET id = CAST(x'ff' AS TEXT)")
        raw(sqlite_url, "UPDATE drafts SET id = CAST(x'fe' AS TEXT)")
        raw(sqlite_url, "UPDATE people SET id = CAST(x'fd' AS TEXT), support = 2")
        before = raw(sqlite_url, "SELECT email, name FROM grants")
        counts = await erase(store, onboarding_id)
        assert (counts["grants"], counts["drafts"], counts["people"]) == (1, 1, 1)
        assert not set(before[0]) & set(raw(sqlite_url, "SELECT email, name FROM grants")[0])
        assert raw(sqlite_url, "SELECT * FROM drafts") == raw(sqlite_url, "SELECT * FROM people") == []
        await store.close()


async def test_an_export_writes_what_is_no_character_as_json_does(store: Store) -> None:
    onboarding_id = await whole(store)
    raw(store._url, "UPDATE third_companies SET people = :p", p='["\\ud800"]')
    taken = await export(store, onboarding_id)
    assert json.loads(taken.json.encode())["companies"][0]["people"] == ["\ud800"]
    assert "\\ud800" in taken.csv["companies"].encode().decode()


async def test_an_unknown_onboarding(store: Store) -> None:
    with pytest.raises(LookupError):
        await erase(store, "onb_none")
    with pytest.raises(LookupError):
        await export(store, "onb_none")


async def test_an_export_holds_everything_in_the_clear(store: Store) -> None:
    onboarding_id = await whole(store)
    await whole(store)
    taken = await export(store, onboarding_id)
    whole_ = json.loads(taken.json)
    assert whole_["onboarding"]["customer"] == SECRET
    assert whole_["onboarding"]["started_at"] == NOW.isoformat()
    assert whole_["submissions"][0]["answers"] == {"legal_name": SECRET, "contact": EMAIL}
    assert [event["tag"] for event in whole_["events"]] == [
        "onboarding:start",
        "step:planning:unlock",
        "step:organization:submit",
    ]
    assert whole_["events"][2]["changes"] == {"answers": {"legal_name": [None, SECRET]}}
    assert whole_["people"][0]["name"] == SECRET
    rows = list(csv.DictReader(io.StringIO(taken.csv["steps"], newline="")))
    assert [row["step_id"] for row in rows] == ["planning", "organization"]
    assert set(taken.csv) == set(whole_)


@pytest.mark.parametrize("name", ["=1+1", "+49", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
async def test_a_cell_never_begins_a_formula(store: Store, name: str) -> None:
    onboarding_id = await whole(store, customer=name)
    async with store.write() as unit:
        unit.add(submission(onboarding_id, 2, formula=name))
    taken = await export(store, onboarding_id)
    (row,) = csv.DictReader(io.StringIO(taken.csv["onboarding"], newline=""))
    assert row["customer"] == f"'{name}"
    assert json.loads(taken.json)["onboarding"]["customer"] == name


FORMULAS = ("=1;=2", "Acme; =1+1", "Acme;\t@SUM(A1)", 'Acme";=1', ";;-2", "+cmd", "Acme; \u200b＝1", "x\r-3", "a=b;c")


async def test_no_cell_of_another_spreadsheet_begins_a_formula(store: Store) -> None:
    """One that separates cells by semicolons, and so reads on across our quotation marks; a text too long to look at twice."""
    name = "\n".join(FORMULAS) + "; \n\t" * 20_000
    onboarding_id = await whole(store, customer=name)
    async with store.write() as unit:
        unit.add(submission(onboarding_id, 2, goals=";=1"))
    taken = await export(store, onboarding_id)
    cells = [cell for text in taken.csv.values() for cell in re.split(r"[;\t\r\n]", text)]
    assert [cell for cell in cells if cell.lstrip(' "\u200b').startswith(tuple("=+-@＝＋－＠"))] == []
    assert json.loads(taken.json)["onboarding"]["customer"] == name


async def test_what_was_erased_and_is_put_back_into_the_log_is_found_and_erased_again(store: Store) -> None:
    onboarding_id = await whole(store)
    entry = f"{onboarding_id}:1"
    was = raw(store._url, "SELECT changes, salt FROM audit_events WHERE id = :e", e=entry)[0]
    await erase(store, onboarding_id)
    raw(store._url, "UPDATE audit_events SET changes = :c, salt = :s WHERE id = :e", c=was[0], s=was[1], e=entry)
    assert await verify(store) == [Finding(onboarding_id, Flaw.CHANGES_CHANGED, 1)]
    assert (await erase(store, onboarding_id))["audit_events"] == 1
    assert SECRET not in opened(store._url, onboarding_id)
    assert await verify(store) == []
