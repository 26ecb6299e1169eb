"""Client certificates in the authentication step: checked as a TLS client's, held against those they renew, and when they end.

Three ways lead to one: a request that Pismo's authority signs, a pair made by Pismo, a certificate of the customer's own authority.
A renewal is checked like the first, must differ from what it renews, and must end later.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from flows.forms.addresses import text_of
from flows.forms.fields import Answers
from flows.forms.step import Situation
from flows.problems import Note, Problem
from flows.steps.authentication.credentials import csr, readable, repaired, unreadable

if TYPE_CHECKING:
    from flows.checks.certificates import Certificate, Csr

STEP = "authentication"
REQUEST, ATTACH = f"{STEP}.request_renewal", f"{STEP}.attach_certificate"
REQUEST_PAIR, HAND_OVER = f"{STEP}.request_new_pair", f"{STEP}.hand_over_pair"
SEND_OWN, LETTER = f"{STEP}.send_own_renewal", f"{STEP}.record_risk_letter"
_USUAL = timedelta(days=3 * 366)
"""How long Pismo's own certificates are valid."""


def chain(answers: Answers, name: str) -> "list[Certificate]":
    """Raises KeyProblem."""
    from flows.checks.certificates import read_chain  # noqa: PLC0415  cryptography is not needed at startup

    return read_chain(text_of(answers, name, f"{name}_file"))


def end(answers: Answers, name: str) -> Answers:
    """The last day on which a field's certificate can be used (``YYYY-MM-DD``), and whose it is: the client's, or an authority's
    behind it. Empty texts if it can't be read: the page's check says why."""
    from flows.checks.certificates import choose  # noqa: PLC0415  cryptography is not needed at startup
    from flows.checks.chains import ends_first  # noqa: PLC0415  as above

    given = readable(chain, answers, name)
    last = ends_first(given, choose(given)) if given else None
    return {"expires_on": last.not_after.date().isoformat() if last else "", "ends_first": last.name if last else ""}


# -- checks


def check_signed(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """For the key of the customer's request, or of the one that a renewal began with."""
    renewal = situation.renewal(REQUEST, ATTACH)
    request = readable(csr, renewal[1] if renewal else situation.answers.get(STEP, {}))
    yield from _check("certificate", answers, situation, request=request, asked=True, renews=ATTACH)


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


def check_new_request(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """A readable request for another key than the present certificate's, which is as old as that."""
    from flows.checks.certificates import choose, matches  # noqa: PLC0415  cryptography is not needed at startup

    faults = list(unreadable("csr", csr, answers))
    yield from faults
    before = present(situation, ATTACH)
    if not faults and before and matches(csr(answers), choose(before)):
        yield Problem("csr", "renewal_same_key")


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
    yield from chains.problems(field, given, leaf, situation.now)
    if renews and (before := present(situation, renews)):
        yield from _better(field, given, leaf, before, new_key=new_key)


def _better(
    field: str, given: "list[Certificate]", leaf: "Certificate", before: "list[Certificate]", *, new_key: bool
) -> Iterator[Problem]:
    """Another certificate than the one it renews, for a new key, that can be used longer."""
    from flows.checks.certificates import choose  # noqa: PLC0415  cryptography is not needed at startup
    from flows.checks.chains import ends_first  # noqa: PLC0415  as above

    old = choose(before)
    if leaf.fingerprint == old.fingerprint:
        yield Problem(field, "renewal_same_certificate")
        return
    if new_key and leaf.spki_fingerprint == old.spki_fingerprint:
        yield Problem(field, "renewal_same_key")
    ended = ends_first(before, old).not_after
    if ends_first(given, leaf).not_after <= ended:
        yield Problem(field, "renewal_ends_earlier", {"date": ended.date().isoformat()})


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
    sent = own_answers(situation)
    return {**end(sent, "own_certificate"), "certificate": text_of(sent, "own_certificate", "own_certificate_file")}


# -- notes


def signed_notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    renewing = situation.renewal(REQUEST, ATTACH) or situation.renewal(REQUEST_PAIR, HAND_OVER)
    recorded = present(situation, ATTACH) or present(situation, HAND_OVER)
    yield from _notes("signed_certificate", answers, "certificate", recorded if renewing else [])


def own_notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    """``answers``: the form's with the certificate in it."""
    yield from _notes("own_certificate", answers, "own_certificate", present(situation, LETTER))


def letter_notes(_answers: Answers, situation: Situation) -> Iterator[Note]:
    yield from own_notes(own_answers(situation), situation)


def request_notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    from flows.checks.csr_subject import compare_subject  # noqa: PLC0415  cryptography is not needed at startup

    if request := readable(csr, answers):
        kind = f"{request.key_type} {request.bits_or_curve}"
        yield Note("csr_fingerprint", {"fingerprint": request.fingerprint, "kind_of_key": kind})
        yield from repaired(request.notes)
        said = situation.answers.get(STEP, {})
        details = {name: str(said.get(name) or "") for name in ("company", "city", "state", "country")}
        details["document_number"] = str(said.get("document") or "")
        yield from (Note(found.key, found.params) for found in compare_subject(request, details))


def _notes(key: str, answers: Answers, field: str, before: "list[Certificate]") -> Iterator[Note]:
    """Facts, and what a second person should look at. ``before``: the chain it renews, if it does."""
    from flows.checks.certificates import choose  # noqa: PLC0415  cryptography is not needed at startup
    from flows.checks.chains import same_authority  # noqa: PLC0415  as above

    given = readable(chain, answers, field)
    if not given:
        return
    leaf, last = choose(given), end(answers, field)
    facts = {"name": leaf.name, "issuer": leaf.issuer, "date": last["expires_on"], "ends": last["ends_first"]}
    yield Note(key, {**facts, "fingerprint": leaf.spki_fingerprint})
    yield from repaired(leaf.notes)
    if leaf.not_after - leaf.not_before > _USUAL:
        yield Note("certificate_long_lived", {"years": (leaf.not_after - leaf.not_before).days // 365})
    if before and not same_authority(before, leaf):
        yield Note("renewal_other_authority", {"before": choose(before).issuer, "issuer": leaf.issuer})
    if before and leaf.spki_fingerprint == choose(before).spki_fingerprint:
        yield Note("renewal_same_key")
