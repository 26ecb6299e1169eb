"""The Control Center audit list (beta): its filters, its pages, and errors nested one level deeper than elsewhere."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from playground.pismo import replies

Record = Mapping[str, Any]

_WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_LONGEST = {"user": 80, "action": 80, "feature": 80, "featureID": 80, "cid": 40}


def listed(records: list[dict[str, Any]], query: Mapping[str, str]) -> web.Response:
    """A page of ``records``, or the refusal of a query that Pismo would not take."""
    page, per_page = query.get("page", "1"), query.get("perPage", "10")
    if not _WHOLE.fullmatch(page) or not _WHOLE.fullmatch(per_page):
        return replies.audit_error(400, "ECAD0007")
    order = query.get("order", "asc")
    wrong = (
        ("Page", "min", int(page) < 1),
        ("PerPage", "min", int(per_page) < 1),
        ("PerPage", "max", int(per_page) > 100),
        ("Order", "oneof", order not in {"asc", "desc"}),
        *((name[0].upper() + name[1:], "max", len(query.get(name, "")) > most) for name, most in _LONGEST.items()),
    )
    for field, tag, is_wrong in wrong:
        if is_wrong:
            return replies.audit_error(400, "ECAD0005", field=field, tag=tag)
    try:
        begin, end = (datetime.fromisoformat(query[name]) if name in query else None for name in ("beginDate", "endDate"))
    except ValueError:
        return replies.audit_error(400, "ECAD0007")
    if any(moment is not None and moment.tzinfo is None for moment in (begin, end)):
        return replies.audit_error(400, "ECAD0007")
    if begin is not None and end is not None and begin > end:
        return replies.audit_error(400, "ECAD0006")
    found = [record for record in records if _fits(record, query, begin, end)]
    found.sort(key=lambda record: str(record["operation"]["date"]), reverse=order == "desc")
    return replies.page(found, int(page), int(per_page))


def _fits(record: Record, query: Mapping[str, str], begin: datetime | None, end: datetime | None) -> bool:
    operation = record["operation"]
    told = {
        "user": record["user"]["email"],
        "action": operation["action"],
        "feature": operation["feature"],
        "featureID": operation["feature_id"],
        "cid": operation["cid"],
    }
    date = datetime.fromisoformat(operation["date"])
    wanted = {name: {part.strip() for part in query[name].split(",")} for name in told if query.get(name)}
    within = (begin is None or begin <= date) and (end is None or date < end)
    return within and all(told[name] in among for name, among in wanted.items())
