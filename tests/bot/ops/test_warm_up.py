"""After the start, nothing is left to be built when the first person presses something."""

from datetime import date
from pathlib import Path

from bot.messages.texts import languages, table, words_in
from bot.ops.warm_up import warm_up
from flows.business_time import holiday
from flows.checks import catalog, catalog_entries
from flows.days_off import days_off
from flows.desk import Only, Wanted
from flows.rules import Rules
from storage.needs import waiting
from tests.flows.cases.casework import case_book


async def test_texts_catalogs_and_lists_are_there(tmp_path: Path) -> None:
    caches = (words_in, catalog_entries.index_of, days_off, waiting)
    async with case_book(tmp_path) as book:
        await warm_up(book.store, Rules())
        before = [cache.cache_info().misses for cache in caches]
        for language in languages():
            assert table(language)
            assert catalog.label("country", "BRA", language) != "BRA"
        assert holiday(Rules().support_calendar, date(2027, 4, 21)) == "Tiradentes"
        async with book.store.read() as unit:
            for only in Only:
                assert (await unit.waiting(Wanted(only))).rows == []
    assert [cache.cache_info().misses for cache in caches] == before
