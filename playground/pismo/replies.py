"""Pismo's errors, with the statuses, codes and texts of its OpenAPI files."""

from aiohttp import web


def _error(status: int, message: str, code: str | None = None) -> web.Response:
    return web.json_response(({"code": code} if code else {}) | {"message": message}, status=status)


def service_of(path: str) -> str:
    """The first part of a path names the service: passport, orgs-core or programs."""
    return path.split("/")[1]


def invalid_credentials() -> web.Response:
    return _error(401, "Invalid credentials")


def missing_token(service: str) -> web.Response:
    """Organizations describes no body; elsewhere the gateway answers in its own words."""
    return web.Response(status=401) if service == "orgs-core" else _error(401, "Access token is missing or invalid")


def forbidden() -> web.Response:
    return _error(403, "access denied")


def other_tenant() -> web.Response:
    return _error(403, "You don't have permission to access this resource")


def missing_tenant(service: str) -> web.Response:
    return _error(400, "Missing x-tenant header", "EOA0030" if service == "orgs-core" else "EOA0017")


def different_tenant() -> web.Response:
    return _error(400, "X-Tenant header and request are different", "EOA0035")


def unknown_org(org_id: str) -> web.Response:
    return _error(400, f"Org {org_id} was not found", "EOA0100")


def bad_query() -> web.Response:
    return _error(400, "Error to Binder", "EOA0018")


def too_many(retry_after: float | None) -> web.Response:
    """No limit and no Retry-After is documented: by default it says nothing about when to come back."""
    response = _error(429, "Too many requests")
    if retry_after is not None:
        response.headers["Retry-After"] = f"{retry_after:g}"
    return response


def broken(service: str) -> web.Response:
    if service == "passport":
        return _error(500, "Error authenticating server")
    code = "EOA0001" if service == "orgs-core" else "EOA0015"
    return _error(500, "Something went wrong, please try again later", code)
