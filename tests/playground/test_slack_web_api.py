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


async def test_metadata_threads_and_the_update_that_drops_blocks(at: Company) -> None:
    metadata = {"event_type": "onb_msg", "event_payload": {"outbox_id": "o1"}}
    root = await at.client.chat_postMessage(
        channel=at.shared.id, text="Card", blocks=actions(button("Go", "go")), metadata=metadata
    )
    reply = await at.client.chat_postMessage(channel=at.shared.id, text="In the thread", thread_ts=root["ts"])
    assert [message.text for message in at.ana.sees(at.shared)] == ["Card"]
    assert [message.text for message in at.ana.sees(at.shared, root["ts"])] == ["Card", "In the thread"]
    await at.client.chat_update(channel=at.shared.id, ts=root["ts"], text="Only words")
    found = await at.client.conversations_replies(channel=at.shared.id, ts=root["ts"], include_all_metadata=True)
    first, second = found["messages"]
    assert (first["text"], first.get("blocks"), first["metadata"]) == ("Only words", None, metadata)
    assert first["edited"]["user"] == at.slack.bot_user_id
    assert second["ts"] == reply["ts"]
    assert "metadata" not in (await at.client.conversations_history(channel=at.shared.id))["messages"][0]
    assert await refused(at.client.chat_update(channel=at.shared.id, ts=root["ts"], text="x" * 4001)) == "msg_too_long"
    assert await refused(at.client.chat_update(channel=at.shared.id, ts="1.1", text="x")) == "message_not_found"
    hers = await at.ana.say(at.shared, "mine")
    assert await refused(at.client.chat_update(channel=at.shared.id, ts=hers.ts, text="x")) == "cant_update_message"
    await at.client.chat_delete(channel=at.shared.id, ts=reply["ts"])
    assert len(at.ana.sees(at.shared, root["ts"])) == 1


async def test_an_ephemeral_message_is_for_its_reader(at: Company) -> None:
    await at.client.chat_postEphemeral(channel=at.shared.id, user=at.ana.id, text="Only you")
    assert [message.said for message in at.ana.sees(at.shared)] == ["Only you"]
    assert at.sam.sees(at.shared) == []
    assert (await at.client.conversations_history(channel=at.shared.id))["messages"] == []
    assert await refused(at.client.chat_postEphemeral(channel=at.shared.id, user=at.rita.id, text="x")) == "user_not_in_channel"


async def test_channels_that_the_app_may_not_use(at: Company) -> None:
    hidden = at.slack.add_channel("hidden", at.slack.installing_team, private=True, bot=False)
    other = at.slack.add_channel("public", at.slack.installing_team, bot=False)
    assert await refused(at.client.chat_postMessage(channel=hidden.id, text="x")) == "channel_not_found"
    assert await refused(at.client.chat_postMessage(channel=other.id, text="x")) == "not_in_channel"
    assert (await at.client.conversations_info(channel=other.id))["channel"]["is_member"] is False
    at.slack.add_bot_to(other)
    assert (await at.client.chat_postMessage(channel=other.id, text="x"))["ok"]
    old = at.support.id
    at.slack.change_id(at.support)
    assert await refused(at.client.chat_postMessage(channel=old, text="x")) == "channel_not_found"
    assert (await at.client.conversations_info(channel=at.shared.id))["channel"]["is_ext_shared"] is True
    at.slack.sever(at.shared)
    assert (await at.client.conversations_info(channel=at.shared.id))["channel"]["is_ext_shared"] is False
    assert at.ana.sees(at.shared) == []
    assert (await at.client.conversations_members(channel=at.shared.id))["members"] == [at.sam.id, at.slack.bot_user_id]
    mine = (await at.client.users_conversations(types="public_channel,private_channel"))["channels"]
    assert {channel["id"] for channel in mine} == {at.shared.id, at.support.id, other.id}


async def test_a_severed_channel_of_another_host_is_gone(at: Company) -> None:
    theirs = at.slack.add_channel("theirs", at.ana.user.team, [at.ana, at.sam], shared_with=[at.slack.installing_team])
    await at.client.chat_postMessage(channel=theirs.id, text="x")
    at.slack.sever(theirs)
    assert await refused(at.client.chat_postMessage(channel=theirs.id, text="x")) == "channel_not_found"


async def test_people_of_both_companies(at: Company) -> None:
    ana = (await at.client.users_info(user=at.ana.id, include_locale=True))["user"]
    assert (ana["team_id"], ana["is_stranger"], ana["locale"], ana["tz"]) == (at.ana.team_id, False, "pt-BR", "America/Sao_Paulo")
    assert ana["tz_offset"] == -3 * 3600
    assert "email" not in ana["profile"]
    gus = (await at.client.users_info(user=at.gus.id))["user"]
    assert (gus["is_restricted"], gus["is_ultra_restricted"], "locale" in gus) == (True, False, False)
    assert (await at.client.users_info(user=at.sam.id))["user"]["profile"]["email"] == "sam@pismo.example"
    stranger = at.slack.add_person("Otto", at.ana.user.team)
    assert (await at.client.users_info(user=stranger.id))["user"]["is_stranger"] is True
    assert await refused(at.client.conversations_open(users=stranger.id)) == "user_not_found"
    opened = await at.client.conversations_open(users=at.ana.id)
    await at.client.chat_postMessage(channel=opened["channel"]["id"], text="Hello")
    await at.client.chat_postMessage(channel=at.ana.id, text="Again")
    assert [message.said for message in at.ana.direct_messages()] == ["Hello", "Again"]
    group = at.slack.add_usergroup([at.rita])
    assert (await at.client.usergroups_users_list(usergroup=group))["users"] == [at.rita.id]


async def test_tokens_and_scopes(at: Company) -> None:
    answer = await at.client.auth_test()
    assert answer["user_id"] == at.slack.bot_user_id
    assert "chat:write" in answer.headers["X-OAuth-Scopes"]
    wrong = AsyncWebClient(token="xoxb-wrong", base_url=at.slack.api_url)
    assert await refused(wrong.auth_test()) == "invalid_auth"
    assert await refused(at.client.api_call("chat.shout")) == "unknown_method"
    at.slack.scopes.discard("users:read")
    with pytest.raises(SlackApiError) as caught:
        await at.client.users_info(user=at.ana.id)
    assert (caught.value.response["error"], caught.value.response["needed"]) == ("missing_scope", "users:read")
    at.slack.revoke_tokens()
    assert await refused(at.client.auth_test()) == "token_revoked"
    at.slack.uninstall()
    assert await refused(at.client.auth_test()) == "account_inactive"


async def test_bookmarks_pins_and_links(at: Company) -> None:
    card = await at.client.chat_postMessage(channel=at.shared.id, text="Card")
    link = (await at.client.chat_getPermalink(channel=at.shared.id, message_ts=card["ts"]))["permalink"]
    mark = (await at.client.bookmarks_add(channel_id=at.shared.id, title="Onboarding", type="link", link=link))["bookmark"]
    await at.client.bookmarks_edit(channel_id=at.shared.id, bookmark_id=mark["id"], title="New")
    assert (await at.client.bookmarks_list(channel_id=at.shared.id))["bookmarks"][0]["title"] == "New"
    await at.client.bookmarks_remove(channel_id=at.shared.id, bookmark_id=mark["id"])
    assert at.shared.bookmarks == []
    await at.client.pins_add(channel=at.shared.id, timestamp=card["ts"])
    assert await refused(at.client.pins_add(channel=at.shared.id, timestamp=card["ts"])) == "already_pinned"


async def test_files_go_up_come_down_and_are_deleted_by_their_owner(at: Company) -> None:
    root = await at.client.chat_postMessage(channel=at.shared.id, text="Thread")
    up = await at.client.files_upload_v2(
        channel=at.shared.id, thread_ts=root["ts"], filename="plan.ics", content=b"BEGIN:VCALENDAR", initial_comment="Session"
    )
    shown = at.ana.sees(at.shared, root["ts"])[-1]
    assert (shown.text, shown.files[0].name, shown.files[0].content) == ("Session", "plan.ics", b"BEGIN:VCALENDAR")
    info = (await at.client.files_info(file=up["files"][0]["id"]))["file"]
    async with aiohttp.ClientSession() as session:
        async with session.get(info["url_private"], headers={"Authorization": f"Bearer {at.slack.bot_token}"}) as response:
            assert await response.read() == b"BEGIN:VCALENDAR"
        async with session.get(info["url_private"]) as response:
            assert "Sign in" in await response.text()
    await at.client.files_delete(file=info["id"])
    assert at.ana.sees(at.shared, root["ts"])[-1].files == []
    assert await refused(at.client.files_info(file=info["id"])) == "file_not_found"


async def test_triggers_hashes_and_external_ids(at: Company) -> None:
    view = modal(field_of("name", "Name"), external_id="one")
    trigger = at.slack.new_trigger(at.ana.user)
    opened = (await at.client.views_open(trigger_id=trigger, view=view))["view"]
    assert await refused(at.client.views_open(trigger_id=trigger, view=view)) == "exchanged_trigger_id"
    fresh = at.slack.new_trigger(at.sam.user)
    assert await refused(at.client.views_open(trigger_id=fresh, view=view)) == "duplicate_external_id"
    at.slack.trigger_seconds = 0
    assert await refused(at.client.views_open(trigger_id=at.slack.new_trigger(at.sam.user), view=modal())) == "invalid_arguments"
    late = at.slack.new_trigger(at.sam.user)
    assert await refused(at.client.views_open(trigger_id=late, view=modal(field_of("a", "A")))) == "expired_trigger_id"
    await at.ana.fill({"Name": "Ana"})
    wider = modal(field_of("name", "Name"), field_of("city", "City"), external_id="one")
    updated = (await at.client.views_update(external_id="one", view=wider, hash=opened["hash"]))["view"]
    assert updated["state"]["values"]["name"]["value"]["value"] == "Ana"
    assert await refused(at.client.views_update(view_id=opened["id"], view=wider, hash=opened["hash"])) == "hash_conflict"
    await at.ana.close()
    assert await refused(at.client.views_update(view_id=opened["id"], view=wider)) == "not_found"


async def test_lists_come_in_pages(at: Company) -> None:
    for number in range(5):
        await at.client.chat_postMessage(channel=at.shared.id, text=str(number))
    seen = [
        message["text"]
        async for page in await at.client.conversations_history(channel=at.shared.id, limit=2)
        for message in page["messages"]
    ]
    assert seen == ["4", "3", "2", "1", "0"]


async def test_a_response_url_works_five_times(at: Company) -> None:
    await at.client.chat_postMessage(channel=at.shared.id, text="Old", blocks=actions(button("Go", "go")))
    message = at.shared.messages[0]
    _, url = at.slack.new_response_url(at.ana.user, at.shared, message)
    async with aiohttp.ClientSession() as session:

        async def send(**body: Any) -> int:
            async with session.post(url, json=body) as response:
                return response.status

        assert await send(text="for you") == 200
        assert await send(text="for all", response_type="in_channel") == 200
        assert await send(text="New", replace_original=True) == 200
        assert await send(blocks=[{"type": "header", "text": plain("x" * 151)}]) == 400
        assert [m.text for m in at.sam.sees(at.shared)] == ["New", "for all"]
        assert [m.text for m in at.ana.sees(at.shared)] == ["New", "for you", "for all"]
        assert await send(delete_original=True) == 200
        assert await send(text="fifth") == 200
        assert await send(text="sixth") == 404
    assert [m.text for m in at.sam.sees(at.shared)] == ["for all"]
