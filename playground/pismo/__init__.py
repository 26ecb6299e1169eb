"""A sandbox in place of the Pismo platform: the contracts of its calls over TLS, and a control path for what people do by hand."""

from playground.pismo.authority import Authority
from playground.pismo.faults import Fault, Faults
from playground.pismo.machine import Machine
from playground.pismo.sandbox import ClientFault, Sandbox
from playground.pismo.signer import Signer
from playground.pismo.standin import PismoStandIn
from playground.pismo.traffic import Seen

__all__ = ["Authority", "ClientFault", "Fault", "Faults", "Machine", "PismoStandIn", "Sandbox", "Seen", "Signer"]
