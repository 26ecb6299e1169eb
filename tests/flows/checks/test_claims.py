"""Each fault of a pasted JWT gets a sentence of its own, and a good one passes."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.texts import Texts, languages, table
from flows.checks.claims import Expected, check_access_token, check_assertion
from flows.checks.keys import read_public_key
from flows.checks.tokens import TokenFault, TokenProblem, UnreadableToken, parse

EN = Texts("en")

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ORG = "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"


@cache
def key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def public(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def expected(**changed: Any) -> Expected:
    known: dict[str, Any] = {"org_id": ORG, "iss": "https://issuer.example", "sub": "acme", "aud": "https://audience.example"}
    return Expected(**{**known, "public_key": public(key()), **changed})


def signed(by: Any = None, alg: str = "RS256", typ: str | None = "JWT", **changed: Any) -> str:
    """What a customer signs; a claim that is None is left out."""
    claims = {
        "iss": "https://issuer.example",
        "sub": "acme",
        "aud": "https://audience.example",
        "tenant_id": ORG.lower(),
        "pismo": {"group": "pismo-v1:accounts:rw"},
        "iat": SECONDS - 10,
        "exp": SECONDS + 3590,
        **changed,
    }
    given_ = {name: value for name, value in claims.items() if value is not None}
    return jwt.api_jws.encode(
        json.dumps(given_).encode(), key() if by is None else by, algorithm=alg, headers={"typ": typ, "kid": "k1"}
    )


def fault(key: str, **params: object) -> str:
    return EN(f"error.{key}", **params)


def said(faults: list[TokenProblem], language: str = "en") -> list[str]:
    return [Texts(language)(f"error.{one.key}", **one.params) for one in faults]


def words(token: str, **known: Any) -> list[str]:
    return said(check_assertion(token, expected(**known), NOW))


def test_a_good_one_passes() -> None:
    assert words(signed()) == []
    assert words(signed(nbf=SECONDS, uid="1", pismo={"group": "pismo-v1:admin:rw"})) == []
    assert words(signed(), iss="", sub="", aud="", public_key="") == []
    assert words(signed(exp=SECONDS + 1)) == []


def test_the_group_is_one_of_those_approved_as_an_object_or_a_bare_text() -> None:
    groups = ("pismo-v1:accounts:rw", "pismo-v2:bankaccounts:rw")
    assert words(signed(pismo={"group": groups[1], "more": 1}), groups=groups) == []
    assert words(signed(pismo=groups[0]), groups=groups) == []
    (told,) = words(signed(pismo={"group": "pismo-v1:admin:rw"}), groups=groups)
    assert told == fault("jwt_group_differs", found="pismo-v1:admin:rw", expected=", ".join(groups))


def test_the_key_of_the_other_environment_is_told_by_its_name() -> None:
    """Also before the one that should have signed is known."""
    other, own = read_public_key(public(key(1))).fingerprint_sha256, public(key())
    for known in (own, ""):
        (told,) = words(signed(key(1)), public_key=known, other_key=public(key(1)), other_fault=TokenFault.KEY_OF_TEST)
        assert told == fault("jwt_key_of_test", fingerprint=other)
    (told,) = words(signed(key(1)), other_key=public(key(1)))
    assert told == fault("jwt_key_of_production", fingerprint=other)
    assert words(signed(), other_key=public(key(1)), other_fault=TokenFault.KEY_OF_TEST) == []
    assert words(signed(key(2)), other_key=public(key(1))) == [fault("jwt_signature")]


@pytest.mark.parametrize(("iat", "exp"), [(0.25, 600.25), (2, 602), (0.1, 3600.1), (-3600, -4), (-600.5, -0.5), (4.5, 3604.5)])
def test_times_are_those_of_rfc_7519_and_clocks_may_be_seconds_apart(iat: float, exp: float) -> None:
    assert words(signed(iat=SECONDS + iat, exp=SECONDS + exp)) == []
    assert words(signed(nbf=SECONDS + 4.5)) == []


WRAPPED: dict[str, Callable[[str], str]] = {
    "header": lambda token: f"Authorization: Bearer {token}",
    "bearer": lambda token: f"bearer {token}",
    "quotes": lambda token: f'"{token}",',
    "smart quotes": lambda token: f"“{token}”",
    "code": lambda token: f"```{token}```",
    "prompt": lambda token: f"user@host:~$ {token}",
    "end without a line": lambda token: f"{token}%",
    "assigned": lambda token: f"export JWT='{token}'",
    "a line of what the command printed": lambda token: f"Signed JWT:\n{token}\n",
    "a whole command": lambda token: f"curl -H 'Authorization: Bearer {token}' https://pismo.example",
    "the next prompt": lambda token: f"{token}\nPS C:\\Users\\ana> ",
    "terminal": lambda token: "\n".join(token[n : n + 80] for n in range(0, len(token), 80)),
    "windows": lambda token: f"{token}\r\n",
    "invisible": lambda token: token.replace(".", ".\u200b").replace("eyJ", "eyJ\u00ad"),
    "another alphabet's stops and dashes": lambda token: token.replace(".", "。").replace("-", "\u2011"),
    "colors": lambda token: f"\x1b[32m{token}\x1b[0m",
    "in an address": lambda token: f"Authorization%3A%20Bearer%20{token}".replace(".", "%2E"),
    "a sentence": lambda token: f"The token is {token}. It expires soon.",
    "a list": lambda token: f"1. {token}",
    "a line of a log": lambda token: f"12:00:00 INFO token={token} user=ana",
    "a cookie": lambda token: f"Cookie: session={token}; Path=/",
}


@pytest.mark.parametrize("how", WRAPPED)
def test_what_copying_puts_around_a_token_does_not_count(how: str) -> None:
    assert words(WRAPPED[how](signed())) == []


FAULTY: dict[str, tuple[Callable[[], str], list[str]]] = {
    "lifetime": (lambda: signed(exp=SECONDS - 10 + 7200), [fault("jwt_lifetime", lifetime="7,200", maximum="3,600")]),
    "alg": (lambda: signed("k" * 32, "HS256"), [fault("jwt_alg", alg="HS256")]),
    "alg of the same key": (lambda: signed(alg="PS256"), [fault("jwt_alg", alg="PS256")]),
    "no alg": (lambda: signed("", "none"), [fault("jwt_alg", alg="none")]),
    "typ": (lambda: signed(typ="at+jwt"), [fault("jwt_typ", typ="at+jwt")]),
    "no typ": (lambda: signed(typ=None), [fault("jwt_typ", typ="-")]),
    "iss": (
        lambda: signed(iss="https://issuer.example/"),
        [fault("jwt_claim_differs", claim="iss", found="https://issuer.example/", expected="https://issuer.example")],
    ),
    "sub": (lambda: signed(sub="Acme"), [fault("jwt_claim_differs", claim="sub", found="Acme", expected="acme")]),
    "aud": (lambda: signed(aud="x"), [fault("jwt_claim_differs", claim="aud", found="x", expected="https://audience.example")]),
    "aud list": (lambda: signed(aud=["x"]), [fault("jwt_claim_not_text", claim="aud")]),
    "no aud": (lambda: signed(aud=None), [fault("jwt_claim_missing", claim="aud")]),
    "tenant": (lambda: signed(tenant_id="TN-1"), [fault("jwt_tenant_differs", claim="tenant_id", found="TN-1", expected=ORG)]),
    "no tenant": (lambda: signed(tenant_id=None), [fault("jwt_claim_missing", claim="tenant_id")]),
    "no iat": (lambda: signed(iat=None), [fault("jwt_claim_missing", claim="iat")]),
    "no exp": (lambda: signed(exp=None), [fault("jwt_claim_missing", claim="exp")]),
    "exp text": (lambda: signed(exp="soon"), [fault("jwt_not_a_time", claim="exp")]),
    "a second too long": (
        lambda: signed(iat=SECONDS, exp=SECONDS + 3600.5),
        [fault("jwt_lifetime", lifetime="3,601", maximum="3,600")],
    ),
    "no group": (lambda: signed(pismo=None), [fault("jwt_no_group")]),
    "a group that is none": (lambda: signed(pismo={"group": "accounts"}), [fault("jwt_group_form", found="accounts")]),
    "several groups": (lambda: signed(pismo=["pismo-v1:accounts:rw"]), [fault("jwt_group_form", found="-")]),
    "milliseconds": (
        lambda: signed(exp=(SECONDS + 9) * 1000, iat=SECONDS * 1000),
        [fault("jwt_milliseconds", claim="iat"), fault("jwt_milliseconds", claim="exp")],
    ),
    "expired": (
        lambda: signed(iat=SECONDS - 3600, exp=SECONDS - 1200),
        [fault("jwt_expired", seconds="1,200")],
    ),
    "ahead": (
        lambda: signed(iat=SECONDS + 95, exp=SECONDS + 600),
        [fault("jwt_ahead", claim="iat", seconds=95)],
    ),
    "not yet": (
        lambda: signed(nbf=SECONDS + 60),
        [fault("jwt_ahead", claim="nbf", seconds=60)],
    ),
    "backwards": (lambda: signed(iat=SECONDS, exp=SECONDS), [fault("jwt_exp_before_iat")]),
    "key": (lambda: signed(key(1)), [fault("jwt_signature")]),
    "tampered": (
        lambda: swapped(signed(), "acme", "evil"),
        [fault("jwt_signature"), fault("jwt_claim_differs", claim="sub", found="evil", expected="acme")],
    ),
    "cut": (lambda: signed()[:-40], [fault("jwt_cut")]),
    "cut in the middle": (lambda: signed()[:100], [fault("jwt_cut")]),
    "cut after the header": (lambda: signed().split(".")[0], [fault("jwt_cut")]),
    "cut before": (lambda: signed()[30:], [fault("jwt_cut")]),
    "without a signature": (lambda: signed().rpartition(".")[0] + ".", [fault("jwt_cut")]),
    "doubled": (lambda: signed() * 2, [fault("jwt_doubled")]),
    "two": (lambda: f"{signed()}\n{signed(key(1))}", [fault("jwt_doubled")]),
    "plain base64": (lambda: plain(signed()), [fault("jwt_not_url_safe")]),
    "answer": (lambda: json.dumps({"token": signed(), "refresh": signed()}), [fault("jwt_json")]),
    "an answer with a token that isn't one": (
        lambda: json.dumps({"id_token": signed(), "access_token": "2YotnFZFEjr1zCsicMWpAA"}),
        [fault("jwt_json")],
    ),
    "claims alone": (lambda: json.dumps({"iss": "acme"}), [fault("jwt_not_jwt")]),
    "a variable of Postman's": (lambda: "{{token}}", [fault("jwt_not_jwt")]),
    "dots for the middle": (lambda: f"{signed()[:20]}...{signed()[-20:]}", [fault("jwt_cut")]),
    "dots for the end": (lambda: f"{signed()}...", [fault("jwt_cut")]),
    "encrypted": (lambda: f"{part({'alg': 'RSA-OAEP', 'enc': 'A256GCM'})}.aaaa.bbbb.cccc.dddd", [fault("jwt_encrypted")]),
    "opaque": (lambda: "2YotnFZFEjr1zCsicMWpAA", [fault("jwt_not_jwt")]),
    "public key": (lambda: public(key()), [fault("jwt_not_jwt")]),
    "address": (lambda: "https://issuer.example/a/b/c", [fault("jwt_not_jwt")]),
    "nothing": (lambda: " \n", [fault("jwt_empty")]),
    "long": (lambda: "eyJ" + "a" * 20_000, [fault("jwt_too_long", maximum=16_384)]),
}


def part(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


def swapped(token: str, old: str, new: str) -> str:
    header, payload, signature = token.split(".")
    claims = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).replace(f'"{old}"'.encode(), f'"{new}"'.encode())
    return f"{header}.{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}.{signature}"


def plain(token: str) -> str:
    """As people get it who sign with `openssl base64` alone."""
    parts = [one.replace("-", "+").replace("_", "/") for one in token.split(".")]
    return ".".join(one + "=" * (-len(one) % 4) for one in parts)


@pytest.mark.parametrize("how", FAULTY)
def test_each_fault_is_told_in_a_sentence_and_nothing_else(how: str) -> None:
    made, sentences = FAULTY[how]
    assert words(made()) == sentences


def test_several_faults_are_told_at_once() -> None:
    token = signed(key(1), aud="x", tenant_id="TN-1", exp=SECONDS + 7190)
    assert [one.key for one in check_assertion(token, expected(), NOW)] == [
        TokenFault.SIGNATURE,
        TokenFault.CLAIM_DIFFERS,
        TokenFault.TENANT_DIFFERS,
        TokenFault.LIFETIME,
    ]


def test_numbers_are_written_as_the_language_writes_them() -> None:
    lasting = check_assertion(signed(exp=SECONDS + 7190), expected(), NOW)
    assert said(lasting, "pt_BR") == [Texts("pt_BR")("error.jwt_lifetime", lifetime="7.200", maximum="3.600")]


def test_a_key_that_no_longer_serves_is_told() -> None:
    assert words(signed(), public_key="x") == [fault("jwt_no_key")]
    assert words(signed(), public_key=public(ec.generate_private_key(ec.SECP256R1()))) == words(signed(), public_key="x")


def test_a_certificate_or_a_jwk_can_be_the_registered_key() -> None:
    assert words(signed(), public_key=json.dumps(jwt.algorithms.RSAAlgorithm.to_jwk(key().public_key(), as_dict=True))) == []
    assert words(signed(key(3, 3072)), public_key=public(key(3, 3072))) == []


# -- the token that comes back


def access(**changed: Any) -> str:
    claims = {"iss": "Passport", "sub": "AUTH-1", "tenant": ORG, "iat": SECONDS, "exp": SECONDS + 600, **changed}
    given_ = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(given_, "k" * 64, algorithm="HS512")


def access_words(token: str) -> list[str]:
    return said(check_access_token(token, expected(), NOW))


def test_an_access_token_is_looked_at_without_rules_that_are_not_its_own() -> None:
    assert access_words(access()) == []
    assert access_words(access(tenant=None, exp=None)) == []
    assert access_words(access(exp=SECONDS + 0.5)) == []
    assert access_words(access(tenant=None, tenant_id=ORG.lower())) == []
    assert access_words(access(tenant="TN-2")) == [fault("jwt_tenant_differs", claim="tenant", found="TN-2", expected=ORG)]
    assert access_words(access(exp=SECONDS - 5)) == [fault("jwt_expired", seconds=5)]
    assert access_words(access()[:60]) == [fault("jwt_cut")]
    assert access_words(signed()) == [fault("jwt_is_assertion")]
    assert access_words(signed(key(1))) == []


# -- secrets


def test_no_fault_shows_a_part_of_the_token_or_a_secret_in_it() -> None:
    secret = jwt.encode({"a": 1}, "k" * 32, algorithm="HS256")
    for made, _ in FAULTY.values():
        token = made()
        shown = "".join(words(token))
        assert not any(piece in shown for piece in token.split(".") if len(piece) > 20)
    assert secret not in "".join(words(signed(iss=secret)))
    assert "\n" not in "".join(words(signed(iss="a\nb" * 500)))


def test_what_cannot_be_read_does_not_say_itself_in_its_exception() -> None:
    with pytest.raises(UnreadableToken) as caught:
        parse(signed()[:100])
    assert str(caught.value) == "jwt_cut"
    assert caught.value.__cause__ is None
    assert signed()[:30] not in repr(parse(signed()))


@pytest.mark.parametrize("language", languages())
def test_each_fault_has_its_sentence(language: str) -> None:
    assert {f"error.{fault}" for fault in TokenFault} <= table(language).keys()


@given(
    st.one_of(
        st.text(max_size=200), st.lists(st.sampled_from(["eyJ", ".", "a" * 30, "{", "}", "=", " "]), max_size=12).map("".join)
    )
)
def test_no_text_breaks_the_checker(text: str) -> None:
    assert check_assertion(text, expected(), NOW)
    check_access_token(text, expected(), NOW)


@given(
    st.dictionaries(
        st.sampled_from(["iss", "sub", "aud", "tenant_id", "iat", "exp", "nbf"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=2),
            max_leaves=3,
        ),
    )
)
def test_no_claim_breaks_the_checker(claims: dict[str, Any]) -> None:
    token = signed(**claims)
    wrong = check_assertion(token, expected(), NOW)
    said(wrong)
    said(check_access_token(token, expected(public_key=""), NOW))
    assert wrong or not claims.keys() & {"iss", "sub", "aud", "tenant_id"} or claims.items() <= vars(expected()).items()
