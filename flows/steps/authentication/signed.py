"""Client certificates: checked as a TLS client's, held against those they renew, and when they end.

Three ways lead to one: a request that Pismo's authority signs, a pair made by Pismo, a certificate of the customer's own authority.
A renewal is checked like the first, must differ from what it renews, and must end later. Production's, where it is another than
test's, goes the first way.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from flows.forms.addresses import text_of
from flows.forms.fields import MAX_LENGTH, Answers
from flows.forms.step import Situation
from flows.problems import Note, NoteKind, Problem
from flows.steps.authentication.credentials import csr, public_key, readable, repaired, unreadable

if TYPE_CHECKING:
    from flows.checks.certificates import Certificate, Csr
    from flows.checks.keys import PublicKey

STEP = "authentication"
REQUEST_PAIR, HAND_OVER = f"{STEP}.request_new_pair", f"{STEP}.hand_over_pair"
SEND_OWN, LETTER = f"{STEP}.send_own_renewal", f"{STEP}.record_risk_letter"
_USUAL = timedelta(days=3 * 366)
"""How long Pismo's own certificates are valid."""


def chain(answers: Answers, name: str) -> "list[Certificate]":
    """Raises KeyProblem."""
    from flows.checks.certificates import read_chain  # noqa: PLC0415  cryptography is not needed at startup

    return read_chain(text_of(answers, name, f"{name}_file"))


def recorded(answers: Answers, name: str, before: "Sequence[Certificate]") -> Answers:
    """What is recorded of a field's certificate; nothing if it can't be read: the page's check says why.

    ``certificate`` or, if longer than an input takes, ``certificate_file``: the chain from the client's certificate on, each with
    nothing but its PEM, so that two people who give the same certificates have given the same. ``expires_on``: the last day on which
    it can be used (``YYYY-MM-DD``). ``ends_first``: whose that is, the client's, or an authority's behind it.

    ``before``: the chain it renews. Authorities of that one, left out of the new one, still stand behind it and are recorded.
    """
    from flows.checks.certificates import choose  # noqa: PLC0415  cryptography is not needed at startup
    from flows.checks.chains import path  # noqa: PLC0415  as above

    given = readable(chain, answers, name)
    if not given:
        return {}
    leaf = choose(given)
    behind = path(completed(given, leaf, before), leaf)
    pem = "".join(one.pem for one in behind)
    long = {"name": "certificate.pem", "text": pem} if len(pem) > MAX_LENGTH else None
    last = min(behind, key=lambda one: one.not_after)
    return {
        "certificate": "" if long else pem,
        "certificate_file": long,
        "expires_on": last.not_after.date().isoformat(),
        "ends_first": last.name,
    }


def completed(given: "Sequence[Certificate]", leaf: "Certificate", before: "Sequence[Certificate]") -> "list[Certificate]":
    """A chain with the authorities that it leaves out and the chain in use has: those behind its last one. One that it has
    counts as it is given, even if it ends earlier than the one in use with the same key."""
    from flows.checks.chains import path  # noqa: PLC0415  cryptography is not needed at startup

    here = {one.fingerprint for one in given}
    behind = path([one for one in before if one.is_ca], path(given, leaf)[-1])
    return [*given, *(one for one in behind if one.fingerprint not in here)]


# -- checks


def check_pair(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """The public part of a pair that Pismo made."""
    yield from _check("certificate", answers, situation, renews=HAND_OVER)


def check_own(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """With the step. One that is in use may be sent again; another one must renew it."""
    sent = text_of(answers, "own_certificate", "own_certificate_file")
    same = sent == text_of(situation.answers.get(STEP, {}), "own_certificate", "own_certificate_file")
    yield from _check("own_certificate", answers, situation, renews="" if same else LETTER, new_key=False)


def check_own_renewal(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """The customer's own authority decides whether the key is a new one."""
    yield from _check("own_certificate", answers, situation, renews=LETTER, new_key=False)


def _check(
    field: str,
    answers: Answers,
    situation: Situation,
    *,
    request: "Csr | None" = None,
    asked: bool = False,
    renews: str = "",
    new_key: bool = True,
) -> Iterator[Problem]:
    """``asked``: it must be for the request's key. ``renews``: the task that recorded what it renews, or empty."""
    from flows.checks import chains  # noqa: PLC0415  cryptography is not needed at startup
    from flows.checks.certificates import choose, matches, strength  # noqa: PLC0415  as above

    faults = list(unreadable(field, chain, answers, field))
    if not faults:
        given = chain(answers, field)
        leaf = choose(given, request)
        faults = list(unreadable(field, lambda _answers: strength(leaf), answers))
    yield from faults
    if faults:
        return
    if asked and (request is None or not matches(request, leaf)):
        yield Problem(field, "certificate_other_key")
    before = present(situation, renews) if renews else []
    given = completed(given, leaf, before)
    yield from chains.problems(field, given, leaf, situation.now)
    if before:
        yield from _better(field, given, leaf, before, new_key=new_key)


def _better(
    field: str, given: "list[Certificate]", leaf: "Certificate", before: "list[Certificate]", *, new_key: bool
) -> Iterator[Problem]:
    """Another certificate than the one it renews, for a new key, that can be used longer, or could if the same authority behind both
    did not end first."""
    from flows.checks.certificates import choose  # noqa: PLC0415  cryptography is not needed at startup
    from flows.checks.chains import ends_first  # noqa: PLC0415  as above

    old = choose(before)
    if leaf.fingerprint == old.fingerprint:
        yield Problem(field, "renewal_same_certificate")
        return
    if new_key and leaf.spki_fingerprint == old.spki_fingerprint:
        yield Problem(field, "renewal_same_key")
    ended, ends = ends_first(before, old), ends_first(given, leaf)
    longer = leaf.not_after > old.not_after if ends.fingerprint == ended.fingerprint else ends.not_after > ended.not_after
    if not longer:
        yield Problem(field, "renewal_ends_earlier", {"date": ended.not_after.date().isoformat()})


def present(situation: Situation, recording: str) -> "list[Certificate]":
    """The chain in use, as a task recorded it, also if the step was opened again since; none if that can't be read."""
    _, replaced = situation.replaced.get(recording, (0, Answers()))
    return readable(chain, situation.done.get(recording, replaced), "certificate") or []


# -- the customer's own certificate, which support records with the risk letter


def own_answers(situation: Situation) -> Answers:
    """What was sent last: with a renewal, or with the step."""
    renewal = situation.renewal(SEND_OWN, LETTER)
    return renewal[1] if renewal else situation.answers.get(STEP, {})


def own_recorded(_answers: Answers, situation: Situation) -> Answers:
    """Recorded along with the letter: no date is typed."""
    return recorded(own_answers(situation), "own_certificate", present(situation, LETTER))


def pair_recorded(answers: Answers, situation: Situation) -> Answers:
    return recorded(answers, "certificate", present(situation, HAND_OVER))


# -- notes


def pair_notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    before = present(situation, HAND_OVER)
    yield from _notes("signed_certificate", answers, "certificate", before)
    yield from _in_production_too(situation, before)


def own_notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    """``answers``: the step's. They are compared only while they replace what is in use: once recorded, they are that."""
    before = present(situation, LETTER) if LETTER in situation.replaced else []
    yield from _notes("own_certificate", answers, "own_certificate", before)


def own_renewal_notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    yield from _notes("own_certificate", answers, "own_certificate", present(situation, LETTER))


def letter_notes(_answers: Answers, situation: Situation) -> Iterator[Note]:
    yield from own_renewal_notes(own_answers(situation), situation)
    yield from _in_production_too(situation, present(situation, LETTER))


def _in_production_too(situation: Situation, before: "list[Certificate]") -> Iterator[Note]:
    """What a renewal of test's certificate means for production, where that is the same. ``before``: the chain it renews."""
    if before and situation.get("production", "certificate") == "same":
        yield Note("renewal_in_production_too")


def _notes(key: str, answers: Answers, field: str, before: "list[Certificate]") -> Iterator[Note]:
    """Facts, and what a second person should look at. ``before``: the chain it renews, if it does."""
    from flows.checks.certificates import choose  # noqa: PLC0415  cryptography is not needed at startup
    from flows.checks.chains import ends_first, same_authority  # noqa: PLC0415  as above

    given = readable(chain, answers, field)
    if not given:
        return
    leaf = choose(given)
    last = ends_first(completed(given, leaf, before), leaf)
    facts = {"name": leaf.name, "issuer": leaf.issuer, "date": last.not_after.date().isoformat(), "ends": last.name}
    yield Note(key, {**facts, "fingerprint": leaf.spki_fingerprint})
    yield from repaired(leaf.notes)
    if leaf.not_after - leaf.not_before > _USUAL:
        yield Note("certificate_long_lived", {"years": (leaf.not_after - leaf.not_before).days // 365}, NoteKind.TO_CHECK)
    if before and last.fingerprint == ends_first(before, choose(before)).fingerprint and last.fingerprint != leaf.fingerprint:
        yield Note("renewal_same_end", {"name": last.name, "date": last.not_after.date().isoformat()}, NoteKind.TO_CHECK)
    if before and not same_authority(before, leaf):
        yield Note("renewal_other_authority", {"before": choose(before).issuer, "issuer": leaf.issuer}, NoteKind.TO_CHECK)
    if before and leaf.subject != choose(before).subject:
        yield Note("renewal_other_subject", {"before": choose(before).full_name, "name": leaf.full_name}, NoteKind.TO_CHECK)
    if before and leaf.spki_fingerprint == choose(before).spki_fingerprint:
        yield Note("renewal_same_key", kind=NoteKind.TO_CHECK)


# -- a certificate that Pismo's authority signs for a request


@dataclass(frozen=True)
class Requested:
    """In a step, whose form and whose renewals send requests. ``key``: the public key for tokens of the same environment, which must be
    another."""

    step: str
    key: "Callable[[Situation], PublicKey | None]"

    @property
    def asking(self) -> str:
        """The task that sends a renewal's request."""
        return f"{self.step}.request_renewal"

    @property
    def recording(self) -> str:
        return f"{self.step}.attach_certificate"

    def request(self, situation: Situation) -> Answers:
        """What was sent last: with a renewal, or with the step."""
        renewal = situation.renewal(self.asking, self.recording)
        return renewal[1] if renewal else situation.answers.get(self.step, {})

    def present(self, situation: Situation) -> "list[Certificate]":
        return present(situation, self.recording)

    def check_request(self, answers: Answers, situation: Situation) -> Iterator[Problem]:
        """Of a renewal: readable, and for another key than the present certificate's, which is as old as that."""
        from flows.checks.certificates import choose, matches  # noqa: PLC0415  cryptography is not needed at startup

        faults = list(unreadable("csr", csr, answers))
        yield from faults
        before = self.present(situation)
        if not faults and before and matches(csr(answers), choose(before)):
            yield Problem("csr", "renewal_same_key")

    def check(self, answers: Answers, situation: Situation) -> Iterator[Problem]:
        """For the key of the customer's request, where there is one."""
        sent = self.request(situation)
        asked = bool(text_of(sent, "csr", "csr_file"))
        request = readable(csr, sent) if asked else None
        yield from _check("certificate", answers, situation, request=request, asked=asked, renews=self.recording)

    def recorded(self, answers: Answers, situation: Situation) -> Answers:
        return recorded(answers, "certificate", self.present(situation))

    def request_notes(self, answers: Answers, situation: Situation) -> Iterator[Note]:
        from flows.checks.csr_subject import compare_subject  # noqa: PLC0415  cryptography is not needed at startup

        if request := readable(csr, answers):
            kind = f"{request.key_type} {request.bits_or_curve}"
            yield Note("csr_fingerprint", {"fingerprint": request.fingerprint, "kind_of_key": kind})
            yield from repaired(request.notes)
            said = situation.answers.get(STEP, {})
            details = {name: str(said.get(name) or "") for name in ("company", "city", "state", "country")}
            details["document_number"] = str(said.get("document") or "")
            yield from (Note(found.key, found.params, NoteKind.TO_CHECK) for found in compare_subject(request, details))
            key = self.key(situation)
            if key and key.fingerprint_sha256 == request.fingerprint:
                yield Note("same_key_twice", kind=NoteKind.TO_CHECK)

    def notes(self, answers: Answers, situation: Situation) -> Iterator[Note]:
        if renewal := situation.renewal(self.asking, self.recording):
            yield from self.request_notes(renewal[1], situation)
        before = self.present(situation)
        yield from _notes("signed_certificate", answers, "certificate", before)
        if self.step == STEP:
            yield from _in_production_too(situation, before)


def _tests_key(situation: Situation) -> "PublicKey | None":
    said = situation.answers.get(STEP, {})
    return readable(public_key, said) if said.get("method") == "oidc" else None


IN_TEST = Requested(STEP, _tests_key)
