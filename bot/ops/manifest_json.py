"""The app's manifest as Slack takes it pasted: JSON, for Socket Mode or for HTTP."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from bot.config import addresses

PATH = "/slack/events"
"""Where the bot takes all of Slack's requests."""

Manifest = dict[str, Any]


class AddressError(ValueError):
    """Slack can't send requests there. The text says why, and what to give instead."""


def read(path: Path) -> Manifest:
    """Raises OSError, and yaml.YAMLError if it is no YAML."""
    written: Manifest = yaml.safe_load(path.read_text("utf-8"))
    return written


def request_url(address: str) -> str:
    """The request URL of a bot at ``address``, which may have a path and need not end with Slack's. Raises AddressError."""
    how = "give the https:// address that Slack reaches the bot at, such as https://onboarding.example.com"
    address = address.strip().rstrip("/")
    wrong = "begins with http://, where Slack sends nothing" if address.startswith("http://") else addresses.fault(address)
    if not wrong and addresses.is_loopback(urlsplit(address).hostname or ""):
        wrong = "is this machine itself, which Slack doesn't reach"
    if wrong:
        raise AddressError(f"{wrong} - {how}")
    return address if address.endswith(PATH) else address + PATH


def for_http(manifest: Manifest, url: str) -> Manifest:
    """The manifest of an app that gets Slack's requests at ``url`` instead of over Socket Mode."""
    changed = deepcopy(manifest)
    settings = changed["settings"]
    for command in changed["features"]["slash_commands"]:
        command["url"] = url
    settings["event_subscriptions"]["request_url"] = url
    settings["interactivity"] |= {"request_url": url, "message_menu_options_url": url}  # the latter for selects that search
    settings["socket_mode_enabled"] = False
    return changed


def as_json(manifest: Manifest) -> str:
    return json.dumps(manifest, indent=2, ensure_ascii=False)
