"""Email address lists in forms: stored as pasted or attached, checked address by address, shown again before they are sent."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from flows.checks.emails import EmailEntry, EmailReport, Status, examine
from flows.forms.fields import Answers
from flows.forms.step import Situation
from flows.problems import Note, NoteKind, Parameter, Problem

MOST = 1000
"""The most addresses in one request."""
SHOWN = 10
"""How many omitted or odd addresses are named; requested ones are all named, so that whoever approves has seen each."""


def text_of(answers: Answers, *names: str) -> str:
    """The text of fields, typed or attached."""
    parts = [answers.get(name) for name in names]
    return "\n".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in parts if part)


def addresses(answers: Answers, *names: str) -> tuple[str, ...]:
    """The valid addresses, each once."""
    return examine(text_of(answers, *names), limit=MOST).valid


def check(answers: Answers, *names: str) -> Iterator[Problem]:
    """At least one valid address, at most 1,000. Bad ones among good ones are not a fault: they are named and left out."""
    text = text_of(answers, *names)
    found = examine(text, limit=MOST)
    if not text.strip():
        yield Problem(names[0], "missing")
    elif found.left_out:
        yield Problem(names[0], "emails_too_many", {"maximum": MOST})
    elif not found.entries:
        yield Problem(names[0], "emails_none")
    elif not found.valid:
        yield from (Problem(names[0], entry.key, _facts(entry)) for entry in found.entries[:3])


def notes(answers: Answers, situation: Situation, *names: str, resource: str = "") -> Iterator[Note]:
    """What will be requested, what is left out and why, and what to check again. ``resource``: the access requested."""
    known = [email for asked, email, _ in situation.grants if asked == resource]
    found = examine(text_of(answers, *names), known=known, home_domains=home_domains(situation), limit=MOST)
    for status in (Status.NEW, Status.KNOWN, Status.DUPLICATE):
        same = [entry.address for entry in found.entries if entry.status is status]
        if same:
            twice = status is Status.DUPLICATE
            facts: dict[str, Parameter] = {"n": len(same), "addresses": _listed(same) if twice else ", ".join(same)}
            yield Note(f"emails_{status}", facts, NoteKind.FACT if twice else NoteKind.HINT)  # a review card has the list itself
    invalid = [entry for entry in found.entries if entry.status is Status.INVALID]
    if invalid:
        yield Note("emails_invalid", {"n": len(invalid)}, NoteKind.TO_CHECK)
    yield from (Note(entry.key, _facts(entry), NoteKind.TO_CHECK) for entry in invalid[:SHOWN])
    yield from islice(_warnings(found), SHOWN)


def warnings(listed: Iterable[str], situation: Situation) -> Iterator[Note]:
    """What to check again in these addresses."""
    found = examine("\n".join(listed), home_domains=home_domains(situation), limit=MOST)
    yield from islice(_warnings(found), SHOWN)


def home_domains(situation: Situation) -> Sequence[str]:
    """The company's own domain, judging by its contact."""
    from flows.checks.email_domains import FREE_MAIL  # noqa: PLC0415  a long list

    domain = situation.contact.rpartition("@")[2].casefold()
    return () if not domain or domain in FREE_MAIL else (domain,)


def _warnings(report: EmailReport) -> Iterator[Note]:
    """Each warning once, with all its addresses."""
    same: dict[tuple[str, tuple[tuple[str, Parameter], ...]], list[str]] = {}
    for entry in report.entries:
        for warning in entry.warnings:
            facts = tuple((name, value) for name, value in warning.params.items() if name != "name")
            same.setdefault((warning.key, facts), []).append(entry.address)
    for (key, facts), those in same.items():
        yield Note(key, {**dict(facts), "n": len(those), "addresses": _listed(those)}, NoteKind.TO_CHECK)


def _facts(entry: EmailEntry) -> dict[str, Parameter]:
    return {**entry.params, "address": entry.address}


def _listed(found: Iterable[str]) -> str:
    first = list(islice(found, SHOWN + 1))
    return ", ".join(first[:SHOWN]) + (", …" if len(first) > SHOWN else "")
