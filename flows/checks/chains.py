"""Whether a client certificate can be used: path validation (RFC 5280 §6) for a TLS client.

cryptography's verifier judges signatures, names, validity, path lengths and name constraints, but says why in words for
programmers, and leaves usages alone where no DNS name is required. So what can be said in words is looked for first, and so is
what ``openssl verify -purpose sslclient`` refuses besides: usages of the client's certificate and of its issuers, Netscape's old
certificate type, critical extensions that nobody knows. The verifier has the last word.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, ObjectIdentifier
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from flows.checks.certificates import HASHES, MAX_CERTIFICATES, Certificate
from flows.checks.key_faults import KeyFault, KeyProblem
from flows.checks.keys import MINIMUM_BITS, curve_name, key_type
from flows.checks.parsing import named
from flows.problems import Parameter, Problem

_NETSCAPE_TYPE = ObjectIdentifier("2.16.840.1.113730.1.1")
_SERIAL_BITS = 167  # 20 bytes and a sign (RFC 5280 §4.1.2.2)
_FORGEABLE = ("md5", "sha1")
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
"""Of authorities' keys: those that cryptography's verifier takes."""
_MAX_WAYS = 500
"""Looked at: authorities that signed each other make up to a factorial of their number."""
_SSL_CLIENT = 0x80  # the first bit of Netscape's type
_UNDERSTOOD = {
    _NETSCAPE_TYPE,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.NAME_CONSTRAINTS,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.POLICY_MAPPINGS,
    ExtensionOID.POLICY_CONSTRAINTS,
    ExtensionOID.INHIBIT_ANY_POLICY,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    ExtensionOID.OCSP_NO_CHECK,
}
"""Extensions that OpenSSL takes if they are critical. All others make it refuse the certificate."""
E = TypeVar("E", bound=x509.ExtensionType)
_Reason = tuple[str, dict[str, Parameter]]


def path(chain: Sequence[Certificate], leaf: Certificate) -> tuple[Certificate, ...]:
    """The leaf and those of the chain that stand behind it, each before its issuer. Where there are several ways, since an authority
    was renewed with the same key or another one signed it too, the one over authorities alone that can be used longest."""
    return max(_ways(_issuers(chain, leaf), leaf), key=lambda way: (all(one.is_ca for one in way[1:]), _end(way), -len(way)))


def _ways(issuers: Mapping[str, Sequence[Certificate]], leaf: Certificate) -> Iterator[tuple[Certificate, ...]]:
    """Up to an authority that signed itself, or that no other one given issued; at most `_MAX_WAYS`."""
    begun: list[tuple[Certificate, ...]] = [(leaf,)]
    found = 0
    while begun and found < _MAX_WAYS:
        way = begun.pop()
        on_it = {one.fingerprint for one in way}
        further = [issuer for issuer in issuers[way[-1].fingerprint] if issuer.fingerprint not in on_it]
        begun += [(*way, issuer) for issuer in further]
        if not further:
            found += 1
            yield way


def _issuers(chain: Sequence[Certificate], leaf: Certificate) -> dict[str, list[Certificate]]:
    """By fingerprint, who issued the leaf, and each that stands behind it; nobody, if it signed itself."""
    others, found, left = _others(chain, leaf), dict[str, list[Certificate]](), [leaf]
    while left:
        one = left.pop()
        found[one.fingerprint] = (
            [] if _issued(one, one) else [other for other in others if other is not one and _issued(one, other)]
        )
        left += [issuer for issuer in found[one.fingerprint] if issuer.fingerprint not in found]
    return found


def _end(way: Sequence[Certificate]) -> datetime:
    return min(certificate.not_after for certificate in way)


def ends_first(chain: Sequence[Certificate], leaf: Certificate) -> Certificate:
    """From whose last day on the leaf can't be used any more."""
    return min(path(chain, leaf), key=lambda certificate: certificate.not_after)


def problems(field: str, chain: Sequence[Certificate], leaf: Certificate, at: datetime) -> Iterator[Problem]:
    """``chain``: all given certificates, in any order; the last in the path is trusted, since whoever approves decides on it. If
    there is only the leaf, no issuer is required. ``at`` is aware."""
    try:
        with named(KeyFault.UNUSUAL):
            reasons = _reasons(chain, leaf, at)
    except KeyProblem as problem:
        reasons = [(problem.key, problem.params)]
    return (Problem(field, key, params) for key, params in reasons)


def same_authority(before: Sequence[Certificate], leaf: Certificate) -> bool:
    """Whether the leaf has the same issuer as an earlier chain's: by its signature if that issuer is known, else by its name."""
    issuers = [one for one in before if one.is_ca]
    if any(_issued(leaf, issuer) for issuer in issuers):
        return True
    known = {one.parsed.issuer for one in before if not one.is_ca}
    signed_then = any(_issued(one, issuer) for one in before for issuer in issuers)
    return not signed_then and leaf.parsed.issuer in known


def _reasons(chain: Sequence[Certificate], leaf: Certificate, at: datetime) -> list[_Reason]:
    if leaf.is_ca:  # the client's is missing: there is nothing else to say of those that stand behind it
        return [("certificate_is_authority", {})]
    route = path(chain, leaf)
    reasons = [*_leaf(leaf, at), *_links(chain, leaf)]
    reasons += [reason for below, issuer in enumerate(route[1:]) for reason in _issuer(issuer, below, at)]
    for certificate in route[:-1] or route:  # nobody checks the signature of what is trusted
        if (algorithm := _hash(certificate.parsed)) not in (*HASHES, ""):
            key = "certificate_weak_hash" if algorithm in _FORGEABLE else "certificate_other_hash"
            reasons.append((key, {"name": certificate.name, "hash": algorithm}))
    for certificate in route:
        unknown = [one.oid.dotted_string for one in certificate.parsed.extensions if one.critical and one.oid not in _UNDERSTOOD]
        reasons += [("certificate_critical", {"name": certificate.name, "oid": oid}) for oid in unknown[:1]]
    if not reasons and len(route) > 1 and not _verifies(route, at):
        reasons += [*_forms(route)] or [("chain_not_verified", {"name": leaf.name})]
    return reasons


def _forms(route: Sequence[Certificate]) -> Iterator[_Reason]:
    """What the verifier minds and OpenSSL doesn't, and names that an authority may not issue for."""
    for one in route:
        if one.parsed.version is not x509.Version.v3:
            yield "certificate_version", {"name": one.name, "version": one.parsed.version.value + 1}
        if one.parsed.serial_number < 0 or one.parsed.serial_number.bit_length() > _SERIAL_BITS:
            yield "certificate_serial", {"name": one.name}
    for issuer in route[1:]:
        if _extension(issuer, x509.NameConstraints) is not None:
            yield "chain_names", {"name": route[0].name, "issuer": issuer.name}


def _hash(certificate: x509.Certificate) -> str:
    """The name of the hash it is signed with; empty if its algorithm has none, like Ed25519, and the identifier of one that
    cryptography doesn't know."""
    try:
        with named(KeyFault.UNUSUAL):
            algorithm = certificate.signature_hash_algorithm
    except KeyProblem:
        return certificate.signature_algorithm_oid.dotted_string
    return algorithm.name if algorithm is not None else ""


def _leaf(leaf: Certificate, at: datetime) -> Iterator[_Reason]:
    if _issued(leaf, leaf):
        yield "certificate_self_signed", {}
    if leaf.not_after <= at:
        yield "certificate_expired", {"date": leaf.not_after.date().isoformat()}
    if leaf.not_before > at:
        yield "certificate_not_yet_valid", {"date": leaf.not_before.date().isoformat()}
    if not _for_clients(leaf):
        yield "certificate_not_for_clients", {}
    usage = _extension(leaf, x509.KeyUsage)
    if usage is not None and not (usage.digital_signature or usage.key_agreement):
        yield "certificate_key_usage", {}


def _links(chain: Sequence[Certificate], leaf: Certificate) -> Iterator[_Reason]:
    issuers = _issuers(chain, leaf)
    left = [other for other in _others(chain, leaf) if other.fingerprint not in issuers]
    if left and not issuers[leaf.fingerprint] and not _issued(leaf, leaf):
        yield "chain_broken", {"name": leaf.name, "issuer": leaf.issuer}
    elif left:
        yield "chain_unrelated", {"name": left[0].name}


def _issuer(issuer: Certificate, below: int, at: datetime) -> Iterator[_Reason]:
    """``below``: how many other issuers stand between it and the client's certificate."""
    about: dict[str, Parameter] = {"name": issuer.name}
    if not issuer.is_ca:
        yield "chain_not_authority", about
    if issuer.not_before > at:
        yield "chain_not_yet_valid", {**about, "date": issuer.not_before.date().isoformat()}
    if issuer.not_after <= at:
        yield "chain_not_valid", {**about, "date": issuer.not_after.date().isoformat()}
    usage, constraints = _extension(issuer, x509.KeyUsage), _extension(issuer, x509.BasicConstraints)
    if usage is not None and not usage.key_cert_sign:
        yield "chain_key_usage", about
    if not _for_clients(issuer, old_type=False):
        yield "chain_not_for_clients", about
    if constraints is not None and constraints.path_length is not None and constraints.path_length < below:
        yield "chain_too_long", {**about, "count": below, "maximum": constraints.path_length}
    key = issuer.parsed.public_key()
    if isinstance(key, RSAPublicKey) and key.key_size < MINIMUM_BITS:
        yield "chain_weak_key", {**about, "bits": key.key_size, "minimum": MINIMUM_BITS}
    elif not (isinstance(key, RSAPublicKey) or (isinstance(key, EllipticCurvePublicKey) and key.curve.name in _CURVES)):
        yield "chain_other_key", {**about, "kind": curve_name(key) if isinstance(key, EllipticCurvePublicKey) else key_type(key)}


def _for_clients(certificate: Certificate, *, old_type: bool = True) -> bool:
    """As OpenSSL has it: "any extended key usage" does not serve, and Netscape's type counts for the client's certificate alone."""
    usages = _extension(certificate, x509.ExtendedKeyUsage)
    if usages is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in usages:
        return False
    types = [one.value for one in certificate.parsed.extensions if old_type and one.oid == _NETSCAPE_TYPE]
    # A BIT STRING of one byte: tag, length, unused bits, bits.
    return all(isinstance(one, x509.UnrecognizedExtension) and one.value[-1] & _SSL_CLIENT for one in types)


def _verifies(route: Sequence[Certificate], at: datetime) -> bool:
    """Everything about usages is judged above: a client's certificate needs no DNS name, and an issuer no key identifier."""
    critical = Criticality.AGNOSTIC
    clients, issuers = ExtensionPolicy.permit_all(), ExtensionPolicy.permit_all()
    for kind in (x509.CertificatePolicies, x509.PolicyConstraints, x509.InhibitAnyPolicy, x509.CRLDistributionPoints):
        clients, issuers = (policy.may_be_present(kind, critical, None) for policy in (clients, issuers))
    clients = clients.may_be_present(x509.OCSPNoCheck, critical, None)
    issuers = issuers.require_present(x509.BasicConstraints, critical, None)
    builder = PolicyBuilder().time(at).max_chain_depth(MAX_CERTIFICATES).store(Store([route[-1].parsed]))
    verifier = builder.extension_policies(ca_policy=issuers, ee_policy=clients).build_client_verifier()
    try:
        verifier.verify(route[0].parsed, [issuer.parsed for issuer in route[1:-1]])
    except VerificationError:
        return False
    return True


def _extension(certificate: Certificate, kind: type[E]) -> E | None:
    return next((one.value for one in certificate.parsed.extensions if isinstance(one.value, kind)), None)


def _others(chain: Sequence[Certificate], leaf: Certificate) -> list[Certificate]:
    """Each once."""
    return list({one.fingerprint: one for one in chain if one.fingerprint != leaf.fingerprint}.values())


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    return _signed(certificate.parsed, issuer.parsed)


@lru_cache(maxsize=256)  # as certificates are read once for a page, signatures are checked once
def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """An algorithm or a key that cryptography doesn't know has issued nothing. With a hash that is refused, which cryptography may
    refuse to verify, the names count alone, so that the hash is named and not its issuer missed."""
    if _hash(certificate) not in (*HASHES, ""):
        return certificate.issuer == issuer.subject
    try:
        with named(KeyFault.BAD_SIGNATURE):
            certificate.verify_directly_issued_by(issuer)
    except KeyProblem:
        return False
    return True
