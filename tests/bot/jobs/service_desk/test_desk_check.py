"""`python -m bot check` of the Service Desk."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config.settings import Settings
from bot.ops.check_service_desk import service_desk_lines
from playground.service_desk import CHOICES, EN
from tests.bot.jobs.service_desk.desk_place import DeskPlace

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHOSEN = "\n".join(f'{resource} = "{choice}"' for resource, choice in CHOICES.items())


UNSET = (
    "note: Service Desk ({0}): webhooks, event_delivery, third_party_openid: no category is set, and the form needs one: nothing is filed, "
    "support gets the text to paste; to set one, add choices under [service_desk.{0}] in CONFIG_FILE; there is: Program settings > Limits, "
    "Access request > Service Desk Portal, Access request > Slack Connect, Access request > Status Page, Integration > Webhooks, "
    "Integration > Events, Integration > OpenID"
)
FOUND = "ok: Service Desk ({0}) participants: are looked up by address; support is told of those who are not found"


async def test_check_says_what_the_account_may_do_and_how_it_may(office: DeskPlace, tmp_path: Path) -> None:
    file = tmp_path / "policies.toml"
    file.write_text("".join(f"[service_desk.{portal}.choices]\n{CHOSEN}\n" for portal in ("en", "pt_BR")))
    settings, desk = office.settings().model_copy(update={"config_file": str(file)}), office.service_desk
    desk.world.agent = False
    lines = [str(line) async for line in service_desk_lines(settings)]
    assert lines[1] == (
        "wrong: Service Desk (en) account: may neither add participants nor file on behalf of others, like a customer's account, "
        "which cannot file over REST (JSDCLOUD-8960) - give SERVICE_DESK_USER an agent's or a project role there"
    )
    desk.world.restore()
    desk.world.lists_customers = False
    lines = [str(line) async for line in service_desk_lines(settings)]
    assert lines[2].startswith(
        "note: Service Desk (en) participants: the account may not look up people: 403 (forbidden). None is named"
    )
    desk.world.restore()
    next(one for one in desk.world.fields[EN, "25"] if one["name"] == "Category")["required"] = False
    lines = [str(line) async for line in service_desk_lines(office.settings())]
    assert lines[1].startswith(
        "note: Service Desk (en): webhooks, event_delivery, third_party_openid: no category is set, filed without"
    )
    desk.world.restore()
    desk.world.file(EN, "25", {"summary": "Mine", "description": "-"}, desk.user)
    desk.fail("403", "GET", f"/rest/servicedeskapi/request/{desk.tickets[-1].key}/comment")
    lines = [str(line) async for line in service_desk_lines(settings)]
    assert lines[-1].startswith("wrong: Service Desk comments: reading them was answered with 403 (forbidden) - let the account")
    lines = [str(line) async for line in service_desk_lines(settings)]
    assert lines[-1] == "ok: Service Desk comments: can be read"
    assert len(lines) == 7
    assert all(line.startswith("ok: ") for line in lines)


async def test_check_says_of_each_portal_whether_access_can_be_asked_for_there(office: DeskPlace) -> None:
    settings, desk = office.settings(), office.service_desk
    desk.world.tickets.clear()
    assert [str(line) for line in [line async for line in service_desk_lines(settings)]] == [
        "ok: Service Desk (en): PISMO | Service Desk EN > Settings > Access request is there, and the bot fills in what it needs",
        UNSET.format("en"),
        "ok: Service Desk (en) account: may add participants, file on behalf of others",
        FOUND.format("en"),
        "ok: Service Desk (pt_BR): PISMO | Service Desk > Settings > Access request is there, and the bot fills in what it needs",
        UNSET.format("pt_BR"),
        "ok: Service Desk (pt_BR) account: may add participants, file on behalf of others",
        FOUND.format("pt_BR"),
        "note: Service Desk comments: could not be seen: the account has no request yet",
    ]
    desk.world.rename_desk(EN, "Help")
    lines = [str(line) async for line in service_desk_lines(settings)]
    assert lines[0].startswith(
        "wrong: Service Desk (en): no desk: PISMO | Service Desk EN; there is: Help, PISMO | Service Desk - "
    )
    assert not any(line.startswith("wrong: ") for line in lines[1:])
    desk.world.restore()
    wrong = settings.model_copy(update={"service_desk_token": SecretStr("not-this-one")})
    (line,) = [str(line) async for line in service_desk_lines(wrong)]
    assert line.startswith("wrong: Service Desk (en): it answered 401 (unauthorized) - make a new API token")
    assert "not-this-one" not in line
    desk.fail("503")
    (line,) = [str(line) async for line in service_desk_lines(settings)]
    assert "keeps trying" in line
    (line,) = [str(line) async for line in service_desk_lines(Settings(service_desk_url=""))]
    assert line.startswith("note: Service Desk: not configured")
