"""Every Pismo operation that the client can call, as data. Source: Pismo's published OpenAPI files.

The bot gets tokens only with a JWT that the customer signed. With an access key, customers do it themselves, using the commands that
the bot shows: a server secret never enters it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PismoCall:
    """One operation.

    ``service`` is the path prefix: the same error code means different things in different services.
    ``path`` is a template; ``success`` holds the statuses that mean the call worked. ``safe``: it only reads, so repeating it
    changes nothing (RFC 9110 §9.2.1). ``tenant``: it takes the header `x-tenant`; elsewhere the organization is the token's.
    """

    service: str
    operation: str
    method: str
    path: str
    success: frozenset[int]
    safe: bool = False
    tenant: bool = True


TOKEN_OPENID = PismoCall("passport", "token_openid", "POST", "/passport/v1/oauth2/token", frozenset({201}))
GET_ORGANIZATION = PismoCall("orgs-core", "get_organization", "GET", "/orgs-core/v1/orgs/{id}", frozenset({200}), safe=True)
# No id in its path: the header says which organization.
PATCH_ORGANIZATION = PismoCall("orgs-core", "patch_organization", "PATCH", "/orgs-core/v1/orgs", frozenset({200}))
LIST_PROGRAMS = PismoCall("programs", "list_programs", "GET", "/programs/v1/programs", frozenset({200}), safe=True)
# Nothing keeps it from creating a second one of the same name, and there is no key for idempotency.
CREATE_PROGRAM = PismoCall("programs", "create_program", "POST", "/programs/v2/programs/template", frozenset({201}))
LIST_AUDIT = PismoCall("audit-api", "list_audit", "GET", "/audit-api/v1/audit", frozenset({200}), safe=True, tenant=False)  # beta

# How a program gets from one environment to the other.
START_EXPORT = PismoCall("programs", "start_export", "POST", "/programs/v1/programs/export", frozenset({201}))
GET_EXPORT = PismoCall("programs", "get_export", "GET", "/programs/v1/programs/export/{id}", frozenset({200}), safe=True)
DOWNLOAD_EXPORT = PismoCall(
    "programs", "download_export", "GET", "/programs/v1/programs/export/{id}/download", frozenset({200}), safe=True
)
# Nothing keeps it from importing the same program twice, and there is no key for idempotency.
START_IMPORT = PismoCall("programs", "start_import", "POST", "/programs/v1/programs/import", frozenset({201}))
LIST_IMPORTS = PismoCall("programs", "list_imports", "GET", "/programs/v1/programs/import", frozenset({200}), safe=True)
GET_PROGRAM_IMPORT = PismoCall(
    "programs", "get_program_import", "GET", "/programs/v1/programs/import/{id}", frozenset({200}), safe=True
)

# What a product's set-up consists of.
LIST_HIERARCHIES = PismoCall(
    "corporate", "list_hierarchies", "GET", "/corporate/v1/hierarchies", frozenset({200}), safe=True, tenant=False
)
LIST_DIVISIONS = PismoCall(
    "corporate", "list_divisions", "GET", "/corporate/v2/divisions", frozenset({200}), safe=True, tenant=False
)
LIST_HOLIDAY_CALENDARS = PismoCall(
    "holidays-core", "list_holiday_calendars", "GET", "/holidays-core/v1/holiday-calendar", frozenset({200}), safe=True
)
LIST_PROCESSING_CODES = PismoCall(
    "orgs-operation",
    "list_processing_codes",
    "GET",
    "/orgs-operation/v1/processing-codes",
    frozenset({200}),
    safe=True,
    tenant=False,
)
LIST_LOAN_PRODUCTS = PismoCall(
    "lending", "list_loan_products", "GET", "/lending/v2/loan-products", frozenset({200}), safe=True, tenant=False
)
GET_MARKETPLACE = PismoCall(
    "marketplace",
    "get_marketplace",
    "GET",
    "/marketplace/v2/marketplaces/{marketplaceId}",
    frozenset({200}),
    safe=True,
    tenant=False,
)

CALLS = (
    TOKEN_OPENID,
    GET_ORGANIZATION,
    PATCH_ORGANIZATION,
    LIST_PROGRAMS,
    CREATE_PROGRAM,
    LIST_AUDIT,
    START_EXPORT,
    GET_EXPORT,
    DOWNLOAD_EXPORT,
    START_IMPORT,
    LIST_IMPORTS,
    GET_PROGRAM_IMPORT,
    LIST_HIERARCHIES,
    LIST_DIVISIONS,
    LIST_HOLIDAY_CALENDARS,
    LIST_PROCESSING_CODES,
    LIST_LOAN_PRODUCTS,
    GET_MARKETPLACE,
)
