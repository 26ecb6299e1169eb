"""A strict stand-in for the Service Desk: the few calls the bot makes to Jira Service Management's REST interface."""

from playground.service_desk.server import ServiceDeskStandIn
from playground.service_desk.world import EN, PT

__all__ = ["EN", "PT", "ServiceDeskStandIn"]
