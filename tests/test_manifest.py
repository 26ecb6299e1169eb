"""The manifest and the code ask Slack for the same: commands, events, interactivity and scopes, compared both ways."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
import yaml
from click.testing import CliRunner, Result

from bot.config.settings import Exit
from bot.listeners.commands import SlashCommands
from bot.listeners.events import HANDLED
from bot.ops.cli import main
from playground.slack.registry import METHODS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "app_manifest.yaml").read_text()
BOT = sorted((ROOT / "bot").rglob("*.py"))
READ = frozenset({"channels:read", "groups:read"})
HISTORY = frozenset({"channels:history", "groups:history"})

SCOPES_OF_METHODS: dict[
    str, frozenset[str]
] = {  # docs.slack.dev/reference/methods/<method>, for the kinds of channel the bot is in
    "auth.test": frozenset(),
    "bookmarks.add": frozenset({"bookmarks:write"}),
    "bookmarks.edit": frozenset({"bookmarks:write"}),
    "bookmarks.list": frozenset({"bookmarks:read"}),
    "bots.info": frozenset({"users:read"}),
    "chat.getPermalink": frozenset(),
    "chat.delete": frozenset({"chat:write"}),
    "chat.postEphemeral": frozenset({"chat:write"}),
    "chat.postMessage": frozenset({"chat:write"}),
    "chat.update": frozenset({"chat:write"}),
    "conversations.history": HISTORY,
    "conversations.info": READ,
    "conversations.members": READ,
    "conversations.open": frozenset({"im:write"}),
    "conversations.replies": HISTORY,
    "files.completeUploadExternal": frozenset({"files:write"}),
    "files.delete": frozenset({"files:write"}),
    "files.getUploadURLExternal": frozenset({"files:write"}),
    "files.info": frozenset({"files:read"}),
    "usergroups.users.list": frozenset({"usergroups:read"}),
    "users.conversations": READ,
    "users.info": frozenset({"users:read"}),
    "views.open": frozenset(),
    "views.publish": frozenset(),
    "views.push": frozenset(),
    "views.update": frozenset(),
}
WITH_THE_APP_TOKEN = {"apps.connections.open"}
SCOPES_OF_EVENTS: dict[str, frozenset[str]] = {  # docs.slack.dev/reference/events/<event>
    "app_home_opened": frozenset(),
    "app_uninstalled": frozenset(),
    "channel_id_changed": READ,
    "channel_shared": READ,
    "channel_unarchive": frozenset({"channels:read"}),
    "channel_unshared": READ,
    "file_change": frozenset({"files:read"}),
    "group_archive": frozenset({"groups:read"}),
    "group_unarchive": frozenset({"groups:read"}),
    "member_joined_channel": READ,
    "member_left_channel": READ,
    "message.channels": frozenset({"channels:history"}),
    "message.groups": frozenset({"groups:history"}),
    "subteam_members_changed": frozenset({"usergroups:read"}),
    "tokens_revoked": frozenset(),
    "user_change": frozenset({"users:read"}),
}


def manifest() -> dict[str, Any]:
    loaded = yaml.safe_load(TEXT)
    assert isinstance(loaded, dict)
    return loaded


def printed(*arguments: str) -> Result:
    """By the command, which makes what is pasted for HTTP."""
    return CliRunner().invoke(main, ["manifest", *arguments])


def for_http(address: str = "https://onboarding.example.com") -> dict[str, Any]:
    loaded = json.loads(printed("--http", address).output)
    assert isinstance(loaded, dict)
    return loaded


def scopes() -> set[str]:
    return set(manifest()["oauth_config"]["scopes"]["bot"])


def calls() -> Iterator[ast.Call]:
    for path in BOT:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield node


def methods_called() -> set[str]:
    """`….web.chat_postMessage(…)` -> chat.postMessage: the SDK writes the dots of a method as underscores."""
    found = set()
    for call in calls():
        function = cast(ast.Attribute, call.func)
        if isinstance(function.value, ast.Attribute) and function.value.attr == "web":
            found.add(function.attr.replace("_", "."))
    return found


def listens_for(kind: str) -> list[ast.Call]:
    """`app.<kind>(…)` with Bolt's app."""
    return [
        call for call in calls() if isinstance(call.func, ast.Attribute) and call.func.attr == kind and _name(call.func) == "app"
    ]


def _name(function: ast.Attribute) -> str:
    return function.value.id if isinstance(function.value, ast.Name) else ""


@pytest.mark.parametrize("one", [manifest(), for_http()], ids=["socket mode", "http"])
def test_slack_would_take_it(one: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests/data/manifest.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(one, schema)


def test_for_http_every_kind_of_request_has_its_address() -> None:
    one = for_http()
    interactivity = one["settings"]["interactivity"]
    addresses = {
        *(command["url"] for command in one["features"]["slash_commands"]),
        one["settings"]["event_subscriptions"]["request_url"],
        interactivity["request_url"],
        interactivity["message_menu_options_url"],  # selects that search as people type
    }
    assert addresses == {"https://onboarding.example.com/slack/events"}
    assert one["settings"]["socket_mode_enabled"] is False


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://onboarding.example.com", "begins with http://"),
        ("https://localhost:3000", "is this machine itself"),
        ("onboarding.example.com", "is not a URL"),
        ("https://onboarding.example.com?x=1", "is not a URL"),
        ("", "is not a URL"),
    ],
)
def test_an_address_that_slack_cannot_reach_is_refused(address: str, why: str) -> None:
    refused = printed("--http", address)
    assert refused.exit_code == Exit.CONFIGURATION
    assert refused.output.startswith(f"wrong: --http {why}")
    assert "such as https://onboarding.example.com" in refused.output
    for good in ("https://example.com/bot/", "https://example.com/bot/slack/events"):
        assert for_http(good)["settings"]["interactivity"]["request_url"] == "https://example.com/bot/slack/events"


def test_the_json_says_the_same() -> None:
    """`make manifest` writes it, for Slack's command line."""
    assert json.loads(printed().output) == manifest()
    assert (ROOT / "manifest.json").read_text() == printed().output, "make manifest"


def test_commands_are_those_the_bot_listens_for() -> None:
    listened = {ast.literal_eval(call.args[0]) for call in listens_for("command")}
    assert {command["command"] for command in manifest()["features"]["slash_commands"]} == listened


def verbs() -> set[str]:
    nothing: Any = None  # only its table is read
    return set(SlashCommands(*[nothing] * 8).verbs) - {""}


def test_the_usage_hint_names_every_verb() -> None:
    (command,) = manifest()["features"]["slash_commands"]
    assert set(command["usage_hint"].split(" | ")) == verbs()
    assert command["should_escape"] is True  # a channel that is mentioned comes with its id


def test_events_are_those_that_are_handled() -> None:
    events = {event.partition(".")[0] for event in manifest()["settings"]["event_subscriptions"]["bot_events"]}
    assert events == set(HANDLED)


def test_what_people_press_reaches_the_bot() -> None:
    for kind in ("action", "view", "options"):
        assert listens_for(kind), kind
    assert manifest()["settings"]["interactivity"]["is_enabled"] is True
    assert "views.publish" in methods_called()
    assert manifest()["features"]["app_home"]["home_tab_enabled"] is True


def test_every_method_called_is_in_the_table_and_the_stand_in_agrees_on_its_scope() -> None:
    assert methods_called() == set(SCOPES_OF_METHODS) | WITH_THE_APP_TOKEN
    for name, needed in SCOPES_OF_METHODS.items():
        _, scope = METHODS[name]
        assert scope is None or needed == {scope}, name


def test_scopes_are_what_methods_events_and_commands_need_and_no_more() -> None:
    needed = {"commands"}.union(
        *SCOPES_OF_METHODS.values(),
        *(SCOPES_OF_EVENTS[event] for event in manifest()["settings"]["event_subscriptions"]["bot_events"]),
    )
    assert scopes() == needed


def test_only_what_a_user_group_takes_may_be_left_out_when_the_app_is_installed() -> None:
    """Slack's reference: what is in `bot_optional` stands in `bot` too."""
    assert manifest()["oauth_config"]["scopes"]["bot_optional"] == sorted(SCOPES_OF_METHODS["usergroups.users.list"])
    assert SCOPES_OF_METHODS["usergroups.users.list"] <= scopes()


def test_each_scope_and_event_has_its_reason_in_the_docs() -> None:
    first_cells = re.findall(r"^\| (`[^|]+`) \|", (ROOT / "docs/slack.md").read_text(), flags=re.MULTILINE)
    told = [name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)]
    assert sorted(told) == sorted(scopes() | set(manifest()["settings"]["event_subscriptions"]["bot_events"]))
