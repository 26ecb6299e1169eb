"""`python -m bot check` of the Service Desk."""

import pytest
from pydantic import SecretStr

from bot.config.settings import Settings
from bot.ops.check import _service_desk
from playground.service_desk import EN
from tests.bot.jobs.service_desk.desk_place import DeskPlace

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_check_says_of_each_portal_whether_access_can_be_asked_for_there(office: DeskPlace) -> None:
    settings, desk = office.settings(), office.service_desk
    assert [str(line) for line in [line async for line in _service_desk(settings)]] == [
        "ok: Service Desk (en): PISMO | Service Desk EN > Settings > Access request can be filed",
        "ok: Service Desk (pt_BR): PISMO | Service Desk > Settings > Access request can be filed",
    ]
    desk.world.rename_desk(EN, "Help")
    lines = [str(line) async for line in _service_desk(settings)]
    assert lines[0].startswith(
        "wrong: Service Desk (en): no desk: PISMO | Service Desk EN; there is: Help, PISMO | Service Desk - "
    )
    assert lines[1].startswith("ok: ")
    desk.world.restore()
    wrong = settings.model_copy(update={"service_desk_token": SecretStr("not-this-one")})
    (line,) = [str(line) async for line in _service_desk(wrong)]
    assert line.startswith("wrong: Service Desk (en): it answered 401 (unauthorized) - make a new API token")
    assert "not-this-one" not in line
    desk.fail("503")
    (line,) = [str(line) async for line in _service_desk(settings)]
    assert "keeps trying" in line
    (line,) = [str(line) async for line in _service_desk(Settings(service_desk_url=""))]
    assert line.startswith("ok: Service Desk: not configured")
