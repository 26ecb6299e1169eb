"""The traffic between Slack and the app, as rows for a person to inspect."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from heapq import merge
from itertools import islice
from typing import Any, Literal, NamedTuple

from playground.slack.block_kit import Json
from playground.slack.core import Core
from playground.slack.records import Sent, Violation, WebApiCall

TrafficKind = Literal["payload", "call", "refused"]
Verdict = Literal["good", "poor", "bad"]
Filter = Literal["all", "payloads", "calls", "refused"]

SLOW_MS = 1000
"""Taking longer than this to acknowledge deserves a look, even though Slack waits three seconds."""
_KINDS: dict[Filter, tuple[TrafficKind, ...]] = {
    "all": ("payload", "call", "refused"),
    "payloads": ("payload",),
    "calls": ("call",),
    "refused": ("refused",),
}
_NOT_ACKNOWLEDGED = {
    "operation_timeout": "not acknowledged in time",
    "dispatch_failed": "the app was not reached",
}


class Counts(NamedTuple):
    """How many there are of each; also where a reader started looking."""

    payloads: int = 0
    calls: int = 0
    refused: int = 0


@dataclass(frozen=True)
class TrafficRow:
    """`key`: the kind and the place in its list, e.g. ``call-17``. `at`: Unix seconds. `ms`: None if nothing was measured."""

    key: str
    kind: TrafficKind
    at: float
    what: str
    who: str
    ms: float | None
    outcome: str
    verdict: Verdict
    detail: Json = field(repr=False, compare=False)

    def json(self) -> str:
        """Indented, with what people typed exactly as they typed it."""
        return json.dumps(self.detail, indent=2, ensure_ascii=False, default=str)


def counts(core: Core, since: Counts = Counts()) -> Counts:  # noqa: B008 - an immutable value
    return Counts(len(core.deliveries) - since.payloads, len(core.calls) - since.calls, len(core.violations) - since.refused)


def rows(core: Core, shown: Filter = "all", *, since: Counts = Counts(), limit: int = 200) -> list[TrafficRow]:  # noqa: B008 - likewise
    """What came after `since`, newest first, at most `limit`."""
    lists: dict[TrafficKind, tuple[list[Any], int, Callable[[Core, int, Any], TrafficRow]]] = {
        "payload": (core.deliveries, since.payloads, _payload),
        "call": (core.calls, since.calls, _call),
        "refused": (core.violations, since.refused, _refused),
    }
    newest = []
    for kind in _KINDS[shown]:
        records, begin, row = lists[kind]
        first = max(begin, len(records) - limit)
        newest.append([row(core, place, records[place]) for place in range(len(records) - 1, first - 1, -1)])
    return list(islice(merge(*newest, key=lambda row: row.at, reverse=True), limit))


def find(core: Core, key: str) -> TrafficRow | None:
    """The row with that key, however old."""
    kind, _, place = key.rpartition("-")
    number = int(place)
    if kind == "payload" and number < len(core.deliveries):
        return _payload(core, number, core.deliveries[number])
    if kind == "call" and number < len(core.calls):
        return _call(core, number, core.calls[number])
    if kind == "refused" and number < len(core.violations):
        return _refused(core, number, core.violations[number])
    return None


def _payload(core: Core, place: int, sent: Sent) -> TrafficRow:
    what = sent.kind + (f", try {sent.attempt + 1}" if sent.attempt else "")
    outcome = f"acknowledged ({sent.status})" if sent.error is None else _NOT_ACKNOWLEDGED.get(sent.error, sent.error)
    verdict: Verdict = "bad" if sent.error else "poor" if sent.ms > SLOW_MS else "good"
    return TrafficRow(
        f"payload-{place}", "payload", sent.at, what, _who(core, sent.payload), sent.ms, outcome, verdict, sent.payload
    )


def _call(_core: Core, place: int, call: WebApiCall) -> TrafficRow:
    verdict: Verdict = "good" if call.outcome == "ok" else "poor"
    return TrafficRow(f"call-{place}", "call", call.at, call.method, "the app", call.ms, call.outcome, verdict, asdict(call))


def _refused(_core: Core, place: int, violation: Violation) -> TrafficRow:
    return TrafficRow(
        f"refused-{place}",
        "refused",
        violation.at,
        violation.where,
        "the app",
        None,
        f"refused: {violation.error}",
        "bad",
        asdict(violation),
    )


def _who(core: Core, payload: Json) -> str:
    """The name of the person behind a payload; empty if it names nobody."""
    event = payload.get("event") or {}
    found = payload.get("user") or payload.get("user_id") or event.get("user") or (event.get("message") or {}).get("user")
    user_id = found.get("id") if isinstance(found, dict) else found
    if user_id == core.bot_user_id:
        return core.bot_name
    user = core.world.users.get(str(user_id))
    return user.name if user else ""
