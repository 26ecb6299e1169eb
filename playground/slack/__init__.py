"""A strict stand-in for Slack, in one process: Web API, signed HTTP deliveries, Socket Mode, and people who read and click."""

from playground.slack.core import UnmetError
from playground.slack.forms import FileUpload
from playground.slack.person import Person, UnloadedError
from playground.slack.reader import Outcome
from playground.slack.records import Call, Delivery, Sent, Violation
from playground.slack.screen import Seen
from playground.slack.server import Slack
from playground.slack.world import Channel, Message, Team, View

__all__ = [
    "Call",
    "Channel",
    "Delivery",
    "FileUpload",
    "Message",
    "Outcome",
    "Person",
    "Seen",
    "Sent",
    "Slack",
    "Team",
    "UnloadedError",
    "UnmetError",
    "View",
    "Violation",
]
