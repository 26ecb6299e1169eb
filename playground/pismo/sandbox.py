"""Pismo's two environments side by side, and the client certificate that the bot's operator has for them."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self, get_args

from playground.pismo.authority import THREE_YEARS, Authority, key_pem, new_key, signing_request
from playground.pismo.standin import PismoStandIn
from playground.pismo.world import Org

ClientFault = Literal["expired", "not yet valid", "other authority", "revoked"]


class Sandbox:
    """``async with Sandbox() as sandbox`` serves ``sandbox.test`` and ``sandbox.production``, over TLS unless ``tls`` is false.

    Both ask for a client certificate from the same throw-away authority. ``settings`` are what the bot needs to know; the files
    they name are in ``folder``, a temporary one by default.
    """

    def __init__(self, folder: Path | None = None, *, tls: bool = True, says_why: bool = True) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="sandbox-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.authority = Authority() if tls else None
        self.test = PismoStandIn(self.authority, says_why=says_why)
        self.production = PismoStandIn(self.authority, says_why=says_why)
        self.certificate = ""
        if self.authority:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.give_authority()
            self.give_certificate()

    @property
    def settings(self) -> dict[str, str]:
        """The bot's settings for this sandbox, by their names."""
        urls = {"PISMO_API_URL": self.test.url, "PISMO_PRODUCTION_API_URL": self.production.url}
        if not self.authority:
            return urls
        files = {"PISMO_CLIENT_CERT": "client.pem", "PISMO_CLIENT_KEY": "client.key", "PISMO_CA_FILE": "authority.pem"}
        return urls | {name: str(self.folder / file) for name, file in files.items()}

    def open_production(self, org_id: str) -> PismoStandIn:
        """Production, where the same organization is from now on, with the program that Pismo creates there: before there is one, its
        API can't be called."""
        if org_id.casefold() not in self.production.world.orgs:
            self.production.world.orgs[org_id.casefold()] = Org(dict(self.test.world.org(org_id).details))
            self.production.add_program(org_id, "Set up by Pismo", "INTERNAL ACCOUNTS")
        return self.production

    def give_authority(self, other: Authority | None = None) -> None:
        """Write the authority that the operator trusts as Pismo's: the real one, or another."""
        authority = other or self.authority
        if authority is None:
            raise ValueError("no certificates are asked for over plain HTTP")
        self._write("authority.pem", authority.pem)

    def give_certificate(self, fault: ClientFault | None = None) -> None:
        """Write a new client certificate and its key to the operator's files: a good one, or one with a fault."""
        if self.authority is None:
            raise ValueError("no certificates are asked for over plain HTTP")
        if fault is not None and fault not in get_args(ClientFault):
            raise ValueError(f"no such fault; there are {', '.join(get_args(ClientFault))}")
        authority = Authority("Another CA") if fault == "other authority" else self.authority
        begins = {"expired": timedelta(days=-2), "not yet valid": timedelta(days=1)}.get(fault or "", timedelta(minutes=-5))
        key = new_key()
        request = signing_request(key, O="Pismo Onboarding")
        lifetime = timedelta(days=1) if fault == "expired" else THREE_YEARS
        self.certificate = authority.issue(request, begins=begins, lifetime=lifetime)
        if fault == "revoked":
            self.revoke_certificate()
        self._write("client.key", key_pem(key))
        self._write("client.pem", self.certificate)

    def revoke_certificate(self) -> None:
        """Revoke the operator's current certificate."""
        self.test.revoke_certificate(self.certificate)
        self.production.take_revocations()

    async def start(self) -> Self:
        await self.test.start()
        await self.production.start()
        return self

    async def stop(self) -> None:
        await self.test.stop()
        await self.production.stop()
        if self._temporary:
            self._temporary.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    def _write(self, name: str, text: str) -> None:
        """Atomically: the bot may read it at any moment."""
        fresh = self.folder / f"{name}.new"
        fresh.touch(mode=0o600)
        fresh.write_text(text)
        fresh.replace(self.folder / name)
