"""A throw-away certificate authority: signs the sandbox's own certificate and its clients', and revokes them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from playground.pismo.facts import KEY_BITS

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
THREE_YEARS = timedelta(days=3 * 365)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key) -> str:
    """PKCS#8, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


_ATTRIBUTES = {
    "C": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "CN": NameOID.COMMON_NAME,
}


def signing_request(key: Key, **subject: str) -> str:
    """A certificate signing request (PEM). ``subject``: attributes by their names in `openssl req -subj`."""
    name = x509.Name([x509.NameAttribute(_ATTRIBUTES[attribute], value) for attribute, value in subject.items()])
    return (
        x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    )


def tampered_request(key: Key, **subject: str) -> str:
    """A signing request whose subject was changed after signing: the last letter of its `O`."""
    honest = x509.load_pem_x509_csr(signing_request(key, **subject).encode()).public_bytes(Encoding.DER)
    name = subject["O"].encode()
    changed = honest.replace(name, name[:-1] + (b"x" if name[-1:] != b"x" else b"y"))
    return x509.load_der_x509_csr(changed).public_bytes(Encoding.PEM).decode()


class Authority:
    """``pem``: its certificate. All times are from this machine's clock, in whole seconds."""

    def __init__(self, name: str = "Sandbox CA") -> None:
        self._key = new_key()
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._made = datetime.now(UTC).replace(microsecond=0)
        self._revoked: dict[int, datetime] = {}
        self._lists = 0
        public = self._key.public_key()
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        made = self._builder(self._name, public, self._made - timedelta(days=365), THREE_YEARS)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(
            usage, critical=True
        )
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        self.pem = _text(made.sign(self._key, hashes.SHA256()))

    def issue(self, csr: str, *, begins: timedelta = timedelta(minutes=-5), lifetime: timedelta = THREE_YEARS) -> str:
        """A client certificate (PEM) for a signing request. ``begins`` is relative to now.

        Raises ValueError if it is not a signing request, is not signed by its own key, or is RSA with too few bits.
        """
        request = x509.load_pem_x509_csr(csr.encode())
        key = request.public_key()
        if not request.is_signature_valid:
            raise ValueError("the signature of the signing request is bad")
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise ValueError("the key of the signing request is neither RSA nor EC")  # noqa: TRY004  a value in the request
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < KEY_BITS:
            raise ValueError(f"the RSA key of the signing request has less than {KEY_BITS} bits")
        made = self._builder(request.subject, key, datetime.now(UTC) + begins, lifetime)
        return self._end_entity(made, ExtendedKeyUsageOID.CLIENT_AUTH)

    def issue_server(self, hosts: Sequence[str] = ("localhost",), addresses: Sequence[str] = ("127.0.0.1",)) -> tuple[str, str]:
        """Certificate and private key (PEM) of a server with these names."""
        key = new_key()
        names = [*map(x509.DNSName, hosts), *(x509.IPAddress(ip_address(address)) for address in addresses)]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        made = self._builder(subject, key.public_key(), self._made - timedelta(minutes=5), timedelta(days=90))
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return self._end_entity(made, ExtendedKeyUsageOID.SERVER_AUTH), key_pem(key)

    def revoke(self, certificate: str) -> None:
        """Takes effect with the next revocation list. Raises ValueError for anything but a certificate of this authority."""
        found = x509.load_pem_x509_certificate(certificate.encode())
        if found.issuer != self._name:
            raise ValueError("the certificate is of another authority")
        self._revoked[found.serial_number] = datetime.now(UTC)

    def has_revoked(self, serial_number: int) -> bool:
        return serial_number in self._revoked

    def revocation_list(self) -> str:
        """PEM. Each is dated later than the one before: OpenSSL uses the newest it has."""
        self._lists += 1
        dated = self._made - timedelta(days=1) + timedelta(seconds=self._lists)
        made = x509.CertificateRevocationListBuilder().issuer_name(self._name).last_update(dated)
        made = made.next_update(self._made + THREE_YEARS)
        for serial, when in self._revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            made = made.add_revoked_certificate(entry.build())
        return made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def _builder(
        self, subject: x509.Name, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, begins: datetime, lifetime: timedelta
    ) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        made = made.serial_number(x509.random_serial_number())
        return made.not_valid_before(begins).not_valid_after(begins + lifetime)

    def _end_entity(self, made: x509.CertificateBuilder, usage: x509.ObjectIdentifier) -> str:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=False).add_extension(issuer, critical=False)
        return _text(made.sign(self._key, hashes.SHA256()))


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
