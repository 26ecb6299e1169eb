"""What Slack says when an act goes wrong."""

from collections.abc import Awaitable, Mapping

from playground.page.words import FALLBACK, in_language, say
from playground.slack import Outcome, View
from playground.slack.reader import Reader

_KNOWN = ("operation_timeout", "dispatch_failed", "http_error", "view_gone", "message_gone")


def sentence(reader: Reader, error: str) -> str:
    """Slack's warning for an act that was not acknowledged."""
    return say(reader, error) if error in _KNOWN else say(reader, "trouble", error=error)


async def of(reader: Reader, act: Awaitable[Outcome]) -> str:
    """Do it and say what went wrong; empty if nothing did."""
    try:
        outcome = await act
    except LookupError:
        return say(reader, "changed_meanwhile")
    except (ValueError, PermissionError) as error:
        return str(error)
    return "" if outcome.ok else sentence(reader, outcome.error or "")


_CLIENTS_OWN = {in_language(FALLBACK, key): key for key in ("required", "wrong_email", "wrong_url")}


def by_block(reader: Reader, view: View, errors: Mapping[str, str]) -> dict[str, str]:
    """What Slack's client found wrong, by label, as errors by block_id in the reader's language."""
    words = {label: say(reader, _CLIENTS_OWN[said]) if said in _CLIENTS_OWN else said for label, said in errors.items()}
    return {
        block["block_id"]: words[block["label"]["text"]]
        for block in view.blocks
        if block["type"] == "input" and block["label"]["text"] in errors
    }
