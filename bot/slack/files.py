"""The parts of sending and fetching files that aren't Web API methods: plain HTTP to URLs that Slack gave."""

import hashlib
from pathlib import PurePath
from urllib.parse import urlsplit

import aiohttp

from bot.slack.errors import SlackError

SLACK_HOSTS = ("slack.com", "slack-files.com")
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
"""What stands in for Slack there needs no encryption."""
MAX_BYTES = 200 * 1024
"""The most that is read of a file: a PEM has a few KB, a CSV of 1,000 addresses about 60."""


def marked(name: str, effect_id: str) -> str:
    """``session.ics`` -> ``session-3f9c2a.ics``: a name unique to this effect."""
    path = PurePath(name)
    return f"{path.stem}-{hashlib.sha256(effect_id.encode()).hexdigest()[:6]}{path.suffix}"


async def ends(session: aiohttp.ClientSession, url: str, token: str, api_host: str, most_bytes: int) -> list[bytes]:
    """What is behind a private file URL; of more than ``most_bytes`` the first and the last so many, the last empty if they can't be had.

    The token goes only to Slack's hosts and to the Web API's, and never in the clear.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    known = host == api_host or host.endswith(tuple(f".{ours}" for ours in SLACK_HOSTS))
    if not known or (parts.scheme != "https" and host not in THIS_MACHINE):
        raise SlackError("download", "foreign_address")
    headers = {"Authorization": f"Bearer {token}"}
    first, more = await _read(session, url, headers, most_bytes)
    if not more:
        return [first]
    try:
        last, more = await _read(session, url, {**headers, "Range": f"bytes=-{most_bytes}"}, most_bytes)
    except SlackError as error:
        if error.transient:
            raise
        last, more = b"", False
    return [first, b"" if more else last]


async def _read(session: aiohttp.ClientSession, url: str, headers: dict[str, str], most_bytes: int) -> tuple[bytes, bool]:
    """The first bytes, and whether there are more. Nothing is read if a range was asked for and all was given."""
    try:
        # A token that may not read files is redirected to a sign-in page.
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status == 200 and "Range" in headers:
                return b"", True
            if response.status not in (200, 206):
                raise _refused("download", response)
            content = bytearray()
            async for chunk in response.content.iter_chunked(65_536):
                content += chunk
                if len(content) > most_bytes:
                    return bytes(content[:most_bytes]), True
            return bytes(content), False
    except TimeoutError:
        raise SlackError("download", "timeout") from None
    except (aiohttp.ClientError, OSError):
        raise SlackError("download", "unreachable") from None


def _refused(method: str, response: aiohttp.ClientResponse) -> SlackError:
    """By its status; with a 429, for how long to wait."""
    if response.status >= 400:
        return SlackError.of(method, response)
    return SlackError(method, f"http_{response.status}")


async def send(session: aiohttp.ClientSession, url: str, content: bytes) -> None:
    """Send the bytes to an upload URL; nobody sees them before the upload is completed."""
    try:
        async with session.post(url, data=content) as response:
            if response.status != 200:
                raise _refused("upload", response)
    except TimeoutError:
        raise SlackError("upload", "timeout") from None
    except (aiohttp.ClientError, OSError):
        raise SlackError("upload", "unreachable") from None
