"""Slack's interactive payloads as small typed values. Who acts is read only from ``user``: id and home team.

Bolt's ``context.team_id`` and ``context.actor_team_id`` are not used: for people of another company they name other teams.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.request.payload_utils import (
    to_action,
    to_command,
    to_event,
    to_message,
    to_options,
    to_shortcut,
    to_step,
    to_view,
)

from bot.slack.command_line import read_line
from flows.people import Who

Body = Mapping[str, Any]


class MalformedPayload(Exception):  # noqa: N818  reads as what it is
    """No payload of Slack's, whatever it was signed with. Its cause tells where that showed, and holds nothing of it."""


@contextmanager
def reading() -> Iterator[None]:
    """Around what reads a payload: raises MalformedPayload where a part is missing or of another shape than Slack documents."""
    try:
        yield
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise MalformedPayload from error


_BOLTS = (to_options, to_shortcut, to_action, to_view, to_command, to_event, to_message, to_step)
"""What Bolt reads of each payload to call a listener, and its handler of errors too."""


def check_shape(body: dict[str, Any]) -> None:
    """Raises MalformedPayload where Bolt could not even tell which listener it is for."""
    kind, name = body.get("type"), ""
    with reading():
        if kind == "block_actions":
            name = body["actions"][0]["action_id"]
        elif kind == "block_suggestion":
            name = body["action_id"]
        for part in _BOLTS:
            part(body)
    if not isinstance(name, str) or (kind == "event_callback" and not isinstance(body.get("event"), dict)):
        raise MalformedPayload


def event_id_of(body: Body) -> str:
    """Raises ValueError for an id that no database could hold."""
    event_id = str(body["event_id"])
    if not (event_id.isascii() and event_id.isprintable()):
        raise ValueError
    return event_id


def who_of(body: Body) -> Who:
    """The person of an interactive payload or a slash command."""
    if "user_id" in body:  # slash command: only from the installing team
        return Who(str(body.get("team_id") or ""), str(body["user_id"]))
    user = body["user"]
    return Who(str(user.get("team_id") or (body.get("team") or {}).get("id") or ""), str(user["id"]))


@dataclass(frozen=True)
class Click:
    """A press of a button, or a choice in a menu of an actions block. ``response_url``: empty in a modal and on App Home."""

    who: Who
    action_id: str
    value: str
    trigger_id: str
    channel_id: str = ""
    view: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    response_url: str = ""


def click_of(body: Body) -> Click:
    """``key`` tells a redelivered press from a second one."""
    action = body["actions"][0]
    chosen = action.get("selected_option") or {}
    who = who_of(body)
    container = body.get("container") or {}
    channel = str((body.get("channel") or {}).get("id") or container.get("channel_id") or "")
    ts = str((body.get("message") or {}).get("ts") or container.get("message_ts") or "")
    view = body.get("view") or {}
    place = ts or str(view.get("id", ""))
    return Click(
        who=who,
        action_id=str(action["action_id"]),
        value=str(action.get("value") or chosen.get("value") or ""),
        trigger_id=str(body.get("trigger_id", "")),
        channel_id=channel,
        view=view,
        key=f"click:{who}:{channel}:{place}:{action['action_id']}:{action.get('action_ts', '')}",
        response_url=str(body.get("response_url") or ""),
    )


@dataclass(frozen=True)
class Submitted:
    """A submitted modal. ``values``: what is in its inputs."""

    who: Who
    view: Mapping[str, Any]
    values: Mapping[str, Any]
    key: str


def window_of(view: Mapping[str, Any]) -> str:
    """Names a modal as it was drawn: once redrawn, it is another."""
    return f"view:{view['id']}:{view.get('hash', '')}"


def values_of(view: Mapping[str, Any]) -> Mapping[str, Any]:
    return (view.get("state") or {}).get("values") or {}


def submitted_of(body: Body) -> Submitted:
    view = body["view"]
    return Submitted(who=who_of(body), view=view, values=values_of(view), key=window_of(view))


@dataclass(frozen=True)
class Search:
    """What was typed so far into a searched select of a modal."""

    who: Who
    view: Mapping[str, Any]
    block_id: str
    query: str


def search_of(body: Body) -> Search:
    return Search(who_of(body), {**body["view"]}, str(body.get("block_id", "")), str(body.get("value") or ""))


@dataclass(frozen=True)
class SlashCommand:
    """``/onboarding <verb> <rest>``, as `read_line` reads it. ``mentioned``: a channel's id in it; ``person``: a user's. ``onboarding``:
    the id of one that was chosen from a list since. ``key`` tells a repeated request from a second command; empty if nothing does.
    ``days``: of a report; 0: all."""

    who: Who
    verb: str
    rest: str
    channel_id: str
    trigger_id: str
    key: str = ""
    mentioned: str = ""
    person: str = ""
    onboarding: str = ""
    response_url: str = ""
    days: int = 0


def command_of(body: Body, signature: str = "") -> SlashCommand:
    """``signature``: the request's, over HTTP. Slack gives each command a trigger of its own."""
    text = str(body.get("text") or "")
    line = read_line(text)
    trigger = str(body.get("trigger_id") or "")
    own = trigger or signature
    return SlashCommand(
        who=who_of(body),
        verb=line.verb or ("help" if "?" in text else ""),
        rest=line.rest,
        channel_id=str(body.get("channel_id", "")),
        trigger_id=trigger,
        key=f"command:{own}" if own else "",
        mentioned=line.channel_id,
        person=line.person,
        response_url=str(body.get("response_url") or ""),
    )
