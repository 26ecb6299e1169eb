"""A stand-in for the Pismo platform: the contracts of its calls, and a control path for what people do by hand."""

from playground.pismo.faults import Fault, Faults
from playground.pismo.standin import PismoStandIn
from playground.pismo.traffic import Seen

__all__ = ["Fault", "Faults", "PismoStandIn", "Seen"]
