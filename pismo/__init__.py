"""Clients for the outside systems that steps call. The only place that speaks HTTP to them."""

from pismo.client import Pismo
from pismo.environments import Environments
from pismo.errors import PismoError, PismoErrorKind
from pismo.models import AccessToken, AuditPage, Organization, Program, ProgramsPage
from pismo.tls import CertificateError, ClientTls

__all__ = [
    "AccessToken",
    "AuditPage",
    "CertificateError",
    "ClientTls",
    "Environments",
    "Organization",
    "Pismo",
    "PismoError",
    "PismoErrorKind",
    "Program",
    "ProgramsPage",
]
