"""What Slack refused or did not answer, as one error."""

from typing import Any, Self

UNSURE = frozenset(
    {
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "file_update_failed",  # https://github.com/slackapi/python-slack-sdk/issues/1730
        "unreachable",
        "timeout",
        "no_answer",
    }
)
"""There was no answer, or Slack broke off: it may have happened all the same."""
TRANSIENT = UNSURE | {"ratelimited", "rate_limited", "external_channel_migrating"}
"""May pass by themselves."""
LOGGED_OUT = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)
"""Pass once the app is reinstalled and its new token set."""
BARRED = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "is_inactive",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "slack_connect_file_upload_sharing_blocked",
        "missing_scope",
        "no_permission",
        "access_denied",
        "team_access_not_granted",
        "ekm_access_denied",
        "posting_to_general_channel_denied",
        "invalid_channel",
    }
)
"""Pass once people mend it: invite the app, share the channel again, set the right channel, grant a scope."""

UNFIT_BLOCKS = frozenset({"invalid_blocks", "invalid_arguments"})
"""A block is not allowed there, or not yet; the latter of a view."""

NO_THREAD = frozenset({"thread_not_found", "invalid_thread_ts"})
"""A thread's root message is gone."""

NO_FILE = "file_not_found"

LIMITED_BY_CHANNEL = frozenset({"chat.postMessage"})
"""Slack limits every other method for the workspace as a whole."""
MAX_REST = 300.0
"""Seconds that a rest lasts, at most: then Slack is asked again."""


class SlackError(Exception):
    """``error``: Slack's code, or ``unreachable``, ``timeout``, ``http_503``. ``retry_after``: seconds, given with 429. ``scope``: the
    missing one, given with ``missing_scope``."""

    def __init__(
        self, method: str, error: str, *, retry_after: float | None = None, detail: tuple[str, ...] = (), scope: str = ""
    ) -> None:
        super().__init__(f"{method}: {error}")
        self.method, self.error, self.retry_after, self.detail, self.scope = method, error, retry_after, detail, scope

    @property
    def transient(self) -> bool:
        """Whether the same call may succeed later."""
        return self.retry_after is not None or self.error in TRANSIENT | LOGGED_OUT or self.error.startswith("http_5")

    @property
    def unsure(self) -> bool:
        """Whether the call may have been carried out: there was no answer, or one that says nothing about it."""
        return self.retry_after is None and (self.error in UNSURE or self.error.startswith("http_5"))

    @property
    def of_channel(self) -> bool:
        """Whether a limit holds for the channel, rather than for the method wherever it is called."""
        return self.method in LIMITED_BY_CHANNEL

    @property
    def barred(self) -> bool:
        """Whether people must let the app in before the same call may succeed."""
        return self.error in BARRED

    @classmethod
    def of(cls, method: str, response: Any) -> Self:
        """From a response of the SDK, or of aiohttp if the body wasn't JSON."""
        status = int(getattr(response, "status_code", None) or getattr(response, "status", 0) or 0)
        headers = {str(name).lower(): str(value) for name, value in dict(getattr(response, "headers", None) or {}).items()}
        data = getattr(response, "data", None)
        body: dict[str, Any] = data if isinstance(data, dict) else {}
        error = str(body.get("error") or (f"http_{status}" if status >= 400 else "no_answer"))
        retry_after = _seconds(headers.get("retry-after")) if status == 429 or error in ("ratelimited", "rate_limited") else None
        messages = (body.get("response_metadata") or {}).get("messages") or []
        scope = str(body.get("needed") or "")
        needed = [f"needed: {scope}"] if scope else []
        detail = tuple(str(text) for text in [*messages, *needed])[:5]
        return cls(method, error, retry_after=retry_after, detail=detail, scope=scope)


def _seconds(header: str | None) -> float:
    try:
        return min(max(0.0, float(header or 30)), MAX_REST)
    except ValueError:
        return 30.0
