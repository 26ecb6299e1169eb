import base64
import json
import quopri
import random
import re
import subprocess
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from shutil import which
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import AttributeOID, ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from flows.checks.certificates import Csr, matches, read_certificate, read_csr
from flows.checks.csr_subject import SubjectFault, compare_subject
from flows.checks.keys import KeyFault, KeyNote, KeyProblem, read_public_key
from flows.steps.authentication import example_keys

NOW = datetime(2026, 11, 22, tzinfo=UTC)
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@cache
def rsa_key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def public(key: Private, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    return key.public_key().public_bytes(Encoding.PEM, form).decode()


def private(key: Private) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


SUBJECT = {
    NameOID.COUNTRY_NAME: "BR",
    NameOID.STATE_OR_PROVINCE_NAME: "São Paulo",
    NameOID.LOCALITY_NAME: "Sao Paulo",
    NameOID.ORGANIZATION_NAME: "Banco Acme S.A.",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "Cartões",
    NameOID.SERIAL_NUMBER: "16.727.230/0001-97",
    NameOID.COMMON_NAME: "acme.example",
}
DETAILS = {
    "company": "BANCO ACME SA",
    "document_number": "16727230000197",
    "city": "São Paulo",
    "state": "SP",
    "country": "BRA",
}


def name(subject: dict[x509.ObjectIdentifier, str]) -> x509.Name:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a three-letter country is wanted here
        return x509.Name([x509.NameAttribute(oid, value, _validate=False) for oid, value in subject.items()])


def csr(key: Private, subject: dict[x509.ObjectIdentifier, str] | None = None) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(name(SUBJECT if subject is None else subject))
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode()


def certificate(key: Private, *, authority: bool = False, until: datetime = NOW + timedelta(days=90)) -> str:
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(SUBJECT))
        .issuer_name(name({NameOID.COMMON_NAME: "Issuer"}))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1000))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    return builder.sign(rsa_key(), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def refused(given: str | bytes, read: Callable[[str | bytes], object] = read_public_key) -> KeyProblem:
    with pytest.raises(KeyProblem) as caught:
        read(given)
    return caught.value


def test_a_public_key_is_read_and_measured() -> None:
    key = read_public_key(public(rsa_key()))
    assert key.pem == public(rsa_key())
    assert (key.bits, key.notes) == (2048, ())
    assert len(key.fingerprint_sha256) == 95


@pytest.mark.process
@pytest.mark.skipif(which("openssl") is None, reason="needs the openssl command")
def test_the_fingerprint_is_the_one_that_openssl_prints() -> None:
    der = rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    printed = subprocess.run(["openssl", "dgst", "-sha256", "-c"], input=der, capture_output=True, check=True).stdout.decode()  # noqa: S607
    assert read_public_key(public(rsa_key())).fingerprint_sha256 == printed.split()[-1]


def body(text: str) -> str:
    return "".join(text.splitlines()[1:-1])


MENDED: dict[str, tuple[Callable[[str], str], KeyNote]] = {
    "crlf": (lambda text: text.replace("\n", "\r\n"), KeyNote.LINE_ENDS),
    "no final newline": (str.rstrip, KeyNote.FINAL_NEWLINE),
    "bom": (lambda text: "\ufeff" + text, KeyNote.BOM),
    "em dashes": (lambda text: text.replace("--", "—"), KeyNote.DASHES),
    "en dashes": (lambda text: text.replace("-", "–"), KeyNote.DASHES),
    "indented": (lambda text: text.replace("\n", "\n    "), KeyNote.INDENTED),
    "quoted": (lambda text: "\n".join(f"> {line}" for line in text.splitlines()), KeyNote.INDENTED),
    "one line": (lambda text: text.replace("\n", ""), KeyNote.ONE_LINE),
    "spaces for line ends": (lambda text: text.replace("\n", " "), KeyNote.ONE_LINE),
    "escaped": (lambda text: json.dumps(text)[1:-1], KeyNote.ESCAPED),
    "escaped crlf": (lambda text: text.replace("\n", r"\r\n"), KeyNote.ESCAPED),
    "invisible": (lambda text: text.replace("\n", "\u200b\n"), KeyNote.INVISIBLE),
    "no-break spaces": (lambda text: text.replace(" ", "\u00a0"), KeyNote.INVISIBLE),
    "in a message": (lambda text: f"Hello, this is our key:\n{text}\nThanks", KeyNote.SURROUNDED),
    "below a line": (lambda text: f"---\nbegin of our key\n{text}", KeyNote.SURROUNDED),
    "html": (lambda text: text.replace("-", "&#x2d;"), KeyNote.HTML),
    "html of a mail": (lambda text: text.replace("\n", "&#13;&#10;"), KeyNote.HTML),
    "html lines": (lambda text: text.replace("\n", "<br>\n"), KeyNote.HTML),
    "html paragraphs": (lambda text: "".join(f'<p class="x">{line}</p>' for line in text.splitlines()), KeyNote.HTML),
    "in an address": (quote, KeyNote.ESCAPED),
    "with bars": (lambda text: "\n".join(f"| {line}" for line in text.splitlines()), KeyNote.INDENTED),
    "bom read as latin 1": (lambda text: text.encode("utf-8-sig").decode("latin-1"), KeyNote.BOM),
    "smart quotes around": (lambda text: f"“{text}”", KeyNote.QUOTES),
    "with headers": (
        lambda text: text.replace("-\n", "-\nVersion: 1\nComment: ours,\n  from OpenSSL\n\n", 1),
        KeyNote.SURROUNDED,
    ),
    "with line numbers": (
        lambda text: "\n".join(f"{n:3}: {line}" for n, line in enumerate(text.splitlines())),
        KeyNote.SURROUNDED,
    ),
    "in a program": (lambda text: "\n".join(f'  "{line}" +' for line in text.splitlines()), KeyNote.SURROUNDED),
    "in a list": (lambda text: ",\n".join(f'"{line}"' for line in text.splitlines()), KeyNote.SURROUNDED),
    "with bullets": (lambda text: "".join(f"• {line}\n" for line in text.splitlines()), KeyNote.SURROUNDED),
    "with line ends shown": (lambda text: text.replace("\n", "^M$\n"), KeyNote.LINE_ENDS),
    "in a comment": (lambda text: "".join(f"// {line}\n" for line in text.splitlines()), KeyNote.SURROUNDED),
    "in bold": (lambda text: "".join(f"*{line}*\n" for line in text.splitlines()), KeyNote.SURROUNDED),
    "in full-width letters": (
        lambda text: "".join(chr(ord(sign) + 0xFEE0) if sign.isprintable() and sign != " " else sign for sign in text),
        KeyNote.DASHES,
    ),
    "in base64 twice": (
        lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
        KeyNote.FROM_BASE64,
    ),
    "in base64 for addresses": (lambda text: body(text).replace("+", "-").replace("/", "_").rstrip("="), KeyNote.NO_HEADER),
    "first line lost": (lambda text: text.split("\n", 1)[1], KeyNote.NO_HEADER),
    "last line lost": (lambda text: text[: text.rindex("-----END")], KeyNote.NO_HEADER),
    "dashes lost": (lambda text: text.replace("-", ""), KeyNote.NO_HEADER),
    "without header": (lambda text: "\n".join(text.splitlines()[1:-1]), KeyNote.NO_HEADER),
}


@pytest.mark.parametrize("how", MENDED)
def test_what_pasting_does_to_a_key_is_mended_and_noted(how: str) -> None:
    mangle, note = MENDED[how]
    key = read_public_key(mangle(public(rsa_key())))
    assert key.pem == public(rsa_key())
    assert note in key.notes
    besides = {"mail": KeyNote.LINE_ENDS, "in a program": KeyNote.INDENTED, "shown": KeyNote.SURROUNDED, "with": KeyNote.INDENTED}
    assert set(key.notes) <= {note, KeyNote.FINAL_NEWLINE, *(one for part, one in besides.items() if part in how)}


LOST = ["first line lost", "last line lost", "dashes lost", "without header"]
ENCODED = {
    "escaped",
    "bom read as latin 1",
    "in an address",
    "in base64 twice",
    "in base64 for addresses",
    "in full-width letters",
}
LINE_BY_LINE = {
    *("with headers", "with line numbers", "with bullets", "with line ends shown"),
    *("in a program", "in a list", "in a comment", "in bold"),
}
WRAPPED = sorted(set(MENDED) - {*LOST, *ENCODED, *LINE_BY_LINE})


@given(st.sampled_from([None, *LOST]), st.lists(st.sampled_from(WRAPPED), max_size=2, unique=True))
def test_several_mendings_at_once_give_the_same_key(lost: str | None, hows: list[str]) -> None:
    text = public(rsa_key())
    for how in [lost, *hows] if lost else hows:
        text = MENDED[how][0](text)
    assert read_public_key(text).pem == public(rsa_key())


def test_padding_as_mails_write_it_is_read() -> None:
    assert "==" in example_keys.CERTIFICATE
    quoted = quopri.encodestring(example_keys.CERTIFICATE.encode()).decode()
    assert read_certificate(quoted).pem == read_certificate(example_keys.CERTIFICATE).pem


def test_markers_are_read_in_any_letters_and_however_they_are_spaced() -> None:
    lines = public(rsa_key()).splitlines()
    for mangle in (
        str.lower,
        str.title,
        *(lambda line, gap=gap: line.replace(" ", gap) for gap in ("+", "", "  ", "\t", "\n", "_")),
    ):
        typed = "\n".join([mangle(lines[0]), *lines[1:-1], mangle(lines[-1])])
        assert read_public_key(typed).pem == public(rsa_key())
        assert refused(typed.replace(mangle("PUBLIC"), mangle("PRIVATE"))).key == KeyFault.PRIVATE_KEY


def test_a_private_key_in_small_letters_is_one() -> None:
    with pytest.raises(KeyProblem, match=KeyFault.PRIVATE_KEY):
        read_public_key("-----begin rsa private key-----\nMIIE")


def test_a_code_block_is_not_worth_a_note() -> None:
    assert read_public_key(f"```\n{public(rsa_key())}```\n").notes == ()


def test_files_are_read_as_bytes() -> None:
    text = public(rsa_key())
    assert read_public_key(text.encode()).notes == ()
    assert read_public_key(b"\xef\xbb\xbf" + text.encode()).notes == (KeyNote.BOM,)
    assert read_public_key(text.encode("utf-16")).pem == text
    der = rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert read_public_key(der).notes == (KeyNote.BINARY,)


def test_other_writings_of_the_same_key_are_converted() -> None:
    pkcs1 = read_public_key(public(rsa_key(), PublicFormat.PKCS1))
    of_certificate = read_public_key(certificate(rsa_key()))
    assert (pkcs1.pem, pkcs1.notes) == (public(rsa_key()), (KeyNote.FROM_PKCS1,))
    assert (of_certificate.pem, of_certificate.notes) == (public(rsa_key()), (KeyNote.FROM_CERTIFICATE,))
    der = x509.load_pem_x509_certificate(certificate(rsa_key()).encode()).public_bytes(Encoding.DER)
    assert read_public_key(der).notes == (KeyNote.BINARY, KeyNote.FROM_CERTIFICATE)


def jwk(key: rsa.RSAPrivateKey, **more: object) -> dict[str, object]:
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), **more}


JWKS: dict[str, Callable[[dict[str, object]], str]] = {
    "with a comma too many": lambda key: json.dumps(key)[:-1] + ", }",
    "as a text within JSON": lambda key: json.dumps(json.dumps(key)),
    "as Python shows it": str,
    "alone": json.dumps,
    "in a set": lambda one: json.dumps({"keys": [one]}),
    "in a list": lambda one: json.dumps([one], indent=2),
    "beside keys that don't sign": lambda one: json.dumps(
        {"keys": [{**one, "use": "enc", "alg": "RSA-OAEP"}, one, {**one, "alg": "RS512"}, {"kty": "EC", "crv": "P-256"}]}
    ),
    "quoted": lambda one: json.dumps(one, indent=1).replace("\n", "\n> "),
    "with numbers": lambda one: json.dumps(
        {**one, "n": f"{rsa_key().public_key().public_numbers().n:x}", "e": 65537, "use": None}
    ),
    "with a broken line": lambda one: json.dumps({**one, "n": f"{str(one['n'])[:70]} {str(one['n'])[70:]}"}),
    "in a message": lambda one: f"Our key:\n```{json.dumps(one)}```\nThanks",
    "with smart quotes": lambda one: re.sub('"([^"]*)"', "“\\1”", json.dumps(one)),
    "for a web page": lambda one: json.dumps(one).replace('"', "&quot;"),
}


@pytest.mark.parametrize("how", JWKS)
def test_a_jwk_is_converted_and_that_is_said(how: str) -> None:
    key = read_public_key(JWKS[how](jwk(rsa_key(), kid="k1", use="sig", alg="RS256")))
    assert key.pem == public(rsa_key())
    assert KeyNote.FROM_JWK in key.notes


def test_a_key_in_xml_is_converted_and_that_is_said() -> None:
    numbers = rsa_key().public_key().public_numbers()
    modulus = base64.encodebytes(numbers.n.to_bytes(256)).decode()
    xml = f"<RSAKeyValue>\n  <Modulus>{modulus}</Modulus>\n  <Exponent>AQAB</Exponent>\n</RSAKeyValue>"
    for text in (xml, xml.replace("<", "&lt;").replace(">", "&gt;"), xml.replace("<", "<ds:").replace("<ds:/", "</ds:")):
        key = read_public_key(text)
        assert key.pem == public(rsa_key())
        assert KeyNote.FROM_XML in key.notes
    assert refused(xml * 2).params == {"count": 2}
    for cut in (xml.replace("AQAB", "AQABA"), xml.replace("AQAB", "AAAA"), xml.partition("<Exponent>")[0]):
        assert refused(cut).key == KeyFault.DAMAGED
    assert refused(xml.replace("<Exponent>", f"<D>{modulus}</D><Exponent>")).key == KeyFault.PRIVATE_KEY


def test_a_jwk_that_does_not_serve_is_refused_with_the_reason() -> None:
    def reason(given: object) -> tuple[str, object]:
        problem = refused(json.dumps(given))
        return problem.key, next(iter(problem.params.values()), None)

    one = jwk(rsa_key())
    assert reason({"keys": [one, one]}) == (KeyFault.SEVERAL, 2)
    assert reason({"keys": [], "kty": "RSA"}) == (KeyFault.JWK, None)
    assert reason({**one, "use": "enc"}) == (KeyFault.JWK_USE, "enc")
    assert reason({**one, "alg": "RS512"}) == (KeyFault.JWK_ALG, "RS512")
    assert reason({**one, "n": None}) == (KeyFault.JWK, None)
    assert reason({**one, "e": "AA"}) == reason({**one, "e": -3}) == reason({**one, "e": True}) == (KeyFault.JWK, None)
    assert reason({**one, "n": "x" * 5000}) == (KeyFault.JWK, None)
    assert reason(jwk(rsa_key(1024))) == (KeyFault.TOO_SMALL, 1024)
    assert reason({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}) == (KeyFault.WRONG_TYPE, "EC")
    assert reason(RSAAlgorithm.to_jwk(rsa_key(), as_dict=True)) == (KeyFault.PRIVATE_KEY, None)
    assert reason({**one, "d": "short"}) == (KeyFault.PRIVATE_KEY, None)
    assert reason({"kty": "oct", "k": "c2VjcmV0"}) == (KeyFault.PRIVATE_KEY, None)
    assert refused('{"kty": "RSA", ').key == KeyFault.JWK
    assert refused('{"kty":' + "[" * 50_000 + "}").key == KeyFault.JWK
    assert refused(json.dumps(one), read_csr).key == KeyFault.WRONG_BLOCK


@pytest.mark.parametrize("read", [read_public_key, read_csr, read_certificate])
def test_a_private_key_is_recognised_before_anything_else(read: Callable[[str | bytes], object]) -> None:
    secret = private(rsa_key())
    traditional = rsa_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    der = rsa_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    texts: list[str | bytes] = [secret, traditional, secret.encode(), der, secret[:400], body(secret), public(rsa_key()) + secret]
    texts += [mangle(secret) for mangle, _ in MENDED.values()]
    texts += ["-----BEGIN PRIVATE KEY-----", private(ec.generate_private_key(ec.SECP256R1())), secret.encode("utf-16")]
    for text in texts:
        problem = refused(text, read)
        assert (problem.key, problem.params) == (KeyFault.PRIVATE_KEY, {})
        assert problem.__cause__ is None
        assert "MII" not in str(problem)


def test_keys_that_do_not_serve_are_refused_with_the_reason() -> None:
    small = refused(public(rsa_key(1024)))
    assert (small.key, small.params) == (KeyFault.TOO_SMALL, {"bits": 1024, "minimum": 2048})
    curve = refused(public(ec.generate_private_key(ec.SECP256R1())))
    assert (curve.key, curve.params) == (KeyFault.WRONG_TYPE, {"type": "EC"})
    request = refused(csr(rsa_key()))
    assert (request.key, request.params["found"]) == (KeyFault.WRONG_BLOCK, "CERTIFICATE REQUEST")
    ssh = rsa_key().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    assert refused(ssh).key == refused(f"This is our key: {ssh} ana@bank").key == KeyFault.SSH


def damaged(text: str) -> str:
    return text[:100] + "\u00e9%" + text[102:]


@pytest.mark.parametrize(
    ("mangle", "key"),
    [
        (lambda _: "", KeyFault.EMPTY),
        (lambda _: " \ufeff\n", KeyFault.EMPTY),
        (lambda _: "our key is in the attachment", KeyFault.NOT_PEM),
        (lambda _: "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be", KeyFault.NOT_PEM),
        (lambda text: text[:200], KeyFault.TRUNCATED),
        (lambda text: text[200:], KeyFault.TRUNCATED),
        (damaged, KeyFault.DAMAGED),
        (lambda text: text.replace(text[100:140], ""), KeyFault.DAMAGED),
        (lambda text: text.replace("END PUBLIC", "END RSA PUBLIC"), KeyFault.DAMAGED),
        (lambda text: text + text, KeyFault.SEVERAL),
        (lambda text: text * 1000, KeyFault.TOO_LONG),
        (lambda _: "M" * 99, KeyFault.DAMAGED),
        (lambda _: "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", KeyFault.DAMAGED),
    ],
)
def test_garbage_is_refused_with_the_reason(mangle: Callable[[str], str], key: KeyFault) -> None:
    problem = refused(mangle(public(rsa_key())))
    assert problem.key == key


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_no_input_breaks_the_reading(given_: str | bytes) -> None:
    for read in (read_public_key, read_csr, read_certificate):
        assert refused(given_, read).key in set(KeyFault)


@pytest.mark.parametrize(
    "text", ["-" * 99_000, "-----BEGIN A-----" * 5_000, "BEGIN " * 16_000, "\\" * 99_000, "-" + " " * 99_000]
)
def test_hostile_text_is_refused_and_stops_nobody(text: str) -> None:
    """A backtracking pattern would never end here."""
    refused(text)


@pytest.mark.parametrize(
    ("curve", "strength"), [(None, ("RSA", "2048")), (ec.SECP256R1(), ("EC", "P-256")), (ec.SECP384R1(), ("EC", "P-384"))]
)
def test_a_signing_request_is_read_and_verified(curve: ec.EllipticCurve | None, strength: tuple[str, str]) -> None:
    key = ec.generate_private_key(curve) if curve else rsa_key()
    request = read_csr(csr(key))
    assert (request.key_type, request.bits_or_curve) == strength
    assert request.subject == {
        "C": "BR",
        "ST": "São Paulo",
        "L": "Sao Paulo",
        "O": "Banco Acme S.A.",
        "OU": "Cartões",
        "serialNumber": "16.727.230/0001-97",
        "CN": "acme.example",
    }
    assert request.pem == csr(key) or strength[0] == "EC"  # EC signatures differ every time
    for label in ("NEW CERTIFICATE REQUEST", "CERTIFICATE SIGNING REQUEST"):
        assert read_csr(csr(key).replace("CERTIFICATE REQUEST", label).encode()).fingerprint == request.fingerprint


def test_what_whoever_signs_a_request_must_know_is_noted() -> None:
    made = x509.CertificateSigningRequestBuilder().subject_name(name({}))
    made = made.add_attribute(AttributeOID.CHALLENGE_PASSWORD, b"open sesame")
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    read = read_csr(made.sign(rsa_key(), hashes.SHA256()).public_bytes(Encoding.PEM))
    assert read.notes == (KeyNote.CHALLENGE, KeyNote.ASKS_AUTHORITY, KeyNote.ASKS_OTHER_USE)
    assert read_csr(csr(rsa_key())).notes == ()


def test_signing_requests_that_do_not_serve_are_refused() -> None:
    assert refused(csr(rsa_key(1024)), read_csr).key == KeyFault.TOO_SMALL
    curve = refused(csr(ec.generate_private_key(ec.SECP521R1())), read_csr)
    assert (curve.key, curve.params) == (KeyFault.WRONG_CURVE, {"curve": "P-521"})
    assert refused(csr(ed25519.Ed25519PrivateKey.generate()), read_csr).params == {"type": "Ed25519"}
    found = refused(public(rsa_key()), read_csr)
    assert (found.key, found.params) == (KeyFault.WRONG_BLOCK, {"expected": "CERTIFICATE REQUEST", "found": "PUBLIC KEY"})


def test_a_request_changed_after_signing_is_refused() -> None:
    der = bytearray(x509.load_pem_x509_csr(csr(rsa_key()).encode()).public_bytes(Encoding.DER))
    place = der.index(b"Banco Acme")
    der[place : place + 5] = b"Vanco"
    forged = f"-----BEGIN CERTIFICATE REQUEST-----\n{base64.encodebytes(bytes(der)).decode()}-----END CERTIFICATE REQUEST-----\n"
    assert refused(forged, read_csr).key == KeyFault.BAD_SIGNATURE


@pytest.mark.process
@pytest.mark.skipif(which("openssl") is None, reason="needs the openssl command")
def test_a_request_signed_with_sha1_is_refused() -> None:
    command = ["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/O=x", "-sha1"]
    made = subprocess.run(command, capture_output=True, check=True).stdout.decode()  # noqa: S603
    problem = refused(made, read_csr)
    assert (problem.key, problem.params) == (KeyFault.WEAK_HASH, {"hash": "sha1"})


def request_of(**changes: str) -> Csr:
    subject = {**SUBJECT, **{getattr(NameOID, attribute): value for attribute, value in changes.items()}}
    return read_csr(csr(rsa_key(), {oid: value for oid, value in subject.items() if value}))


def test_the_subject_is_held_against_what_the_organization_said() -> None:
    assert compare_subject(request_of(), DETAILS) == []
    assert compare_subject(request_of(), {**DETAILS, "country": "BR", "city": "SAO PAULO"}) == []
    assert compare_subject(request_of(SERIAL_NUMBER="", ORGANIZATIONAL_UNIT_NAME="16727230000197"), DETAILS) == []
    assert compare_subject(request_of(STATE_OR_PROVINCE_NAME="SP"), DETAILS) == []
    assert compare_subject(request_of(), {}) == []


@pytest.mark.parametrize(
    ("attribute", "value", "field", "key"),
    [
        ("ORGANIZATION_NAME", "Banco Outro", "company", SubjectFault.DIFFERS),
        ("ORGANIZATION_NAME", "", "company", SubjectFault.MISSING),
        ("SERIAL_NUMBER", "16.727.230/0001-98", "document_number", SubjectFault.DIFFERS),
        ("LOCALITY_NAME", "Campinas", "city", SubjectFault.DIFFERS),
        ("STATE_OR_PROVINCE_NAME", "RJ", "state", SubjectFault.DIFFERS),
        ("STATE_OR_PROVINCE_NAME", "Rio de Janeiro", "state", SubjectFault.DIFFERS),
        ("STATE_OR_PROVINCE_NAME", "", "state", SubjectFault.MISSING),
        ("COUNTRY_NAME", "US", "country", SubjectFault.DIFFERS),
        ("COUNTRY_NAME", "BRA", "country", SubjectFault.DIFFERS),
        ("COUNTRY_NAME", "", "country", SubjectFault.MISSING),
    ],
)
def test_each_difference_of_the_subject_is_named(attribute: str, value: str, field: str, key: SubjectFault) -> None:
    (difference,) = compare_subject(request_of(**{attribute: value}), DETAILS)
    assert (difference.field, difference.key, difference.found) == (field, key, value)
    assert difference.params["found"] == value
    assert difference.expected == {**DETAILS, "country": "BR"}[field]


def test_a_certificate_matches_the_request_of_its_key_alone() -> None:
    other = rsa_key(number=1)
    request, signed = read_csr(csr(other)), read_certificate(certificate(other))
    assert matches(request, signed)
    assert not matches(request, read_certificate(certificate(rsa_key())))
    assert signed.spki_fingerprint == read_public_key(public(other)).fingerprint_sha256
    assert signed.fingerprint != signed.spki_fingerprint
    assert (signed.not_after, signed.subject["O"]) == (NOW + timedelta(days=90), "Banco Acme S.A.")


def test_of_a_chain_the_customers_certificate_is_taken() -> None:
    chain = certificate(rsa_key(), authority=True) + certificate(rsa_key(number=1))
    assert matches(read_csr(csr(rsa_key(number=1))), read_certificate(chain))


def test_an_expired_certificate_is_read_and_says_when() -> None:
    assert read_certificate(certificate(rsa_key(), until=NOW - timedelta(days=1))).not_after < NOW


def test_blocks_of_other_programs_are_called_by_their_name() -> None:
    pgp = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: GnuPG v2\n\nmQENBFx=\n=aB3d\n-----END PGP PUBLIC KEY BLOCK-----\n"
    found = refused(pgp)
    assert (found.key, found.params) == (KeyFault.WRONG_BLOCK, {"expected": "PUBLIC KEY", "found": "PGP PUBLIC KEY BLOCK"})
    assert refused(pgp, read_certificate).key == refused(pgp, read_csr).key == KeyFault.WRONG_BLOCK
    ssh = '---- BEGIN SSH2 PUBLIC KEY ----\nComment: "2048-bit RSA"\nAAAAB3NzaC1yc2EAAAADAQAB\n---- END SSH2 PUBLIC KEY ----\n'
    assert refused(ssh).key == refused(f"This is our key: {ssh} ana@bank").key == KeyFault.SSH


def test_what_is_no_certificate_is_refused() -> None:
    assert refused(csr(rsa_key()), read_certificate).key == KeyFault.WRONG_BLOCK
    assert refused(damaged(certificate(rsa_key())), read_certificate).key == KeyFault.DAMAGED
    noise = base64.encodebytes(random.Random(1).randbytes(300)).decode()
    assert refused(f"-----BEGIN CERTIFICATE-----\n{noise}-----END CERTIFICATE-----", read_certificate).key == KeyFault.DAMAGED
