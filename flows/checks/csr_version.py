"""A signing request's version number: RFC 2986 §4 knows 0 alone, but older certbot, Salt, and others wrote 2 or 3.

cryptography refuses those. The number is within what was signed, so the signature is checked over the request as it was given.
"""

from flows.checks.der import body


def with_first_version(der: bytes) -> bytes:
    """The request with version 0 in place of another number of one byte; anything else unchanged."""
    place = _place(der)
    return der if place is None else der[:place] + b"\0" + der[place + 1 :]


def info_of(der: bytes) -> bytes:
    """What was signed: the CertificationRequestInfo. Empty if there is none."""
    outer = body(der)
    inner = body(der[outer[0] :]) if outer else None
    return der[outer[0] : outer[0] + inner[1]] if outer and inner else b""


def _place(der: bytes) -> int | None:
    """Where the version number's only byte is."""
    outer = body(der)
    inner = body(der[outer[0] :]) if outer else None
    if outer is None or inner is None:
        return None
    place = outer[0] + inner[0]
    return place + 2 if der[place : place + 2] == b"\x02\x01" and len(der) > place + 2 else None
