"""Where a holiday makes somebody wait, they are told so."""

from zoneinfo import ZoneInfo

from flows import business_time
from flows.cases.case import Case


def tell_if_support_is_off(case: Case, step_id: str) -> None:
    """In the step's thread at the customer, where something waits for support from now on: which holiday it is there, and until when."""
    calendar = case.rules.support_calendar
    name = business_time.holiday(calendar, case.now.astimezone(ZoneInfo(calendar.timezone)).date())
    if name and not calendar.always_open:
        opens = business_time.next_open(calendar, case.now)
        case.say("customer", step_id, "support_holiday", holiday=name, until=int(opens.timestamp()))
