"""A stand-in for the Service Desk: the few calls of Jira Service Management's REST interface that the bot makes, held strictly."""

from playground.service_desk.server import ServiceDeskStandIn
from playground.service_desk.world import EN, PT

__all__ = ["EN", "PT", "ServiceDeskStandIn"]
