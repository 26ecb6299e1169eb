"""Keys, requests, and certificates as odd tools and old ones write them: read, or refused by name; nothing breaks the reading."""

import base64
import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from flows.checks.certificates import MAX_CERTIFICATES, choose, read_certificate, read_chain, read_csr
from flows.checks.chains import ends_first, problems, same_authority
from flows.checks.csr_subject import compare_subject
from flows.checks.der import is_der
from flows.checks.encodings import codec_of
from flows.checks.key_faults import KeyFault, KeyNote, KeyProblem
from flows.checks.keys import read_public_key

KEY, SMALL = rsa.generate_private_key(65537, 2048), ec.generate_private_key(SECP256R1())
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme")])
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def csr(key: Key) -> bytes:
    return x509.CertificateSigningRequestBuilder().subject_name(NAME).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@cache
def certificate(key: Key, number: int = 7) -> x509.Certificate:
    builder = x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(key.public_key()).serial_number(number)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    return builder.sign(key, hashes.SHA256())


def pem(label: str, der: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def tlv(tag: int, *content: bytes) -> bytes:
    """One value of DER."""
    inside = b"".join(content)
    size = len(inside).to_bytes(4).lstrip(b"\0")
    return bytes((tag,)) + (size or b"\0" if len(inside) < 128 else bytes((0x80 | len(size),)) + size) + inside


def fault(text: str | bytes, read: Callable[[str | bytes], object]) -> str:
    with pytest.raises(KeyProblem) as caught:
        read(text)
    return str(caught.value.key)


# -- requests with another version number


def versioned(key: Key, version: int, *, signed: bool = True) -> str:
    """A request with another version number, signed with it or not."""
    request = x509.load_der_x509_csr(csr(key))
    info = request.tbs_certrequest_bytes
    place = info.index(b"\x02\x01\x00")
    info = info[: place + 2] + bytes((version,)) + info[place + 3 :]
    signature = request.signature
    if signed and isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(info, padding.PKCS1v15(), hashes.SHA256())
    elif signed and isinstance(key, ec.EllipticCurvePrivateKey):
        signature = key.sign(info, ec.ECDSA(hashes.SHA256()))
    algorithm = csr(key)[csr(key).index(request.tbs_certrequest_bytes) + len(info) :]
    algorithm = algorithm[: 2 + algorithm[1]]
    return pem("CERTIFICATE REQUEST", tlv(0x30, info, algorithm, tlv(3, b"\0", signature)))


@pytest.mark.parametrize("key", [KEY, SMALL], ids=["RSA", "EC"])
@pytest.mark.parametrize("version", [1, 2, 3, 127, 255])
def test_a_request_of_any_version_is_taken_as_it_was_signed(key: Key, version: int) -> None:
    request = read_csr(versioned(key, version))
    assert request.pem.replace("\n", "") == versioned(key, version).replace("\n", "") or key is SMALL
    assert request.fingerprint == read_csr(pem("CERTIFICATE REQUEST", csr(key))).fingerprint
    assert KeyNote.VERSION in request.notes
    assert fault(versioned(key, version, signed=False), read_csr) == KeyFault.BAD_SIGNATURE


def test_odd_fields_are_refused_by_name() -> None:
    der = certificate(SMALL).public_bytes(Encoding.DER)
    version = der.index(b"\xa0\x03\x02\x01\x02")
    assert fault(der[: version + 4] + b"\x07" + der[version + 5 :], read_chain) == KeyFault.DAMAGED
    info = x509.load_der_x509_csr(csr(SMALL)).tbs_certrequest_bytes
    for odd in (b"\x02\x02\x01\x00", b"\x05\x00"):  # a version of two bytes, and none
        changed = csr(SMALL).replace(info, tlv(0x30, odd, info[info.index(b"\x02\x01\x00") + 3 :]))
        assert fault(changed, read_csr) == KeyFault.DAMAGED
    many = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")] * 1000)
    crowded = x509.CertificateSigningRequestBuilder().subject_name(many).sign(SMALL, hashes.SHA256())
    assert fault(crowded.public_bytes(Encoding.PEM), read_csr) == KeyFault.UNUSUAL


def test_a_certificate_of_thousands_of_names_is_refused() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName(f"a{number}.bank.example") for number in range(1000)])
    builder = x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(SMALL.public_key()).serial_number(7)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    crowded = builder.add_extension(names, critical=False).sign(SMALL, hashes.SHA256())
    assert fault(crowded.public_bytes(Encoding.PEM), read_chain) == KeyFault.UNUSUAL


def test_a_long_name_that_nearly_fits_is_compared_at_once() -> None:
    """A pattern that backtracks would never end here."""
    state = x509.Name([x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "a" * 120)])
    request = x509.CertificateSigningRequestBuilder().subject_name(state).sign(SMALL, hashes.SHA256())
    (difference,) = compare_subject(read_csr(request.public_bytes(Encoding.PEM)), {"state": "a" * 40 + "b"})
    assert difference.attribute == "ST"


# -- other writings


def chain(count: int) -> list[x509.Certificate]:
    return [certificate(SMALL, number + 1) for number in range(count)]


def pems(count: int) -> list[str]:
    return [one.public_bytes(Encoding.PEM).decode() for one in chain(count)]


JOINED: dict[str, Callable[[], str]] = {
    "line ends": lambda: "".join(pems(3)),
    "none between": lambda: "".join(one.strip() for one in pems(3)),
    "a space between": lambda: " ".join(one.strip() for one in pems(3)),
    "none at all": lambda: "".join(pems(3)).replace("\n", ""),
    "escaped": lambda: "".join(pems(3)).replace("\n", "\\n"),
    "em dashes": lambda: "".join(one.strip() for one in pems(3)).replace("-----", "—"),
}


@pytest.mark.parametrize("how", JOINED)
def test_certificates_joined_in_any_way_are_all_read(how: str) -> None:
    found = read_chain(JOINED[how]())
    assert [one.pem for one in found] == pems(3)
    assert all(KeyNote.SURROUNDED not in one.notes for one in found)


def test_a_block_that_was_cut_is_not_passed_over() -> None:
    first, second = pems(2)
    assert fault(first + second[:200], read_chain) == KeyFault.TRUNCATED
    assert fault(first[:200] + second, read_chain) == KeyFault.TRUNCATED


def indefinite(p7: bytes) -> bytes:
    """BER, as some authorities write it."""
    return b"\x30\x80" + p7[4:] + b"\0\0"


PKCS7: dict[str, Callable[[bytes], str | bytes]] = {
    "DER": lambda p7: p7,
    "BER": indefinite,
    "PEM": lambda p7: pem("PKCS7", p7),
    "PEM of OpenSSL": lambda p7: pem("PKCS #7 SIGNED DATA", p7),
    "PEM of Windows": lambda p7: pem("CERTIFICATE", p7),
    "base64": lambda p7: base64.b64encode(p7).decode(),
}


@pytest.mark.parametrize("how", PKCS7)
def test_the_certificates_of_a_pkcs7_are_read(how: str) -> None:
    given_ = PKCS7[how](pkcs7.serialize_certificates(chain(3), Encoding.DER))
    found = read_chain(given_)
    assert {one.pem for one in found} == set(pems(3))
    assert all(KeyNote.FROM_PKCS7 in one.notes for one in found)


def test_a_pkcs7_that_does_not_serve_is_refused() -> None:
    p7 = pkcs7.serialize_certificates(chain(2), Encoding.DER)
    assert fault(p7[:-9], read_chain) == KeyFault.DAMAGED
    assert fault(pem("PKCS7", b"0\x03\x02\x01\x05"), read_chain) == KeyFault.DAMAGED
    assert fault(p7, read_csr) == KeyFault.SEVERAL


SPKI = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
BASE64: dict[str, Callable[[bytes], bytes]] = {
    "one line": base64.b64encode,
    "wrapped": base64.encodebytes,
    "in YAML": lambda text: b"data:\n  tls.pub: " + base64.b64encode(text) + b"\n  other: x\n",
    "of UTF-16": lambda text: base64.b64encode(text.decode().encode("utf-16")),
    "of base64 alone": lambda text: base64.b64encode(b"".join(text.splitlines()[1:-1])),
    "of CRLF": lambda text: base64.b64encode(text.replace(b"\n", b"\r\n")),
}


@pytest.mark.parametrize("how", BASE64)
def test_base64_of_a_pem_is_decoded_once_more(how: str) -> None:
    key = read_public_key(BASE64[how](SPKI).decode())
    assert key.pem == SPKI.decode()
    assert KeyNote.FROM_BASE64 in key.notes


def test_a_private_key_in_base64_twice_is_recognised() -> None:
    der = SMALL.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert fault(base64.b64encode(base64.b64encode(der)).decode(), read_public_key) == KeyFault.PRIVATE_KEY


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"])
def test_text_files_of_windows_are_read_with_or_without_a_mark(codec: str) -> None:
    text = SPKI.decode()
    assert read_public_key(text.encode(codec)).pem == text
    assert text.encode(codec).decode(codec_of(text.encode(codec))).removeprefix("\ufeff") == text


def test_short_binary_files_are_told_from_text() -> None:
    point = SMALL.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for der in (csr(SMALL), point, certificate(SMALL).public_bytes(Encoding.DER)):
        assert is_der(der)
    assert read_csr(csr(SMALL)).key_type == "EC"
    assert read_csr(base64.encodebytes(csr(SMALL)).decode()).key_type == "EC"
    assert read_certificate(certificate(SMALL).public_bytes(Encoding.DER)).name == "Acme"
    assert fault(point, read_public_key) == KeyFault.WRONG_TYPE
    assert fault(base64.encodebytes(point).decode(), read_public_key) == KeyFault.WRONG_TYPE
    assert not any(map(is_der, (b"", b"0", b"01234", b"0,1,2\n", b"0" + bytes((33,)) + b"x" * 33)))


# -- hostile ones: each is refused by name, in time proportional to its length


def big_rsa(bits: int, exponent: int) -> bytes:
    """A SubjectPublicKeyInfo."""
    chance = random.Random(1)
    modulus = (chance.getrandbits(bits) | 1 | 1 << (bits - 1)).to_bytes(bits // 8 + 1)
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    numbers = tlv(0x30, tlv(2, modulus), tlv(2, exponent.to_bytes(exponent.bit_length() // 8 + 1)))
    return tlv(0x30, algorithm, tlv(3, b"\0", numbers))


def unsigned(spki: bytes, signature: bytes) -> str:
    info = tlv(0x30, b"\x02\x01\x00", tlv(0x30), spki, b"\xa0\x00")
    return pem("CERTIFICATE REQUEST", tlv(0x30, info, bytes.fromhex("300d06092a864886f70d01010b0500"), tlv(3, b"\0", signature)))


HOSTILE: dict[str, tuple[Callable[[], str], Callable[[str | bytes], object], str]] = {
    "RSA of 8,192 bits": (lambda: unsigned(big_rsa(8192, 65537), b"\1" * 1024), read_csr, KeyFault.BAD_SIGNATURE),
    "its exponent is as long": (lambda: unsigned(big_rsa(8192, 3 << 8000 | 1), b"\1" * 1024), read_csr, KeyFault.UNUSUAL),
    "RSA of 200,000 bits": (lambda: pem("PUBLIC KEY", big_rsa(200_000, 65537)), read_public_key, KeyFault.TOO_LARGE),
    "an exponent of one": (lambda: pem("PUBLIC KEY", big_rsa(2048, 1)), read_public_key, KeyFault.DAMAGED),
    "deep": (lambda: pem("CERTIFICATE", b"\x30\x80" * 7000), read_chain, KeyFault.DAMAGED),
    "blanks behind base64": (lambda: "MIIGAAAAAAAAAAAAAAAA" + " " * 99_900 + "!", read_chain, KeyFault.NOT_PEM),
    "first lines": (lambda: ("-" * 30 + "BEGIN A" + "-" * 30) * 1400, read_chain, KeyFault.TRUNCATED),
    "last lines": (lambda: "-END A-" * 14_000, read_chain, KeyFault.TRUNCATED),
    "entities": (lambda: "&amp;" * 19_000, read_chain, KeyFault.NOT_PEM),
    "base64 of first lines": (lambda: "LS0tLS1CRUdJTi" * 7000, read_chain, KeyFault.NOT_PEM),
    "a crowd": (lambda: "".join(pems(MAX_CERTIFICATES + 1)), read_chain, KeyFault.TOO_MANY),
    "too long": (lambda: "M" * 100_001, read_chain, KeyFault.TOO_LONG),
}


@pytest.mark.parametrize("how", HOSTILE)
@pytest.mark.timeout(20)
def test_hostile_input_is_refused_by_name(how: str) -> None:
    """The time limit is for patterns that backtrack, which took a minute and more."""
    make, read, key = HOSTILE[how]
    assert fault(make(), read) == key


def judged(given_: str | bytes) -> None:
    """A chain, read and validated."""
    found = read_chain(given_)
    leaf = choose(found)
    assert ends_first(found, leaf) in found
    same_authority(found, leaf)
    list(problems("x", found, leaf, datetime(2026, 6, 1, tzinfo=UTC)))


REAL: tuple[tuple[Callable[[str | bytes], object], bytes], ...] = (
    (read_csr, csr(KEY)),
    (read_csr, csr(SMALL)),
    (judged, certificate(KEY).public_bytes(Encoding.DER)),
    (judged, pkcs7.serialize_certificates(chain(2), Encoding.DER)),
    (read_public_key, KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
    (read_csr, pem("CERTIFICATE REQUEST", csr(SMALL)).encode()),
    (judged, "".join(pems(2)).encode()),
)


@given(st.sampled_from(REAL), st.randoms(use_true_random=False))
def test_whatever_happens_to_a_real_one_it_is_read_or_refused_by_name(
    real: tuple[Callable[[str | bytes], object], bytes], chance: random.Random
) -> None:
    read, changed = real[0], bytearray(real[1])
    for _ in range(chance.randint(1, 4)):
        place, size = chance.randrange(len(changed) + 1), chance.choice([1, 1, 2, 16, 64])
        match chance.randrange(4):
            case 0:
                changed[place : place + 1] = bytes((chance.randrange(256),))
            case 1:
                del changed[place : place + size]
            case 2:
                changed[place:place] = changed[place : place + size]
            case _:
                changed[place:place] = chance.randbytes(size)
    for given_ in (bytes(changed), changed.decode("latin-1"), pem("CERTIFICATE", bytes(changed))):
        try:
            read(given_)
        except KeyProblem as problem:
            assert problem.key in set(KeyFault)  # noqa: PT017  anything else fails the test, and being read is right, too
