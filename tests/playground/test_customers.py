"""A crowd of customers is as good as one that people made: its log holds, and support's lists have some of everything."""

from pathlib import Path

from flows.desk import Need, Only, Wanted
from playground.customers import add_customers, crowded
from playground.office import Office
from storage.migrate import upgrade
from storage.sealing import Keyring
from storage.store import Store
from storage.verify import verify


async def test_a_crowd_waits_in_every_way_and_its_log_holds(tmp_path: Path) -> None:
    office = Office(folder=tmp_path)
    office._people()
    upgrade(office.database_url)
    assert not crowded(office.slack)
    await add_customers(office, 8, lambda _: None)
    assert crowded(office.slack)
    store = Store(office.database_url, Keyring.parse(office.keys))
    try:
        assert await verify(store) == []
        async with store.read() as unit:
            waiting, standing = await unit.waiting(Wanted(), limit=100), await unit.standings(Wanted(), limit=100)
            mine = await unit.waiting(Wanted(Only.MINE, office.sam.id))
        assert {row.need for row in waiting.rows} >= {Need.REVIEW, Need.TASK, Need.STUCK, Need.FAILED}
        assert len({row.channel_id for row in standing.rows}) == standing.total == 8
        assert 0 < mine.total < waiting.total
    finally:
        await store.close()
