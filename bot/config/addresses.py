"""Addresses in the configuration: what may be called, and where secrets may go unencrypted."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from bot.config.placeholders import is_example_host

HTTPS = "write https:// and the host"
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::[0-9]+)?")
"""A host and its port: with anything between them, `urlsplit` names another host than what calls it."""
_LABEL = re.compile(r"\w(?:[\w-]{0,61}\w)?")
_GRPC = 4317
_SIGNAL = re.compile(r"/v1/(?:traces|metrics|logs)/?$")


def fault(text: str) -> str:
    """What is wrong with the address of a service; empty if nothing. http:// would send tokens in the clear, so that it is only
    for what runs on this machine: ``localhost``, 127.0.0.0/8 and ``[::1]``."""
    parts = _parts(text)
    if parts is None:
        return "is not a URL"
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return "begins with http://, which is only for this machine itself"
    if not is_host(parts.hostname or ""):
        return "has no host that there can be"
    if is_example_host(parts.netloc):
        return "has a placeholder in place of the host"
    return ""


def collector_fault(text: str) -> str:
    """What is wrong with the address of a collector of OpenTelemetry's; empty if nothing. What is sent holds no secret, so that it may go
    over http:// within a network."""
    if wrong := fault(re.sub("^http:", "https:", text)):
        return wrong
    if urlsplit(text).port == _GRPC:
        return f"names the port for gRPC ({_GRPC}), and the bot sends over HTTP"
    return ""


def without_signal(text: str) -> str:
    """Of a collector for everything: each signal's path is added to it."""
    return _SIGNAL.sub("", text)


def is_host(text: str) -> bool:
    """Whether it is an IP address or may be a name. One that ends in a number can only be an address (WHATWG, host parsing)."""
    try:
        return bool(ip_address(text)) and "%" not in text
    except ValueError:
        labels = text.removesuffix(".").split(".")
        return all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def is_loopback(host: str) -> bool:
    """Whether a host's name or address can only mean this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def host(text: str) -> str:
    """An IPv6 address without its brackets."""
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def port(text: str) -> str:
    """Without the protocol that Docker names, and without the colon of an address that has no host."""
    return text.removeprefix(":").removesuffix("/tcp").strip()


def _parts(text: str) -> SplitResult | None:
    """None if it is none, or holds a user, a query, a fragment, or what programs read differently."""
    if re.search(r"[\s\\?#@]|://.*://", text) or not text.isprintable():
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    return parts if port != 0 and parts.scheme in ("http", "https") and _AUTHORITY.fullmatch(parts.netloc) else None
