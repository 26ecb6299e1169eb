"""What customers set up for their products, and the calls that read it: hierarchies, divisions, calendars, codes, loan products."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web

from playground.pismo import replies

Row = dict[str, Any]
MAX_INT64 = 2**63


@dataclass
class OrgSetUp:
    """Rows as Pismo lists them."""

    hierarchies: list[Row] = field(default_factory=list)
    divisions: list[Row] = field(default_factory=list)
    holiday_calendars: list[Row] = field(default_factory=list)
    processing_codes: list[Row] = field(default_factory=list)
    loan_products: list[Row] = field(default_factory=list)
    marketplaces: list[Row] = field(default_factory=list)

    def fill(self) -> None:
        """As a customer leaves it: something of everything."""
        hierarchy = self.add_hierarchy("Branches", "Country", "Branch")
        self.add_division(hierarchy, "BR")
        self.add_division(hierarchy, "SP", level=1)
        self.add_holiday_calendar("Brazil")
        self.add_processing_code("700001")
        self.add_loan_product("Personal loan")
        self.add_marketplace("Market")

    def add_hierarchy(self, name: str, *levels: str) -> str:
        made = [{"id": str(uuid4()), "name": one, "index": index, "description": one} for index, one in enumerate(levels)]
        self.hierarchies.append({"id": str(uuid4()), "name": name, "levels": made})
        return str(self.hierarchies[-1]["id"])

    def add_division(self, hierarchy_id: str, code: str, level: int = 0) -> None:
        hierarchy = next(one for one in self.hierarchies if one["id"] == hierarchy_id)
        level_id = hierarchy["levels"][level]["id"]
        row = {"division_id": str(uuid4()), "division_code": code, "name": code}
        self.divisions.append({**row, "level_id": level_id, "hierarchy_id": hierarchy_id, "program_ids": []})

    def add_holiday_calendar(self, name: str) -> None:
        number = len(self.holiday_calendars) + 1
        self.holiday_calendars.append(
            {"holiday_calendar_id": number, "name": name, "type": "Country", "working_days": [1, 2, 3, 4, 5]}
        )

    def add_processing_code(self, code: str, status: str = "SUCCESS", *, standard: bool = False) -> None:
        row = {"processing_codes": code, "org_operation_id": len(self.processing_codes) + 1, "balance_impact": -1}
        self.processing_codes.append({**row, "description": code, "standard": standard, "status": status, "tags": ["GLOBAL"]})

    def add_loan_product(self, name: str, status: str = "ACTIVE") -> None:
        row = {"product_id": str(uuid4()), "product_name": name, "status": status, "collateral": "NONE", "currency": 986}
        self.loan_products.append({**row, "disbursement_method": {"type": "SINGLE"}, "processing_codes": {}})

    def add_marketplace(self, name: str) -> int:
        number = len(self.marketplaces) + 1
        self.marketplaces.append({"id": number, "marketplace_name": name, "contact": {"email": "market@example.com"}})
        return number


Answer = Callable[[OrgSetUp, web.Request], web.Response]


def hierarchies(found: OrgSetUp, request: web.Request) -> web.Response:
    return _by_cursor("list_hierarchies", "hierarchies", found.hierarchies, request)


def divisions(found: OrgSetUp, request: web.Request) -> web.Response:
    """By hierarchy or by level. Errors about paging are published for it, though parameters are not."""
    asked = {name: request.query[key] for key, name in _DIVISIONS_OF.items() if request.query.get(key)}
    if len(asked) != 1:
        return replies.known("list_divisions", "WDIV0001" if asked else "WDIV0011")
    rows = [row for row in found.divisions if asked.items() <= row.items()]
    return _by_cursor("list_divisions", "divisions", rows, request)


_DIVISIONS_OF = {"hierarchyId": "hierarchy_id", "levelId": "level_id"}


def holiday_calendars(found: OrgSetUp, request: web.Request) -> web.Response:
    page, per_page = _whole(request.query.get("page", "1")), _whole(request.query.get("perPage", "10"))
    unfit = "page" if not page else "perPage" if not per_page or per_page > 100 else ""
    if unfit or not page or not per_page:
        return replies.known("list_holiday_calendars", "400", field=unfit)
    name = request.query.get("name")
    return replies.page([row for row in found.holiday_calendars if name in (None, row["name"])], page, per_page)


def processing_codes(found: OrgSetUp, request: web.Request) -> web.Response:
    begin, limit = _whole(request.query.get("nextCursor") or "0"), _whole(request.query.get("limit", "10"))
    if begin is None or not limit or limit > 100:
        return replies.known("list_processing_codes", "400")
    rows = found.processing_codes[begin : begin + limit]
    more = begin + limit < len(found.processing_codes)
    answer = {"has_next": more, "next_cursor": str(begin + limit) if more else "", "count": len(rows), "items": rows}
    return web.json_response(answer)


def loan_products(found: OrgSetUp, request: web.Request) -> web.Response:
    """The cursor is required; for the first page it is empty."""
    if "nextCursor" not in request.query:
        return replies.known("list_loan_products", "ELND0002", field="nextCursor")
    begin, limit = _whole(request.query["nextCursor"] or "0"), _whole(request.query.get("limit", "10"))
    wanted = request.query.get("loanProductId")
    rows = [row for row in found.loan_products if wanted in (None, row["product_id"])]
    if begin is None or not limit or limit > 50 or (wanted and not rows):
        return replies.known("list_loan_products", "ELND0005", data="loan product")
    more = begin + limit < len(rows)
    answer = {"has_next": more, "items": rows[begin : begin + limit]} | ({"next_cursor": str(begin + limit)} if more else {})
    return web.json_response(answer)


def marketplace(found: OrgSetUp, request: web.Request) -> web.Response:
    """No answer is published for one that does not exist: 400 is the only one there is for what a caller did wrong."""
    number = _whole(request.match_info["marketplaceId"])
    row = next((row for row in found.marketplaces if row["id"] == number), None)
    return web.json_response(row) if row is not None else web.Response(status=400)


def _by_cursor(call: str, name: str, rows: Sequence[Row], request: web.Request) -> web.Response:
    begin, limit = _whole(request.query.get("cursor") or "0"), _whole(request.query.get("limit", "10"))
    if begin is None:
        return replies.known(call, "WCMN0004")
    if not limit or limit > 100:
        return replies.known(call, "WCMN0006")
    after = {"cursor": str(begin + limit)} if begin + limit < len(rows) else {}
    return web.json_response({name: list(rows[begin : begin + limit]), "pagination": {"limit": limit} | after})


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) < MAX_INT64 else None


CALLS: dict[str, tuple[str, str, Answer]] = {
    "/corporate/v1/hierarchies": ("hierarchies", "", hierarchies),
    "/corporate/v2/divisions": ("divisions", "", divisions),
    "/holidays-core/v1/holiday-calendar": ("holidays", "list_holiday_calendars", holiday_calendars),
    "/orgs-operation/v1/processing-codes": ("processing_codes", "", processing_codes),
    "/lending/v2/loan-products": ("lending", "", loan_products),
    "/marketplace/v2/marketplaces/{marketplaceId}": ("marketplace", "", marketplace),
}
"""By path: the area that a permission group covers, the call if it needs `x-tenant`, and what it answers."""
