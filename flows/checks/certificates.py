"""Reads and compares signing requests (CSRs, PKCS #10) and certificates (X.509) for mTLS."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from flows.checks.keys import fingerprint, key_type, measure, spki
from flows.checks.pem import KeyFault, KeyNote, KeyProblem, PemBlock, read_blocks, the_block

_HASHES = ("sha256", "sha384", "sha512")
_FOR_CLIENTS = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
_SHORT_NAMES = {
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.COUNTRY_NAME: "C",
    NameOID.SERIAL_NUMBER: "serialNumber",
    NameOID.EMAIL_ADDRESS: "emailAddress",
}


@dataclass(frozen=True)
class Csr:
    """``key_type``: RSA or EC. ``bits_or_curve``: e.g. 2048 or P-256. ``subject``: by CN, O, OU, L, ST, C, serialNumber, …

    ``fingerprint``: of the public key, to match it with the certificate's.
    """

    pem: str
    key_type: str
    bits_or_curve: str
    subject: dict[str, str]
    fingerprint: str
    notes: tuple[KeyNote, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """Times are aware, in UTC. ``fingerprint``: SHA-256 of the whole certificate; ``spki_fingerprint``: of its public key.

    ``is_ca``: it can issue others (a CA). ``for_clients``: nothing in it forbids using it as a client certificate.
    """

    pem: str
    subject: dict[str, str]
    not_before: datetime
    not_after: datetime
    fingerprint: str
    spki_fingerprint: str
    issuer: str
    is_ca: bool
    for_clients: bool
    notes: tuple[KeyNote, ...] = ()

    @property
    def name(self) -> str:
        return _name(self.subject)


def read_csr(given: str | bytes) -> Csr:
    """A CSR with a valid signature: RSA of at least 2048 bits, P-256, or P-384; SHA-2. Raises KeyProblem."""
    block = the_block(read_blocks(given), "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
    try:
        request = x509.load_der_x509_csr(block.der)
        key, algorithm, subject = request.public_key(), request.signature_hash_algorithm, _attributes(lambda: request.subject)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyProblem(KeyFault.DAMAGED) from None
    strength = measure(key)
    if algorithm is None or algorithm.name not in _HASHES:
        raise KeyProblem(KeyFault.WEAK_HASH, hash=algorithm.name if algorithm else "")
    if not request.is_signature_valid:
        raise KeyProblem(KeyFault.BAD_SIGNATURE)
    pem = request.public_bytes(Encoding.PEM).decode()
    return Csr(pem, key_type(key), strength, subject, fingerprint(spki(key)), block.notes)


def read_chain(given: str | bytes) -> list[Certificate]:
    """One or more certificates, as given. Raises KeyProblem, but not for expired ones."""
    return [_read(block) for block in read_blocks(given)]


def read_certificate(given: str | bytes, request: Csr | None = None) -> Certificate:
    """The chain's certificate for the CSR's key, else the first that isn't a CA certificate. Raises KeyProblem."""
    return choose(read_chain(given), request)


def choose(chain: Sequence[Certificate], request: Csr | None = None) -> Certificate:
    """``chain`` must not be empty."""
    fitting = (certificate for certificate in chain if request and matches(request, certificate))
    own = (certificate for certificate in chain if not certificate.is_ca)
    return next(fitting, None) or next(own, chain[0])


def strength(certificate: Certificate) -> str:
    """Its key's strength, from `flows.checks.keys.measure`. Raises KeyProblem unless it is strong enough."""
    return measure(x509.load_pem_x509_certificate(certificate.pem.encode()).public_key())


def matches(csr: Csr, certificate: Certificate) -> bool:
    """Whether the certificate is for the CSR's key."""
    return csr.fingerprint == certificate.spki_fingerprint


def _read(block: PemBlock) -> Certificate:
    the_block([block], "CERTIFICATE", "X509 CERTIFICATE")
    try:
        found = x509.load_der_x509_certificate(block.der)
        values = [extension.value for extension in found.extensions]
        usages = [usage for value in values if isinstance(value, x509.ExtendedKeyUsage) for usage in value]
        return Certificate(
            pem=found.public_bytes(Encoding.PEM).decode(),
            subject=_attributes(lambda: found.subject),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            fingerprint=fingerprint(block.der),
            spki_fingerprint=fingerprint(spki(found.public_key())),
            issuer=_name(_attributes(lambda: found.issuer)),
            is_ca=any(isinstance(value, x509.BasicConstraints) and value.ca for value in values),
            for_clients=not usages or not _FOR_CLIENTS.isdisjoint(usages),
            notes=block.notes,
        )
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension):
        raise KeyProblem(KeyFault.DAMAGED) from None


def _name(subject: Mapping[str, str]) -> str:
    return (subject.get("CN") or subject.get("O") or "-")[:64]


def _attributes(name: Callable[[], x509.Name]) -> dict[str, str]:
    """Multiple values of an attribute are joined with a comma."""
    values: dict[str, list[str]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # compare_subject reports three-letter countries
        for attribute in name():
            short = _SHORT_NAMES.get(attribute.oid, attribute.oid.dotted_string)
            value = attribute.value
            values.setdefault(short, []).append(value if isinstance(value, str) else value.hex())
    return {name: ", ".join(several) for name, several in values.items()}
