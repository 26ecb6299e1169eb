"""A session's calendar file: whatever the agenda, link and customer's name are, they are text of one event (RFC 5545)."""

import pytest
from icalendar import Calendar

from bot.jobs.files import session_ics
from flows.forms.step import Meeting

HOSTILE = (
    "Cards\r\nATTENDEE:mailto:evil@evil.example\r\nEND:VEVENT\r\nBEGIN:VALARM",
    'Goals; products, plan \\n \\; : "quoted"',
    "x\nMETHOD:CANCEL\u2028END:VCALENDAR\x85SUMMARY:forged\x0b\x00",
    "\u202eseog ti erehW\u202c",
    "東京" * 400,
    "a" * 3000,
)


@pytest.mark.parametrize("said", HOSTILE)
def test_nothing_typed_becomes_a_property_of_its_own(said: str) -> None:
    link = f"https://meet.example/{said[:40]}"
    content = session_ics("item@onb_1", Meeting(1_773_144_000, 60, agenda=said, link=link), f"Planning: {said}")
    lines = content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert not any({b"\r", b"\n", b"\x00"} & {line[at : at + 1] for at in range(len(line))} for line in lines)
    calendar = Calendar.from_ical(content)
    assert set(calendar) == {"PRODID", "VERSION", "METHOD"}
    (event,) = calendar.subcomponents
    assert set(event) == {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "URL"}
    assert event.subcomponents == []
    assert "\n" not in str(event["SUMMARY"])
    assert "\u202e" not in str(event["DESCRIPTION"])
