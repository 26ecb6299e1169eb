"""Who writes next on SQLite, by the order in which they had their turn."""

import asyncio

from storage.store import Store
from storage.turns import PASSED_BY, Turns, in_background
from tests.storage.example import KEYRING


class Desk:
    """Who asks for a turn by name; ``had``: who had it, in order."""

    def __init__(self) -> None:
        self.turns, self.had = Turns(), list[str]()

    async def ask(self, name: str, *, again: int = 0, behind: bool = False) -> None:
        in_background.set(behind)
        for _ in range(again + 1):
            async with self.turns.next():
                self.had.append(name)
                await asyncio.sleep(0)

    async def all_at_once(self, *asking: asyncio.Task[None]) -> None:
        await asyncio.gather(*asking)
        async with self.turns.next():  # it is free again
            pass


async def test_whoever_waits_is_before_whoever_comes_again() -> None:
    desk = Desk()
    names = [f"press {number}" for number in range(4)]
    sweep = asyncio.create_task(desk.ask("sweep", again=2))
    await desk.all_at_once(sweep, *(asyncio.create_task(desk.ask(name)) for name in names))
    assert desk.had == ["sweep", *names, "sweep", "sweep"]


async def test_people_are_before_what_goes_on_by_itself_but_for_one_in_some() -> None:
    desk = Desk()
    behind = [asyncio.create_task(desk.ask("behind", behind=True)) for _ in range(3)]
    presses = [asyncio.create_task(desk.ask("press")) for _ in range(PASSED_BY + 2)]
    await desk.all_at_once(*behind, *presses)
    assert desk.had == ["behind", *["press"] * PASSED_BY, "behind", "press", "press", "behind"]


async def test_who_gives_up_waiting_keeps_nobody_from_their_turn() -> None:
    desk = Desk()
    async with desk.turns.next():
        early, late, last = (asyncio.create_task(desk.ask(name)) for name in ("early", "late", "last"))
        await asyncio.sleep(0)
        early.cancel()
    late.cancel()  # just when it is theirs
    assert [type(end) for end in await asyncio.gather(early, late, return_exceptions=True)] == [asyncio.CancelledError] * 2
    await desk.all_at_once(last)
    assert desk.had == ["last"]


async def test_a_sweep_does_not_write_again_before_a_press_that_waits(sqlite_url: str) -> None:
    store, wrote = Store(sqlite_url, KEYRING), list[str]()

    async def write(name: str, times: int = 1) -> None:
        in_background.set(name == "sweep")
        for number in range(times):
            await store.transact(lambda unit, key=f"{name} {number}": unit.once(key))  # type: ignore[misc]
            wrote.append(name)

    async with store.write():
        writing = [asyncio.create_task(write("sweep", 3)), asyncio.create_task(write("press"))]
        await asyncio.sleep(0)
    await asyncio.gather(*writing)
    assert wrote == ["press", "sweep", "sweep", "sweep"]
    await store.close()
