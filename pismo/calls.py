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
    changes nothing (RFC 9110 §9.2.1).
    """

    service: str
    operation: str
    method: str
    path: str
    success: frozenset[int]
    safe: bool = False


TOKEN_OPENID = PismoCall("passport", "token_openid", "POST", "/passport/v1/oauth2/token", frozenset({201}))
GET_ORGANIZATION = PismoCall("orgs-core", "get_organization", "GET", "/orgs-core/v1/orgs/{id}", frozenset({200}), safe=True)
# No id in its path: the header says which organization.
PATCH_ORGANIZATION = PismoCall("orgs-core", "patch_organization", "PATCH", "/orgs-core/v1/orgs", frozenset({200}))
LIST_PROGRAMS = PismoCall("programs", "list_programs", "GET", "/programs/v1/programs", frozenset({200}), safe=True)
# Nothing keeps it from creating a second one of the same name, and there is no key for idempotency.
CREATE_PROGRAM = PismoCall("programs", "create_program", "POST", "/programs/v2/programs/template", frozenset({201}))
GET_PROGRAM_IMPORT = PismoCall(
    "programs", "get_program_import", "GET", "/programs/v1/programs/import/{id}", frozenset({200}), safe=True
)
LIST_AUDIT = PismoCall("audit-api", "list_audit", "GET", "/audit-api/v1/audit", frozenset({200}), safe=True)  # beta

CALLS = (
    TOKEN_OPENID,
    GET_ORGANIZATION,
    PATCH_ORGANIZATION,
    LIST_PROGRAMS,
    CREATE_PROGRAM,
    GET_PROGRAM_IMPORT,
    LIST_AUDIT,
)
