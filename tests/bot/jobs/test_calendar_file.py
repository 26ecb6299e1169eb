"""A session's calendar file: whatever the agenda, link and customer's name are, they are text of one event (RFC 5545), and the files of
one session replace each other in a calendar (RFC 5546)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from bot.jobs.calendar_file import session_ics
from flows.checks.emails import examine
from flows.checks.visible import visible
from flows.forms.step import Meeting

WHO = "onboarding@pismo.example"
STAMP = datetime(2026, 3, 10, 12, tzinfo=UTC)
SET = Meeting(1_773_144_000, 60, "Goals", "https://meet.example/a", attendees=("ana@bank.example", "o'neil+x@bank.example"))

HOSTILE = (
    "Cards\r\nATTENDEE:mailto:evil@evil.example\r\nEND:VEVENT\r\nBEGIN:VALARM",
    'Goals; products, plan \\n \\; : "quoted"',
    "x\nMETHOD:CANCEL\u2028END:VCALENDAR\x85SUMMARY:forged\x0b\x00",
    "\u202eseog ti erehW\u202c",
    "東京" * 400,
    "a" * 3000,
)


PROPERTIES = {
    *("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "URL"),
    *("STATUS", "ORGANIZER", "ATTENDEE"),
}


def event_of(content: bytes) -> tuple[str, Any]:
    """The method, and the only event."""
    calendar = Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


@pytest.mark.parametrize("said", HOSTILE)
def test_nothing_typed_becomes_a_property_of_its_own(said: str) -> None:
    link = f"https://meet.example/{said[:40]}"
    meeting = Meeting(1_773_144_000, 60, agenda=said, link=link, attendees=("ana@bank.example",), cancelled=said)
    content = session_ics("item@onb_1", meeting, f"Planning: {said}", STAMP, WHO)
    lines = content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert not any({b"\r", b"\n", b"\x00"} & {line[at : at + 1] for at in range(len(line))} for line in lines)
    calendar = Calendar.from_ical(content)
    assert set(calendar) == {"PRODID", "VERSION", "METHOD"}
    (event,) = calendar.subcomponents
    assert set(event) == PROPERTIES | {"COMMENT"}
    assert event.subcomponents == []
    assert "\n" not in str(event["SUMMARY"])
    assert "\u202e" not in str(event["DESCRIPTION"])


def test_an_invitation_names_the_attendees_and_who_invites() -> None:
    method, event = event_of(session_ics("s1@onb_1", SET, "Planning", STAMP, WHO))
    assert (method, str(event["STATUS"]), event["SEQUENCE"]) == ("REQUEST", "CONFIRMED", 0)
    assert str(event["ORGANIZER"]) == "mailto:onboarding@pismo.example"
    assert [str(one) for one in event["ATTENDEE"]] == ["mailto:ana@bank.example", "mailto:o'neil+x@bank.example"]
    assert {one.params["RSVP"] for one in event["ATTENDEE"]} == {"FALSE"}


def test_without_an_organizer_it_is_an_entry_that_no_calendar_takes_for_an_invitation() -> None:
    for meeting, status in ((SET, "CONFIRMED"), (replace(SET, sequence=1, cancelled="Nobody can."), "CANCELLED")):
        calendar = Calendar.from_ical(session_ics("s1@onb_1", meeting, "Planning", STAMP, names="Attendees: ana@bank.example"))
        (event,) = calendar.walk("VEVENT")
        assert not {"METHOD", "ORGANIZER", "ATTENDEE"} & {*calendar, *event}
        assert (str(event["STATUS"]), event["SEQUENCE"], str(event["UID"])) == (status, meeting.sequence, "s1@onb_1")
        assert str(event["DESCRIPTION"]).endswith("https://meet.example/a\nAttendees: ana@bank.example")


def test_without_attendees_it_is_published_since_an_invitation_must_have_some() -> None:
    method, event = event_of(session_ics("s1@onb_1", replace(SET, attendees=()), "Planning", STAMP, WHO))
    assert (method, "ATTENDEE" in event) == ("PUBLISH", False)


def test_what_moves_and_what_cancels_it_is_about_the_same_event_and_later() -> None:
    first = event_of(session_ics("s1@onb_1", SET, "Planning", STAMP, WHO))
    moved = event_of(
        session_ics("s1@onb_1", replace(SET, starts=SET.starts + 3600, sequence=1), "Planning", STAMP + timedelta(hours=1), WHO)
    )
    cancelled = event_of(
        session_ics("s1@onb_1", replace(SET, sequence=2, cancelled="Nobody can."), "Planning", STAMP + timedelta(hours=2), WHO)
    )
    assert [method for method, _ in (first, moved, cancelled)] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {str(event["UID"]) for _, event in (first, moved, cancelled)} == {"s1@onb_1"}
    assert [event["SEQUENCE"] for _, event in (first, moved, cancelled)] == [0, 1, 2]
    stamps = [event["DTSTAMP"].dt for _, event in (first, moved, cancelled)]
    assert stamps == sorted(set(stamps))
    assert moved[1]["DTSTART"].dt - first[1]["DTSTART"].dt == timedelta(hours=1)
    assert (str(cancelled[1]["STATUS"]), str(cancelled[1]["COMMENT"])) == ("CANCELLED", "Nobody can.")
    assert len(cancelled[1]["ATTENDEE"]) == 2


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


@given(TEXT, TEXT, TEXT)
def test_every_text_comes_back_from_lines_of_at_most_75_octets(agenda: str, reason: str, title: str) -> None:
    meeting = replace(SET, agenda=agenda, cancelled=reason or "-")
    content = session_ics("s1@onb_1", meeting, title, STAMP, WHO)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    content.decode()
    _, event = event_of(content)
    assert str(event["SUMMARY"]) == visible(title)
    assert str(event["DESCRIPTION"]) == f"{visible(agenda, lines=True)}\n{SET.link}".strip()
    assert str(event["COMMENT"]) == visible(reason or "-", lines=True)
    assert set(event) == PROPERTIES | {"COMMENT"}


@given(st.from_regex(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,40}@bank\.example", fullmatch=True))
def test_every_address_that_a_form_takes_is_one_attendee(address: str) -> None:
    valid = examine(address).valid
    content = session_ics("s1@onb_1", replace(SET, attendees=valid), "Planning", STAMP, WHO)
    _, event = event_of(content)
    found = event.get("ATTENDEE", [])
    assert len(found if isinstance(found, list) else [found]) == len(valid)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
