"""Labelled secrets, tokens and card numbers are found; innocent text is not; what is found is cut out whole."""

import base64
import dataclasses
import html
import json
import random
import re
import uuid
from urllib.parse import quote

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from flows.checks import known_tokens
from flows.checks.guard import CUT, SecretFinding, SecretKind, find_in_file, find_secrets, redact
from tests.flows.checks.made_secrets import CUT_SHORT, MANGLED, kinds, noise, public_texts

TOKEN = jwt.encode({"sub": "x"}, "k" * 32, algorithm="HS256")
VALUE = "aG9sZCBvbiB0byB5b3Vy8Q"
LABELLED = {
    "server_secret": [
        f"server_secret={VALUE}",
        f'client_secret: "{VALUE}"',
        f'{{"client_id": "x", "client_secret_string": "{VALUE}"}}',
        json.dumps(json.dumps({"client_secret": VALUE})),
        f"Secret key: {VALUE}",
        f"PISMO_CLIENT_SECRET={VALUE}",
        f"*Client secret*: `{VALUE}`",
        f"our client secret is {VALUE}, please keep it",
        f"Server secret:\n{VALUE}\n",
        f"grant_type=client_credentials&client_secret={VALUE}&x=1",
        f"<client_secret>{VALUE}</client_secret>",
        f"| client_secret | {VALUE} |",
        f"Chave secreta: {VALUE}",
        f"O segredo do servidor é {VALUE}",
        f"server-secret -> {VALUE}",
        f"Client secret {VALUE}",
        f"x-api-key: {VALUE}",
        f"client\u00a0secret：\u200b{VALUE}",
        "client_secret: 6fa459ea-ee8a-3ca4-894e-db77e160355e",
    ],
    "password": [
        "password: Hunter2!",
        "Password = correcthorse",
        "senha: banana",
        "senha: 123456",
        "senha do portal: Abc123x",
        "Senha provisória: Abc123x",
        "Password is: Hunter2!",
        "Password\nHunter2!",
        "the password Hunter2! works",
        "my pass: Hunter22",
        "Minha senha é Abc123x",
        "my password is Hunter2!, thanks",
        '{"password": "banana split"}',
        "Temporary password (first login): Tk3-88-Ab",
        "DB_PASSWORD='s3cr3t'",
        "login: ana password: banana",
        "user: ana, senha: banana, url: x",
        "https://ana:Hunter2@example.com/x",
        "Authorization: Basic " + base64.b64encode(b"access-key:very-secret").decode(),
        "contraseña: Perro123",
        "<password>banana</password>",
    ],
    "access_token": [TOKEN, f"Authorization: Bearer {TOKEN}", f'{{"token": "{TOKEN}"}}', f"`{TOKEN}`"],
    "long_lived_token": [
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2c3" * 10,
        "glpat-" + "a1B2" * 5,
        "ATATT3" + "xFfGF0" * 10 + "=A1B2C3D4",
        "PMAK-" + "0a" * 12 + "-" + "1b" * 17,
        "AIza" + "Sy0-_" * 7,
        "sk_" + "live_" + "a1B2" * 6,
        "hvs." + "a1B2" * 8,
        "npm_" + "a1B2" * 9,
        f"refresh_token={VALUE}",
        f'{{"refresh_token": "{VALUE}"}}',
        f"API token: {VALUE}",
        f"personal access token: {VALUE}",
        f"token de atualização: {VALUE}",
    ],
    "slack_token": [
        "xoxb-" + "1234567890-abcdefghij",
        "xapp-1-" + "A0123456789-abcdef",
        "https://hooks.slack.com/services/" + "T0A1/B0B2/abcDEF12",
    ],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in LABELLED.items() for text in texts])
def test_secrets_with_a_name_are_found_and_cut_out(kind: str, text: str) -> None:
    assert kinds(text) == {kind}
    assert find_secrets(redact(text)) == ()
    assert not re.search(f"{VALUE}|Hunter2|banana|Abc123x|123456|Perro|correcthorse|s3cr3t", redact(text))
    assert find_secrets(text, allow=[kind]) == ()


CARDS = [
    "4111111111111111",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "30569309025904",
    "3530111333300000",
    "6240008631401148",
    "6362970000457013",
    "6062828888666688",
    "6759649826438453",
]


@pytest.mark.parametrize("card", CARDS)
def test_card_numbers_are_found_in_every_spelling(card: str) -> None:
    texts = [card, f"card={card};", f"PAN: {card}.", f"({card})", f"numero {card}, validade 12/29"]
    if len(card) == 16:
        groups = re.findall("....", card)
        texts += [" ".join(groups), "-".join(groups), ".".join(groups), "\u00a0".join(groups), f"o cartão {' - '.join(groups)} é"]
    for text in texts:
        assert kinds(text) == {"card_number"}, text
        assert card[4:10] not in re.sub(r"\D", "", redact(text))


WIDE = CARDS[0].translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
ENCODED = {
    "4111 1111 1111 1111%C3%A9": "card_number",
    "4111 1111 1111 1111%E2%80%8B1": "card_number",
    "4111%C2%A01111%C2%A01111%C2%A01111": "card_number",
    f"card {quote(WIDE + '”')} end": "card_number",
    "https://u:p4%C2%A0ssw0rdX@host/x": "password",
    "password: Geh%C2%A0eim123!xyz": "password",
    "https://x/?client_secret=abcd%C2%A0EFGH12345678abcdEFGH": "server_secret",
    "refresh_token=1//0gab%C2%A0EFGH12345678abcdEFGH": "long_lived_token",
}
"""With percent-encoded signs within them or behind them."""


@pytest.mark.parametrize(("text", "kind"), ENCODED.items())
def test_no_percent_encoded_sign_hides_a_secret(text: str, kind: str) -> None:
    assert kinds(text) == {kind}
    assert not re.search("[0-9]{4}|%EF%BC%9|ssw0rd|eim123|EFGH", redact(text))


def test_what_follows_a_secret_in_percent_encoding_stays() -> None:
    assert redact(f"card {quote(WIDE + '”')} end") == f"card {CUT}%E2%80%9D end"
    assert redact(f"%E9%E8%C3%A9 {CARDS[0]}%C3%A9 %F0%9F%99%82") == f"%E9%E8%C3%A9 {CUT}%C3%A9 %F0%9F%99%82"


def lasting(seconds: int, **more: object) -> str:
    return jwt.encode({"iat": 1_700_000_000, "exp": 1_700_000_000 + seconds, **more}, "k" * 32, algorithm="HS256")


def test_a_token_that_lives_for_more_than_a_day_is_told_apart() -> None:
    assert kinds(lasting(3600)) == {"access_token"}
    assert kinds(lasting(86_400)) == {"access_token"}
    assert kinds(lasting(90_000)) == {"access_token", "long_lived_token"}
    assert kinds(lasting(10**12)) == {"access_token"}  # in milliseconds: a mistake to point out
    assert kinds(lasting(0, iat="soon")) == {"access_token"}
    answer = json.dumps({"tenant": "TN-1", "token": lasting(600), "refresh": lasting(3600)})
    for text in (answer, json.dumps(answer), html.escape(answer)):
        assert kinds(text) == {"access_token", "long_lived_token"}
        assert find_secrets(text, allow=["access_token"])
    assert {finding.kind for finding in find_secrets(lasting(90_000), allow=["access_token"])} == {SecretKind.LONG_LIVED_TOKEN}


@pytest.mark.parametrize(
    ("times", "long"),
    [
        ({"exp": "4070908800"}, True),
        ({"iat": "1700000000", "exp": "1700000600"}, False),
        ({"iat": 1_700_000_000_000, "exp": 1_700_000_600_000}, False),
        ({"iat": 1_700_000_000, "exp": 4_070_908_800_000}, True),
        ({"iat": 4_070_905_200, "exp": 4_070_908_800}, False),
        ({"exp": 4_070_908_800}, True),
        ({"exp": 10**400}, True),
        ({"exp": "never"}, False),
        ({"exp": True}, False),
        ({"exp": "nan"}, False),
    ],
)
def test_a_long_life_is_seen_however_its_times_are_written(times: dict[str, object], long: bool) -> None:
    payload = base64.urlsafe_b64encode(json.dumps(times).encode()).decode().rstrip("=")
    assert known_tokens.lives_long(payload, 1_700_000_000) is long


def public_jwk(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> dict[str, object]:
    if isinstance(key, rsa.RSAPrivateKey):
        return jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)


def public_sets() -> list[str]:
    """Fresh public keys in all the forms that are asked for: JWKs, sets of them, requests and certificates of many subjects."""
    chance = random.Random(4)
    texts = []
    for number in range(40):
        key = ec.generate_private_key(ec.SECP256R1()) if number % 8 else rsa.generate_private_key(65537, 2048)
        jwk = public_jwk(key)
        jwk |= {"kid": str(uuid.UUID(int=chance.getrandbits(128))), "use": "sig", "x5t#S256": noise(32, number)[:43]}
        subject = x509.Name(
            [
                x509.NameAttribute(
                    NameOID.ORGANIZATION_NAME, chance.choice(["Banco Senha S.A.", "Secret Key Ltd", "Pass & Token"])
                ),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, cnpj(chance)),
            ]
        )
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
        texts += [
            json.dumps(jwk),
            json.dumps({"keys": [jwk, jwk]}, indent=2),
            request.public_bytes(Encoding.PEM).decode(),
            base64.b64encode(request.public_bytes(Encoding.DER)).decode(),
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex(":"),
        ]
    return texts


def innocent_texts() -> list[str]:
    chance = random.Random(20)
    texts = [mangle(text) for text in public_texts().values() for mangle in MANGLED.values()]
    texts += [cut(text) for text in public_texts().values() if "-----END" in text for cut in CUT_SHORT.values()]
    for _ in range(60):
        identity = uuid.UUID(int=chance.getrandbits(128), version=4)
        digest = chance.randbytes(32).hex()
        digits = "".join(chance.choices("0123456789", k=40))
        moment = chance.randrange(1_600_000_000, 1_900_000_000)
        texts += [
            f"TN-{identity}",
            f"client_id: {identity}, org: tn-{identity}",
            f"server secret: TN-{identity}",
            str(identity.int)[:8] + "-1234-4123-8123-" + digits[:12],
            ":".join(digest[n : n + 2] for n in range(0, 64, 2)),
            f"SHA256:{base64.b64encode(bytes.fromhex(digest)).decode().rstrip('=')}",
            f"sha256 {digest}",
            f"b9333e4bee11e0{digest[14:]}",  # begins as the header of a key block does, of 9,333 characters
            f"https://developers.pismo.io/pismo-docs/docs/{digest[:12]}?id={digits[:16]}&at={moment}",
            f"https://acme.slack.com/archives/C0{digits[:8]}/p{moment}{digits[:6]}",
            f"{moment} {moment}.{digits[:6]} {moment}123 {moment}123456",
            f"+55 11 9{digits[:4]}-{digits[4:8]} +5511{digits[:9]} (11) 9{digits[:8]} +49 151{digits[:8]} 49151{digits[:8]}",
            f"user{digits[:4]}@acme.example, Ana <ana.{digits[4:8]}@acme.example>; team@acme.example",
            cnpj(chance),
            f"2026-11-22T22:0{digits[0]}:4{digits[1]}.{digits[:6]}Z 202611222216{digits[:2]}",
            f"{int(digits[:9])}.{digits[:16]}",
        ]
    return texts + public_sets() + SENTENCES


def cnpj(chance: random.Random) -> str:
    from stdnum.br import cnpj as standard  # noqa: PLC0415  only here

    base = "36" + "".join(chance.choices("0123456789", k=6)) + "0001"
    return base + str(standard.calc_check_digits(base))


SENTENCES = [
    "I forgot my password, how do I reset it?",
    "Password: required",
    "Password: see the e-mail that Pismo sent",
    "password: ********",
    "password: <your password>",
    "password=${DB_PASSWORD}",
    "A senha é obrigatória.",
    "Senha: mínimo de 8 caracteres",
    "Password: 8-64 characters",
    "Password for the portal: see the e-mail",
    "Password reset 2026-11-22 by OpenID2",
    "Password policy for 2026: strict",
    "API keys and secrets are made in Control Center",
    "The temporary password expires in 24 hours.",
    "Never send us a private key, a server secret or a password.",
    "Client secret: generated in Control Center, not shared here",
    "client_secret: <secret>",
    "client_secret=$CLIENT_SECRET",
    "The server secret is handed over outside Slack",
    "Secret: https://developers.pismo.io/pismo-docs/docs/authentication",
    "Do not paste what begins with -----BEGIN PRIVATE KEY-----, see https://developers.pismo.io/pismo-docs/docs/authentication",
    "-----BEGIN PRIVATE KEY-----\n<your key>\n-----END PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY----- and -----END PRIVATE KEY----- are the first and the last line",
    "openssl genpkey -out rsakey.pem -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
    "openssl rsa -in rsakey.pem -out rsa.pub -pubout -outform PEM",
    "PWD=/home/ana/projects2",
    "The token is eyJ and three parts",
    "The refresh token is not needed.",
    "refresh_token: <not shown>",
    "API tokens are made in Control Center",
    "The API token expires in 3600 seconds",
    "Refresh token: see https://developers.pismo.io/pismo-docs/docs/authentication-with-openid",
    "ghp_ and glpat- are how some tokens begin; npm_config_registry=https://registry.npmjs.org",
    "AT&amp;T &#38; Co. &lt;team@acme.example&gt; &#x2d;&#x2d; R&D &nbsp; 100&percnt;",
    "iss: https://issuer.example, sub: acme-bank, aud: https://audience.example/passport",
    "version 1.2.3.4111, 0.4111111111111111",
    "CLABE 032180000118359719 and boleto 34191.79001 01043.510047 91020.150008 5 84410026000",
    "IBAN DE89370400440532013000 GB29NWBK60161331926819",
    "https://example.com/path?x=1:2@y",
    "😀 مرحبا 你好 " * 50,
]


def test_nothing_innocent_is_taken_for_a_secret() -> None:
    texts = innocent_texts()
    assert len(set(texts)) >= 1000
    alarms = {text: find_secrets(text) for text in texts if find_secrets(text)}
    assert alarms == {}
    assert all(redact(text) == text for text in texts[:200])


def test_a_finding_does_not_carry_the_secret() -> None:
    (finding,) = find_secrets(f"client_secret={VALUE}")
    assert dataclasses.astuple(finding) == (SecretKind.SERVER_SECRET, (14, 14 + len(VALUE)))
    assert VALUE not in repr(finding)
    assert {field.name for field in dataclasses.fields(SecretFinding)} == {"kind", "span"}


JUNK = (
    "pass:" * 200_000,
    "pwd=" * 200_000,
    "password is the " * 20_000,
    "use aA1!bB2@ as password " * 20_000,
    '{"key":"token","value":"' * 20_000,
    'apikey":[' * 40_000,
    "senha;" * 40_000 + "\n",
    "zmk 0123 4567 " * 20_000,
    "mysql -p" * 40_000,
    "mysql -" * 60_000,
    "password: $a_b" * 40_000,
    "senha_a" * 40_000,
    "priv:" + "ab:" * 100_000,
    "d=1 hl=2 l= 1 prim: INTEGER :01 " * 9_000,
    "PuTTY-User-Key-File-2 Private-Lines: " * 9_000,
    base64.b64encode(base64.b64encode(b"password: " * 20_000)).decode(),
    "%3D" * 100_000,
    "M" * 10_000_000,
    "-----BEGIN PRIVATE KEY-----" * 60_000,
    "1" * 3_000_000,
    "4111 " * 400_000,
    "password: " * 200_000,
    "secret" * 500_000,
    "eyJ" * 1_000_000,
    "://a:" * 400_000,
    '"d":"' * 400_000 + "kty",
    "BEGIN " * 500_000 + "private",
    " " * 3_000_000 + "private",
    "PuTTY-User-Key-File-2" * 20_000,
    "MIIE" + "vQIBADANBgkqhkiG9w0BAQEFAASC " * 50_000,
    "é" * 3_000_000,
    "&#45;" * 400_000,
    "%C3%A9" * 400_000,
    "%C3" * 400_000,
    "&" * 3_000_000 + "&#45;",
    "refresh token: " * 200_000,
    '"refresh":"eyJ' * 200_000,
    "gh" + "ghp_" * 500_000,
    "secret a1B2a1B2a1B2a1B2a1B2a1B2 " * 10_000,
    "the password is below\n\n" * 20_000,
    "<secret a='b' c=\"d\" " * 20_000,
    "variable secret { default " * 20_000,
    "cookie: a=b; c=" * 20_000,
    "openssl a " * 40_000,
    "cvk a comp1 " * 20_000,
    "SG." * 500_000,
    "grant all to identified " * 20_000,
    f"fix token {'0a' * 20} " * 20_000,
    "my password is-ed " * 20_000,
)
"""Where a backtracking pattern would never end."""


LENGTHS = (10_000, pytest.param(200_000, marks=pytest.mark.megabytes))


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("text", JUNK, ids=lambda text: text[:12])
def test_junk_is_looked_through_to_its_end(text: str, length: int) -> None:
    text = text if len(text) <= length else text[: length - 10] + text[-10:]
    assert all(finding.span[1] <= len(text) for finding in find_secrets(text))


@given(st.binary(min_size=8, max_size=400))
def test_no_file_breaks_the_guard(content: bytes) -> None:
    for given_ in (content, b"PK\x03\x04" + content, b"\x30\x82" + content, b"\xff\xfe" + content):
        find_in_file("file", given_)


@given(st.text("&#x;lgtamp0123456789-", max_size=60) | st.text("%CcEF98aB", max_size=60))
def test_places_are_those_of_the_text_as_it_was_given(noise_: str) -> None:
    text = f"{noise_} &quot;client_secret&quot;: &quot;{VALUE}&quot; {noise_}"
    assert VALUE not in redact(text)
    assert any(VALUE in text[slice(*finding.span)] for finding in find_secrets(text))


words = st.sampled_from(
    ["password", "senha", ":", "=", " ", "\n", "secret", "client", "_", "Ab12cd34", "-----", "BEGIN", "PRIVATE KEY", "END"]
)


@given(st.one_of(st.text(max_size=200), st.lists(words, max_size=30).map("".join)))
@example("password: " + CUT)
def test_a_redacted_text_holds_no_secret_and_places_are_within_the_text(text: str) -> None:
    found = find_secrets(text)
    assert all(0 <= finding.span[0] < finding.span[1] <= len(text) for finding in found)
    assert find_secrets(redact(text)) == ()
    assert (redact(text) == text) is (not found)
