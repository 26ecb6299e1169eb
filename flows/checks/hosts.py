"""Whether a host can be reached from the internet, as far as its name tells: nothing is looked up."""

import ipaddress
import re

_RESERVED = (
    *("test", "invalid", "local", "localhost", "onion", "arpa"),  # RFC 6761, RFC 6762, RFC 7686
    *("internal", "lan", "home", "corp", "intranet", "private"),  # never delegated; "internal" is ICANN's for private use
)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)+(?P<top>[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})")


def is_public(host: str) -> bool:
    """``host``: an IP address, or a name in its ASCII form."""
    name = host.casefold().removesuffix(".")
    try:
        return ipaddress.ip_address(name).is_global
    except ValueError:
        found = _NAME.fullmatch(name)
    # Numbers alone are no name: clients read them as addresses in odd notations, such as 127.1.
    return found is not None and len(name) <= 253 and found["top"] not in _RESERVED
