"""A session as an iCalendar file (RFC 5545): an invitation, or what moves or cancels one that was sent before (RFC 5546); without an
organizer, a plain entry."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from flows.checks.visible import visible
from flows.forms.step import Meeting

if TYPE_CHECKING:
    from icalendar import Event

_UNQUOTED = "@!$'*+"
"""What may stand in a mailto URI as it is (RFC 6068), and is in addresses."""


def session_ics(uid: str, meeting: Meeting, title: str, stamp: datetime, organizer: str = "", names: str = "") -> bytes:
    """Times in UTC. ``stamp``: when the session was set so; of two files about one session, the later holds. ``organizer``: an email
    address; every METHOD takes one (RFC 5546 §3.2), and attendees stand beside one alone (RFC 5545 §3.8.4.1). Without it the file says no
    method, so that no calendar takes it for an invitation (§3.7.2). ``names``: says in the description who attends then."""
    from icalendar import Calendar, Event  # noqa: PLC0415  60 ms that startup needn't pay

    agenda, link = visible(meeting.agenda, lines=True), visible(meeting.link)
    said = (agenda, link) if organizer else (agenda, link, visible(names))
    begins = datetime.fromtimestamp(meeting.starts, UTC)
    event = Event()
    event.add("uid", uid)
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", stamp)
    event.add("dtstart", begins)
    event.add("dtend", begins + timedelta(minutes=meeting.minutes))
    event.add("summary", visible(title))
    event.add("description", "\n".join(said).strip())
    event.add("status", "CANCELLED" if meeting.cancelled else "CONFIRMED")
    if meeting.cancelled:
        event.add("comment", visible(meeting.cancelled, lines=True))
    if link:
        event.add("url", link)
    if organizer:
        _add_people(event, meeting, organizer)
    calendar = Calendar()
    calendar.add("prodid", "-//Pismo onboarding bot//EN")
    calendar.add("version", "2.0")
    if organizer:
        calendar.add("method", "CANCEL" if meeting.cancelled else "REQUEST" if meeting.attendees else "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _add_people(event: "Event", meeting: Meeting, organizer: str) -> None:
    """Nobody is asked to answer: no calendar sends this file, so none waits for answers."""
    from icalendar import vCalAddress  # noqa: PLC0415  as above

    event.add("organizer", vCalAddress(_mailto(organizer)))
    for address in meeting.attendees:
        attendee = vCalAddress(_mailto(address))
        attendee.params.update({"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE"})
        event.add("attendee", attendee)


def _mailto(address: str) -> str:
    return f"mailto:{quote(visible(address), safe=_UNQUOTED)}"
