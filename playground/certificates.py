"""The client certificates of the demo's companies, as the sandbox's authority issues them: a first one that must soon be renewed, and
another one for each renewal."""

from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from playground.office import Office
from playground.pismo.authority import THREE_YEARS, Authority, new_key, signing_request

SOON = timedelta(days=95)
"""How long the first one lasts: the bot warns 90 days before its end, which in the demo is a few moves of the clock ahead."""

_issued: WeakKeyDictionary[Office, dict[tuple[str, str, str], str]] = WeakKeyDictionary()


def new_request(**subject: str) -> str:
    """A signing request (PEM) for a new key, which is thrown away. ``subject``: as in `signing_request`."""
    return signing_request(new_key(), **subject)


def certificate(office: Office, renewal: str, company: str, request: str = "") -> str:
    """A certificate (PEM) for a signing request, else for a pair that Pismo makes, valid by the demo's clock. ``renewal``: its item, or
    empty for the first one; whoever asks for the same again gets the same. Raises ValueError if the request can't be signed."""
    issued = _issued.setdefault(office, {})
    if (company, renewal, request) not in issued:
        begins = office.clock() - datetime.now(UTC) - timedelta(minutes=5)
        authority = office.pismo.authority or Authority()
        lifetime = THREE_YEARS if renewal else SOON
        wanted = request or new_request(O=company)
        issued[company, renewal, request] = authority.issue(wanted, begins=begins, lifetime=lifetime)
    return issued[company, renewal, request]
