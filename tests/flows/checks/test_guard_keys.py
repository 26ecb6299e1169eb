"""Private keys in every notation are found and cut out; public ones pass."""

import base64
import hashlib
import html
import io
import json
import random
import re
import tarfile
import zipfile
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from hypothesis import example, given
from hypothesis import strategies as st

from flows.checks.guard import CUT, SecretKind, find_in_file, find_secrets, redact
from flows.steps.authentication import example_keys
from tests.flows.checks.made_secrets import (
    CUT_SHORT,
    LOCK,
    MANGLED,
    kinds,
    leaves_nothing,
    noise,
    pieces,
    private_pems,
    public_texts,
    rsa_key,
)


@pytest.mark.parametrize("how", MANGLED)
def test_a_private_key_is_found_and_cut_out_however_it_was_pasted(how: str) -> None:
    for form, secret in private_pems().items():
        text = MANGLED[how](secret)
        assert kinds(text) == {"private_key"}, form
        assert leaves_nothing(secret, text), form


@pytest.mark.parametrize("how", CUT_SHORT)
def test_a_part_of_a_private_key_is_found_and_cut_out(how: str) -> None:
    for form, secret in private_pems().items():
        if how == "the body alone" and form == "old encrypted":
            continue  # its ciphertext looks like any other base64
        text = CUT_SHORT[how](secret)
        assert kinds(text) == {"private_key"}, form
        assert leaves_nothing(text, text), form


def test_a_private_key_in_narrow_columns_is_found_and_cut_out() -> None:
    for form, secret in private_pems().items():
        text = re.sub("^[A-Za-z0-9+/=]+$", lambda line: re.sub("(.{10})", r"\1\n", line[0]), secret, flags=re.MULTILINE)
        assert kinds(text) == {"private_key"}, form
        assert leaves_nothing(secret, text), form


def test_what_stands_around_a_private_key_is_kept() -> None:
    text = f"before\n{private_pems()['pkcs8']}after\n{public_texts()['rsa spki']}"
    assert redact(text) == f"before\n{CUT}\nafter\n{public_texts()['rsa spki']}"
    spans = [finding.span for finding in find_secrets(text)]
    assert len(spans) == 1
    assert text[slice(*spans[0])].strip() == private_pems()["pkcs8"].strip()


def test_two_keys_and_a_password_are_three_findings() -> None:
    text = f"{private_pems()['ec']}{private_pems()['pkcs8']}password: Hunter2!\n"
    assert [finding.kind for finding in find_secrets(text)] == [
        SecretKind.PRIVATE_KEY,
        SecretKind.PRIVATE_KEY,
        SecretKind.PASSWORD,
    ]


def test_other_writings_of_private_keys_are_found_and_cut_out() -> None:
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(), as_dict=True)
    for text in (json.dumps(jwk), json.dumps(jwk, indent=2), json.dumps(json.dumps(jwk)), str(jwk)):
        assert kinds(text) == {"private_key"}
        assert not any(str(jwk[member]) in redact(text) for member in ("d", "p", "q", "dp", "dq", "qi"))
        assert str(jwk["n"]) in redact(text)
    putty = f"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nPublic-Lines: 1\n{noise(40)}\nPrivate-Lines: 1\n{noise(90)}\n"
    for text in (putty, putty + "Private-MAC: 0a1b2c\n"):
        assert kinds(text) == {"private_key"}
        assert noise(90) not in redact(text)
    pgp = f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{noise(48)}\n{noise(48, 2)}\n-----END PGP PRIVATE KEY BLOCK-----"
    assert redact(pgp) == CUT
    for root in ("RSAKeyValue", "RSAParameters"):
        xml = f"<{root}><Modulus>{noise(256)}</Modulus><D>{noise(256, 2)}</D></{root}>"
        assert kinds(xml) == {"private_key"}
        assert noise(256, 2)[:40] not in redact(xml)


def in_lines(der: bytes) -> Iterator[str]:
    """As sources hold bytes in literals of several lines, and as od, hexdump and certutil print them."""
    rows = [der[at : at + 16] for at in range(0, len(der) // 16 * 16, 16)]
    for escape in ("\\x{:02x}", "\\{:03o}"):
        for width, between in ((8, '"\n    "'), (16, '" +\n"'), (12, '" \\\n  "')):
            literals = ["".join(map(escape.format, der[at : at + width])) for at in range(0, len(der), width)]
            yield f'key = "{between.join(literals)}";'
    yield '"' + '"\n"'.join(row.hex() for row in rows) + '"'
    yield f"[{rows[0][0]}u8, {', '.join(map(str, der[1:]))}]"
    yield f"[{', '.join(f'{byte:#04x}_u8' for byte in der)}]"
    for form, size in (("06o", 2), ("04x", 2), ("08x", 4)):
        words = [[format(int.from_bytes(row[n : n + size], "little"), form) for n in range(0, 16, size)] for row in rows]
        yield "\n".join(f"{16 * n:07o} {' '.join(row)}" for n, row in enumerate(words))
    signs = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
    shown = [[signs.get(byte) or (chr(byte) if 31 < byte < 127 else f"{byte:03o}") for byte in row] for row in rows]
    yield "\n".join(f"{16 * n:07o}{''.join(f'{sign:>4}' for sign in row)}" for n, row in enumerate(shown))
    signed = [" ".join(f"{byte - 256 if byte > 127 else byte:>4}" for byte in row) for row in rows]
    yield "\n".join(f"{16 * n:07o} {row}" for n, row in enumerate(signed))
    yield "\n".join(f"{16 * n:04x}  {row[:8].hex(' ')}  {row[8:].hex(' ')}   0..." for n, row in enumerate(rows))


def test_private_keys_as_programs_print_them_are_found_and_cut_out() -> None:
    numbers, curve = rsa_key().private_numbers(), ec.generate_private_key(ec.SECP256R1())
    for number in (numbers.d, numbers.p):
        for text in (f"d = {number}", f"p: 0x{number:x}", f"'q': {number}"):
            assert kinds(text) == {"private_key"}
            assert text[-40:] not in redact(text)
    forms = (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
    ders = [key.private_bytes(Encoding.DER, form, NoEncryption()) for form in forms for key in (rsa_key(), curve)]
    for der in ders:
        signed = [byte - 256 if byte > 127 else byte for byte in der]
        shown = [
            str(list(der)),
            f"new byte[] {{{str(signed)[1:-1]}}}",
            json.dumps({"type": "Buffer", "data": list(der)}, indent=2),
            "[]byte{" + ", ".join(f"{byte:#x}" for byte in der) + "}",
            "{\n" + "".join(f"        0x{byte:02X},{'' if n % 12 else chr(10)}" for n, byte in enumerate(der)) + "}",
            f"[{' '.join(map(str, der))}]",
            "\n".join(map(str, der)),
            "".join(f"\\{byte:03o}" for byte in der),
            json.dumps(der.decode("latin-1")),
            der.hex("-"),
            "\n".join(f"{n:07o} {' '.join(f'{byte:03o}' for byte in der[n : n + 16])}" for n in range(0, len(der), 16)),
            *in_lines(der),
        ]
        for text in (*shown, str(der), str(list(private_pems()["pkcs8"].encode()))):
            assert kinds(text) == {"private_key"}, text[:60]
            assert text[-40:] not in redact(text)
    for key in (rsa_key().public_key(), curve.public_key()):
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert find_secrets(f"{list(der)} {der!r} [{' '.join(map(str, der))}] {der.hex('-')}") == ()
    request = x509.load_pem_x509_csr(public_texts()["rsa csr"].encode()).public_bytes(Encoding.DER)
    assert find_secrets("\n\n".join((f"{list(request)} {request!r}", *in_lines(request)))) == ()
    for counts in (
        "48 12 2 1 0 2 0 1 0 0 3 0" + " 0 1" * 9,
        "[30, 9, 2, 1, 0, 2, 0" + ", 4" * 20 + "]",
        "30\t8\t2\t1\t1\t4" + "\t0" * 20,
        (b"0&\2\1\1\4\6public\xa0" + bytes(25)).hex(" "),  # SNMP v2c, and v3
        str(b"0>\2\1\3\x30\x11\2\4" + bytes(55)),
    ):
        assert find_secrets(counts) == (), counts


def test_nothing_within_a_key_is_told_besides() -> None:
    secret = int.from_bytes(hashlib.sha256(b"5605").digest()) % 2**255  # its words have a card number's check digit
    der = ec.derive_private_key(secret, ec.SECP256R1()).private_bytes(
        Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    dump = next(text for text in in_lines(der) if "2365 3571 8811 5900" in text)
    assert kinds(dump) == {"private_key"}
    assert kinds(f"{dump}\n\n4111 1111 1111 1111") == {"private_key", "card_number"}
    lost = "KpkoEu4qrIN1\nt9RUGQRKALWIH7KD5i8o1t/pW/mhRANCAAS9pklPLf3pgxjcgT01Nh3xSf6PhH5R\n"  # pW, as if it were a label
    lost += "ns6xMZTNgqDgrOd7CumAGnPVyltuGjocZbJNvJ4qJ0YGeJ/PATmT8LMf\n-----END PRIVATE KEY-----\n"
    assert kinds(lost) == {"private_key"}
    assert kinds(f"{lost}pw: tr0ub4dor&3x") == {"private_key", "password"}
    both = base64.b64encode(f"{private_pems()['pkcs8']}\npassword: tr0ub4dor&3x\n".encode()).decode()
    assert kinds(both) == {"private_key", "password"}


def test_a_jwk_is_found_however_it_is_wrapped() -> None:
    private = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(), as_dict=True)
    curve = jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    shared = {"kty": "oct", "k": noise(32).replace("+", "-").replace("/", "_")}
    for one in (private, curve, shared):
        secret = str(one.get("d") or one["k"])
        plain = json.dumps({"keys": [one]}, indent=2)
        wrapped = [
            plain,
            html.escape(plain),
            re.sub('"([^"]*)"', "“\\1”", plain),
            plain.replace("\n", "\u00a0"),
            f"```{plain}```",
        ]
        wrapped += ["\n".join(f"{name}: {value}" for name, value in one.items()), plain.replace('"', "'")]
        for text in wrapped:
            assert kinds(text) == {"private_key"}, text[:40]
            assert secret not in redact(text)


def test_a_key_store_in_base64_is_found() -> None:
    store = pkcs12.serialize_key_and_certificates(b"acme", rsa_key(), None, None, LOCK)
    jks = base64.b64encode(bytes.fromhex("feedfeed0000000200000001") + random.Random(1).randbytes(900)).decode()
    assert redact(f"KEYSTORE={jks}") == f"KEYSTORE={CUT}"
    for text in (
        base64.b64encode(store).decode(),
        base64.encodebytes(store).decode(),
        f"PFX:\n{base64.encodebytes(store).decode()}",
    ):
        assert kinds(text) == {"private_key"}
        assert pieces(base64.b64encode(store).decode()).isdisjoint({redact(text)[n : n + 20] for n in range(len(redact(text)))})


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "hello")
        archive.writestr(name, content)
    return packed.getvalue()


def test_files_with_private_keys_are_found() -> None:
    pkcs8 = private_pems()["pkcs8"].encode()
    der = rsa_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = pkcs12.serialize_key_and_certificates(b"acme", rsa_key(), None, None, LOCK)
    files = {
        "key.pem": pkcs8,
        "key.txt": private_pems()["pkcs8"].encode("utf-16"),
        "key2.txt": private_pems()["pkcs8"].encode("utf-16-le"),
        "bom.pem": b"\xef\xbb\xbf" + pkcs8,
        "key.der": der,
        "traditional.der": rsa_key().private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "locked.der": rsa_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, LOCK),
        "store.pfx": store,
        "store": store,
        "odd.p12": b"0\x80" + bytes(20),
        "store.jks": b"\xfe\xed\xfe\xed\0\0\0\x02" + bytes(20),
        "keys.zip": zipped("folder/key.pem", pkcs8),
        "stores.zip": zipped("store.pfx", store),
    }
    for name, content in files.items():
        assert {finding.kind for finding in find_in_file(name, content)} == {SecretKind.PRIVATE_KEY}, name
        assert find_in_file(name, content, allow={"private_key"}) == (), name


def test_files_without_secrets_pass() -> None:
    public = public_texts()
    certificate = x509.load_pem_x509_certificate(public["rsa certificate"].encode())
    files = {
        "key.pub": public["rsa spki"].encode(),
        "key.key": public["rsa spki"].encode("utf-16"),
        "spki.der": rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "certificate.der": certificate.public_bytes(Encoding.DER),
        "people.zip": zipped("people.csv", b"e-mail;name\nana@acme.example;Ana\n"),
        "broken.zip": zipped("key.pem", b"x")[:40],
        "picture.png": b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(5000),
        "empty": b"",
    }
    for name, content in files.items():
        assert find_in_file(name, content) == (), name


layers = st.lists(
    st.sampled_from(sorted(set(MANGLED) - {"url encoded form", "with unseen signs between"})), max_size=2, unique=True
)


@given(st.sampled_from(["pkcs1", "pkcs8", "openssh", "encrypted", "ec", "ed25519"]), layers, st.text("abc .,:\n", max_size=30))
@example("pkcs1", ["no-break spaces", "url encoded"], "")
def test_a_private_key_is_found_through_several_layers_of_mangling(form: str, hows: list[str], around: str) -> None:
    text = private_pems()[form]
    for how in hows:
        text = MANGLED[how](text)
    text = around + "\n" + text + "\n" + around
    assert "private_key" in kinds(text)
    assert "private_key" not in kinds(redact(text))


@given(st.sampled_from(["rsa spki", "rsa csr", "rsa certificate", "ec spki", "ec csr", "ec certificate", "jwk"]), layers)
def test_a_public_key_passes_through_several_layers_of_mangling(form: str, hows: list[str]) -> None:
    text = public_texts()[form]
    for how in hows:
        text = MANGLED[how](text)
    assert find_secrets(text) == ()


@pytest.mark.parametrize("name", private_pems())
def test_a_key_in_base64_once_more_is_found(name: str) -> None:
    hidden = base64.b64encode(private_pems()[name].encode()).decode()
    assert kinds(f"TLS_KEY={hidden}") == {"private_key"}
    wrapped = "\n".join(hidden[at : at + 76] for at in range(0, len(hidden), 76))
    assert kinds(f"data:\n  tls.key: {wrapped}\n") == {"private_key"}
    assert hidden[40:80] not in redact(f"TLS_KEY={hidden}")


def test_a_public_key_in_base64_once_more_is_no_secret() -> None:
    public = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert kinds(f"tls.crt: {base64.b64encode(public).decode()}") == set()


def test_a_jwk_is_found_without_its_type_and_by_its_primes() -> None:
    number, prime = "A1b2C3d4E5f6G7h8" * 4, "Zx9Yw8Vu7Ts6Rq5P" * 2
    assert kinds(f'{{"n": "{number}", "e": "AQAB", "d": "{number}", "p": "{prime}", "q": "{prime}"}}') == {"private_key"}
    assert kinds(f'{{"kty": "RSA", "n": "{number}", "e": "AQAB", "p": "{prime}", "q": "{prime}"}}') == {"private_key"}
    assert kinds(f'{{"kty": "RSA", "n": "{number}", "e": "AQAB"}}') == set()


@pytest.mark.parametrize("between", [" ", "\n", ": ", "="])
def test_a_server_secret_in_hex_is_found_behind_whatever_stands_between(between: str) -> None:
    assert kinds(f"server_secret{between}3f0c9b7a1d2e4f5061728394a5b6c7d8e9f00112") == {"server_secret"}
    assert kinds(f"server secret{between}is not needed here") == set()


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_key_in_a_tar_is_found(mode: Any) -> None:
    def packed(name: str, content: bytes) -> bytes:
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode=mode) as archive:
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
        return made.getvalue()

    kept = packed("key.pem", private_pems()["pkcs8"].encode())
    assert {found.kind for found in find_in_file("keys.tar", kept)} == {SecretKind.PRIVATE_KEY}
    assert find_in_file("plan.tar", packed("plan.txt", b"Our plan for the launch.\n" * 99)) == ()


@pytest.mark.parametrize("name", ["/pw\n", "+pW\n", "/Pw+", "/PSK\n", "+pwd/", "/Pin+", "\npw+", "\nPIN/"])
@pytest.mark.parametrize("line", [1, 2, -2])
def test_letters_of_a_public_key_that_are_a_secrets_name_by_chance(name: str, line: int) -> None:
    lines = example_keys.PUBLIC_KEY.splitlines()[1:-1]
    at = 0 if name.startswith("\n") else 64 - len(name.strip()) if name.endswith("\n") else 50
    lines[line] = (lines[line][:at] + name.strip() + lines[line][at + len(name.strip()) :])[:64]
    for key in ("\n".join(lines), "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----"])):
        assert [how for how, mangled in MANGLED.items() if find_secrets(mangled(key))] == []


@pytest.mark.parametrize("how", MANGLED)
@pytest.mark.parametrize("end", ["+PW", "/pw", "+pin"])
def test_letters_at_the_end_of_a_private_key_are_no_second_secret(how: str, end: str) -> None:
    """Of a curve's, whose last line is no longer than that."""
    first, body, last = private_pems()["ed25519"].splitlines()
    assert kinds(MANGLED[how](f"{first}\n{body[: -len(end)]}{end}\n{last}\n")) == {"private_key"}


@pytest.mark.parametrize(
    "text",
    [
        "8f3JKd9sLm2Qx7Zp1Kd83jfKs92kdLs83Jd8sKd92jd\npw\nS3cretPass99",
        "8f3JKd9sLm2Qx7Zp1Kd83jfKs92kdLs83Jd8sKd92jd pw: S3cretPass99",
    ],
)
def test_a_password_by_its_name_is_found_beside_what_is_random(text: str) -> None:
    assert find_secrets(text)
