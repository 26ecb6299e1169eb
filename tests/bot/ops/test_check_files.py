"""`check` says until when the bot's own client certificate is valid."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from bot.config.settings import Settings
from bot.ops.check_files import certificates

NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("begins", "ends", "what", "well"),
    [(-9, -2, "expired on", False), (2, 9, "is not valid before", False), (-2, 9, "valid until", True)],
)
def test_the_end_of_a_certificate_is_told(begins: int, ends: int, what: str, *, well: bool) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    valid = (NOW + timedelta(begins), NOW + timedelta(ends))
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, *valid).sign(key, SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    settings = Settings(pismo_client_cert=made.public_bytes(Encoding.PEM).decode(), pismo_client_key=SecretStr(private))
    (line,) = certificates(settings)
    assert (line.name, line.what.startswith(what), line.how == "") == ("PISMO_CLIENT_CERT", True, well)
