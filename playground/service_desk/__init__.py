"""A strict stand-in for the Service Desk: the few calls the bot makes to Jira Service Management's REST interface."""

from playground.service_desk.server import ServiceDeskStandIn
from playground.service_desk.world import CHOICES, EN, PT

__all__ = ["CHOICES", "EN", "PT", "ServiceDeskStandIn"]
