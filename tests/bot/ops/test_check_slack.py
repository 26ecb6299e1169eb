"""What `check` says of Slack: right, wrong and how to mend it, or that Slack does not tell."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from bot.config.settings import Settings
from bot.ops.check import read_manifest
from bot.ops.check_line import Line
from bot.ops.check_slack import slack_lines
from playground.slack import Channel, SlackPerson, SlackStandIn

SAME_APP = "ok: SLACK_APP_TOKEN: Slack offers it a connection of Socket Mode, and it is of the same app as SLACK_BOT_TOKEN"
APP = (
    "note: Slack app: whether it has the command, buttons and events of app_manifest.yaml could not be seen: they are there once that is "
    "pasted into the app's page, App Manifest"
)
PASTE = "paste app_manifest.yaml into the Slack app's page, App Manifest, and reinstall the app"


@dataclass
class Company:
    slack: SlackStandIn
    support: Channel
    sam: SlackPerson
    settings: Settings

    def sets(self, **values: str) -> None:
        secrets = ("slack_bot_token", "slack_app_token", "slack_signing_secret")
        typed = {name: SecretStr(value) if name in secrets else value for name, value in values.items()}
        self.settings = self.settings.model_copy(update=typed)

    async def check(self) -> dict[str, str]:
        """By what they are about, in their order."""
        wanted, _ = read_manifest(self.settings)
        lines: list[Line] = [line async for line in slack_lines(self.settings, wanted)]
        return {line.name: str(line) for line in lines}


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    async with SlackStandIn("unused") as slack:
        pismo = slack.add_team("Pismo")
        support = slack.add_channel("support", pismo, private=True)
        sam = slack.add_person("Sam", pismo)
        slack.invite(sam, support)
        one = Company(slack, support, sam, Settings(slack_api_url=slack.api_url, support_channel=support.id))
        one.sets(slack_bot_token=slack.bot_token, slack_app_token=slack.app_token)
        yield one


async def test_what_slack_tells_is_right_and_what_it_does_not_tell_is_a_note(company: Company) -> None:
    assert list((await company.check()).values()) == [
        "ok: Slack token: works in the workspace Pismo",
        "ok: Slack scopes: everything the manifest asks for",
        SAME_APP,
        APP,
        "ok: SUPPORT_CHANNEL: the bot is in #support",
    ]
    company.slack.names_scopes = False
    company.slack.remove(company.sam, company.support)
    told = await company.check()
    assert told["Slack scopes"] == "note: Slack scopes: could not be seen: Slack named none"
    assert (
        told["SUPPORT_CHANNEL"]
        == "note: SUPPORT_CHANNEL: the bot is alone in #support: whoever of the workspace is invited there is support"
    )
    company.sets(slack_app_token="", slack_signing_secret="0123456789abcdef0123456789abcdef")
    told = await company.check()
    assert told["SLACK_SIGNING_SECRET"].startswith(
        "note: SLACK_SIGNING_SECRET: whether Slack sends its requests here, signed with"
    )
    assert "manifest --http URL prints" in told["SLACK_SIGNING_SECRET"]
    assert not any(line.startswith("wrong") for line in told.values())


async def test_an_optional_scope_is_missed_only_where_a_user_group_is_set(company: Company) -> None:
    company.slack.scopes -= {"usergroups:read"}
    told = await company.check()
    assert told["Slack scopes"] == "ok: Slack scopes: all that are needed; not granted, since optional: usergroups:read"
    company.slack.scopes -= {"bookmarks:read"}
    assert (await company.check())["Slack scopes"] == f"wrong: Slack scopes: missing: bookmarks:read - {PASTE}"
    company.slack.scopes |= {"bookmarks:read"}

    company.sets(support_usergroup=company.slack.add_usergroup([company.sam]))
    told = await company.check()
    missing = "wrong: Slack scopes: missing: usergroups:read (for SUPPORT_USERGROUP)"
    assert told["Slack scopes"] == f"{missing} - {PASTE}; an optional scope has to be granted there"
    company.slack.names_scopes = False
    told = await company.check()
    assert told["SUPPORT_USERGROUP"] == f"wrong: SUPPORT_USERGROUP: its members cannot be read without usergroups:read - {PASTE}"
    company.slack.names_scopes = True
    company.slack.scopes |= {"usergroups:read"}
    told = await company.check()
    assert told["Slack scopes"] == "ok: Slack scopes: everything the manifest asks for"
    assert told["SUPPORT_USERGROUP"] == "ok: SUPPORT_USERGROUP: members: 1"

    company.sets(support_usergroup="S0NONE")
    assert (await company.check())["SUPPORT_USERGROUP"].startswith(
        "wrong: SUPPORT_USERGROUP: Slack returned no_such_subteam - set the group's ID"
    )
    company.sets(support_usergroup=company.slack.add_usergroup([]))
    assert (await company.check())["SUPPORT_USERGROUP"].startswith("note: SUPPORT_USERGROUP: has no members")


async def test_the_app_level_token_is_tried(company: Company) -> None:
    slack, right = company.slack, company.slack.app_token
    slack.app_scopes.clear()
    assert (await company.check())["SLACK_APP_TOKEN"].startswith(
        "wrong: SLACK_APP_TOKEN: Slack returned missing_scope - make an app-level token with the scope connections:write"
    )
    slack.app_scopes.add("connections:write")
    slack.faults.add("apps.connections.open", "429")
    assert (await company.check())["SLACK_APP_TOKEN"].startswith(
        "note: SLACK_APP_TOKEN: could not be seen: Slack returned ratelimited"
    )

    slack.app_token = "xapp-1-A0ELSE-1-2"
    wrong = await company.check()
    assert "Slack returned invalid_auth" in wrong["SLACK_APP_TOKEN"]
    assert right not in str(wrong)
    company.sets(slack_app_token=slack.app_token)
    assert (await company.check())["SLACK_APP_TOKEN"] == (
        f"wrong: SLACK_APP_TOKEN: is of the app A0ELSE, and SLACK_BOT_TOKEN of {slack.app_id} - take both from the page of one app"
    )
    slack.app_token = "xapp-of-another-form"
    company.sets(slack_app_token=slack.app_token)
    assert (await company.check())["SLACK_APP_TOKEN"].startswith(
        "note: SLACK_APP_TOKEN: Slack offers it a connection of Socket Mode; "
    )
    slack.app_token = right
    company.sets(slack_app_token=right)
    assert (await company.check())["SLACK_APP_TOKEN"] == SAME_APP


async def test_a_token_that_slack_refuses_hides_nothing_of_the_other(company: Company) -> None:
    slack = company.slack
    slack.org_wide = True
    assert (await company.check())["Slack token"].startswith(
        "wrong: Slack token: is of an installation in the whole organization Pismo - install the app into the workspace"
    )
    slack.org_wide, right = False, slack.bot_token
    slack.faults.add("conversations.info", "internal_error")
    assert (await company.check())["SUPPORT_CHANNEL"].startswith(
        "note: SUPPORT_CHANNEL: could not be seen: Slack returned internal"
    )
    slack.bot_token = "xoxb-another"
    told = await company.check()
    assert [*told] == ["Slack token", "SLACK_APP_TOKEN"]
    assert told["Slack token"].startswith("wrong: Slack token: Slack returned invalid_auth - copy the Bot User OAuth Token")
    assert told["SLACK_APP_TOKEN"].startswith("note: ")
    slack.bot_token = right
    assert (await company.check())["SLACK_APP_TOKEN"] == SAME_APP
