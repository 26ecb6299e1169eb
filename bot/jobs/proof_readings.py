"""What a proof reads page by page: the programs, and in Control Center's audit who has signed on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from pydantic import SecretStr

from pismo.client import Pismo
from pismo.models import AuditRecord, ProgramsPage

PER_PAGE, MAX_PAGES = 100, 20
"""More isn't read."""
SIGN_ON = {"feature": "user", "action": "login"}


async def all_programs(pismo: Pismo, token: SecretStr, org_id: str) -> ProgramsPage:
    """All of them in one page; of very many, the first. Raises PismoError."""
    page = await pismo.list_programs(token, org_id, 1, PER_PAGE)
    known = {(one.id, one.name): one for one in page.items}  # what is added meanwhile may be listed twice
    for number in range(2, MAX_PAGES + 1):
        before = len(known)
        if before >= page.total_items:
            break
        page = await pismo.list_programs(token, org_id, number, PER_PAGE)
        known |= {(one.id, one.name): one for one in page.items}
        if len(known) == before:
            break
    return page.model_copy(update={"items": tuple(known.values())})


async def signed_on(pismo: Pismo, token: SecretStr, org_id: str, invited: Mapping[str, datetime]) -> set[str]:
    """Who of those invited (by address in lower case, since when) signed on. Raises PismoError."""
    begin = min(invited.values()).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    seen: set[str] = set()
    for number in range(1, MAX_PAGES + 1):
        page = await pismo.list_audit(token, org_id, number, PER_PAGE, order="desc", beginDate=begin, **SIGN_ON)
        seen |= {who for one in page.items if (who := _who(one)) in invited and _at(one) >= invited[who]}
        if number * PER_PAGE >= page.total_items or not page.items or len(seen) == len(invited):
            break
    return seen


def _who(record: AuditRecord) -> str:
    """Whose sign-on it is; empty for one that was refused, and for anything else."""
    was_let_in = record.http.code < HTTPStatus.BAD_REQUEST
    is_sign_on = record.operation.action == SIGN_ON["action"]
    return record.user.email.get_secret_value().strip().casefold() if is_sign_on and was_let_in else ""


def _at(record: AuditRecord) -> datetime:
    """Long ago if it can't be read."""
    try:
        at = datetime.fromisoformat(record.operation.date)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
