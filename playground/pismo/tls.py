"""TLS of the sandbox: no client gets in without a certificate of its authority that is valid now and not revoked."""

import ssl
import tempfile
from pathlib import Path

from playground.pismo.authority import Authority

_ABOUT_THE_CERTIFICATE = {"CERTIFICATE_VERIFY_FAILED", "PEER_DID_NOT_RETURN_A_CERTIFICATE"}


class _Alerting(ssl.SSLObject):
    """asyncio drops a connection whose handshake fails before the alert is out, so that the client cannot tell why.

    To ask for more of the client instead lets asyncio send what waits, and the client, told off, closes the connection.
    """

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLError as error:
            if error.reason not in _ABOUT_THE_CERTIFICATE:
                raise
            raise ssl.SSLWantReadError(error.reason) from error


class ServerTls:
    """``context`` for the server. ``says_why`` false: refused clients see the connection close, without an alert."""

    def __init__(self, authority: Authority, *, says_why: bool = True) -> None:
        self.authority = authority
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if says_why:
            self.context.sslobject_class = _Alerting
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        self.context.load_verify_locations(cadata=authority.pem)
        certificate, key = authority.issue_server()
        with tempfile.TemporaryDirectory() as folder:  # OpenSSL takes these from files only
            file = Path(folder) / "server.pem"
            file.write_text(certificate + key)
            self.context.load_cert_chain(file)
        self.reload()

    def reload(self) -> None:
        """Take what the authority has revoked until now, for every handshake to come."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "revoked.pem"
            file.write_text(self.authority.revocation_list())
            self.context.load_verify_locations(file)
