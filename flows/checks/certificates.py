"""Reads and compares signing requests (CSRs, PKCS #10) and certificates (X.509) for mTLS."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from textwrap import fill

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from flows.checks.csr_version import info_of, with_first_version
from flows.checks.der import body
from flows.checks.keys import bound, fingerprint, key_type, measure, spki
from flows.checks.parsing import named
from flows.checks.pem import KeyFault, KeyNote, KeyProblem, PemBlock, read_blocks, the_block

HASHES = ("sha256", "sha384", "sha512")
MAX_CERTIFICATES = 10
"""In one chain: two or three are usual."""
_MAX_BYTES = 16_000
"""Of one certificate: with thousands of names, comparing them with an authority's constraints would take seconds."""
_MAX_ATTRIBUTES, _MAX_VALUE = 50, 256
"""Of a subject, and characters of a value: X.520 allows 64 for a company's name."""
_CHALLENGE_PASSWORD = bytes.fromhex("06092a864886f70d010907")
"""An attribute's identifier (RFC 2985 §5.4.1): OpenSSL asks for one, which stands in the request as it was typed."""
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

    ``is_ca``: it can issue others (a CA). ``parsed``: for `flows.checks.chains`.
    """

    pem: str
    subject: dict[str, str]
    not_before: datetime
    not_after: datetime
    fingerprint: str
    spki_fingerprint: str
    issuer: str
    is_ca: bool
    parsed: x509.Certificate = field(repr=False, compare=False)
    notes: tuple[KeyNote, ...] = ()

    @property
    def name(self) -> str:
        return _name(self.subject)

    @property
    def full_name(self) -> str:
        """All of the subject, as far as 200 characters go."""
        return ", ".join(f"{short}={value}" for short, value in self.subject.items())[:200] or "-"


def read_csr(given: str | bytes) -> Csr:
    """A CSR with a valid signature: RSA of at least 2048 bits, P-256, or P-384; SHA-2. Raises KeyProblem.

    Old tools write other version numbers than RFC 2986's only one, and OpenSSL takes them: so does this, with a note.
    """
    block = the_block(read_blocks(given), "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
    der = with_first_version(block.der)
    notes = block.notes if der == block.der else (*block.notes, KeyNote.VERSION)
    notes = (*notes, KeyNote.CHALLENGE) if _CHALLENGE_PASSWORD in der else notes
    with named(KeyFault.DAMAGED):
        request = x509.load_der_x509_csr(der)
    notes = (*notes, *_asked_for(request))
    with named(KeyFault.UNUSUAL):
        key, algorithm, subject = request.public_key(), request.signature_hash_algorithm, _attributes(request.subject)
        strength = measure(key)
        if algorithm is None or algorithm.name not in HASHES:
            raise KeyProblem(KeyFault.WEAK_HASH, hash=algorithm.name if algorithm else "")
        if not _is_signed(request, key, info_of(block.der)):
            raise KeyProblem(KeyFault.BAD_SIGNATURE)
        content = fill(b64encode(block.der).decode(), 64)
        pem = f"-----BEGIN CERTIFICATE REQUEST-----\n{content}\n-----END CERTIFICATE REQUEST-----\n"
        return Csr(pem, key_type(key), strength, subject, fingerprint(spki(key)), notes)


def _asked_for(request: x509.CertificateSigningRequest) -> Iterator[KeyNote]:
    """What else than a client's certificate it asks for: whoever signs it decides. Nothing is said of extensions that can't be read."""
    try:
        with named(KeyFault.UNUSUAL):
            asked = [extension.value for extension in request.extensions]
    except KeyProblem:
        return
    if any(isinstance(one, x509.BasicConstraints) and one.ca for one in asked):
        yield KeyNote.ASKS_AUTHORITY
    if any(isinstance(one, x509.ExtendedKeyUsage) and ExtendedKeyUsageOID.CLIENT_AUTH not in one for one in asked):
        yield KeyNote.ASKS_OTHER_USE


def _is_signed(request: x509.CertificateSigningRequest, key: PublicKeyTypes, info: bytes) -> bool:
    """By its own key. ``info``: what was signed, with the version number that stood there."""
    try:
        if isinstance(key, rsa.RSAPublicKey) and request.signature_hash_algorithm is not None:
            padding = request.signature_algorithm_parameters
            if not isinstance(padding, PKCS1v15 | PSS):
                return False
            key.verify(request.signature, info, padding, request.signature_hash_algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and request.signature_hash_algorithm is not None:
            key.verify(request.signature, info, ec.ECDSA(request.signature_hash_algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def read_chain(given: str | bytes) -> list[Certificate]:
    """One or more certificates, as given. Raises KeyProblem, but not for expired ones."""
    return list(_chain(given))


@lru_cache(maxsize=8)  # one page asks for the same ones several times: for its checks, its notes, and what is recorded
def _chain(given: str | bytes) -> tuple[Certificate, ...]:
    blocks = read_blocks(given)
    if len(blocks) > MAX_CERTIFICATES:
        raise KeyProblem(KeyFault.TOO_MANY, count=len(blocks), maximum=MAX_CERTIFICATES)
    return tuple(_read(block) for block in blocks)


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
    with named(KeyFault.UNUSUAL):
        return measure(certificate.parsed.public_key())


def matches(csr: Csr, certificate: Certificate) -> bool:
    """Whether the certificate is for the CSR's key."""
    return csr.fingerprint == certificate.spki_fingerprint


def _read(block: PemBlock) -> Certificate:
    the_block([block], "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
    if len(block.der) > _MAX_BYTES:
        raise KeyProblem(KeyFault.UNUSUAL)
    der = _without_trust(block)
    with named(KeyFault.DAMAGED):
        found = x509.load_der_x509_certificate(der)
    with named(KeyFault.UNUSUAL):
        bound(found.public_key())
        constraints = [extension.value for extension in found.extensions if isinstance(extension.value, x509.BasicConstraints)]
        return Certificate(
            pem=found.public_bytes(Encoding.PEM).decode(),
            subject=_attributes(found.subject),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            fingerprint=fingerprint(der),
            spki_fingerprint=fingerprint(spki(found.public_key())),
            issuer=_name(_attributes(found.issuer)),
            is_ca=any(one.ca for one in constraints),
            parsed=found,
            notes=block.notes,
        )


def _without_trust(block: PemBlock) -> bytes:
    """OpenSSL writes behind a "trusted certificate" what it is trusted for: that is cut off."""
    whole = body(block.der)
    return block.der[: whole[1]] if whole and block.label.startswith("TRUSTED") else block.der


def _name(subject: Mapping[str, str]) -> str:
    return (subject.get("CN") or subject.get("O") or "-")[:64]


def _attributes(name: x509.Name) -> dict[str, str]:
    """Multiple values of an attribute are joined with a comma; signs that can't be seen are left out. Raises KeyProblem for more
    than anybody has."""
    values: dict[str, list[str]] = {}
    for number, attribute in enumerate(name):
        if number >= _MAX_ATTRIBUTES:
            raise KeyProblem(KeyFault.UNUSUAL)
        short = _SHORT_NAMES.get(attribute.oid, attribute.oid.dotted_string)
        value = attribute.value if isinstance(attribute.value, str) else attribute.value.hex()
        values.setdefault(short, []).append("".join(filter(str.isprintable, value[:_MAX_VALUE])))
    return {short: ", ".join(several)[:_MAX_VALUE] for short, several in values.items()}
