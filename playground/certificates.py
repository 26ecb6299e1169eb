"""The client certificates of the demo's company, as the sandbox's authority issues them: a first one that must soon be renewed, and
another one for each renewal."""

from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from playground.office import Office
from playground.pismo.authority import THREE_YEARS, Authority, new_key, signing_request

SOON = timedelta(days=95)
"""How long the first one lasts: the bot warns 90 days before its end, which in the demo is a few moves of the clock ahead."""

_issued: WeakKeyDictionary[Office, dict[tuple[str, str], str]] = WeakKeyDictionary()


def new_request(company: str) -> str:
    """A signing request (PEM) for a new key, which is thrown away."""
    return signing_request(new_key(), O=company)


def certificate(office: Office, renewal: str, company: str, request: str = "") -> str:
    """A certificate (PEM) for a signing request, else for a pair that Pismo makes, valid by the demo's clock. ``renewal``: its item, or
    empty for the first one; whoever asks for the same again gets the same. Raises ValueError if the request can't be signed."""
    issued = _issued.setdefault(office, {})
    if (renewal, request) not in issued:
        begins = office.clock() - datetime.now(UTC) - timedelta(minutes=5)
        authority = office.pismo.authority or Authority()
        lifetime = THREE_YEARS if renewal else SOON
        issued[renewal, request] = authority.issue(request or new_request(company), begins=begins, lifetime=lifetime)
    return issued[renewal, request]
