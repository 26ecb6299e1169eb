"""A strict stand-in for Slack, in one process: Web API, signed HTTP deliveries, Socket Mode, and people who read and click."""

from playground.slack.core import UnmetError
from playground.slack.forms import FileUpload
from playground.slack.person import SlackPerson, UnloadedError
from playground.slack.reader import Outcome
from playground.slack.records import Delivery, MessageChange, Sent, Violation, WebApiCall
from playground.slack.screen import SeenMessage
from playground.slack.server import SlackStandIn
from playground.slack.world import Channel, Message, Team, View

__all__ = [
    "Channel",
    "Delivery",
    "FileUpload",
    "Message",
    "MessageChange",
    "Outcome",
    "SeenMessage",
    "Sent",
    "SlackPerson",
    "SlackStandIn",
    "Team",
    "UnloadedError",
    "UnmetError",
    "View",
    "Violation",
    "WebApiCall",
]
