"""Pismo's errors and pages, with statuses, codes and texts from the table of facts."""

from collections.abc import Sequence
from math import ceil
from typing import Any

from aiohttp import web

from playground.pismo.facts import FACTS


def _error(status: int, message: str, code: str | None = None) -> web.Response:
    return web.json_response(({"code": code} if code else {}) | {"message": message}, status=status)


def known(call: str, code: str, **values: str) -> web.Response:
    """The refusal that the table of facts has for this call under this code."""
    status, _, message = next(refusal for refusal in FACTS["call"][call]["refusals"] if refusal[1] == code)
    return _error(status, message.format(**values), code)


def service_of(path: str) -> str:
    """The first part of the path names the service: passport, orgs-core, programs or audit-api."""
    return path.split("/")[1]


def page(found: Sequence[Any], number: int, per_page: int) -> web.Response:
    answer = {
        "current_page": number,
        "per_page": per_page,
        "pages": ceil(len(found) / per_page),
        "total_items": len(found),
        "items": list(found[(number - 1) * per_page : number * per_page]),
    }
    return web.json_response(answer)


def invalid_credentials() -> web.Response:
    return _error(401, "Invalid credentials")


def missing_token(service: str) -> web.Response:
    """Some services document a 401 without a body; elsewhere the gateway answers in its own words."""
    silent = service in {"orgs-core", "corporate", "marketplace"}
    return web.Response(status=401) if silent else _error(401, "Access token is missing or invalid")


def forbidden(service: str = "") -> web.Response:
    return web.Response(status=403) if service == "corporate" else _error(403, "access denied")


def other_tenant() -> web.Response:
    return _error(403, "You don't have permission to access this resource")


def missing_tenant(service: str) -> web.Response:
    return known("get_organization", "EOA0030") if service == "orgs-core" else known("list_programs", "EOA0017")


def different_tenant() -> web.Response:
    return known("get_organization", "EOA0035")


def unknown_org(org_id: str) -> web.Response:
    return known("get_organization", "EOA0100", id=org_id)


def bad_query() -> web.Response:
    return known("list_programs", "EOA0018")


def refused_program(code: str, **values: str) -> web.Response:
    """As published for the call, or for a call beside it."""
    known = (*FACTS["call"]["create_program"]["refusals"], *FACTS["program"]["refusals_elsewhere"])
    status, _, message = next(refusal for refusal in known if refusal[1] == code)
    return _error(status, message.format(**{"field": "name", "value": "xxx", **values}), code)


def program_begun(import_id: int) -> web.Response:
    message = "Your request has been submitted successfully. It may take some time to finish."
    return web.json_response({"program_import_id": import_id, "message": message}, status=201)


def unfit_body(names: Sequence[str]) -> web.Response:
    """No code is published for a body that does not fit."""
    return _error(400, f"Invalid request: {', '.join(names)}")


def audit_error(status: int, code: str, **values: str) -> web.Response:
    refusals = FACTS["call"]["list_audit"]["refusals"]
    message = next(text for known, its_code, text in refusals if (known, its_code) == (status, code)).format(**values)
    return web.json_response({"message": {"code": code, "message": message}}, status=status)


def too_many(retry_after: float | None) -> web.Response:
    """Neither a limit nor Retry-After is documented: by default it does not say when to come back."""
    response = _error(429, "Too many requests")
    if retry_after is not None:
        response.headers["Retry-After"] = f"{retry_after:g}"
    return response


def broken(service: str) -> web.Response:
    if service == "passport":
        return _error(500, "Error authenticating server")
    if service == "audit-api":
        return audit_error(500, "ECAD0000")
    if service == "marketplace":
        return web.Response(status=500)
    if service in _BROKEN:
        return _error(500, *_BROKEN[service])
    code = "EOA0001" if service == "orgs-core" else "EOA0015"
    return _error(500, "Something went wrong, please try again later", code)


_BROKEN = {
    "corporate": ("Internal error", "ECMN9999"),
    "holidays-core": ("Something went wrong - please try again", "EHLD0001"),
    "lending": ("Unexpected error", "ELND0001"),
}


def gateway_error() -> web.Response:
    """What a gateway in front of Pismo says about a service that does not answer: not JSON."""
    text = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
    return web.Response(status=502, text=text, content_type="text/html")
