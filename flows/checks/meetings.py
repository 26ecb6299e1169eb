"""What opens a meeting is meant to be passed on: links and the passcode of an invitation are no secrets."""

import re

from flows.checks.readings import PlainText, Span

_HOST = re.compile(
    r"https?://(?:[\w-]{1,60}\.){0,4}(?:zoom\.us|zoomgov\.com|webex\.com|teams\.microsoft\.com|teams\.live\.com|whereby\.com|gotomeeting\.com|goto\.com|meet\.google\.com)/"
)
_INVITATION = re.compile(
    r"meeting\s(?:id|number)|webinar\sid|id\sda\sreuniao|id\sde\s(?:la\s)?reunion|numero\sda\sreuniao|numero\sde\s(?:la\s)?reunion"
    r"|(?:zoom|teams|webex)\s(?:cloud\s)?meeting|reuniao\s(?:do\s)?(?:zoom|microsoft|teams)|reunion\s(?:de\s)?(?:zoom|microsoft|teams)"
    r"|zoom\.us/(?:j|rec)/|webex\.com/(?:meet/|join/|j\.php|[\w-]{1,40}+/j\.php)|teams\.microsoft\.com/(?:l/meetup|meet/)|meet\.google\.com/"
    r"|conference\sid|id\sda\sconferencia|id\sde\s(?:la\s)?conferencia"
)
_OF_A_MEETING = re.compile(r"(?:meeting|webinar|zoom|teams|webex|host|numeric|reuniao|reunion)\s$")
_OWN_MEETING = re.compile(r"\s(?:da|de\sla|de|del|for\sthe)\s(?:reuniao|reunion|meeting|zoom|teams)")
_SAID = re.compile(r"(?:\sde\sacc?es{1,2}o)?[*_\"]{0,3}(?:\s\([^()\n]{0,30}\))?\s?[*_]{0,2}[:=-]")
_WINDOW, _SAME_LINE = 240, 90
_LINES = 4
_CODE = re.compile(r"[\w#*-]{3,12}")


def opens_one(reading: PlainText, label: Span, value: str) -> bool:
    """Whether a password is a meeting's passcode: in its link, or within a few lines of its number and with nothing before it."""
    folded, (start, end) = reading.folded, label
    low = max(0, start - 300)
    line = folded.rfind("\n", low, start) + 1
    before = folded[max(low, line) : start]
    if _HOST.match(before, max(0, before.rfind("http"))) and " " not in before[before.rfind("http") :]:
        return True
    if not _CODE.fullmatch(value):
        return False
    if _OF_A_MEETING.search(before) or _OWN_MEETING.match(folded, end):
        return True
    if _SAID.match(folded, end) and _INVITATION.search(before.split()[-1] if before.strip() else ""):  # right behind its link
        return True
    if (before.strip(" *_>-•|") and not _INVITATION.search(before[-_SAME_LINE:])) or not _SAID.match(folded, end):
        return False
    lines = (*folded[max(0, start - _WINDOW) : start].split("\n")[-_LINES:], *folded[end : end + _SAME_LINE].split("\n")[1:3])
    return any(_INVITATION.search(each) for each in lines)
