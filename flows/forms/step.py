"""Steps, forms, and tasks as frozen values. A new step is one new file in `flows/steps/` and its place in `flows/journey.py`."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

from flows.forms.fields import Answers, FormPage
from flows.forms.parity import ParityCell
from flows.outbox import StepEffect, TaskEffect
from flows.people import Side
from flows.problems import Note, Parameter, Problem
from flows.state import StepState

if TYPE_CHECKING:
    from flows.checks.claims import Expected


@dataclass(frozen=True)
class Situation:
    """What a check, prefill, or note can see: this onboarding's current state, and nothing of another.

    ``about``: what of the onboarding a dialog was opened for, such as a person. ``answers``: the last sent answers by step id.
    ``done``: the answers of finished tasks by ``step.task`` (the last ones of a repeatable task). ``items``: all finished records of
    repeatable tasks by ``step.task``, each as (item id, answers).
    ``revisions``: all that was sent, by step id, as (when, answers), the oldest first. ``sent_at``, ``done_at``: when the last was sent, by
    step id, and when a task's answers were, by ``step.task:item``.
    ``replaced``: by ``step.task``, the step's revision and the last answers of a task that must be redone since the step changed.
    ``grants``: (resource, email, state) of all requested access. ``steps``: the ids of the customer's steps, in order.
    ``unfinished``: those neither done nor skipped; ``skipped``: those that were. ``approved``: those whose answers, as sent last, support
    approved; not if skipped. ``contact``: the company's own email address, or empty.
    ``secret_field``: Pismo's name for the field with an OAuth 2 client's secret, as this installation was told.
    """

    now: datetime
    today: date
    customer: str
    language: str
    timezone: str
    go_live: date | None = None
    lead_id: str = ""
    owner_id: str = ""
    actor_id: str = ""
    channel_id: str = ""
    about: str = ""
    answers: Mapping[str, Answers] = field(default_factory=dict)
    done: Mapping[str, Answers] = field(default_factory=dict)
    items: Mapping[str, Sequence[tuple[str, Answers]]] = field(default_factory=dict)
    revisions: Mapping[str, Sequence[tuple[datetime, Answers]]] = field(default_factory=dict)
    sent_at: Mapping[str, datetime] = field(default_factory=dict)
    done_at: Mapping[str, datetime] = field(default_factory=dict)
    replaced: Mapping[str, tuple[int, Answers]] = field(default_factory=dict)
    grants: Sequence[tuple[str, str, str]] = ()
    steps: Sequence[str] = ()
    unfinished: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()
    contact: str = ""
    secret_field: str = "client_secret_string"  # noqa: S105  a field's name in Pismo's guide; RFC 6749 says client_secret

    def get(self, step: str, name: str, default: Any = None) -> Any:
        """A step's sent answer, or the default."""
        return self.answers.get(step, {}).get(name, default)

    def renewal(self, asking: str, recording: str) -> tuple[str, Answers] | None:
        """The last renewal asked for that isn't recorded yet: its item, and what was sent with it. Both are ``step.task``."""
        asked, recorded = self.items.get(asking, ()), {item for item, _ in self.items.get(recording, ())}
        return asked[-1] if asked and asked[-1][0] not in recorded else None


@dataclass(frozen=True)
class Script:
    """Commands for the customer's own shell. ``key``: what it is for, looked up as ``say.<key>``."""

    key: str
    code: str


Check = Callable[[Answers, Situation], Iterable[Problem]]
Prefill = Callable[[Situation], Answers]
Takes = Callable[[Answers, Situation], Answers]
Since = Callable[[Answers, datetime, Situation], Answers]
Notes = Callable[[Answers, Situation], Iterable[Note]]
Scripts = Callable[[Answers, Situation], Sequence[Script]]
Counts = Callable[[Answers], tuple[str, int]]


Hides = Callable[[Answers, Situation], Collection[str]]


def no_problems(_answers: Answers, _situation: Situation) -> Iterable[Problem]:
    return ()


def not_past(answers: Answers, situation: Situation, *names: str) -> Iterator[Problem]:
    """For checks: dates (``YYYY-MM-DD``) must be today or later in the customer's time zone; moments (Unix seconds), in the future."""
    for name in names:
        value = answers.get(name)
        if isinstance(value, str) and date.fromisoformat(value) < situation.today:
            yield Problem(name, "date_past")
        elif isinstance(value, int) and value <= situation.now.timestamp():
            yield Problem(name, "moment_past")


def no_notes(_answers: Answers, _situation: Situation) -> Iterable[Note]:
    return ()


def as_typed(_answers: Answers) -> Answers:
    return {}


def nothing_hidden(_answers: Answers, _situation: Situation) -> Collection[str]:
    return ()


def always(_answers: Answers) -> bool:
    return True


def no_scripts(_answers: Answers, _situation: Situation) -> Sequence[Script]:
    return ()


def nothing_known(_situation: Situation) -> Answers:
    return {}


def nothing_since(_answers: Answers, _at: datetime, _situation: Situation) -> Answers:
    return {}


def nothing_more(_answers: Answers, _situation: Situation) -> Answers:
    return {}


@dataclass(frozen=True)
class Page:
    """One page of a form.

    ``when``: ask the page only if this holds for the answers so far. ``compulsory``: the optional fields that these answers make required,
    so that nobody reads "(optional)" there. ``check``: gets this page's validated answers merged over
    those of earlier pages. ``normal``: gets the same, and gives those of the page's answers that are kept in another form than they
    are typed in. ``scripts``: shown below the inputs, for what is pasted into them; they must not fail if answers are missing.
    ``takes``: the answers once the page is left, with what follows from it, such as the items of a list that was pasted; doing it twice
    changes nothing. ``hides``: the inputs that these answers leave nothing to ask in; what stood in them before counts for nothing.
    ``known``: what it asks is usually known from elsewhere: it is asked only while something of it is missing or wrong, and otherwise
    shown with the rest, with a way to change it. ``repeat``: for a RepeatedPage, the key of its list of items in the answers; pages that
    follow each other with the same key are asked together for each item, and their ``when`` and ``check`` see what it says, too.
    ``to_correct``: it is asked for those items alone with which something is wrong, to change one, and to leave one out; another page
    adds them.
    """

    id: str
    model: type[FormPage]
    when: Callable[[Answers], bool] = always
    compulsory: Callable[[Answers], Collection[str]] = lambda _answers: ()
    check: Check = no_problems
    normal: Callable[[Answers], Answers] = as_typed
    scripts: Scripts = no_scripts
    takes: Takes | None = None
    hides: Hides = nothing_hidden
    known: bool = False
    repeat: str = ""
    to_correct: bool = False


SHARED_REASON = "shared_reason"
"""The field that says why two customers have the same."""
MAX_CONFIRMING = 2
"""People that a task can take: one records, another confirms the same."""
EXAMPLES_AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
"""The moment at which the examples of forms are valid."""


@dataclass(frozen=True)
class Form:
    """Pages asked in a modal, one after the other.

    ``review``: a last page shows all answers before they are sent, unless they stand on one page anyway (`pages.is_brief`) and nothing
    of them is to be looked at again. ``shown_back``: it is shown in any case, since a list is read out of what was pasted. ``check``: what
    is wrong with the answers as a whole, shown there; nothing is sent before it is mended. ``since``: answers to put over those that were
    typed before a moment, for what has come up since then; the form begins at the first page on which something is missing then.
    ``notes``: shown there and on the review card; they must not fail if answers are missing. ``counts``: what is sent and how many of it,
    said on the button as ``form_ui.send_<what>`` where it is known when the page is drawn; without any
    of it nothing is sent. ``example``: raw answers that pass; ``"*"`` for whatever this onboarding offers. ``copied``: by field, texts to
    copy from; they are drawn as they stand now, and never kept in a draft. A window in which others stand is refused.
    """

    id: str
    pages: tuple[Page, ...]
    prefill: Prefill = nothing_known
    since: Since = nothing_since
    copied: Prefill = nothing_known
    notes: Notes = no_notes
    review: bool = False
    shown_back: bool = False
    check: Check = no_problems
    counts: Counts | None = None
    example: Answers = field(default_factory=dict)

    def page(self, page_id: str) -> Page:
        return next(page for page in self.pages if page.id == page_id)


@dataclass(frozen=True)
class Offer:
    """Something a searchable field offers. Its label is ``label`` itself, or the text of ``key``. ``at``: a moment in Unix seconds that
    is put before it, in the reader's time zone."""

    value: str
    label: str = ""
    key: str = ""
    params: Mapping[str, Parameter] = field(default_factory=dict)
    at: int = 0


@dataclass(frozen=True)
class Meeting:
    """What `SendSession` tells and puts into a calendar file. ``starts``: Unix seconds. ``attendees``: email addresses.

    ``session``: the item that scheduled it, if this one changes it. ``sequence``: how often it was changed. ``was``: before it was moved.
    ``cancelled``: why it doesn't take place.
    """

    starts: int
    minutes: int
    agenda: str = ""
    link: str = ""
    attendees: tuple[str, ...] = ()
    session: str = ""
    sequence: int = 0
    was: "Meeting | None" = None
    cancelled: str = ""


Difference = tuple[str, str, str]
"""A detail of something at Pismo: its name, the approved value, the platform's value."""
Outcome = Literal["passed", "failed", "skipped", "differs", "accepted", "note"]
"""Of a check. ``differs``: the access works, but something isn't as approved; ``accepted``: and support said that it may be so."""


@dataclass(frozen=True)
class ReportLine:
    """A line of a proof's report. ``reason``: a key under ``proof.``. ``params``: of that text and of the check's name; under ``field``,
    the key of a label."""

    check: str
    outcome: Outcome
    reason: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """What was read at Pismo, compared with what was approved. Nothing that wasn't read is in it."""

    lines: Sequence[ReportLine] = ()
    differences: Sequence[Difference] = ()


PROGRAMS_CHECK = "programs"
"""The check of a proof that lists the customer's programs: the access works once Pismo answers it."""


@dataclass(frozen=True)
class ProgramsRead:
    """The programs that Pismo lists, as it names their fields. ``total``: how many there are; not all of very many are read."""

    items: Sequence[Mapping[str, Any]]
    total: int

    @property
    def whole(self) -> bool:
        return len(self.items) >= self.total


@dataclass(frozen=True)
class Proof:
    """What `RunProof` tries a pasted token for.

    ``environment``: the one that the task's answers name. ``expected``: what the token must say in it. ``corrections``: details of the
    organization to send in the test environment before it is read. ``organization``, ``programs``: what was read there, compared with
    what was approved; both of an environment, the programs all of them or not. ``passed``: whether these lines (check, outcome, …)
    prove the access. ``sign_ons``: in an environment, the resource (of grants) whose use Control Center's audit shows.
    """

    environment: Callable[[Answers], str]
    expected: "Callable[[Situation, str], Expected]"
    corrections: Callable[[Situation], Answers]
    organization: Callable[[Situation, str, Mapping[str, Any]], Comparison]
    programs: Callable[[Situation, str, ProgramsRead], Comparison]
    passed: Callable[[Sequence[Mapping[str, Any]]], bool]
    sign_ons: Callable[[str], str]


@dataclass(frozen=True)
class Creation:
    """What `CreateProgram` creates, each from what the task recorded. ``template``: the body of the call. ``expected``: what the token
    must say. ``recording``: the task that records a program by hand; ``recorded``: its answers for this id, type and status.
    """

    template: Callable[[Answers], Mapping[str, Any]]
    expected: "Callable[[Situation], Expected]"
    recording: str
    recorded: Callable[[Answers, int, str, str], Answers]


ReadingKind = Literal[
    "programs", "hierarchies", "divisions", "holiday_calendars", "processing_codes", "loan_products", "marketplace"
]


SetupOutcome = Literal["done", "missing", "not_checked"]


@dataclass(frozen=True)
class Judgement:
    """Whether an item of a set-up is there. ``said``: why, in one or more sentences, each a key under ``setup_check`` with its
    parameters."""

    outcome: SetupOutcome
    said: Sequence[tuple[str, Mapping[str, str | int]]]


@dataclass(frozen=True)
class WantedReading:
    """Something of a product's set-up that can be read at Pismo. ``item``: what it is to the step; ``label``: the key of its name.

    ``needed``: whether it is read at all. ``optional``: nobody waits for it. ``programs``: what those that are listed mean to it.
    ``which``: the id of what is read, where Pismo lists none.
    """

    item: str
    kind: ReadingKind
    label: str
    needed: bool = True
    optional: bool = False
    programs: Callable[[ProgramsRead], Judgement] | None = None
    which: str = ""


@dataclass(frozen=True)
class SetupCheck:
    """What `RunSetupCheck` reads with a pasted token. ``environment``: the one that the task's answers name. ``expected``: what the
    token must say in it. ``readings``: there, in the order of their report."""

    environment: Callable[[Answers], str]
    expected: "Callable[[Situation, str], Expected]"
    readings: Callable[[Situation, str], Sequence[WantedReading]]


@dataclass(frozen=True)
class Transfer:
    """What `MoveProgram` exports from the test environment and imports into production. ``program``: its id in test, its name and
    its type, as the task's answers choose it; None if it is no longer there to choose. ``org_ids``: of test and of production."""

    program: Callable[[Answers, Situation], tuple[int, str, str] | None]
    org_ids: Callable[[Situation], tuple[str, str]]


def never(_situation: Situation) -> datetime | None:
    return None


Done = Callable[[Situation], bool]
Moment = Callable[[Situation], datetime | None]
Offers = Callable[[Situation], Iterable[Offer]]


@dataclass(frozen=True)
class Task:
    """Something one side does after a step's approval, with a form or just a button.

    When: ``ready``: it can be done now. ``needed``: and the step waits for it. ``repeatable``: it can be done again, each time as
    a new item. ``optional``: the step can end without it. ``also_in``: step states in which it can be done besides the work after
    the approval. ``outlives``: it can be done once the onboarding is closed, too. ``requires``: ids of earlier steps that must be done or
    skipped first. ``opens``: the moment before which it can't be done, if that is known ahead; its button is there and says so.
    ``stale_with``: answers of the step; if a later revision changes one, or the file that stands in for it (``x_file`` for ``x``), the
    task must be redone.

    What: ``approvals``: how many different people must confirm it, one or two. ``adds``: what is recorded along with the answers.
    ``offers``: what the form's searchable fields offer, by ``source``. ``effect``: what completing it starts; ``meeting``,
    ``proof``, ``creation``, ``setup_check``, ``transfer``: what that needs (`Effect.needs`). ``closes``: it closes the whole
    onboarding. ``skips``: it skips the step, for the reason in its answer ``reason``, by as many people as that takes. ``ticket``: the
    answer with a Service Desk ticket key; the ticket is followed until it ends. ``expires``: the answer with the last day
    (``YYYY-MM-DD``) of what must be renewed; ``ends_first``: the answer with whose last day that is. ``renews``, for a customer's task:
    the task of this step whose record it asks to renew. Once that is recorded, this can be done whatever has ended by then, since
    expiry warnings never stop; each time begins a renewal, which support records as an item of the renewed task, with its form and
    checks, and a second person confirms. ``replaces``, for a task without an end of its own: the one whose record, outdated by a later
    revision, is out of use once this is done.

    ``unique``: the answer that no two customers have, unless `SHARED_REASON`, on the same page, says why. ``notes``: on what is
    recorded, for the review card.

    ``resource``/``grant_from``/``grant_to``: for a task that moves grants. Its form's ``grants`` field picks from those in a
    ``grant_from`` state; without a form it is all of them. They move to ``grant_to``, for ``expires_hours`` if given.
    """

    id: str
    side: Side
    form: Form | None = None
    ready: Done = lambda _situation: True
    needed: Done = lambda _situation: True
    repeatable: bool = False
    optional: bool = False
    also_in: tuple[StepState, ...] = ()
    outlives: bool = False
    requires: tuple[str, ...] = ()
    opens: Moment = never
    stale_with: tuple[str, ...] = ()
    approvals: int = 1
    adds: Callable[[Answers, Situation], Answers] = nothing_more
    offers: Mapping[str, Offers] = field(default_factory=dict)
    effect: type[TaskEffect] | None = None
    meeting: Callable[[Answers, Situation], Meeting] | None = None
    proof: Proof | None = None
    creation: Creation | None = None
    setup_check: SetupCheck | None = None
    transfer: Transfer | None = None
    closes: bool = False
    skips: bool = False
    ticket: str = ""
    expires: str = ""
    ends_first: str = ""
    renews: str = ""
    replaces: str = ""
    unique: str = ""
    notes: Notes = no_notes
    resource: tuple[str, ...] = ()
    grant_from: tuple[str, ...] = ()
    grant_to: str = ""
    expires_hours: int = 0

    def waits_for(self, situation: Situation) -> list[str]:
        """The steps that must end first, in order."""
        return [step for step in self.requires if step in situation.unfinished]

    def is_ready(self, situation: Situation) -> bool:
        """Whether it can be done now, as far as the task itself tells."""
        return not self.waits_for(situation) and self.ready(situation)


@dataclass(frozen=True)
class GrantAsked:
    """Access that a sent form requests, e.g. the production Control Center for one email address."""

    resource: str
    email: str
    name: str = ""
    role: str = ""
    language: str = ""


@dataclass(frozen=True)
class Filing:
    """What a request's text is told besides the answers. ``marker``: a word that its summary contains. ``emails``: the addresses that it
    asks access for. ``channel``: the name of the customer's channel in Slack. ``unnamed``: the addresses of those of its people who are
    not its participants, since no account of theirs was found, or the bot's may not name them. ``part``: what it is about, where the
    step says that."""

    marker: str
    emails: Collection[str] = ()
    channel: str = ""
    unnamed: Sequence[str] = ()
    part: Answers = field(default_factory=dict)


@dataclass(frozen=True)
class DeskRequest:
    """What is requested of the Service Desk once the step is approved: one request for each of ``resources``.

    ``portal``: the language of the portal that is used. ``filed``: summary and description of the request for one resource, whose
    name for people is ``resource.<resource>``. A channel is given for those ``with_channel``. ``pasted``: the same to be typed in by
    support (url, summary, path, priority, description), for some resources, or for everything that was asked for.

    Without ``part``, a request is for the accesses that the step asks for (`Step.grants`). Else ``part`` is what the step's answers say
    of a resource, which is recorded with its ticket, so that it is requested anew once it changes; None if they don't ask for it.
    ``people``: the email addresses of its participants, from the part.
    """

    resources: tuple[str, ...]
    portal: Callable[[Situation], str]
    filed: Callable[[Situation, str, Filing], tuple[str, str]]
    pasted: Callable[[Situation, Sequence[str]], Mapping[str, str]]
    with_channel: tuple[str, ...] = ()
    part: Callable[[Answers, str], Answers | None] | None = None
    people: Callable[[Answers], Collection[str]] = lambda _part: ()


@dataclass(frozen=True)
class Coverage:
    """What a step's own answers should cover of an earlier step's, such as a program for each product. ``wanted``: by the answers of
    that ``step``; ``covered``: by its own. The name of each for people is ``<label>.<name>``. ``lacking``: the key of what both sides are
    told of what is new, support's ending in ``_here``; ``gone``: of what the customer is told of what isn't wanted any more before it was
    covered; ``unplanned``: of what support is told of what is covered and isn't wanted any more."""

    step: str
    wanted: Callable[[Answers], Iterable[str]]
    covered: Callable[[Answers], Iterable[str]]
    label: str
    lacking: str
    gone: str
    unplanned: str


@dataclass(frozen=True)
class BusinessPlace:
    """Where a company works, as far as a step's answers tell: an IANA zone, an ISO 3166-1 alpha-3 country and its subdivision, the part of
    ISO 3166-2 after the hyphen; each may be empty."""

    timezone: str = ""
    country: str = ""
    subdivision: str = ""


@dataclass(frozen=True)
class ParityItem:
    """Something that may exist in an environment. ``what``: a key under ``parity.what``. ``cell``: None for an environment of which
    this step knows nothing. ``takes_long``: others have to do it by hand, over days."""

    what: str
    cell: Callable[[Situation, str], ParityCell | None]
    takes_long: bool = False


@dataclass(frozen=True)
class Step:
    """One step of a journey.

    ``requires``: ids of steps that must be done or skipped before this one opens; those that a customer does not have count as done.
    ``brought_by``: the earlier step whose answers decide whether a customer has this one, once they are accepted: ``wanted`` tells.
    Without it, everybody has it. ``covers``: what its own answers should cover of those of an earlier step; it is opened again if a later
    revision of that step wants more. ``approvals``: how many different people in support must approve what was sent. ``tasks``: what
    follows the approval; the step is done once every non-optional task is done and ``finished`` holds. ``grants``: the access its answers
    request, tracked in the access matrix once approved.

    ``to_resend``: what is left to do can't end it: its form must be sent anew, which is the customer's turn. ``awaits``: the moment that it
    waits for after the approval, if that is known ahead, such as the end of a session: until then it is nobody's turn.

    ``offers``: what its form's searchable fields offer, by ``source``. ``links``: (text key, URL) shown with the step. ``facts``: what
    is known about it outside, e.g. a ticket's status, shown to both sides as ``note.<key>``. ``on_card``: what of it the checklist card
    shows, too. ``receipt``: what the customer keeps of it in writing, as ``note.<key>``. ``on_open``, ``on_approval``: what its opening
    and its approval start; ``desk_request``: what that needs (`Effect.needs`).

    ``business_place``: what its answers say about where the company works, used for reminders. ``contact``: the company's own
    email address in its answers, by which its domain is known. ``rating``: what its answers give the onboarding, from 1 up to 5.
    ``go_live``: the day in its answers that becomes the onboarding's once they are accepted. ``wakes``: days on which the customer is
    reminded besides, if it is their turn then, and its message is drawn anew.
    ``parity``: what it reports per environment. ``shows_lane``: its messages show that for production, and the onboarding ends once
    nothing of it is lacking.
    """

    id: str
    form: Form
    requires: tuple[str, ...] = ()
    brought_by: str = ""
    wanted: Callable[[Answers], bool] = lambda _answers: True
    covers: Coverage | None = None
    approvals: int = 1
    tasks: tuple[Task, ...] = ()
    finished: Done = lambda _situation: True
    to_resend: Done = lambda _situation: False
    awaits: Moment = never
    grants: Callable[[Answers], Iterable[GrantAsked]] = lambda _answers: ()
    offers: Mapping[str, Offers] = field(default_factory=dict)
    links: Callable[[Situation], Sequence[tuple[str, str]]] = lambda _situation: ()
    on_card: Callable[[Situation], Iterable[Note]] = lambda _situation: ()
    facts: Callable[[Situation], Iterable[Note]] = lambda _situation: ()
    receipt: Callable[[Situation], Iterable[Note]] = lambda _situation: ()
    on_open: tuple[type[StepEffect], ...] = ()
    on_approval: tuple[type[StepEffect], ...] = ()
    desk_request: DeskRequest | None = None
    business_place: Callable[[Answers], BusinessPlace] = lambda _answers: BusinessPlace()
    contact: Callable[[Answers], str] = lambda _answers: ""
    rating: Callable[[Answers], int | None] = lambda _answers: None
    go_live: Callable[[Answers], date | None] = lambda _answers: None
    wakes: Callable[[Situation], Iterable[date]] = lambda _situation: ()
    parity: tuple[ParityItem, ...] = ()
    shows_lane: bool = False

    def task(self, task_id: str) -> Task:
        """Raises KeyError if this step has no such task."""
        for task in self.tasks:
            if task.id == task_id:
                return task
        raise KeyError(task_id)

    def asking(self, task: Task) -> Task | None:
        """The customer's task that asks for the renewal of what a task records."""
        return next((one for one in self.tasks if one.renews == task.id), None)

    def to_renew(self, situation: Situation) -> Task | None:
        """The task whose renewal was asked for and waits to be recorded, or for the second person to confirm it."""
        for asking in self.tasks:
            if asking.renews and situation.renewal(f"{self.id}.{asking.id}", f"{self.id}.{asking.renews}") is not None:
                recording = self.task(asking.renews)
                if recording.is_ready(situation):
                    return recording
        return None

    def item_now(self, task: Task, situation: Situation) -> str:
        """The item that a task which can't be repeated records now: that of the renewal asked for, or of the step's revision if
        that replaces what is in use; else it has only one, without an id."""
        asking, recording = self.asking(task), f"{self.id}.{task.id}"
        if asking is None:
            return ""
        renewal = situation.renewal(f"{self.id}.{asking.id}", recording)
        if renewal is not None:
            return renewal[0]
        return f"revision_{situation.replaced[recording][0]}" if recording in situation.replaced else ""
