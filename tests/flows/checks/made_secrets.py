"""Keys and other texts for the guard to check, made at run time."""

import base64
import html
import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import quote

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from flows.checks.guard import find_secrets, redact

AN_HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)
NEXT_YEAR = AN_HOUR_AGO + timedelta(days=365)
LOCK = BestAvailableEncryption(b"only for this test")


def kinds(text: str) -> set[str]:
    return {str(finding.kind) for finding in find_secrets(text)}


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


@cache
def private_pems() -> dict[str, str]:
    curve, edwards = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    return {
        "pkcs1": pem(rsa_key(), PrivateFormat.TraditionalOpenSSL),
        "pkcs8": pem(rsa_key(), PrivateFormat.PKCS8),
        "openssh": pem(rsa_key(), PrivateFormat.OpenSSH),
        "encrypted": rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, LOCK).decode(),
        "old encrypted": rsa_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, LOCK).decode(),
        "ec": pem(curve, PrivateFormat.TraditionalOpenSSL),
        "ec pkcs8": pem(curve, PrivateFormat.PKCS8),
        "ed25519": pem(edwards, PrivateFormat.PKCS8),
    }


@cache
def public_texts() -> dict[str, str]:
    curve = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme Bank"), x509.NameAttribute(NameOID.COUNTRY_NAME, "BR")])
    texts = {}
    for label, key in (("rsa", rsa_key()), ("ec", curve)):
        public = key.public_key()
        texts[f"{label} spki"] = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        texts[f"{label} ssh"] = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
        texts[f"{label} csr"] = request.public_bytes(Encoding.PEM).decode()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(AN_HOUR_AGO)
            .not_valid_after(NEXT_YEAR)
            .sign(key, hashes.SHA256())
        )
        texts[f"{label} certificate"] = certificate.public_bytes(Encoding.PEM).decode()
    texts["pkcs1"] = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    texts["jwk"] = json.dumps(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key().public_key(), as_dict=True), indent=1)
    return texts


MANGLED: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a sentence": lambda text: f"Hi, here is it:\n{text}\nIs that right?",
    "windows line ends": lambda text: text.replace("\n", "\r\n"),
    "indented": lambda text: text.replace("\n", "\n    "),
    "quoted": lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
    "quoted by slack": lambda text: "".join(f"&gt; {line}\n" for line in text.splitlines()),
    "in a code block": lambda text: f"```{text}```",
    "in json": lambda text: json.dumps({"key": text}),
    "in json in json": lambda text: json.dumps(json.dumps({"key": text})),
    "smart dashes": lambda text: text.replace("--", "—"),
    "en dashes": lambda text: text.replace("-", "–"),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "on one line": lambda text: text.replace("\n", " "),
    "collapsed": lambda text: text.replace("\n", ""),
    "url encoded": quote,
    "url encoded form": lambda text: quote(text).replace("%20", "+"),
    "rewrapped": lambda text: re.sub(r"(.{1,40})", r"\1\n", text),
    "double spaced": lambda text: text.replace("\n", "\n\n"),
    "for a web page": lambda text: text.replace("-", "&#x2d;").replace("\n", "&#10;"),
    "in html": lambda text: html.escape(text, quote=True).replace("=", "&#61;").replace("\n", "<br>\n"),
    "with unseen signs between": "\u200f".join,
    "with zero width signs": lambda text: text.replace("\n", "\u200b\n\ufeff"),
}
CUT_SHORT: dict[str, Callable[[str], str]] = {
    "the end lost": lambda text: text[: len(text) * 2 // 3],
    "the footer lost": lambda text: text[: text.rindex("-----END")],
    "the header lost": lambda text: text[text.index("\n") + 1 :],
    "the beginning lost": lambda text: text[len(text) // 3 :],
    "the body alone": lambda text: text[text.index("\n") + 1 : text.rindex("-----END")],
}


def pieces(text: str) -> set[str]:
    """Stretches of 20 characters of the key itself."""
    body = "".join(line for line in text.splitlines() if not re.search(r"-----|:|^$", line))
    return {body[n : n + 20] for n in range(0, len(body) - 20, 5)}


def leaves_nothing(secret: str, text: str) -> bool:
    rest = re.sub(r"\\+n|%0A|&gt;|[^A-Za-z0-9+/=]", "", html.unescape(redact(text)).replace("%2B", "+"))
    return not any(piece in rest for piece in pieces(secret))


def noise(length: int, seed: int = 1) -> str:
    return base64.b64encode(random.Random(seed).randbytes(length)).decode()
