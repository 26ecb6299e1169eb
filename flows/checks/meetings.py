"""What opens a meeting is meant to be passed on: links and the passcode of an invitation are no secrets."""

import re

from flows.checks.readings import PlainText, Span

_HOST = re.compile(
    r"https?://(?:[\w-]{1,60}\.){0,4}(?:zoom\.us|zoomgov\.com|webex\.com|microsoft\.com|teams\.live\.com|whereby\.com|gotomeeting\.com|goto\.com|meet\.google\.com)/"
)
_INVITATION = re.compile(
    r"meeting\s(?:id|number)|webinar\sid|id\sda\sreuniao|id\sde\s(?:la\s)?reunion|numero\sda\sreuniao|numero\sde\s(?:la\s)?reunion"
    r"|(?:zoom|teams|webex)\s(?:cloud\s)?meeting|reuniao\s(?:do\s)?(?:zoom|microsoft|teams)|reunion\s(?:de\s)?(?:zoom|microsoft|teams)"
    r"|zoom\.us/j/|webex\.com/|teams\.microsoft\.com/|meet\.google\.com/"
)
_OF_A_MEETING = re.compile(r"(?:meeting|webinar|zoom|teams|webex|host|numeric|reuniao|reunion)\s$")
_OWN_MEETING = re.compile(r"\s(?:da|de\sla|de|del|for\sthe)\s(?:reuniao|reunion|meeting|zoom|teams)")
_WINDOW = 240
_LINES = 4
_CODE = re.compile(r"[\w#*-]{3,12}")


def opens_one(reading: PlainText, label: Span, value: str) -> bool:
    """Whether a password is a meeting's passcode: in its link, or within a few lines of its number and with nothing before it."""
    folded, (start, end) = reading.folded, label
    word = folded.rfind(" ", max(0, start - 300), start) + 1
    line = folded.rfind("\n", max(0, start - 300), start) + 1
    if _HOST.match(folded, max(word, line)):
        return True
    if not _CODE.fullmatch(value):
        return False
    if _OF_A_MEETING.search(folded[max(0, start - 12) : start]) or _OWN_MEETING.match(folded, end):
        return True
    if folded[max(line, start - 40) : start].strip(" *_>-•|"):
        return False
    before = folded[max(0, start - _WINDOW) : start].split("\n")[-_LINES:]
    return any(_INVITATION.search(each) for each in before)
