"""The customer's own machine: keys and secrets that never leave it, and the command that asks Pismo for an access token."""

import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import aiohttp

from playground.pismo.authority import Authority, key_pem, new_key, signing_request
from playground.pismo.facts import FACTS
from playground.pismo.signer import Signer
from playground.pismo.standin import PismoStandIn

Method = Literal["basic", "oauth2", "oidc"]
_CALLS = {"basic": "token_basic", "oauth2": "token_oauth2", "oidc": "token_openid"}


class Machine:
    """``csr`` is for the mTLS certificate of a company with this ``subject``; ``certificate`` is what Pismo issues for it."""

    def __init__(self, **subject: str) -> None:
        self.signer, self.key = Signer(), new_key()
        self.csr = signing_request(self.key, **subject)
        self.certificate = ""
        self.access_key = ("", "")

    def receive(self, pismo: PismoStandIn, org_id: str) -> None:
        """Get what Pismo provides for an organization: an access key, its public key registered, and a client certificate."""
        self.access_key = pismo.mint_access_key(org_id)
        pismo.register_public_key(org_id, self.signer.public_key, self.signer.iss, self.signer.sub, self.signer.aud)
        self.certificate = (pismo.authority or Authority()).issue(self.csr)

    def request(self, method: Method, org_id: str) -> Mapping[str, str]:
        """The fields of the call for a token."""
        key, secret = self.access_key
        match method:
            case "basic":
                return {"server_key": key, "server_secret": secret}
            case "oauth2":
                client = {"client_id": key, "client_secret": secret}
                return {"grant_type": "client_credentials", "scope": self.signer.group, **client}
            case "oidc":
                return {"token": self.signer.assertion(org_id)}

    async def ask(self, pismo: PismoStandIn, method: Method, body: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and answer of a call made with the client certificate."""
        content: dict[str, Any] = {"data": body} if method == "oauth2" else {"json": body}
        address = pismo.url + FACTS["call"][_CALLS[method]]["path"]
        async with aiohttp.ClientSession() as web, web.post(address, ssl=self._tls(pismo), **content) as answer:
            return answer.status, await answer.json()

    async def token(self, pismo: PismoStandIn, method: Method, org_id: str, **changed: str) -> str:
        """The short-lived access token, as the command prints it. Raises PermissionError if Pismo gives none."""
        status, answer = await self.ask(pismo, method, {**self.request(method, org_id), **changed})
        if status != FACTS["call"][_CALLS[method]]["success"]:
            raise PermissionError(f"{status} {answer.get('message', '')}")
        return str(answer.get("access_token") or answer["token"])

    def _tls(self, pismo: PismoStandIn) -> ssl.SSLContext | bool:
        if pismo.authority is None:
            return True
        context = ssl.create_default_context(cadata=pismo.authority.pem)
        if self.certificate:
            with tempfile.TemporaryDirectory() as folder:  # OpenSSL only takes these from files
                file = Path(folder) / "client.pem"
                file.write_text(self.certificate + key_pem(self.key))
                context.load_cert_chain(file)
        return context
