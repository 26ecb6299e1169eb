"""Faults in Slack, in Pismo and on the way between, each a switch."""

from playground.pismo import PismoStandIn
from playground.slack import SlackStandIn

FOREVER = 1_000_000_000
FAULTS = ("slack_slow", "slack_429", "slack_down", "pismo_slow", "pismo_500", "duplicates", "no_tables")
"""As the switches are named in the page's texts, ``demo.switch``."""


class FaultSwitches:
    """By the names of FAULTS; all are off at first."""

    def __init__(self, slack: SlackStandIn, pismo: PismoStandIn) -> None:
        self._slack, self._pismo = slack, pismo
        self._on: dict[str, object] = {}

    def is_on(self, name: str) -> bool:
        return name in self._on

    @property
    def on(self) -> list[str]:
        """The names of the switches that are on."""
        return [name for name in FAULTS if name in self._on]

    def set(self, name: str, *, on: bool) -> None:
        """Raises KeyError for an unknown name."""
        if name not in FAULTS:
            raise KeyError(name)
        if on and name not in self._on:
            self._on[name] = self._begin(name)
        elif not on and name in self._on:
            self._end(name, self._on.pop(name))
        self._slack.changed()

    def _begin(self, name: str) -> object:
        """What was added, so that it can be removed again."""
        slack, pismo = self._slack.faults, self._pismo.faults
        match name:
            case "slack_slow":
                return slack.add("*", "slow", times=None, seconds=2.0)
            case "slack_429":
                return slack.add("*", "429", times=None, retry_after=5)
            case "slack_down":
                slack.waiting.insert(0, slack.add("*", "drop_before", times=None))  # when down, it is neither slow nor limited
                slack.waiting.pop()
                self._slack.drop_sockets()
                return slack.waiting[0]
            case "pismo_slow":
                pismo.add("*", "slow", FOREVER, seconds=6.0)
            case "pismo_500":
                pismo.add("*", "5xx", FOREVER)
            case "no_tables":
                slack.tables = False
                return None
            case _:
                slack.duplicate_deliveries = True
                return None
        return pismo.waiting[-1]

    def _end(self, name: str, fault: object) -> None:
        if name == "duplicates":
            self._slack.faults.duplicate_deliveries = False
            return
        if name == "no_tables":
            self._slack.faults.tables = True
            return
        # By identity: faults compare by value, and others may have added an equal one.
        slack, pismo = self._slack.faults, self._pismo.faults
        slack.waiting[:] = [one for one in slack.waiting if one is not fault]
        pismo.waiting[:] = [one for one in pismo.waiting if one is not fault]
