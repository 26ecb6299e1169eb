"""One check of a product's set-up in one environment: first the token, as in a proof of access, then everything that can be read."""

from datetime import datetime

from pydantic import SecretStr

from bot.jobs.proof_checks import Checks, ProofLine, line
from bot.jobs.setup_readings import SetupReader
from flows.checks.claims import Expected, is_signed_by_customer
from flows.forms.step import WantedReading
from pismo.client import Pismo
from pismo.errors import PismoError, PismoErrorKind
from pismo.readings import SetupReadings

_TOKEN = ("certificate", "handshake", "token", "tenant")
_REASONS = {
    PismoErrorKind.UNAUTHORIZED: "setup_check.token_ended",
    PismoErrorKind.RATE_LIMITED: "setup_check.away",
    PismoErrorKind.UNAVAILABLE: "setup_check.away",
    PismoErrorKind.UNEXPECTED: "setup_check.unreadable",
}


class SetupChecks(Checks):
    """Each line is an item of the set-up: done, missing (or missing_optional), not_allowed, not_needed, not_checked."""

    def __init__(self, pismo: Pismo, expected: Expected, now: datetime, readings: list[WantedReading]) -> None:
        super().__init__(pismo, expected, now)
        self._readings = readings

    @property
    def lines(self) -> list[ProofLine]:
        """What is wrong with the token, if something is, then one for each item."""
        wrong = [found for found in self._found if found["check"] in _TOKEN and found["outcome"] == "failed"]
        known = {found["check"]: found for found in self._found}
        return wrong + [known.get(one.item) or unread(one) for one in self._readings]

    async def run(self, pasted: SecretStr) -> None:
        """Read all that can be read. Raises PismoError for what may work later; the lines show how far it got."""
        token = await self._usable(pasted.get_secret_value())
        if token is None:
            return
        reader = SetupReader(SetupReadings(self._pismo, token, self._expected.org_id))
        away: PismoError | None = None
        for reading in self._readings:
            if not reading.needed:
                continue
            try:
                verdict = await self._ask(reading.item, reader.read(reading))
            except PismoError as error:  # the others are read all the same
                away = away or error
                continue
            if verdict is not None:
                outcome = f"{verdict.outcome}_optional" if verdict.outcome == "missing" and reading.optional else verdict.outcome
                self._add(reading.item, outcome, verdict.reason, x_cid=verdict.x_cid, ms=verdict.ms, **verdict.params)
                if verdict.also:
                    self._found[-1]["also"] = [{"reason": reason, "params": dict(params)} for reason, params in verdict.also]
            elif self._found[-1]["reason"] == "setup_check.token_ended" or self._failed("handshake"):
                break
        self._no_access()
        if away is not None:
            raise away

    def _no_access(self) -> None:
        """Where Pismo forbids every call, that is rarely a matter of permission groups: it is said once."""
        read = [found for found in self._found if found["check"] not in _TOKEN]
        if len(read) > 1 and all(found["outcome"] == "not_allowed" for found in read):
            for number, found in enumerate(read):
                found["reason"] = "setup_check.forbidden_too" if number else "proof.no_access"

    async def _usable(self, text: str) -> SecretStr | None:
        """The access token, once it is known to be this customer's; None if a line says why there is none."""
        usable = await self._certificate()
        signed = is_signed_by_customer(text, self._expected)
        token = await self._exchanged(text, usable=usable) if signed else self._pasted(text)
        if token is None or not usable or self._failed("tenant"):
            return None
        if not any((found["check"], found["outcome"]) == ("tenant", "passed") for found in self._found):
            # The token doesn't name its organization, and most of these calls read the token's: which one must be known.
            found = await self._ask("tenant", self._pismo.get_organization(token, self._expected.org_id))
            if found is None:
                return None
            self._tenant(found.id)
            if self._failed("tenant"):
                return None
        return token

    def _refused(self, check: str, error: PismoError) -> None:
        """Of an item, why it could not be read: its permission, the token, or an outage; of the token, as in a proof."""
        if check in _TOKEN:
            super()._refused(check, error)
            return
        allowed = error.kind is not PismoErrorKind.FORBIDDEN
        reason = _REASONS.get(error.kind, "setup_check.refused") if allowed else "setup_check.forbidden"
        facts: dict[str, str | int] = {"code": error.code or "-", "status": error.status or 0}
        self._add(check, "not_checked" if allowed else "not_allowed", reason, x_cid=error.x_cid, ms=error.ms, **facts)

    def _failed(self, check: str) -> bool:
        return any((found["check"], found["outcome"]) == (check, "failed") for found in self._found)


def unread(reading: WantedReading, reason: str = "setup_check.not_reached") -> ProofLine:
    """The line of an item that was not read."""
    return (
        line(reading.item, "not_checked", reason)
        if reading.needed
        else line(reading.item, "not_needed", "setup_check.not_needed")
    )
