"""Pages are read to their end and no further, and a sign-on counts from when on it may be an answer to an invitation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from bot.jobs.proof_readings import MAX_PAGES, PER_PAGE, all_programs, signed_on
from pismo.client import Pismo

TOKEN, ORG = SecretStr("opaque"), "TN-1"
INVITED = datetime(2026, 3, 9, 12, tzinfo=UTC)


@contextmanager
def asked(answer: Callable[[int], dict[str, Any]]) -> Iterator[tuple[Pismo, list[httpx.URL]]]:
    """Pismo, which answers with a page by its number, and what it was asked."""
    seen: list[httpx.URL] = []

    def transport(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(200, json=answer(int(request.url.params["page"])))

    yield Pismo("https://pismo.example", transport=httpx.MockTransport(transport)), seen


def of_programs(first: int, count: int, total: int) -> dict[str, Any]:
    return {"total_items": total, "items": [{"id": n, "name": f"P{n}"} for n in range(first, first + count)]}


async def test_programs_are_read_to_the_end() -> None:
    total = 2 * PER_PAGE + 1
    pages = lambda n: of_programs((n - 1) * PER_PAGE, min(PER_PAGE, total - (n - 1) * PER_PAGE), total)  # noqa: E731
    with asked(pages) as (pismo, seen):
        page = await all_programs(pismo, TOKEN, ORG)
    assert ([one.id for one in page.items], page.total_items, len(seen)) == (list(range(total)), total, 3)


async def test_a_server_that_gives_the_same_page_again_is_not_asked_for_ever() -> None:
    with asked(lambda _: of_programs(0, 10, 1000)) as (pismo, seen):
        page = await all_programs(pismo, TOKEN, ORG)
    assert (len(page.items), page.total_items, len(seen)) == (10, 1000, 2)


async def test_very_many_programs_are_read_in_part() -> None:
    with asked(lambda n: of_programs(n * PER_PAGE, PER_PAGE, 10**6)) as (pismo, seen):
        page = await all_programs(pismo, TOKEN, ORG)
    assert (len(page.items), len(seen)) == (MAX_PAGES * PER_PAGE, MAX_PAGES)


def record(email: str, at: str = "2026-03-09T12:30:00Z", action: str = "login", code: int = 200) -> dict[str, Any]:
    return {
        "id": 1,
        "operation": {"action": action, "feature": "user", "date": at},
        "user": {"email": email},
        "http": {"code": code},
    }


def of_audit(*records: dict[str, Any], total: int = 0) -> dict[str, Any]:
    return {"total_items": total or len(records), "items": list(records)}


async def test_a_sign_on_is_somebody_invited_s_that_worked_since_then() -> None:
    people = ("in@a.example", "early@a.example", "refused@a.example", "created@a.example", "undated@a.example")
    invited = {**dict.fromkeys(people, INVITED), "later@a.example": INVITED + timedelta(hours=1)}
    answer = of_audit(
        record(" In@A.example "),
        record("early@a.example", "2026-03-09T11:59:59Z"),
        record("refused@a.example", code=401),
        record("created@a.example", action="create"),
        record("undated@a.example", "yesterday"),
        record("later@a.example"),
        record("somebody@b.example"),
    )
    with asked(lambda _: answer) as (pismo, seen):
        assert await signed_on(pismo, TOKEN, ORG, invited) == {"in@a.example"}
    (url,) = seen
    assert (url.params["beginDate"], url.params["feature"], url.params["action"]) == ("2026-03-09T12:00:00Z", "user", "login")
    assert "example" not in url.query.decode()  # no address is sent


async def test_the_audit_is_read_until_all_are_found_and_not_without_end() -> None:
    with asked(lambda n: of_audit(record("in@a.example" if n == 3 else "x@b.example"), total=10**6)) as (pismo, seen):
        assert await signed_on(pismo, TOKEN, ORG, {"in@a.example": INVITED}) == {"in@a.example"}
        assert len(seen) == 3
        assert await signed_on(pismo, TOKEN, ORG, {"out@a.example": INVITED}) == set()
        assert len(seen) == 3 + MAX_PAGES
