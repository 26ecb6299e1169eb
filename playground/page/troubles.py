"""What Slack says when an act goes wrong."""

from collections.abc import Awaitable, Mapping

from playground.slack import Outcome, View

_SENTENCES = {
    "operation_timeout": "The app did not answer in time. Try again? (operation_timeout)",
    "dispatch_failed": "The app could not be reached. Try again? (dispatch_failed)",
    "http_error": "The app answered with an error. Try again? (http_error)",
    "view_gone": "This form is no longer open.",
    "message_gone": "This message is no longer there.",
}


def sentence(error: str) -> str:
    """Slack's warning for an act that was not acknowledged."""
    return _SENTENCES.get(error, f"We had some trouble connecting. Try again? ({error})")


async def of(act: Awaitable[Outcome]) -> str:
    """Do it and say what went wrong; empty if nothing did."""
    try:
        outcome = await act
    except LookupError:
        return "This has changed in the meantime. Look again."
    except (ValueError, PermissionError) as error:
        return str(error)
    return "" if outcome.ok else sentence(outcome.error or "")


def by_block(view: View, errors: Mapping[str, str]) -> dict[str, str]:
    """Errors by label as errors by block_id."""
    return {
        block["block_id"]: errors[block["label"]["text"]]
        for block in view.blocks
        if block["type"] == "input" and block["label"]["text"] in errors
    }
