"""The checks of a proof of access: certificate, handshake, token, tenant, programs, corrections, organization, and who has signed on.

Each gives one or more lines. A token is used and forgotten; no part of it is in a line.
"""

from collections.abc import Awaitable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import SecretStr

from bot.jobs.pasted_tokens import tenant_of
from bot.jobs.proof_readings import all_programs, signed_on
from flows.checks.claims import Expected, check_assertion, is_signed_by_customer
from flows.checks.tokens import CLOCKS_APART, UnreadableToken, bearer, parse
from flows.forms.step import PROGRAMS_CHECK, ProgramsRead
from pismo.client import Pismo
from pismo.errors import PismoError, PismoErrorKind
from pismo.models import Organization, Result
from pismo.tls import CertificateError

ProofLine = dict[str, Any]
R = TypeVar("R", bound=Result)

CORRECTIONS, ORGANIZATION_CHECK, SIGN_ONS = "corrections", "organization", "sign_ons"
CHECKS = ("certificate", "handshake", "token", "tenant", PROGRAMS_CHECK, CORRECTIONS, ORGANIZATION_CHECK)
_REASONS = {
    PismoErrorKind.UNAUTHORIZED: "unauthorized",
    PismoErrorKind.FORBIDDEN: "forbidden",
    PismoErrorKind.NOT_FOUND: "not_found",
    PismoErrorKind.RATE_LIMITED: "rate_limited",
    PismoErrorKind.UNAVAILABLE: "unavailable",
}


def line(check: str, outcome: str, reason: str, *, x_cid: str = "", ms: float = 0, **params: str | int) -> ProofLine:
    """``reason`` is a key under ``proof.``, or one with its own section."""
    return {"check": check, "outcome": outcome, "reason": reason, "params": params, "x_cid": x_cid, "ms": round(ms)}


def all_skipped(reason: str) -> list[ProofLine]:
    return [line(check, "skipped", reason) for check in CHECKS if check != CORRECTIONS]


class Checks:
    """One run in one environment. ``corrections``: details of the organization to change. ``invited``: since when each of these email
    addresses (in lower case) may have signed on to Control Center.

    What it read, None if it couldn't: ``organization``, as it is there after any corrections; ``programs``; ``signed_on``, which of
    the invited have.
    """

    def __init__(
        self,
        pismo: Pismo,
        expected: Expected,
        now: datetime,
        corrections: Mapping[str, Any] | None = None,
        invited: Mapping[str, datetime] | None = None,
    ) -> None:
        self._pismo, self._expected, self._now, self._corrections = pismo, expected, now, corrections or {}
        self._invited = invited or {}
        self._found: list[ProofLine] = []
        self.organization: Organization | None = None
        self.programs: ProgramsRead | None = None
        self.signed_on: Collection[str] | None = None

    @property
    def lines(self) -> list[ProofLine]:
        """One or more for each check, in order; checks that weren't reached are skipped."""
        known = {found["check"] for found in self._found}
        wanted = [check for check in CHECKS if check != CORRECTIONS or self._corrections]
        missing = [line(check, "skipped", "earlier_failed") for check in wanted if check not in known]
        return sorted(self._found + missing, key=lambda found: [*CHECKS, SIGN_ONS].index(found["check"]))

    async def run(self, pasted: SecretStr) -> None:
        """Check a pasted token. Raises PismoError for what may work later; the lines show how far it got."""
        text = pasted.get_secret_value()
        usable = await self._certificate()
        signed = is_signed_by_customer(text, self._expected)
        token = await self._exchanged(text, usable=usable) if signed else self._pasted(text)
        if token is None or not usable or self._has("tenant", "failed"):
            return
        # Another organization's programs are nobody's business here, so first it must be known whose the token is.
        known, programs = self._has("tenant", "passed"), None
        if known:
            programs = await self._programs(token)
        if not self._has("handshake", "failed"):
            self.organization = await self._organization(token)
        if not (known or self._has("handshake", "failed") or self._has("tenant", "failed")):
            programs = await self._programs(token)
        self.programs = programs if self._has("tenant", "passed") else None
        self._no_access()
        if self._invited and self._has("tenant", "passed") and not any(found["outcome"] == "failed" for found in self._found):
            await self._sign_ons(token)

    async def _organization(self, token: SecretStr) -> Organization | None:
        """As it is after any corrections."""
        org_id = self._expected.org_id
        found = await self._ask(ORGANIZATION_CHECK, self._pismo.get_organization(token, org_id))
        if found is not None and found.id:  # a token needn't name its tenant; the organization it can read does
            self._tenant(found.id)
        if self._has("tenant", "failed") or not (found or self._has("tenant", "passed")):
            return None  # above all, never change another organization
        if self._corrections:  # sending the same details again changes nothing: a dropped call may be retried
            changed = await self._ask(CORRECTIONS, self._pismo.patch_organization(token, org_id, self._corrections))
            if changed is not None:
                self._add(CORRECTIONS, "passed", "corrected", x_cid=changed.x_cid, ms=changed.ms, count=len(self._corrections))
            if changed is not None and found is not None:
                found = await self._ask(ORGANIZATION_CHECK, self._pismo.get_organization(token, org_id))
        if found is not None:
            self._add(ORGANIZATION_CHECK, "passed", "read", x_cid=found.x_cid, ms=found.ms)
        return found

    async def _programs(self, token: SecretStr) -> ProgramsRead | None:
        page = await self._ask(PROGRAMS_CHECK, all_programs(self._pismo, token, self._expected.org_id))
        if page is None:
            return None
        if self.organization is None and not self._has("tenant", "passed"):
            self._add(PROGRAMS_CHECK, "skipped", "tenant_unknown", x_cid=page.x_cid, ms=page.ms)
            return None
        self._add(PROGRAMS_CHECK, "passed", "programs_count", x_cid=page.x_cid, ms=page.ms, count=page.total_items)
        return ProgramsRead([one.model_dump() for one in page.items], page.total_items)

    async def _sign_ons(self, token: SecretStr) -> None:
        """It proves nothing about the access: where it isn't answered it is skipped, and people say themselves that they are in."""
        try:
            self.signed_on = await signed_on(self._pismo, token, self._expected.org_id, self._invited)
        except PismoError as error:
            away = error.transient or error.status is None
            reason = "away" if away else "forbidden" if error.kind is PismoErrorKind.FORBIDDEN else "refused"
            self._unanswered(SIGN_ONS, "skipped", f"sign_ons_{reason}", error)

    def _no_access(self) -> None:
        """Where Pismo forbids every call, that is rarely a matter of permission groups."""
        forbidden = [found for found in self._found if found["reason"] in ("forbidden", "forbidden_unnamed")]
        if {found["check"] for found in forbidden} >= {PROGRAMS_CHECK, ORGANIZATION_CHECK}:
            for found in forbidden:
                found["reason"] = "no_access"

    # -- before any call

    async def _certificate(self) -> bool:
        """Whether a connection can be tried with it. One that isn't valid now is tried too, to show what Pismo says."""
        try:
            validity = await self._pismo.certificate_validity()
        except CertificateError as error:
            self._add("certificate", "failed", f"certificate_{error.kind}")
            return False
        if validity is None:
            self._add("certificate", "skipped", "certificate_none")
            return True
        begins, ends = validity
        if self._now < begins:
            self._add("certificate", "failed", "certificate_not_yet", date=begins.date().isoformat())
        elif self._now > ends:
            self._add("certificate", "failed", "certificate_expired", date=ends.date().isoformat())
        else:
            self._add("certificate", "passed", "certificate_valid", date=ends.date().isoformat())
        return True

    def _pasted(self, text: str) -> SecretStr | None:
        """The access token; None if it isn't worth trying."""
        try:
            token = parse(text)
            expires_at = token.expires_at
        except UnreadableToken:
            return self._opaque(text)
        expired = expires_at is not None and expires_at + timedelta(seconds=CLOCKS_APART) <= self._now
        if expired:
            self._add("token", "failed", "token_expired")
        else:
            self._add("token", "passed", "token_readable" if expires_at is not None else "token_no_end")
        self._tenant(token.tenant)
        return None if expired else SecretStr(bearer(text))

    def _opaque(self, text: str) -> SecretStr | None:
        """A token that can't be read may still be good: Pismo doesn't promise that it is a JWT."""
        try:
            token = SecretStr(bearer(text))
        except UnreadableToken:
            self._add("token", "failed", "token_unusable")
            return None
        self._add("token", "skipped", "token_unreadable")
        self._tenant(None)
        return token

    def _tenant(self, tenant: str | None) -> None:
        """Replaces any earlier line about it."""
        self._found = [found for found in self._found if found["check"] != "tenant"]
        if not tenant:
            self._add("tenant", "skipped", "tenant_unknown")
        elif tenant.casefold() == self._expected.org_id.casefold():
            self._add("tenant", "passed", "ok")
        else:
            self._add("tenant", "failed", "tenant_differs")

    # -- calls to Pismo

    async def _exchanged(self, text: str, *, usable: bool) -> SecretStr | None:
        """An access token for the JWT that the customer signed."""
        faults = check_assertion(text, self._expected, self._now)
        for fault in faults:
            self._found.append({**line("token", "failed", f"error.{fault.key}"), "params": dict(fault.params)})
        if faults or not usable:
            return None
        granted = await self._ask("token", self._pismo.token_openid(SecretStr(bearer(text))))
        if granted is None:
            return None
        self._add("token", "passed", "token_exchanged", x_cid=granted.x_cid, ms=granted.ms)
        self._tenant(tenant_of(granted.value))
        return granted.value

    async def _ask(self, check: str, call: Awaitable[R]) -> R | None:
        """The answer; None if a line says why there is none."""
        try:
            answer = await call
        except PismoError as error:
            if error.kind is PismoErrorKind.HANDSHAKE:
                self._add("handshake", "failed", _handshake_reason(error.code), x_cid=error.x_cid, ms=error.ms)
                return None
            if error.status is not None:
                self._shaken(error.x_cid, error.ms)
            self._refused(check, error)
            if error.transient:
                raise
            return None
        self._shaken(answer.x_cid, answer.ms)
        return answer

    def _refused(self, check: str, error: PismoError) -> None:
        reason = _REASONS.get(error.kind, "refused")
        if check == "token" and error.kind is PismoErrorKind.UNAUTHORIZED:
            reason = "assertion_refused"
        elif reason == "forbidden" and check != "token" and not self._has("tenant", "passed"):
            reason = "forbidden_unnamed"  # nobody knows whose the token is
        self._unanswered(check, "failed", reason, error)

    def _unanswered(self, check: str, outcome: str, reason: str, error: PismoError) -> None:
        self._add(check, outcome, reason, x_cid=error.x_cid, ms=error.ms, code=error.code or "-", status=error.status or 0)

    def _shaken(self, x_cid: str, ms: int) -> None:
        """Any answer shows that Pismo let the connection be made. Time and x-cid are of the call that showed it."""
        if any(found["check"] == "handshake" for found in self._found):
            return
        if self._pismo.over_tls:
            reason = "handshake_without" if self._has("certificate", "skipped") else "handshake_done"
            self._add("handshake", "passed", reason, x_cid=x_cid, ms=ms)
        else:
            self._add("handshake", "skipped", "handshake_no_tls")

    def _add(self, check: str, outcome: str, reason: str, *, x_cid: str = "", ms: float = 0, **params: str | int) -> None:
        self._found.append(line(check, outcome, reason, x_cid=x_cid, ms=ms, **params))

    def _has(self, check: str, outcome: str) -> bool:
        return any((found["check"], found["outcome"]) == (check, outcome) for found in self._found)


def _handshake_reason(code: str | None) -> str:
    """A fault in the bot's own certificate that arose between the check and the call counts as a failed handshake."""
    return f"handshake_{code}" if code and not code.startswith("client_") else "handshake_handshake_failed"
