"""A client certificate is checked against the date, its usage, and the authorities given with it."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from flows.checks.certificates import read_certificate, read_chain, read_csr
from flows.checks.chains import path, problems
from flows.checks.der import body
from flows.checks.key_faults import KeyProblem
from flows.checks.keys import read_public_key

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)


@cache
def key(of: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256K1() if of == "Bitcoin" else ec.SECP256R1())


def name(of: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, of)])


@cache
def issue(
    of: str,
    by: str,
    *,
    authority: bool = True,
    begins: int = -10,
    ends: int = 90,
    usage: x509.ObjectIdentifier | None = None,
    signed_by: str = "",
    sha: type[hashes.SHA224 | hashes.SHA256] = hashes.SHA256,
) -> str:
    """PEM. ``begins`` and ``ends`` in days from NOW; ``signed_by``: a key other than the named issuer's."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(of))
        .issuer_name(name(by))
        .public_key(key(of).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + begins * DAY)
        .not_valid_after(NOW + ends * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(key(signed_by or by), sha()).public_bytes(Encoding.PEM).decode()


def root() -> str:
    return issue("Root", "Root")


def middle() -> str:
    return issue("Middle", "Root")


def leaf(by: str = "Middle", *, usage: x509.ObjectIdentifier | None = None, signed_by: str = "", begins: int = -10) -> str:
    return issue("Acme", by, authority=False, usage=usage, signed_by=signed_by, begins=begins)


def found(given: str, at: datetime = NOW) -> list[tuple[str, dict[str, str | int]]]:
    return [(fault.key, dict(fault.params)) for fault in problems("x", read_chain(given), read_certificate(given), at)]


def crossed(ends: int = 900) -> str:
    """The root's key, certified by another authority."""
    return issue("Root", "Other", ends=ends)


GOOD: dict[str, Callable[[], str]] = {
    "alone": leaf,
    "with the one in between": lambda: leaf() + middle(),
    "with all": lambda: leaf() + middle() + root(),
    "in another order": lambda: root() + leaf() + middle(),
    "twice": lambda: leaf() + middle() + middle() + leaf(),
    "with a root that another authority signed too": lambda: leaf() + middle() + root() + crossed() + issue("Other", "Other"),
    "with a cross-certificate that ended": lambda: leaf() + middle() + crossed(ends=-1) + root() + issue("Other", "Other"),
    "with a root that ended and its cross-certificate": lambda: leaf() + middle() + issue("Root", "Root", ends=-1) + crossed(),
    "for clients": lambda: leaf(usage=ExtendedKeyUsageOID.CLIENT_AUTH),
}


@pytest.mark.parametrize("how", GOOD)
def test_a_good_chain_passes(how: str) -> None:
    assert found(GOOD[how]()) == []


FAULTY: dict[str, tuple[Callable[[], str], list[tuple[str, dict[str, str]]]]] = {
    "expired": (
        lambda: issue("Acme", "Root", authority=False, ends=-1),
        [("certificate_expired", {"date": "2026-11-21"})],
    ),
    "not yet": (lambda: leaf(begins=1), [("certificate_not_yet_valid", {"date": "2026-11-23"})]),
    "for servers": (lambda: leaf(usage=ExtendedKeyUsageOID.SERVER_AUTH), [("certificate_not_for_clients", {})]),
    "for anything": (
        lambda: leaf(usage=ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),
        [("certificate_not_for_clients", {})],  # OpenSSL doesn't take it either
    ),
    "signed by itself": (lambda: leaf("Acme"), [("certificate_self_signed", {})]),
    "an authority alone": (middle, [("certificate_is_authority", {})]),
    "authorities alone": (lambda: root() + middle(), [("certificate_is_authority", {})]),
    "signed with SHA-224": (
        lambda: issue("Acme", "Root", authority=False, sha=hashes.SHA224),
        [("certificate_other_hash", {"name": "Acme", "hash": "sha224"})],
    ),
    "an authority's key on another curve": (
        lambda: leaf("Bitcoin") + issue("Bitcoin", "Root"),
        [("chain_other_key", {"name": "Bitcoin", "kind": "secp256k1"})],
    ),
    "the one in between is missing": (lambda: leaf() + root(), [("chain_broken", {"name": "Acme", "issuer": "Middle"})]),
    "signed by another": (
        lambda: leaf(signed_by="Root") + middle(),
        [("chain_broken", {"name": "Acme", "issuer": "Middle"})],
    ),
    "authority expired": (
        lambda: leaf() + issue("Middle", "Root", ends=-2),
        [("chain_not_valid", {"name": "Middle", "date": "2026-11-20"})],
    ),
    "authority not yet": (
        lambda: leaf() + issue("Middle", "Root", begins=5),
        [("chain_not_yet_valid", {"name": "Middle", "date": "2026-11-27"})],
    ),
    "no authority": (
        lambda: leaf() + issue("Middle", "Root", authority=False),
        [("chain_not_authority", {"name": "Middle"})],
    ),
    "a stranger": (lambda: leaf() + middle() + issue("Other", "Other"), [("chain_unrelated", {"name": "Other"})]),
}


@pytest.mark.parametrize("how", FAULTY)
def test_each_fault_of_a_chain_is_named(how: str) -> None:
    made, faults = FAULTY[how]
    assert found(made()) == faults


def value(tag: int, content: bytes) -> bytes:
    """DER, of less than 64 KB."""
    return bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content if len(content) > 255 else _short(tag, content)


def _short(tag: int, content: bytes) -> bytes:
    return bytes((tag, 0x81, len(content)) if len(content) > 127 else (tag, len(content))) + content


SHA256, SHA1 = bytes.fromhex("300a06082a8648ce3d040302"), bytes.fromhex("300906072a8648ce3d0401")


def altered(pem: str, by: str, *, sha1: bool = False, negative: bool = False) -> str:
    """With what cryptography does not write, signed again: SHA-1, or a negative serial number."""
    (one,) = read_chain(pem)
    tbs = one.parsed.tbs_certificate_bytes
    found = body(tbs)
    assert found is not None
    content = bytearray(tbs[found[0] :])
    if negative:
        content[7] = 0x80  # the number's first byte: it comes after the version, of five bytes, and its own tag and length
    tbs = value(0x30, bytes(content).replace(SHA256, SHA1 if sha1 else SHA256))
    signature = key(by).sign(tbs, ec.ECDSA(hashes.SHA1() if sha1 else hashes.SHA256()))  # noqa: S303  it is refused
    der = value(0x30, tbs + (SHA1 if sha1 else SHA256) + value(3, b"\0" + signature))
    return f"-----BEGIN CERTIFICATE-----\n{b64encode(der).decode()}\n-----END CERTIFICATE-----\n"


def test_sha1_is_named_wherever_it_stands_but_in_what_is_trusted() -> None:
    def weak(of: str) -> list[tuple[str, dict[str, str]]]:
        return [("certificate_weak_hash", {"name": of, "hash": "sha1"})]

    assert found(altered(leaf(), "Middle", sha1=True)) == weak("Acme")
    assert found(altered(leaf(), "Middle", sha1=True) + middle() + root()) == weak("Acme")
    assert found(leaf() + altered(middle(), "Root", sha1=True) + root()) == weak("Middle")
    assert found(leaf() + middle() + altered(root(), "Root", sha1=True)) == []


def test_a_serial_number_that_only_the_verifier_minds_is_named() -> None:
    assert found(altered(leaf(), "Middle", negative=True) + middle() + root()) == [("certificate_serial", {"name": "Acme"})]
    assert found(altered(leaf(), "Middle") + middle() + root()) == []


def test_authorities_that_all_signed_each_other_are_looked_at_in_bounded_time() -> None:
    same = [issue("Root", "Root", ends=days) for days in range(10, 19)]  # each with the same name and key
    assert len(path(read_chain(leaf("Root") + "".join(same)), read_certificate(leaf("Root")))) == 2
    ring = "".join(issue(f"Ring {n}", f"Ring {m}") for n in range(3) for m in range(3) if n != m)
    assert found(leaf("Ring 0") + ring) == []


def test_the_certificate_of_the_request_is_found_whatever_stands_first() -> None:
    request = x509.CertificateSigningRequestBuilder().subject_name(name("Acme")).sign(key("Acme"), hashes.SHA256())
    csr = read_csr(request.public_bytes(Encoding.PEM))
    given = issue("Other", "Root", authority=False) + leaf()
    assert read_certificate(given, csr).name == "Acme"
    assert read_certificate(given).name == "Other"


def test_what_a_certificate_is_trusted_for_is_cut_off() -> None:
    """``openssl x509 -trustout`` writes it behind the certificate: here, for nothing."""
    (one,) = read_chain(root())
    trusted = b64encode(one.parsed.public_bytes(Encoding.DER) + b"\x30\x00").decode()
    (same,) = read_chain(f"-----BEGIN TRUSTED CERTIFICATE-----\n{trusted}\n-----END TRUSTED CERTIFICATE-----\n")
    assert (same.pem, same.fingerprint) == (one.pem, one.fingerprint)
    with pytest.raises(KeyProblem, match="key_damaged"):  # behind any other, it is a fault
        read_chain(f"-----BEGIN CERTIFICATE-----\n{trusted}\n-----END CERTIFICATE-----\n")


def test_no_signature_is_checked_with_a_key_that_takes_long() -> None:
    numbers = rsa.RSAPublicNumbers(65537, (1 << 16380) + 1), rsa.RSAPublicNumbers((1 << 63) + 1, (1 << 2047) + 1)
    for number, fault in zip(numbers, ("key_too_large", "key_unusual"), strict=True):
        made = x509.CertificateBuilder().subject_name(name("Heavy")).issuer_name(name("Root")).serial_number(1)
        made = made.not_valid_before(NOW).not_valid_after(NOW + DAY).public_key(number.public_key())
        heavy = made.sign(key("Root"), hashes.SHA256()).public_bytes(Encoding.PEM).decode()
        with pytest.raises(KeyProblem, match=fault):
            read_chain(leaf() + heavy)


@pytest.mark.parametrize("between", ["\n", "\n\nand its authority:\n"])
def test_none_of_several_is_dropped_where_no_line_says_begin(between: str) -> None:
    one, two = leaf(), middle()
    bare = between.join("\n".join(pem.splitlines()[1:-1]) for pem in (one, two))
    assert [certificate.pem for certificate in read_chain(bare)] == [one, two]
    with pytest.raises(KeyProblem, match="key_several"):
        read_public_key(bare)
