"""Clients of the outside systems a step calls. The only place that speaks HTTP to them."""

from pismo.client import Pismo
from pismo.errors import Kind, PismoError
from pismo.models import AccessToken, Organization, Program, ProgramsPage
from pismo.tokens import TokenError, TokenFacts, clean_token, read_token

__all__ = [
    "AccessToken",
    "Kind",
    "Organization",
    "Pismo",
    "PismoError",
    "Program",
    "ProgramsPage",
    "TokenError",
    "TokenFacts",
    "clean_token",
    "read_token",
]
