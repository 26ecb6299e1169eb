"""The certificates of the demo's companies: who asks for the same again gets the same, and another request gets another one."""

from pathlib import Path

from cryptography import x509

from playground.certificates import certificate, new_request
from playground.office import Office


def test_a_certificate_is_for_the_key_of_the_request_that_waits(tmp_path: Path) -> None:
    office = Office(folder=tmp_path, tls=False)
    for _ in range(2):
        request = new_request(O="Acme")
        given = certificate(office, "", "Acme", request)
        keys = x509.load_pem_x509_certificate(given.encode()), x509.load_pem_x509_csr(request.encode())
        assert keys[0].public_key() == keys[1].public_key()
        assert certificate(office, "", "Acme", request) == given
    assert certificate(office, "", "Acme") == certificate(office, "", "Acme")  # a pair, recorded by two
    assert certificate(office, "", "Blue") != certificate(office, "", "Acme")
    assert certificate(office, "renewal", "Acme") != certificate(office, "", "Acme")
