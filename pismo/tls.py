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

from pismo.pem_values import UnreadablePem, file_of, is_text, read_pem

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

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

_NO_CERTIFICATE = "holds no certificate in PEM that can be read, or a damaged one"
_NO_KEY = "holds no private key in PEM that can be read, or a damaged one"
_ENCRYPTED = "holds an encrypted key: decrypt it, e.g. with openssl pkey -in KEY -out PLAIN"
_KEY = re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*?-----END [A-Z ]{0,20}PRIVATE KEY-----", re.DOTALL)
_LEAST_RSA = 2048
"""Bits, by NIST SP 800-57 part 1, and what OpenSSL takes at its usual level."""
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


Part = Literal["certificate", "key", "ca"]


class CertificateError(ValueError):
    """A certificate, its key or the authority's file cannot be used. ``kind``: ``unreadable``, ``no_key``, ``mismatch``. ``part``: which of
    them; ``why``: the reason, without anything of what was given."""

    def __init__(self, kind: Literal["unreadable", "no_key", "mismatch"], part: Part, why: str) -> None:
        super().__init__(kind)
        self.kind, self.part, self.why = kind, part, why


@cache
def public_trust() -> ssl.SSLContext:
    """The system's root certificates, loaded once, since that takes tens of milliseconds. Shared: never change it."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True)
class ClientTls:
    """``certificate`` (with its chain) and ``key``: each as `pismo.pem_values` reads it, a path or a text. ``ca``: the same, if the
    server's certificate is not from a public authority. All empty: the authorities that the system trusts, no client certificate.
    """

    certificate: str = ""
    key: SecretStr = field(default=SecretStr(""), repr=False)
    ca: str = ""

    def read(self) -> "Loaded":
        """Read the files as they are now. Raises CertificateError."""
        certificate, key = _read("certificate", self.certificate), _read("key", self.key.get_secret_value())
        place: Part = "key" if key else "certificate"
        own, its_key = _own(certificate, key or "\n".join(_KEY.findall(certificate)))
        return Loaded(own, its_key, _read("ca", self.ca), place)

    def stamp(self) -> tuple[object, ...]:
        """Differs once a file has changed."""
        return tuple(_stamp(part) for part in (self.certificate, self.key.get_secret_value(), self.ca))


@dataclass(frozen=True)
class Loaded:
    """PEM texts, read once."""

    certificate: str
    key: str = field(repr=False)
    ca: str
    key_part: Part = "key"
    """Where the key stands."""

    @cached_property
    def _first(self) -> "x509.Certificate | None":
        if not self.certificate:
            return None
        from cryptography import x509  # noqa: PLC0415  only where there is one

        try:
            return x509.load_pem_x509_certificate(self.certificate.encode())
        except (ValueError, x509.InvalidVersion):
            raise CertificateError("unreadable", "certificate", _in_place(self.certificate, self.key)) from None

    @property
    def validity(self) -> tuple[datetime, datetime] | None:
        """From when to when the certificate is valid, in UTC; None without one. Raises CertificateError."""
        first = self._first
        return (first.not_valid_before_utc, first.not_valid_after_utc) if first else None

    def context(self) -> ssl.SSLContext:
        """Raises CertificateError."""
        if not self.certificate and not self.ca:
            return public_trust()
        authorities = _CERTIFICATE.findall(self.ca)
        if self.ca and not authorities:  # without any, the system's would be trusted
            raise CertificateError("unreadable", "ca", _in_place(self.ca, ""))
        try:
            context = ssl.create_default_context(cadata="\n".join(authorities) or None)
        except (ssl.SSLError, ValueError, TypeError):
            raise CertificateError("unreadable", "ca", _NO_CERTIFICATE) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not self.certificate:
            return context
        if not self.key:
            raise CertificateError("no_key", "certificate", "has no private key with it")
        first = self._first
        # OpenSSL takes these only from files: use one that only this user can read, and remove it at once.
        with tempfile.TemporaryDirectory(prefix="onboarding-") as folder:
            file = Path(folder) / "client.pem"
            file.touch(mode=0o600)
            file.write_text(f"{self.certificate}\n{self.key}")
            try:
                context.load_cert_chain(file, password="")  # an encrypted key is refused, not asked about at the terminal
            except (OSError, ValueError, TypeError):  # SSLError is an OSError
                pass
            else:
                return context
        raise self._why_not(first)

    def _why_not(self, first: "x509.Certificate | None") -> CertificateError:
        """What OpenSSL has not taken: its own reasons differ between versions."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415  only where something is wrong

        key, why = _key_or_fault(self.key)
        if key is None:
            return CertificateError("unreadable", self.key_part, why)
        public = first.public_key() if first else None
        if public != key.public_key():
            return CertificateError("mismatch", self.key_part, "is not the certificate's own key")
        if isinstance(public, RSAPublicKey) and public.key_size < _LEAST_RSA:
            small = f"has an RSA key of {public.key_size} bits, which is too small: get one for a key of {_LEAST_RSA} or more"
            return CertificateError("unreadable", "certificate", small)
        return CertificateError("unreadable", "certificate", _NO_CERTIFICATE)


def _read(part: Part, value: str) -> str:
    try:
        return read_pem(value)
    except UnreadablePem as error:
        raise CertificateError("unreadable", part, error.why) from None


def _own(certificates: str, keys: str) -> tuple[str, str]:
    """A chain in any order, with the key's own certificate at its head, as TLS sends it (RFC 8446 §4.4.2), and of several keys the one that
    has a certificate; else as it is."""
    chain, several = _CERTIFICATE.findall(certificates), _KEY.findall(keys)
    if len(chain) < 2 and len(several) < 2:
        return certificates, keys
    from cryptography import x509  # noqa: PLC0415  only where there is a choice

    for pem in several:
        key, _ = _key_or_fault(pem)
        try:
            own = next(
                one for one in chain if key and x509.load_pem_x509_certificate(one.encode()).public_key() == key.public_key()
            )
        except (ValueError, StopIteration, x509.InvalidVersion):
            continue
        rest = [one for one in chain if one != own]
        return certificates if own == chain[0] else "\n".join([own, *rest]), pem
    return certificates, keys


def _in_place(certificate: str, key: str) -> str:
    """What stands in the place of a certificate."""
    if _KEY.search(certificate):
        swapped = ": the two are swapped" if _CERTIFICATE.search(key) else ""
        return f"holds a private key in place of the certificate{swapped}"
    found = re.search(r"-----BEGIN (?:NEW )?(CERTIFICATE REQUEST|PKCS7|PUBLIC KEY)-----", certificate)
    named = {"CERTIFICATE REQUEST": "a signing request", "PKCS7": "PKCS #7", "PUBLIC KEY": "a public key"}
    return f"holds {named[found[1]]} in place of the certificate" if found else _NO_CERTIFICATE


def _key_or_fault(key: str) -> "tuple[PrivateKeyTypes | None, str]":
    """The private key, else what is wrong with it."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  only where there is a choice, or something is wrong
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415  the same

    try:
        return load_pem_private_key(key.encode(), None), ""
    except TypeError:
        return None, _ENCRYPTED
    except (ValueError, UnsupportedAlgorithm):
        found = re.search(r"-----BEGIN (?:[A-Z]+ )?(PUBLIC KEY|CERTIFICATE)-----", key)
        if "-----BEGIN OPENSSH PRIVATE KEY-----" in key:  # which is rewritten wherever that is possible
            return (
                None,
                "holds a key in OpenSSH's form, encrypted or damaged: write it as PEM, e.g. with ssh-keygen -p -m PEM -f KEY",
            )
        return None, f"holds a {found[1].lower()} in place of the private key" if found else _NO_KEY


def _stamp(part: str) -> object:
    if not part or is_text(part):
        return hashlib.sha256(part.encode()).digest()
    try:
        seen = file_of(part).stat()
    except (OSError, ValueError, RuntimeError):
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
