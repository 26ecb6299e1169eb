"""The bot's client certificate, however a file, a shell, an editor or a cluster holds it."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs7,
    pkcs12,
)
from pydantic import SecretStr

from pismo import CertificateError, ClientTls

Shape = Callable[[str, Path], str]


@pytest.fixture(scope="module")
def pair() -> tuple[str, str, str]:
    """A certificate, its key, and that key encrypted."""
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, now - timedelta(1), now + timedelta(1))
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"of this test"))
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode(), plain.decode(), encrypted.decode()


def in_file(content: bytes, file: Path) -> str:
    file.write_bytes(content)
    return str(file)


def der(pem: str) -> bytes:
    return base64.b64decode("".join(pem.splitlines()[1:-1]))


TAKEN: dict[str, Shape] = {
    "text": lambda pem, _: pem,
    "file": lambda pem, file: in_file(pem.encode(), file),
    "file with Windows' line ends": lambda pem, file: in_file(pem.replace("\n", "\r\n").encode(), file),
    "file with a byte order mark": lambda pem, file: in_file(pem.encode("utf-8-sig"), file),
    "file in UTF-16": lambda pem, file: in_file(pem.encode("utf-16"), file),
    "file in base64": lambda pem, file: in_file(base64.b64encode(pem.encode()), file),
    "path in quotes": lambda pem, file: f'"{in_file(pem.encode(), file)}"\n',
    "address of a file": lambda pem, file: f"file://{in_file(pem.encode(), file)}",
    "escaped": lambda pem, _: pem.replace("\n", "\\n"),
    "escaped twice, in quotes": lambda pem, _: '"' + pem.replace("\n", "\\\\r\\\\n") + '"',
    "in quotes": lambda pem, _: f"'{pem}'",
    "in base64": lambda pem, _: base64.encodebytes(pem.encode()).decode(),
    "in one line": lambda pem, _: pem.replace("\n", " "),
    "in base64 of base64": lambda pem, _: base64.b64encode(base64.b64encode(pem.encode())).decode(),
    "as DER": lambda pem, file: in_file(der(pem), file),
    "as DER in base64": lambda pem, _: base64.b64encode(der(pem)).decode(),
    "file in UTF-16 without a mark": lambda pem, file: in_file(pem.encode("utf-16-le"), file),
    "file in the other UTF-16 without a mark": lambda pem, file: in_file(f"\n{pem}".encode("utf-16-be"), file),
    "in base64url without its filling": lambda pem, _: base64.urlsafe_b64encode(pem.encode()).decode().rstrip("="),
    "file in base64 without its filling": lambda pem, file: in_file(base64.b64encode(pem.encode()).rstrip(b"="), file),
    "with blank lines": lambda pem, _: pem.replace("\n", "\n\n"),
    "in a quoted mail": lambda pem, _: "".join(f"> {line}\n" for line in pem.splitlines()),
    "in an address": lambda pem, _: quote(pem),
    "with escaped line ends alone": lambda pem, _: pem.replace("\n", "%0A"),
    "in JSON": lambda pem, _: json.dumps({"pem": pem}),
    "in JSON, each line a text": lambda pem, file: in_file(json.dumps(pem.splitlines(), indent=1).encode(), file),
    "as a shell's string": lambda pem, _: "$'" + pem.replace("\n", "\\n") + "'",
    "indented": lambda pem, _: pem.replace("\n", "\n  "),
}


@pytest.mark.parametrize("how", TAKEN)
def test_a_pem_is_taken_in_every_shape(how: str, pair: tuple[str, str, str], tmp_path: Path) -> None:
    certificate, key, _ = pair
    loaded = ClientTls(TAKEN[how](certificate, tmp_path / "cert"), SecretStr(TAKEN[how](key, tmp_path / "key"))).read()
    loaded.context()
    assert loaded.validity is not None


def test_a_certificate_and_its_key_may_stand_in_one_file(pair: tuple[str, str, str], tmp_path: Path) -> None:
    ClientTls(in_file("".join(pair[:2]).encode(), tmp_path / "both")).read().context()


def test_a_chain_may_stand_in_any_order_without_line_ends_between(pair: tuple[str, str, str]) -> None:
    certificate, key, _ = pair
    loaded = ClientTls(other_certificate().strip() + certificate.strip(), SecretStr(key)).read()
    loaded.context()
    assert loaded.certificate.startswith(certificate.strip())


@pytest.mark.parametrize("part", ["certificate", "key"])
def test_an_archive_is_refused_with_how_to_take_it_apart(pair: tuple[str, str, str], tmp_path: Path, part: str) -> None:
    own, certificate = load_pem_private_key(pair[1].encode(), None), x509.load_pem_x509_certificate(pair[0].encode())
    assert isinstance(own, ec.EllipticCurvePrivateKey)
    archive = pkcs12.serialize_key_and_certificates(None, own, certificate, None, BestAvailableEncryption(b"of this test"))
    for given in (in_file(archive, tmp_path / "bot.p12"), base64.b64encode(archive).decode()):
        tls = ClientTls(given, SecretStr(pair[1])) if part == "certificate" else ClientTls(pair[0], SecretStr(given))
        with pytest.raises(CertificateError, match="unreadable") as refused:
            tls.read()
        assert (refused.value.part, "openssl pkcs12" in refused.value.why) == (part, True)


def other_certificate() -> str:
    return certificate_of(ec.generate_private_key(ec.SECP256R1()))


def certificate_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    name, now = x509.Name([]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 8, now - timedelta(1), now + timedelta(1))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def plain(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


ANOTHER_KEY = plain(ec.generate_private_key(ec.SECP256R1()))
SMALL = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  which is to be refused


def test_an_openssh_key_and_a_bundle_of_pkcs_7_are_read(pair: tuple[str, str, str], tmp_path: Path) -> None:
    own, certificate = load_pem_private_key(pair[1].encode(), None), x509.load_pem_x509_certificate(pair[0].encode())
    assert isinstance(own, ec.EllipticCurvePrivateKey)
    openssh = own.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    for encoding in (Encoding.PEM, Encoding.DER):
        bundle = pkcs7.serialize_certificates(
            [x509.load_pem_x509_certificate(other_certificate().encode()), certificate], encoding
        )
        loaded = ClientTls(in_file(bundle, tmp_path / "bundle.p7b"), SecretStr(openssh)).read()
        loaded.context()
        assert loaded.certificate.startswith(pair[0].strip())


def test_of_several_keys_the_certificates_own_is_taken(pair: tuple[str, str, str]) -> None:
    ClientTls(pair[0], SecretStr(ANOTHER_KEY + pair[1])).read().context()


def test_an_encrypted_key_is_looked_for_where_it_stands(pair: tuple[str, str, str]) -> None:
    certificate, _, encrypted = pair
    with pytest.raises(CertificateError, match="unreadable") as refused:
        ClientTls(certificate + encrypted).read().context()
    assert (refused.value.part, "encrypted" in refused.value.why) == ("certificate", True)


@pytest.mark.parametrize("what", ["key", "nothing"])
def test_authorities_without_a_certificate_are_refused(what: str, pair: tuple[str, str, str]) -> None:
    """The system's would be trusted in their place."""
    given = pair[1] if what == "key" else "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----"
    for certificate in ("", pair[0]):
        with pytest.raises(CertificateError, match="unreadable") as refused:
            ClientTls(certificate, SecretStr(pair[1] if certificate else ""), given).read().context()
        assert refused.value.part == "ca"
    ClientTls(ca=pair[0]).read().context()


REFUSED: dict[str, tuple[Callable[[str, str, str], tuple[str, str]], str, str]] = {
    "key in no file": (lambda cert, _key, _encrypted: (cert, "no/such/file.key"), "key", "does not exist"),
    "encrypted key": (lambda cert, _key, encrypted: (cert, encrypted), "key", "encrypted"),
    "cut key": (lambda cert, key, _encrypted: (cert, key[:90]), "key", "damaged"),
    "certificate for a key": (lambda cert, _key, _encrypted: (cert, cert), "key", "a certificate in place of the private key"),
    "certificate in no file": (lambda _cert, key, _encrypted: ("no/such/file.pem", key), "certificate", "does not exist"),
    "a folder": (lambda _cert, key, _encrypted: ("/", key), "certificate", "cannot be read"),
    "no path": (lambda _cert, key, _encrypted: ("a\0b", key), "certificate", "cannot be read"),
    "cut certificate": (lambda cert, key, _encrypted: (cert[:90], key), "certificate", "damaged"),
    "swapped": (
        lambda cert, key, _encrypted: (key, cert),
        "certificate",
        "private key in place of the certificate: the two are swapped",
    ),
    "a key of another kind": (lambda cert, _key, _encrypted: (cert, plain(SMALL)), "key", "not the certificate's own"),
    "only others' certificates": (
        lambda _cert, key, _encrypted: (other_certificate() + other_certificate(), key),
        "key",
        "not the certificate's own",
    ),
    "two keys of others": (lambda cert, _key, _encrypted: (cert, ANOTHER_KEY + plain(SMALL)), "key", "not the certificate's own"),
    "a small key": (lambda *_: (certificate_of(SMALL), plain(SMALL)), "certificate", "an RSA key of 1024 bits"),
    "four dashes": (lambda cert, key, _encrypted: (cert.replace("-----", "----"), key), "certificate", "no line -----BEGIN"),
    "another key": (lambda cert, _key, _encrypted: (cert, ANOTHER_KEY), "key", "not the certificate's own"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_what_cannot_be_used_is_named_with_its_reason(how: str, pair: tuple[str, str, str]) -> None:
    given, part, why = REFUSED[how]
    certificate, key = given(*pair)
    with pytest.raises(CertificateError) as refused:
        ClientTls(certificate, SecretStr(key)).read().context()
    assert (refused.value.part, why in refused.value.why) == (part, True), refused.value.why
    assert not any(line and line in refused.value.why for pem in pair for line in pem.splitlines()[1:-1])
