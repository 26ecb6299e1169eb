"""With a token that doesn't say whose it is, no program of another organization is exported, imported or taken for this one's."""

import contextlib

import httpx
import pytest
from pydantic import SecretStr

from bot.jobs.transferring import StillWorkingError, Transferring
from pismo.client import Pismo
from pismo.transfers import Transfers

OURS, OTHERS = "TN-OURS", "TN-OTHERS"
PROGRAM = {"id": 5, "name": "Gold", "type": "CREDITO", "status": "ACTIVE"}
TOKEN = SecretStr("an-opaque-access-token")


class Environment:
    """A Pismo that goes by the token alone, which is of ``org``. ``begun``: what it was asked to begin."""

    def __init__(self, org: str, *programs: dict[str, object]) -> None:
        self.org, self.programs, self.begun = org, programs, list[str]()

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.startswith("/orgs-core"):
            return httpx.Response(200, json={"id": self.org})
        if request.method == "POST":
            self.begun.append(path.rpartition("/")[2])
            return httpx.Response(201, json={"id": 1})
        if path.endswith("/1"):
            return httpx.Response(200, json={"id": 1, "status": "SUCCESS"})
        found = self.programs if path.endswith("/programs") else ()
        return httpx.Response(200, json={"total_items": len(found), "items": found})


@pytest.mark.parametrize(
    ("test", "production", "begun", "stopped_at"),
    [
        (Environment(OURS), Environment(OURS), ["export", "import"], ""),
        (Environment(OTHERS), Environment(OURS), [], "export"),
        (Environment(OURS), Environment(OTHERS), ["export"], "import"),
        (Environment(OURS), Environment(OTHERS, PROGRAM), [], "look"),
    ],
)
async def test_whose_a_token_is_comes_first(
    test: Environment, production: Environment, begun: list[str], stopped_at: str
) -> None:
    async def keep(_progress: object) -> bool:
        return True

    async with (
        Pismo("https://test.example", transport=httpx.MockTransport(test.answer)) as one,
        Pismo("https://production.example", transport=httpx.MockTransport(production.answer)) as other,
    ):
        sides = Transfers(one, TOKEN, OURS), Transfers(other, TOKEN, OURS)
        moving = Transferring(1, "Gold", "CREDITO", *sides, {"org_id": OURS}, keep)
        with contextlib.suppress(StillWorkingError):
            await moving.run()
    assert [*test.begun, *production.begun] == begun
    assert moving.found is None
    failed = [line["check"] for line in moving.lines if line["reason"] == "moving.other_organization"]
    assert failed == [stopped_at] * bool(stopped_at)
