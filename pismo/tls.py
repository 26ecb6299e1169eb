"""The bot's own client certificate for Pismo's mutual TLS, and what a failed handshake means."""

import hashlib
import re
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr

if TYPE_CHECKING:
    from cryptography import x509

HandshakeFault = Literal[
    "server_not_trusted",
    "certificate_missing",
    "certificate_expired",
    "certificate_unknown_authority",
    "certificate_revoked",
    "certificate_refused",
    "handshake_failed",
]
"""Why it failed: the server's certificate is not trusted here, or the client's was missing or refused there; else unknown."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
# OpenSSL's names for the alerts of RFC 8446 §6.2; before TLS 1.3, a missing certificate is a plain handshake failure.
_BY_ALERT: tuple[tuple[str, HandshakeFault], ...] = (
    ("CERTIFICATE_VERIFY_FAILED", "server_not_trusted"),
    ("CERTIFICATE_REQUIRED", "certificate_missing"),
    ("CERTIFICATE_EXPIRED", "certificate_expired"),
    ("UNKNOWN_CA", "certificate_unknown_authority"),
    ("CERTIFICATE_REVOKED", "certificate_revoked"),
    ("BAD_CERTIFICATE", "certificate_refused"),
    ("UNSUPPORTED_CERTIFICATE", "certificate_refused"),
    ("CERTIFICATE_UNKNOWN", "certificate_refused"),
)


class CertificateError(ValueError):
    """A certificate, its key or the authority's file cannot be used. ``kind``: ``unreadable``, ``no_key``, ``mismatch``."""

    def __init__(self, kind: Literal["unreadable", "no_key", "mismatch"]) -> None:
        super().__init__(kind)
        self.kind = kind


@cache
def public_trust() -> ssl.SSLContext:
    """The system's root certificates, loaded once, since that takes tens of milliseconds. Shared: never change it."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True)
class ClientTls:
    """``certificate`` (with its chain) and ``key``: each the path of a PEM file, or the PEM text itself. ``ca``: the same, if the
    server's certificate is not from a public authority. All empty: the authorities that the system trusts, no client certificate.
    """

    certificate: str = ""
    key: SecretStr = field(default=SecretStr(""), repr=False)
    ca: str = ""

    def read(self) -> "Loaded":
        """Read the files as they are now. Raises CertificateError."""
        return Loaded(*(_read(part) for part in (self.certificate, self.key.get_secret_value(), self.ca)))

    def stamp(self) -> tuple[object, ...]:
        """Differs once a file has changed."""
        return tuple(_stamp(part) for part in (self.certificate, self.key.get_secret_value(), self.ca))


@dataclass(frozen=True)
class Loaded:
    """PEM texts, read once."""

    certificate: str
    key: str = field(repr=False)
    ca: str

    @cached_property
    def _first(self) -> "x509.Certificate | None":
        if not self.certificate:
            return None
        from cryptography import x509  # noqa: PLC0415  only where there is one

        try:
            return x509.load_pem_x509_certificate(self.certificate.encode())
        except (ValueError, x509.InvalidVersion):
            raise CertificateError("unreadable") from None

    @property
    def validity(self) -> tuple[datetime, datetime] | None:
        """From when to when the certificate is valid, in UTC; None without one. Raises CertificateError."""
        first = self._first
        return (first.not_valid_before_utc, first.not_valid_after_utc) if first else None

    def context(self) -> ssl.SSLContext:
        """Raises CertificateError."""
        if not self.certificate and not self.ca:
            return public_trust()
        try:
            context = ssl.create_default_context(cadata="\n".join(_CERTIFICATE.findall(self.ca)) if self.ca else None)
        except (ssl.SSLError, ValueError, TypeError):
            raise CertificateError("unreadable") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not self.certificate:
            return context
        if not self.key:
            raise CertificateError("no_key")
        # OpenSSL takes these only from files: use one that only this user can read, and remove it at once.
        with tempfile.TemporaryDirectory(prefix="onboarding-") as folder:
            file = Path(folder) / "client.pem"
            file.touch(mode=0o600)
            file.write_text(f"{self.certificate}\n{self.key}")
            try:
                context.load_cert_chain(file, password="")  # an encrypted key is refused, not asked about at the terminal
            except (OSError, ValueError, TypeError) as error:  # SSLError is an OSError
                reason = str(getattr(error, "reason", "") or "")
            else:
                return context
        raise CertificateError("mismatch" if "MISMATCH" in reason else "unreadable")


def _read(part: str) -> str:
    if not part or part.lstrip().startswith("-----BEGIN"):
        return part
    try:
        return Path(part).read_text()
    except (OSError, UnicodeDecodeError):
        raise CertificateError("unreadable") from None


def _stamp(part: str) -> object:
    if not part or part.lstrip().startswith("-----BEGIN"):
        return hashlib.sha256(part.encode()).digest()
    try:
        seen = Path(part).stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


def handshake_fault(error: BaseException | None) -> HandshakeFault | None:
    """The fault of the TLS error behind an error; None if there is none. Only the name is used; the rest can be anything."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            reason = (error.reason or "").upper()
            return next((fault for name, fault in _BY_ALERT if name in reason), "handshake_failed")
        error = error.__cause__ or error.__context__
    return None
