"""What a customer has set up for a product: hierarchies, divisions, calendars, processing codes, loan products, a marketplace."""

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr

from pismo.calls import (
    GET_MARKETPLACE,
    LIST_DIVISIONS,
    LIST_HIERARCHIES,
    LIST_HOLIDAY_CALENDARS,
    LIST_LOAN_PRODUCTS,
    LIST_PROCESSING_CODES,
    PismoCall,
)
from pismo.client import Pismo
from pismo.models import Program, ProgramsPage, Result

R = TypeVar("R", bound=Result)

MAX_PAGES = 10
"""Pages read of one list: what is looked for is on the first, or nowhere."""
PROGRAMS, CORPORATE, CODES, LOANS = 50, 100, 100, 50
"""Items asked for on a page; of the last three, the most that Pismo allows."""


_None = BeforeValidator(lambda value: () if value is None else value)
"""For lists: an empty one may come as null."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)


class HierarchyLevel(_Part):
    """``index``: 0 for the root."""

    id: str
    name: str = ""
    index: int | None = None


class Hierarchy(_Part):
    id: str
    name: str = ""
    levels: Annotated[tuple[HierarchyLevel, ...], _None] = ()


class Division(_Part):
    """``level_id``: the level of its hierarchy that it stands on."""

    division_id: str
    level_id: str | None = None


class ProcessingCode(_Part):
    """``standard``: Pismo gives it to every organization. ``status`` PENDING: its transaction flow is not configured yet."""

    status: str | None = None
    standard: bool = False


class LoanProduct(_Part):
    product_id: str
    status: str = ""


class _Cursor(_Part):
    cursor: str | None = None


class HierarchiesPage(Result):
    hierarchies: Annotated[tuple[Hierarchy, ...], _None]
    pagination: _Cursor | None = None

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """The published schema has one ``level`` for a hierarchy, the published example several ``levels``: both are read."""
        found = [
            one if "levels" in one else {**one, "levels": _listed(one.get("level"))} for one in body.get("hierarchies") or ()
        ]
        return cls.model_validate({**body, "hierarchies": found})


class DivisionsPage(Result):
    divisions: Annotated[tuple[Division, ...], _None]


class HolidayCalendarsPage(Result):
    total_items: int


class ProcessingCodesPage(Result):
    items: Annotated[tuple[ProcessingCode, ...], _None]
    has_next: bool = False
    next_cursor: str | None = None


class LoanProductsPage(Result):
    items: Annotated[tuple[LoanProduct, ...], _None]
    has_next: bool = False
    next_cursor: str | None = None


class Marketplace(Result):
    id: str


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


class SetupReadings:
    """One customer's calls in one environment, with one token. A list is read to its end, but for at most MAX_PAGES pages; its time and
    x-cid are those of the last page. Raises PismoError, and ValueError as `Pismo` does."""

    def __init__(self, pismo: Pismo, token: SecretStr, org_id: str) -> None:
        self._pismo, self._token, self._org_id = pismo, token, org_id

    async def programs(self) -> tuple[ProgramsPage, list[Program]]:
        found: list[Program] = []
        for number in range(1, MAX_PAGES + 1):
            page = await self._pismo.list_programs(self._token, self._org_id, number, PROGRAMS)
            found += page.items
            if not page.items or len(found) >= page.total_items:
                break
        return page, found

    async def hierarchies(self) -> tuple[Result, list[Hierarchy]]:
        found: list[Hierarchy] = []
        cursor: Mapping[str, str] = {}
        for _ in range(MAX_PAGES):
            page = await self._get(LIST_HIERARCHIES, HierarchiesPage, limit=CORPORATE, **cursor)
            found += page.hierarchies
            after = page.pagination.cursor if page.pagination is not None else None
            if not page.hierarchies or not after:
                break
            cursor = {"cursor": after}
        return page, found

    async def divisions(self, hierarchy_id: str) -> tuple[Result, list[Division]]:
        """Of one hierarchy, on all its levels. A level could be asked for instead, never both; no paging is published for them."""
        page = await self._get(LIST_DIVISIONS, DivisionsPage, hierarchyId=hierarchy_id)
        return page, list(page.divisions)

    async def holiday_calendars(self) -> tuple[Result, int]:
        """How many there are."""
        page = await self._get(LIST_HOLIDAY_CALENDARS, HolidayCalendarsPage, page=1, perPage=1)
        return page, page.total_items

    async def processing_codes(self) -> tuple[Result, list[ProcessingCode]]:
        found: list[ProcessingCode] = []
        cursor: Mapping[str, str] = {}
        for _ in range(MAX_PAGES):
            page = await self._get(LIST_PROCESSING_CODES, ProcessingCodesPage, limit=CODES, **cursor)
            found += page.items
            if not page.has_next or not page.next_cursor:
                break
            cursor = {"nextCursor": page.next_cursor}
        return page, found

    async def loan_products(self) -> tuple[Result, list[LoanProduct]]:
        """Pismo requires the cursor for the first page too, and does not say which: an empty one is sent."""
        found: list[LoanProduct] = []
        cursor = ""
        for _ in range(MAX_PAGES):
            page = await self._get(LIST_LOAN_PRODUCTS, LoanProductsPage, nextCursor=cursor, limit=LOANS)
            found += page.items
            if not page.has_next or not page.next_cursor:
                break
            cursor = page.next_cursor
        return page, found

    async def marketplace(self, marketplace_id: int) -> Marketplace:
        return await self._get(GET_MARKETPLACE, Marketplace, marketplaceId=marketplace_id)

    async def _get(self, call: PismoCall, model: type[R], **given: str | int) -> R:
        return await self._pismo.read(call, model, self._token, self._org_id, **given)
