"""Lists of e-mail addresses in forms: read as pasted or from a CSV file, and shown back before they are sent."""

from collections.abc import Iterable

from flows.emails import EmailReport, Status, examine
from flows.fields import Answers
from flows.problems import Note, Problem
from flows.step import Situation

MOST = 1000
"""The most addresses of one request."""
SHOWN = 10


def text_of(answers: Answers, *names: str) -> str:
    """The text of fields, be they typed or files."""
    parts = [answers.get(name) for name in names]
    return "\n".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in parts if part)


def report(answers: Answers, *names: str, known: Iterable[str] = ()) -> EmailReport:
    return examine(text_of(answers, *names), known=tuple(known), limit=MOST + 1)


def addresses(answers: Answers, *names: str) -> tuple[str, ...]:
    """The valid ones, each once."""
    return report(answers, *names).valid


def check(answers: Answers, *names: str, needed: bool = True) -> Iterable[Problem]:
    """At least one valid address where one is needed; not more than 1,000."""
    if not needed and not text_of(answers, *names).strip():
        return
    found = report(answers, *names)
    if len(found.entries) > MOST or found.left_out:
        yield Problem(names[0], "emails_too_many", {"max": MOST})
    elif not found.valid:
        yield Problem(names[0], "emails_none")


def notes(answers: Answers, situation: Situation, resource: str, *names: str) -> Iterable[Note]:
    """What will be sent, what is left out and why, and what to look at again."""
    known = [email for asked, email, _ in situation.grants if asked == resource]
    found = report(answers, *names, known=known)
    if not found.entries:
        return
    yield Note("emails_new", {"n": len(found.valid), "list": _list(list(found.valid))})
    for status, key in ((Status.DUPLICATE, "emails_duplicate"), (Status.KNOWN, "emails_known")):
        same = [entry.address for entry in found.entries if entry.status is status]
        if same:
            yield Note(key, {"n": len(same), "list": _list(same)})
    for entry in [entry for entry in found.entries if entry.status is Status.INVALID][:SHOWN]:
        yield Note(entry.key, {"address": entry.address, **entry.params})
    warned = [(entry, warning) for entry in found.entries for warning in entry.warnings]
    for entry, warning in warned[:SHOWN]:
        yield Note(warning.key, {"address": entry.address, **warning.params})


def _list(found: list[str]) -> str:
    return ", ".join(found[:SHOWN]) + (" …" if len(found) > SHOWN else "")
