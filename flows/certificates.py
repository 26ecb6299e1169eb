"""Signing requests (PKCS #10) and certificates (X.509) for mTLS: read, and held against each other."""

import warnings
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from flows.keys import fingerprint, key_type, measure, spki
from flows.pem import Block, KeyFault, KeyNote, KeyProblem, read_blocks, the_block

_HASHES = ("sha256", "sha384", "sha512")
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

    ``fingerprint``: of the public key, to be found again in the certificate.
    """

    pem: str
    key_type: str
    bits_or_curve: str
    subject: dict[str, str]
    fingerprint: str
    notes: tuple[KeyNote, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """Times are aware, in UTC. ``fingerprint``: SHA-256 of the whole; ``spki_fingerprint``: of its public key."""

    pem: str
    subject: dict[str, str]
    not_before: datetime
    not_after: datetime
    fingerprint: str
    spki_fingerprint: str
    notes: tuple[KeyNote, ...] = ()


def read_csr(given: str | bytes) -> Csr:
    """A request whose signature is good: RSA of at least 2048 bits, P-256 or P-384, SHA-2. Raises KeyProblem."""
    block = the_block(read_blocks(given), "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
    try:
        request = x509.load_der_x509_csr(block.der)
        key, algorithm, subject = request.public_key(), request.signature_hash_algorithm, _subject(request)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyProblem(KeyFault.DAMAGED) from None
    strength = measure(key)
    if algorithm is None or algorithm.name not in _HASHES:
        raise KeyProblem(KeyFault.WEAK_HASH, hash=algorithm.name if algorithm else "")
    if not request.is_signature_valid:
        raise KeyProblem(KeyFault.BAD_SIGNATURE)
    pem = request.public_bytes(Encoding.PEM).decode()
    return Csr(pem, key_type(key), strength, subject, fingerprint(spki(key)), block.notes)


def read_certificate(given: str | bytes) -> Certificate:
    """A certificate; of a chain the first that is no authority's. Raises KeyProblem, but not for one that has expired."""
    chain = [_read(block) for block in read_blocks(given)]
    return next((certificate for certificate, is_authority in chain if not is_authority), chain[0][0])


def matches(csr: Csr, certificate: Certificate) -> bool:
    """Whether the certificate is for the key of the request."""
    return csr.fingerprint == certificate.spki_fingerprint


def _read(block: Block) -> tuple[Certificate, bool]:
    the_block([block], "CERTIFICATE", "X509 CERTIFICATE")
    try:
        found = x509.load_der_x509_certificate(block.der)
        certificate = Certificate(
            pem=found.public_bytes(Encoding.PEM).decode(),
            subject=_subject(found),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            fingerprint=fingerprint(block.der),
            spki_fingerprint=fingerprint(spki(found.public_key())),
            notes=block.notes,
        )
        constraints = [extension.value for extension in found.extensions if isinstance(extension.value, x509.BasicConstraints)]
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension):
        raise KeyProblem(KeyFault.DAMAGED) from None
    return certificate, any(constraint.ca for constraint in constraints)


def _subject(signed: x509.CertificateSigningRequest | x509.Certificate) -> dict[str, str]:
    """Several values of one attribute are joined with a comma."""
    values: dict[str, list[str]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a country of three letters is reported by compare_subject
        for attribute in signed.subject:
            name = _SHORT_NAMES.get(attribute.oid, attribute.oid.dotted_string)
            value = attribute.value
            values.setdefault(name, []).append(value if isinstance(value, str) else value.hex())
    return {name: ", ".join(several) for name, several in values.items()}
