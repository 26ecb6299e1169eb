"""Web API calls as the SDK makes them: what is kept, shown to whom, and refused."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.playground.company import Company, actions, button, field_of, modal, plain


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_metadata_threads_and_the_update_that_drops_blocks(company: Company) -> None:
    metadata = {"event_type": "onb_msg", "event_payload": {"outbox_id": "o1"}}
    root = await company.client.chat_postMessage(
        channel=company.shared.id, text="Card", blocks=actions(button("Go", "go")), metadata=metadata
    )
    reply = await company.client.chat_postMessage(channel=company.shared.id, text="In the thread", thread_ts=root["ts"])
    assert [message.text for message in company.ana.sees(company.shared)] == ["Card"]
    assert [message.text for message in company.ana.sees(company.shared, root["ts"])] == ["Card", "In the thread"]
    await company.client.chat_update(channel=company.shared.id, ts=root["ts"], text="Only words")
    found = await company.client.conversations_replies(channel=company.shared.id, ts=root["ts"], include_all_metadata=True)
    first, second = found["messages"]
    assert (first["text"], first.get("blocks"), first["metadata"]) == ("Only words", None, metadata)
    assert first["edited"]["user"] == company.slack.bot_user_id
    assert second["ts"] == reply["ts"]
    assert "metadata" not in (await company.client.conversations_history(channel=company.shared.id))["messages"][0]
    assert await refused(company.client.chat_update(channel=company.shared.id, ts=root["ts"], text="x" * 4001)) == "msg_too_long"
    assert await refused(company.client.chat_update(channel=company.shared.id, ts="1.1", text="x")) == "message_not_found"
    hers = await company.ana.say(company.shared, "mine")
    assert await refused(company.client.chat_update(channel=company.shared.id, ts=hers.ts, text="x")) == "cant_update_message"
    await company.client.chat_delete(channel=company.shared.id, ts=reply["ts"])
    assert len(company.ana.sees(company.shared, root["ts"])) == 1


async def test_an_ephemeral_message_is_for_its_reader(company: Company) -> None:
    await company.client.chat_postEphemeral(channel=company.shared.id, user=company.ana.id, text="Only you")
    assert [message.said for message in company.ana.sees(company.shared)] == ["Only you"]
    assert company.sam.sees(company.shared) == []
    assert (await company.client.conversations_history(channel=company.shared.id))["messages"] == []
    assert (
        await refused(company.client.chat_postEphemeral(channel=company.shared.id, user=company.rita.id, text="x"))
        == "user_not_in_channel"
    )


async def test_channels_that_the_app_may_not_use(company: Company) -> None:
    hidden = company.slack.add_channel("hidden", company.slack.installing_team, private=True, bot=False)
    other = company.slack.add_channel("public", company.slack.installing_team, bot=False)
    assert await refused(company.client.chat_postMessage(channel=hidden.id, text="x")) == "channel_not_found"
    assert await refused(company.client.chat_postMessage(channel=other.id, text="x")) == "not_in_channel"
    assert (await company.client.conversations_info(channel=other.id))["channel"]["is_member"] is False
    company.slack.add_bot_to(other)
    assert (await company.client.chat_postMessage(channel=other.id, text="x"))["ok"]
    old = company.support.id
    company.slack.change_id(company.support)
    assert await refused(company.client.chat_postMessage(channel=old, text="x")) == "channel_not_found"
    assert (await company.client.conversations_info(channel=company.shared.id))["channel"]["is_ext_shared"] is True
    company.slack.sever(company.shared)
    assert (await company.client.conversations_info(channel=company.shared.id))["channel"]["is_ext_shared"] is False
    assert company.ana.sees(company.shared) == []
    assert (await company.client.conversations_members(channel=company.shared.id))["members"] == [
        company.sam.id,
        company.slack.bot_user_id,
    ]
    mine = (await company.client.users_conversations(types="public_channel,private_channel"))["channels"]
    assert {channel["id"] for channel in mine} == {company.shared.id, company.support.id, other.id}


async def test_a_severed_channel_of_another_host_is_gone(company: Company) -> None:
    theirs = company.slack.add_channel(
        "theirs", company.ana.user.team, [company.ana, company.sam], shared_with=[company.slack.installing_team]
    )
    await company.client.chat_postMessage(channel=theirs.id, text="x")
    company.slack.sever(theirs)
    assert await refused(company.client.chat_postMessage(channel=theirs.id, text="x")) == "channel_not_found"


async def test_people_of_both_companies(company: Company) -> None:
    ana = (await company.client.users_info(user=company.ana.id, include_locale=True))["user"]
    assert (ana["team_id"], ana["is_stranger"], ana["tz"]) == (company.ana.team_id, False, "America/Sao_Paulo")
    assert "locale" not in ana, "Slack tells it of nobody from another company"
    sam = (await company.client.users_info(user=company.sam.id, include_locale=True))["user"]
    assert sam["locale"] == "en-US"
    assert ana["tz_offset"] == -3 * 3600
    assert "email" not in ana["profile"]
    gus = (await company.client.users_info(user=company.gus.id))["user"]
    assert (gus["is_restricted"], gus["is_ultra_restricted"], "locale" in gus) == (True, False, False)
    assert (await company.client.users_info(user=company.sam.id))["user"]["profile"]["email"] == "sam@pismo.example"
    stranger = company.slack.add_person("Otto", company.ana.user.team)
    assert (await company.client.users_info(user=stranger.id))["user"]["is_stranger"] is True
    assert await refused(company.client.conversations_open(users=stranger.id)) == "user_not_found"
    opened = await company.client.conversations_open(users=company.ana.id)
    await company.client.chat_postMessage(channel=opened["channel"]["id"], text="Hello")
    await company.client.chat_postMessage(channel=company.ana.id, text="Again")
    assert [message.said for message in company.ana.direct_messages()] == ["Hello", "Again"]
    group = company.slack.add_usergroup([company.rita])
    assert (await company.client.usergroups_users_list(usergroup=group))["users"] == [company.rita.id]


async def test_tokens_and_scopes(company: Company) -> None:
    answer = await company.client.auth_test()
    assert answer["user_id"] == company.slack.bot_user_id
    assert "chat:write" in answer.headers["X-OAuth-Scopes"]
    wrong = AsyncWebClient(token="xoxb-wrong", base_url=company.slack.api_url)
    assert await refused(wrong.auth_test()) == "invalid_auth"
    assert await refused(company.client.api_call("chat.shout")) == "unknown_method"
    company.slack.scopes.discard("users:read")
    with pytest.raises(SlackApiError) as caught:
        await company.client.users_info(user=company.ana.id)
    assert (caught.value.response["error"], caught.value.response["needed"]) == ("missing_scope", "users:read")
    company.slack.revoke_tokens()
    assert await refused(company.client.auth_test()) == "token_revoked"
    company.slack.uninstall()
    assert await refused(company.client.auth_test()) == "account_inactive"


async def test_bookmarks_pins_and_links(company: Company) -> None:
    card = await company.client.chat_postMessage(channel=company.shared.id, text="Card")
    link = (await company.client.chat_getPermalink(channel=company.shared.id, message_ts=card["ts"]))["permalink"]
    mark = (await company.client.bookmarks_add(channel_id=company.shared.id, title="Onboarding", type="link", link=link))[
        "bookmark"
    ]
    await company.client.bookmarks_edit(channel_id=company.shared.id, bookmark_id=mark["id"], title="New")
    assert (await company.client.bookmarks_list(channel_id=company.shared.id))["bookmarks"][0]["title"] == "New"
    await company.client.bookmarks_remove(channel_id=company.shared.id, bookmark_id=mark["id"])
    assert company.shared.bookmarks == []
    await company.client.pins_add(channel=company.shared.id, timestamp=card["ts"])
    assert await refused(company.client.pins_add(channel=company.shared.id, timestamp=card["ts"])) == "already_pinned"


async def test_files_go_up_come_down_and_are_deleted_by_their_owner(company: Company) -> None:
    root = await company.client.chat_postMessage(channel=company.shared.id, text="Thread")
    up = await company.client.files_upload_v2(
        channel=company.shared.id,
        thread_ts=root["ts"],
        filename="plan.ics",
        content=b"BEGIN:VCALENDAR",
        initial_comment="Session",
    )
    shown = company.ana.sees(company.shared, root["ts"])[-1]
    assert (shown.text, shown.files[0].name, shown.files[0].content) == ("Session", "plan.ics", b"BEGIN:VCALENDAR")
    info = (await company.client.files_info(file=up["files"][0]["id"]))["file"]
    async with aiohttp.ClientSession() as session:
        async with session.get(info["url_private"], headers={"Authorization": f"Bearer {company.slack.bot_token}"}) as response:
            assert await response.read() == b"BEGIN:VCALENDAR"
        async with session.get(info["url_private"]) as response:
            assert "Sign in" in await response.text()
    await company.client.files_delete(file=info["id"])
    assert company.ana.sees(company.shared, root["ts"])[-1].files == []
    assert await refused(company.client.files_info(file=info["id"])) == "file_not_found"


async def test_triggers_hashes_and_external_ids(company: Company) -> None:
    view = modal(field_of("name", "Name"), external_id="one")
    trigger = company.slack.new_trigger(company.ana.user)
    opened = (await company.client.views_open(trigger_id=trigger, view=view))["view"]
    assert await refused(company.client.views_open(trigger_id=trigger, view=view)) == "exchanged_trigger_id"
    fresh = company.slack.new_trigger(company.sam.user)
    assert await refused(company.client.views_open(trigger_id=fresh, view=view)) == "duplicate_external_id"
    company.slack.trigger_seconds = 0
    assert (
        await refused(company.client.views_open(trigger_id=company.slack.new_trigger(company.sam.user), view=modal()))
        == "invalid_arguments"
    )
    late = company.slack.new_trigger(company.sam.user)
    assert await refused(company.client.views_open(trigger_id=late, view=modal(field_of("a", "A")))) == "expired_trigger_id"
    await company.ana.fill({"Name": "Ana"})
    wider = modal(field_of("name", "Name"), field_of("city", "City"), external_id="one")
    updated = (await company.client.views_update(external_id="one", view=wider, hash=opened["hash"]))["view"]
    assert updated["state"]["values"]["name"]["value"]["value"] == "Ana"
    assert await refused(company.client.views_update(view_id=opened["id"], view=wider, hash=opened["hash"])) == "hash_conflict"
    await company.ana.close()
    assert await refused(company.client.views_update(view_id=opened["id"], view=wider)) == "not_found"


async def test_lists_come_in_pages(company: Company) -> None:
    for number in range(5):
        await company.client.chat_postMessage(channel=company.shared.id, text=str(number))
    seen = [
        message["text"]
        async for page in await company.client.conversations_history(channel=company.shared.id, limit=2)
        for message in page["messages"]
    ]
    assert seen == ["4", "3", "2", "1", "0"]


async def test_a_response_url_works_five_times(company: Company) -> None:
    await company.client.chat_postMessage(channel=company.shared.id, text="Old", blocks=actions(button("Go", "go")))
    message = company.shared.messages[0]
    _, url = company.slack.new_response_url(company.ana.user, company.shared, message)
    async with aiohttp.ClientSession() as session:

        async def send(**body: Any) -> int:
            async with session.post(url, json=body) as response:
                return response.status

        assert await send(text="for you") == 200
        assert await send(text="for all", response_type="in_channel") == 200
        assert await send(text="New", replace_original=True) == 200
        assert await send(blocks=[{"type": "header", "text": plain("x" * 151)}]) == 400
        assert [m.text for m in company.sam.sees(company.shared)] == ["New", "for all"]
        assert [m.text for m in company.ana.sees(company.shared)] == ["New", "for you", "for all"]
        assert await send(delete_original=True) == 200
        assert await send(text="fifth") == 200
        assert await send(text="sixth") == 404
    assert [m.text for m in company.sam.sees(company.shared)] == ["for all"]
