"""The commands for a token, run as a customer runs them: in a terminal, against a Pismo that demands a client certificate."""

import asyncio
import os
import pty
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from flows.checks.claims import check_assertion
from flows.checks.tokens import parse
from flows.steps.authentication.token_check import expected
from flows.steps.authentication.token_scripts import production_token_scripts, token_scripts
from playground.pismo import Machine, Sandbox
from playground.pismo.authority import key_pem
from tests.flows.steps.filled_forms import a_situation

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl"),
]
SHELLS = [shell for shell in ("sh", "bash", "zsh") if shutil.which(shell)]
DETAILS = {"official_name": "Acme", "org_name": "Acme"}


@pytest_asyncio.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


class Customer:
    """A folder with what the commands read, and a terminal."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder, self.machine = sandbox, folder, Machine(O="Acme")
        self.org_id = sandbox.test.create_org(DETAILS, program="Cards")
        self.machine.receive(sandbox.test, self.org_id)
        private = self.machine.signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        files = {"mtls.crt": self.machine.certificate, "mtls.key": key_pem(self.machine.key), "rsakey.pem": private}
        for name, text in files.items():
            (folder / name).write_text(text)

    def situation(self, method: str, groups: Sequence[str] = (), **claims: str) -> Any:
        signer = self.machine.signer
        done = {
            "organization.record_org_id": {"org_id": self.org_id},
            "environments.test_ready": {"base_url": self.sandbox.test.url},
            "authentication.record_claims": {"iss": signer.iss, "sub": signer.sub, "aud": signer.aud, **claims},
        }
        answers = {"method": method, "public_key": signer.public_key, "groups": list(groups)}
        return a_situation(answers={"authentication": answers}, done=done)

    async def reads_programs(self, token: str) -> int:
        """The status that Pismo answers the token with."""
        headers = {"authorization": f"Bearer {token}", "x-tenant": self.org_id}
        address = f"{self.sandbox.test.url}/programs/v1/programs"
        async with (
            aiohttp.ClientSession() as web,
            web.get(address, ssl=self.machine._tls(self.sandbox.test), headers=headers) as got,
        ):
            return got.status

    async def runs(self, shell: str, method: str, typed: Sequence[str], groups: Sequence[str] = (), **claims: str) -> str:
        """Everything on the terminal at the end."""
        scripts = token_scripts({}, self.situation(method, groups, **claims))
        code = next(script.code for script in scripts if script.key == "token_posix")
        return await asyncio.to_thread(self._at_a_terminal, shell, code, typed)

    def _at_a_terminal(self, shell: str, code: str, typed: Sequence[str]) -> str:
        ours, theirs = pty.openpty()
        environment = {**os.environ, "CURL_CA_BUNDLE": str(self.sandbox.folder / "authority.pem")}
        process = subprocess.Popen(  # noqa: S603  our own text
            [shell, "-c", code],
            cwd=self.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        seen, answers = "", list(typed)
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen += part.decode()
            if answers and seen.endswith(": "):
                os.write(ours, f"{answers.pop(0)}\n".encode())
        os.close(ours)
        process.wait(timeout=20)
        return seen.replace("\r\n", "\n")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("method", ["basic", "oauth2", "oidc"])
async def test_the_command_prints_a_token_that_works_and_no_secret(
    sandbox: Sandbox, tmp_path: Path, shell: str, method: str
) -> None:
    customer = Customer(sandbox, tmp_path)
    key, secret = customer.machine.access_key
    typed = [] if method == "oidc" else [key, secret]
    screen = await customer.runs(shell, method, typed, ("cards",))
    assert secret not in screen
    token = screen.strip().splitlines()[-1]
    assert token.count(".") == 2, screen
    status = await customer.reads_programs(token)
    assert status == 200


async def test_the_signed_jwt_has_nothing_wrong_in_it(sandbox: Sandbox, tmp_path: Path) -> None:
    customer = Customer(sandbox, tmp_path)
    screen = await customer.runs("sh", "oidc", [], ("cards",), sub='it\'s `odd` "$(x)" é')
    signed = screen.splitlines()[1]
    faults = check_assertion(signed, expected(customer.situation("oidc", ("cards",))), datetime.now(UTC))
    assert [(fault.key, fault.params["claim"]) for fault in faults] == [("jwt_claim_differs", "sub")]
    assert faults[0].params["found"] == 'it\'s `odd` "$(x)" é'
    assert "401" in screen


@pytest.mark.parametrize(
    ("method", "groups", "typed", "named"),
    [
        ("oidc", ("cards", "accounts"), "", "pismo-v1:cards:rw"),
        ("oidc", ("cards", "accounts"), "pismo-v1:accounts:rw", "pismo-v1:accounts:rw"),
        ("oidc", (), "pismo-v1:admin:rw", "pismo-v1:admin:rw"),
        ("oauth2", (), "pismo-v1:admin:rw", ""),
    ],
)
async def test_where_it_is_not_plain_which_group_is_meant_the_command_asks(
    sandbox: Sandbox, tmp_path: Path, method: str, groups: Sequence[str], typed: str, named: str
) -> None:
    customer = Customer(sandbox, tmp_path)
    key_and_secret = [] if method == "oidc" else customer.machine.access_key
    screen = await customer.runs("sh", method, [*key_and_secret, typed], groups)
    assert "Permission group" in screen
    signed = next((line for line in screen.splitlines() if line.startswith("eyJ")), "")
    if named:
        assert parse(signed).claims["pismo"] == {"group": named}
    assert await customer.reads_programs(screen.strip().splitlines()[-1]) == 200


async def test_a_refusal_prints_no_token(sandbox: Sandbox, tmp_path: Path) -> None:
    customer = Customer(sandbox, tmp_path)
    screen = await customer.runs("sh", "basic", [customer.machine.access_key[0], 'wr"ng\\'])
    assert "401" in screen
    assert "wr" not in screen
    assert sandbox.test.calls[-1].status == 401


def test_nothing_is_given_while_something_is_not_known() -> None:
    org = {"organization.record_org_id": {"org_id": "TN-1"}}
    assert token_scripts({}, a_situation(done=org)) == ()
    assert token_scripts({}, a_situation(answers={"authentication": {"method": "basic"}})) == ()
    assert token_scripts({}, a_situation(answers={"authentication": {"method": "oidc"}}, done=org)) == ()
    situation = a_situation(answers={"authentication": {"method": "oauth2"}}, done=org, secret_field="client_secret")
    posix, windows = token_scripts({}, situation)
    assert "https://sandbox.pismolabs.io/passport/v2/oauth/token" in posix.code
    assert "client_secret@-" in posix.code
    assert "client_secret = $secret" in windows.code


def test_production_has_its_own_address_organization_claims_and_key() -> None:
    done = {
        "production.record_org": {"org_id": "TN-2"},
        "production.environment_ready": {"base_url": "https://pismo.bank.example/"},
        "production.record_claims": {"iss": "there"},
    }
    asked = {"authentication": {"method": "oidc", "platform": "posix"}}
    known = a_situation(answers=asked, done=done, approved=frozenset({"production"}))
    for lacks in (replace(known, done={**done, "production.record_claims": {}}), replace(known, approved=frozenset())):
        assert production_token_scripts({}, lacks) == ()
    (posix,) = production_token_scripts({}, known)
    assert "https://pismo.bank.example/passport/v1/oauth2/token" in posix.code
    assert '"iss":"there"' in posix.code
    assert '"tenant_id":"TN-2"' in posix.code
    assert "-sign rsakey-production.pem" in posix.code


@pytest.mark.parametrize("method", ["basic", "oauth2", "oidc"])
def test_what_is_given_fits_into_a_message_and_quotes_what_was_typed(method: str) -> None:
    nasty = "'‘’‚‛`\"$(x)\n" * 8
    done = {
        "organization.record_org_id": {"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"},
        "authentication.record_claims": dict.fromkeys(("iss", "sub", "aud"), nasty),
    }
    for script in token_scripts({}, a_situation(answers={"authentication": {"method": method}}, done=done)):
        assert len(script.code) < 2900
        assert "`" not in script.code
        assert "‘" not in script.code
