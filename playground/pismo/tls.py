"""The sandbox's TLS: no client gets in without a certificate from its authority that is valid now and not revoked."""

import ssl
import tempfile
from pathlib import Path

from playground.pismo.authority import Authority

_ABOUT_THE_CERTIFICATE = {"CERTIFICATE_VERIFY_FAILED", "PEER_DID_NOT_RETURN_A_CERTIFICATE"}


class _Alerting(ssl.SSLObject):
    """When a handshake fails, asyncio drops the connection before the alert is out, so the client cannot tell why.

    Asking the client for more instead lets asyncio send what is waiting; the client reads the alert and closes the connection.
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
        with tempfile.TemporaryDirectory() as folder:  # OpenSSL only takes these from files
            file = Path(folder) / "server.pem"
            file.write_text(certificate + key)
            self.context.load_cert_chain(file)
        self.reload()

    def reload(self) -> None:
        """Apply what the authority has revoked so far to every later handshake."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "revoked.pem"
            file.write_text(self.authority.revocation_list())
            self.context.load_verify_locations(file)
