"""Whatever `openssl verify -purpose sslclient` refuses is refused here: usages, lengths, names, dates of made chains."""

import random
import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.checks.certificates import read_certificate, read_chain
from flows.checks.chains import ends_first, problems, same_authority

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CLIENT, SERVER, ANY = (
    ExtendedKeyUsageOID.CLIENT_AUTH,
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
)
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
Extension = tuple[x509.ExtensionType, bool]
NETSCAPE_SERVER = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.16.840.1.113730.1.1"), b"\x03\x02\x06\x40")
NETSCAPE_CLIENT = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.16.840.1.113730.1.1"), b"\x03\x02\x07\x80")
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


class Chain(NamedTuple):
    """PEM of each."""

    leaf: str
    middle: str
    root: str

    def faults(self) -> list[str]:
        pems = self.leaf + self.middle + self.root
        return [fault.key for fault in problems("x", read_chain(pems), read_certificate(pems), NOW)]


@cache
def key(of: str, bits: int = 0) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    del of
    return rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())


def name(of: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, of)])


def usage(*on: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{each: each in on for each in USAGES})


def names(*, permitted: x509.GeneralName) -> Extension:
    return x509.NameConstraints([permitted], None), True


def made(
    of: str, by: str, ca: x509.BasicConstraints | None, *extensions: Extension, bits: int = 0, by_bits: int = 0, **dates: int
) -> str:
    """``ca``: left out if None. ``begins`` and ``ends`` in days from NOW."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(of))
        .issuer_name(name(by))
        .public_key(key(of, bits).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=dates.get("begins", -10)))
        .not_valid_after(NOW + timedelta(days=dates.get("ends", 90)))
    )
    for extension, critical in [*([(ca, True)] if ca else []), *extensions]:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key(by, by_bits), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


SIGNS: Extension = (usage("key_cert_sign", "crl_sign"), True)
AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
END = x509.BasicConstraints(ca=False, path_length=None)


def for_(*usages: x509.ObjectIdentifier) -> Extension:
    return x509.ExtendedKeyUsage(list(usages)), False


def chain(
    leaf: list[Extension] | None = None, middle: list[Extension] | None = None, root: list[Extension] | None = None, **more: Any
) -> Chain:
    """``more``: basic constraints by ``leaf_ca``, ``middle_ca``, ``root_ca``, and dates."""
    dates = {part: {"ends": more.get(f"{part}_ends", 90)} for part in ("leaf", "middle", "root")}
    return Chain(
        made("Acme", "Middle", more.get("leaf_ca", END), *(leaf or []), **dates["leaf"]),
        made("Middle", "Root", more.get("middle_ca", AUTHORITY), *([SIGNS] if middle is None else middle), **dates["middle"]),
        made("Root", "Root", more.get("root_ca", AUTHORITY), *([SIGNS] if root is None else root), **dates["root"]),
    )


REFUSED: dict[str, tuple[Chain, str]] = {
    "leaf enciphers only": (chain([(usage("key_encipherment"), True)]), "certificate_key_usage"),
    "leaf signs certificates only": (chain([(usage("key_cert_sign"), True)]), "certificate_key_usage"),
    "leaf for servers": (chain([for_(SERVER)]), "certificate_not_for_clients"),
    "leaf for servers, by Netscape": (chain([(NETSCAPE_SERVER, False)]), "certificate_not_for_clients"),
    "leaf with a critical extension": (chain([(UNKNOWN, True)]), "certificate_critical"),
    "middle for servers": (chain(middle=[SIGNS, for_(SERVER)]), "chain_not_for_clients"),
    "middle for anything": (chain(middle=[SIGNS, for_(ANY)]), "chain_not_for_clients"),
    "middle may not sign": (chain(middle=[(usage("digital_signature"), True)]), "chain_key_usage"),
    "middle is no authority": (chain(middle_ca=END), "chain_not_authority"),
    "middle without basic constraints": (chain(middle_ca=None), "chain_not_authority"),
    "middle with a critical extension": (chain(middle=[SIGNS, (UNKNOWN, True)]), "certificate_critical"),
    "middle expired": (chain(middle_ends=-1), "chain_not_valid"),
    "root allows none in between": (chain(root_ca=x509.BasicConstraints(ca=True, path_length=0)), "chain_too_long"),
    "root may not sign": (chain(root=[(usage("digital_signature"), True)]), "chain_key_usage"),
    "root for servers": (chain(root=[SIGNS, for_(SERVER)]), "chain_not_for_clients"),
    "names not permitted": (
        chain(
            [(x509.SubjectAlternativeName([x509.DNSName("a.example")]), False)],
            [SIGNS, names(permitted=x509.DNSName("b.example"))],
        ),
        "chain_names",
    ),
}
TAKEN: dict[str, Chain] = {
    "bare": chain(),
    "leaf without basic constraints": chain(leaf_ca=None),
    "leaf signs": chain([(usage("digital_signature"), True), for_(CLIENT)]),
    "leaf agrees on keys": chain([(usage("key_agreement"), True)]),
    "leaf for servers and clients": chain([for_(SERVER, CLIENT)]),
    "leaf for clients, by Netscape": chain([(NETSCAPE_CLIENT, False)]),
    "leaf with an unknown extension": chain([(UNKNOWN, False)]),
    "middle for clients": chain(middle=[SIGNS, for_(CLIENT)]),
    "middle without usages": chain(middle=[]),
    "root allows one in between": chain(root_ca=x509.BasicConstraints(ca=True, path_length=1)),
    "critical policies": chain(
        middle=[SIGNS, (x509.PolicyConstraints(0, None), True), (x509.InhibitAnyPolicy(0), True)],
    ),
}


def openssl_takes(made_up: Chain, folder: Path) -> bool:
    for part, pem in made_up._asdict().items():
        (folder / part).write_text(pem)
    trusted = ["-partial_chain", "-trusted", "root", "-untrusted", "middle", "-attime", str(int(NOW.timestamp()))]
    command = ["openssl", "verify", "-purpose", "sslclient", *trusted, "leaf"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0  # noqa: S603


needs_openssl = pytest.mark.skipif(which("openssl") is None, reason="needs the openssl command")


@pytest.mark.parametrize("how", REFUSED)
def test_each_reason_is_named(how: str) -> None:
    refused, fault = REFUSED[how]
    assert refused.faults() == [fault]


@pytest.mark.parametrize("how", TAKEN)
def test_no_more_is_asked_for_than_a_client_needs(how: str) -> None:
    assert TAKEN[how].faults() == []


@pytest.mark.process
@needs_openssl
def test_openssl_agrees(tmp_path: Path) -> None:
    assert {how for how, (refused, _) in REFUSED.items() if openssl_takes(refused, tmp_path)} == set()
    assert {how for how, taken in TAKEN.items() if not openssl_takes(taken, tmp_path)} == set()


@pytest.mark.process
@needs_openssl
@settings(max_examples=settings().max_examples // 10)
@given(st.randoms(use_true_random=False))
def test_what_openssl_refuses_is_refused(chance: random.Random) -> None:
    """Chains of any usages, lengths and dates."""

    def some(*more: Extension) -> list[Extension]:
        usages = (usage(*chance.sample(USAGES[:7], chance.randint(1, 3))), True)
        return [one for one in (usages, for_(*chance.sample((CLIENT, SERVER, ANY), 2)), *more) if chance.random() < 0.3]

    made_up = chain(
        some((NETSCAPE_SERVER, False)),
        [SIGNS, *some()[1:]],
        [SIGNS, *some()[1:]],
        root_ca=x509.BasicConstraints(ca=True, path_length=chance.choice([None, None, 0, 1])),
        middle_ends=chance.choice([-1, 5, 90]),
    )
    with TemporaryDirectory() as folder:
        assert made_up.faults() or openssl_takes(made_up, Path(folder)), made_up


def test_the_certificate_that_ends_first_is_found_wherever_it_stands() -> None:
    pems = "".join(chain(middle_ends=20))
    certificates = read_chain(pems)
    assert ends_first(certificates, read_certificate(pems)).name == "Middle"
    assert ends_first(certificates[:1], certificates[0]).name == "Acme"


def test_a_weak_issuer_is_named() -> None:
    leaf, middle = made("Acme", "Small", END, by_bits=1024), made("Small", "Root", AUTHORITY, bits=1024)
    faults = list(problems("x", read_chain(leaf + middle), read_certificate(leaf), NOW))
    assert [(fault.key, fault.params) for fault in faults] == [
        ("chain_weak_key", {"name": "Small", "bits": 1024, "minimum": 2048})
    ]


def test_an_authority_is_known_by_its_signature_and_only_without_it_by_its_name() -> None:
    whole = read_chain("".join(chain()))
    impostor = read_chain(made("Acme", "Middle", END, by_bits=2048))
    assert same_authority(whole, whole[0])
    assert not same_authority(whole, impostor[0])
    assert same_authority(whole[:1], impostor[0])
    assert not same_authority(whole[:1], read_chain(made("Acme", "Other", END))[0])
