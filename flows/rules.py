"""The configured rules of the use cases: journeys, reminder times, calendars, number of approvals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from flows.business_time import BusinessDuration, Calendar
from flows.forms.step import Step, Task
from flows.journey import JOURNEYS, Journeys


@dataclass(frozen=True)
class ReminderTimes:
    """When each side is reminded, in the business time of the side whose turn it is.

    ``customer``: after the turn began, one entry per reminder; then the step is escalated to support.
    ``support_first``, ``support_then``: the first and each later one; after ``support_times``, the support channel is told.
    ``escalate_after``: so long after the last reminder, if nothing happened by then; support is told in its own business hours.
    """

    customer: tuple[BusinessDuration, ...] = (BusinessDuration(days=1), BusinessDuration(days=3), BusinessDuration(days=5))
    support_first: BusinessDuration = BusinessDuration(hours=4)
    support_then: BusinessDuration = BusinessDuration(days=1)
    support_times: int = 3
    escalate_after: BusinessDuration = BusinessDuration(days=1)
    once_a_day: bool = True


@dataclass(frozen=True)
class ReportDay:
    """When the weekly report is posted. ``weekday``: 0 is Monday. ``at``: support's local time; None: when its business hours begin."""

    weekday: int = 0
    at: time | None = None


@dataclass(frozen=True)
class Rules:
    """All policies of one installation, and the journeys it knows."""

    reminders: ReminderTimes = field(default_factory=ReminderTimes)
    support_calendar: Calendar = field(default_factory=lambda: Calendar("America/Sao_Paulo", country="BR", banks=False))
    customer_timezone: str = "America/Sao_Paulo"
    customer_always_open: bool = False
    approvals: Mapping[str, int] = field(default_factory=dict)
    nudge_hours: int = 4  # before an invitation's code expires
    weekly_report: ReportDay | None = field(default_factory=ReportDay)
    renewal_days: tuple[int, ...] = (90, 30, 7)  # before a certificate's last day
    secret_field: str = "client_secret_string"  # noqa: S105  what Pismo calls the field with an OAuth 2 client's secret
    journeys: Journeys = JOURNEYS

    def approvals_of(self, step: Step, task: Task | None = None, *, renewal: bool = False) -> int:
        """How many different people in support must approve a step, or confirm a task; a renewal, at least two."""
        if task is None:
            return self.approvals.get(step.id, step.approvals)
        return max(self.approvals.get(f"{step.id}.{task.id}", task.approvals), 2 if renewal else 0)
