"""Email address lists in forms: stored as pasted or attached, checked address by address, shown again before they are sent."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from flows.checks.email_domains import free_domains
from flows.checks.email_roles import RoleWarning
from flows.checks.emails import EmailEntry, Status, examine
from flows.forms.fields import Answers
from flows.forms.step import Situation
from flows.problems import LineReason, Mark, Note, NoteKind, NoteLine, Parameter, Problem

MOST = 1000
"""The most addresses in one request, and lines without one."""


def text_of(answers: Answers, *names: str) -> str:
    """The text of fields, typed or attached."""
    parts = [answers.get(name) for name in names]
    return "\n".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in parts if part)


def addresses(answers: Answers, *names: str) -> tuple[str, ...]:
    """The valid addresses, each once."""
    return examine(text_of(answers, *names), limit=MOST).valid


def check(answers: Answers, *names: str) -> Iterator[Problem]:
    """At least one valid address, at most 1,000. Whatever is none, among good ones, is not a fault: it is named and left out."""
    text = text_of(answers, *names)
    found = examine(text, limit=MOST)
    if not text.strip():
        yield Problem(names[0], "missing")
    elif found.left_out:
        many = sum(entry.is_attempt for entry in found.entries) >= MOST
        yield Problem(names[0], "emails_too_many" if many else "emails_not_a_list", {"maximum": MOST})
    elif not found.valid:
        attempts = [entry for entry in found.entries if entry.is_attempt]
        yield from (Problem(names[0], entry.key, _facts(entry)) for entry in attempts[:3])
        if not attempts:
            yield Problem(names[0], "emails_none")


def count(answers: Answers, *names: str) -> int:
    """How many different addresses are sent."""
    return len(addresses(answers, *names))


def notes(
    answers: Answers,
    situation: Situation,
    *names: str,
    resource: str = "",
    codes: bool = True,
    colleagues: Iterable[str] = (),
) -> Iterator[Note]:
    """What will be sent, with what is to be checked in it, and what will not, and why. ``resource``: the access requested.
    ``codes``: whether a code is sent to the addresses. ``colleagues``: other addresses of the company, named before."""
    known = [email for asked, email, _ in situation.grants if asked == resource]
    home = home_domains(situation) or _domain_of_most(colleagues)
    found = examine(text_of(answers, *names), known=known, home_domains=home, limit=MOST)
    valid = [entry for entry in found.entries if entry.status is not Status.INVALID]
    times = Counter(entry.address.casefold() for entry in valid)
    sent = [_sent(entry, times, codes=codes) for entry in valid if entry.status is not Status.DUPLICATE]
    checks = sum(line.mark is Mark.CHECK for line in sent)
    if sent:
        kind = NoteKind.TO_CHECK if checks else NoteKind.HINT  # a review card has the list itself
        yield Note("emails_sent", {"n": len(sent), "checks": checks}, kind, tuple(sent))
    if left := [entry for entry in found.entries if entry.status is Status.INVALID]:
        yield not_sent("emails_not_sent", ((entry.address, LineReason(entry.key, entry.params)) for entry in left))


def to_check(listed: Iterable[str], situation: Situation) -> tuple[NoteLine, ...]:
    """What is to be checked of addresses that are sent."""
    found = examine("\n".join(listed), home_domains=home_domains(situation), limit=MOST)
    return tuple(NoteLine(Mark.CHECK, entry.address, entry.warnings) for entry in found.entries if entry.warnings)


def not_sent(key: str, left: Iterable[tuple[str, LineReason]]) -> Note:
    """``left``: what was typed, and why it is left out."""
    lines = tuple(NoteLine(Mark.NOT_SENT, text, (reason,)) for text, reason in left)
    return Note(key, {"n": len(lines)}, NoteKind.TO_CHECK, lines)


def home_domains(situation: Situation) -> Sequence[str]:
    """The company's own domain, judging by its contact."""
    domain = situation.contact.rpartition("@")[2].casefold()
    return () if not domain or domain in free_domains() else (domain,)


def _domain_of_most(colleagues: Iterable[str]) -> Sequence[str]:
    """That of at least two of them, and of most."""
    counts = Counter(address.rpartition("@")[2].casefold() for address in colleagues)
    return tuple(
        domain
        for domain, count in counts.most_common(1)
        if count > 1 and 2 * count > counts.total() and domain not in free_domains()
    )


def _sent(entry: EmailEntry, times: Mapping[str, int], *, codes: bool) -> NoteLine:
    odd = tuple(
        LineReason("email_shared") if one.key == RoleWarning.ROLE_OR_LIST and not codes else one for one in entry.warnings
    )
    said = [LineReason("email_known")] if entry.status is Status.KNOWN else []
    if (listed := times[entry.address.casefold()]) > 1:
        said.append(LineReason("email_once", {"n": listed}))
    return NoteLine(Mark.CHECK if odd else Mark.SENT, entry.address, (*odd, *said))


def _facts(entry: EmailEntry) -> dict[str, Parameter]:
    return {**entry.params, "address": entry.address}
