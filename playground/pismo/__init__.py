"""A sandbox in place of the Pismo platform: its calls as documented, over TLS, and a control path for what people do by hand."""

from playground.pismo.authority import Authority
from playground.pismo.faults import PismoFault, PismoFaults
from playground.pismo.machine import Machine
from playground.pismo.sandbox import ClientFault, Sandbox
from playground.pismo.signer import Signer
from playground.pismo.standin import PismoStandIn
from playground.pismo.traffic import SeenRequest

__all__ = ["Authority", "ClientFault", "Machine", "PismoFault", "PismoFaults", "PismoStandIn", "Sandbox", "SeenRequest", "Signer"]
