"""Whether a client certificate can be used: valid now, for clients, and issued by the CA certificates given with it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from flows.checks.certificates import Certificate
from flows.problems import Problem


def problems(field: str, chain: Sequence[Certificate], leaf: Certificate, at: datetime) -> Iterator[Problem]:
    """``chain``: all given certificates, in any order; if there is only the leaf, no issuer is required. ``at`` is aware."""
    if leaf.is_ca:
        yield Problem(field, "certificate_is_authority")
    if leaf.not_after <= at:
        yield Problem(field, "certificate_expired", {"date": leaf.not_after.date().isoformat()})
    if leaf.not_before > at:
        yield Problem(field, "certificate_not_yet_valid", {"date": leaf.not_before.date().isoformat()})
    if not leaf.for_clients:
        yield Problem(field, "certificate_not_for_clients")
    others = [certificate for certificate in chain if certificate.fingerprint != leaf.fingerprint]
    if others:
        yield from _path(field, leaf, others, at)


def _path(field: str, leaf: Certificate, others: Sequence[Certificate], at: datetime) -> Iterator[Problem]:
    last, left = leaf, list({other.fingerprint: other for other in others}.values())
    while left:
        issuer = next((other for other in left if _issued(last, other)), None)
        if issuer is None:
            break
        left.remove(issuer)
        if not issuer.is_ca:
            yield Problem(field, "chain_not_authority", {"name": issuer.name})
        if not issuer.not_before <= at < issuer.not_after:
            yield Problem(field, "chain_not_valid", {"name": issuer.name, "date": issuer.not_after.date().isoformat()})
        last = issuer
    if last is leaf:
        yield Problem(field, "chain_broken", {"name": leaf.name, "issuer": leaf.issuer})
    elif left:
        yield Problem(field, "chain_unrelated", {"name": left[0].name})


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        x509.load_pem_x509_certificate(certificate.pem.encode()).verify_directly_issued_by(
            x509.load_pem_x509_certificate(issuer.pem.encode())
        )
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
