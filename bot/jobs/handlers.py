"""Which handler runs which effect: the one place that knows them all."""

from dataclasses import dataclass, field

from pydantic import SecretStr

from bot.config.service_desk import ServiceDeskPolicies
from bot.jobs.access_requests import AccessRequests
from bot.jobs.calls import CallMessages
from bot.jobs.channels import Channels
from bot.jobs.escalations import Escalations
from bot.jobs.files import Files
from bot.jobs.handing_over import HandingOver
from bot.jobs.lasting import LastingMessages
from bot.jobs.moves import ProgramMoves
from bot.jobs.nudges import Nudges
from bot.jobs.presence import Presence, PublishHome
from bot.jobs.program_creation import ProgramCreations
from bot.jobs.proof import Proofs
from bot.jobs.ready_text import ReadyTexts
from bot.jobs.registry import Allows, Handlers
from bot.jobs.reminders import Reminders
from bot.jobs.repairs import Repairs
from bot.jobs.said import Alerts, PrivateWords, Said
from bot.jobs.sessions import Sessions
from bot.jobs.setup_check import SetupCheckRuns
from bot.jobs.submissions import Submissions
from bot.jobs.threads import Threads
from bot.jobs.ticket_answers import TicketAnswers
from bot.jobs.ticket_news import TicketNews
from bot.jobs.weekly_report import WeeklyReports
from bot.messages.support import Support
from bot.slack.client import Slack
from bot.slack.people import People
from flows.cases.case import Cases
from flows.outbox import (
    EFFECTS,
    AddBookmark,
    Alert,
    AskAgain,
    AttachSession,
    CreateProgram,
    DeleteFile,
    Draw,
    DrawHome,
    Escalate,
    FileAnswer,
    FileRequest,
    FollowMembers,
    HandOver,
    HandOverEverywhere,
    MoveMessages,
    MoveProgram,
    Nudge,
    PostReport,
    Redraw,
    RedrawCall,
    RedrawReminder,
    RememberMembers,
    Remind,
    Repair,
    RepairReviews,
    ReportMove,
    ReportProof,
    ReportSetupCheck,
    RequestAccess,
    RunProof,
    RunSetupCheck,
    Say,
    SendCopied,
    SendExport,
    SendReceipt,
    SendSession,
    ShareExport,
    ShowCall,
    ShowDeparture,
    ShowDifferences,
    ShowInFull,
    ShowReadyText,
    ShowTaskInFull,
    Tell,
    TellHandedOver,
    TellOfAlteredLog,
    TellOfDeparture,
    TellOfTicket,
    TellSetAside,
    WarnOfCompany,
)
from pismo.environments import Environments
from pismo.service_desk import ServiceDesk
from storage.store import Store


@dataclass(frozen=True)
class PismoAccess:
    """``tokens``: access tokens pasted for a proof, a check or a program, by the task's item; only in memory, shared with the modals that
    take them."""

    environments: Environments
    tokens: dict[str, SecretStr] = field(repr=False)


@dataclass(frozen=True)
class ServiceDeskAccess:
    """``client``: None if none is configured."""

    client: ServiceDesk | None
    policies: ServiceDeskPolicies


def handlers(  # noqa: PLR0915  one for each kind of effect
    store: Store,
    cases: Cases,
    slack: Slack,
    people: People,
    support: Support,
    *,
    pismo: PismoAccess,
    service_desk: ServiceDeskAccess,
    publish_home: PublishHome,
    allows: Allows,
    organizer: str = "",
) -> Handlers:
    """One for every class of effect. ``allows``: see `Handlers`; ``organizer``: see `Sessions`. Raises HandlersError."""
    lasting = LastingMessages(store, cases, slack, support)
    threads = Threads(store, cases, slack, lasting, support)
    ready_texts = ReadyTexts(threads)
    reminders = Reminders(store, cases, slack, threads, support)
    said, submissions = Said(threads, people), Submissions(threads)
    channels, files = Channels(store, cases, slack, people), Files(store, cases, slack, threads, support)
    requests = AccessRequests(store, cases, slack, ready_texts, service_desk.client, service_desk.policies)
    ticket_answers = TicketAnswers(store, cases, service_desk.client, service_desk.policies)
    sessions, alerts = Sessions(threads, organizer), Alerts(store, slack, support)
    repairs, call_messages = Repairs(store, cases, slack, threads, support), CallMessages(store, slack, threads, support)
    table = Handlers(allows)
    table.on(Draw, lasting.draw)
    table.on(Redraw, lasting.redraw)
    table.on(Say, said.say)
    table.on(Tell, PrivateWords(store, cases, slack, people, support).tell)
    table.on(Remind, reminders.remind)
    table.on(RedrawReminder, reminders.redraw)
    table.on(ShowCall, call_messages.show)
    table.on(RedrawCall, call_messages.redraw)
    table.on(Escalate, Escalations(store, slack, threads).escalate)
    table.on(Nudge, Nudges(store, threads).nudge)
    table.on(Alert, alerts.alert)
    table.on(TellOfAlteredLog, alerts.altered_log)
    table.on(TellSetAside, alerts.set_aside)
    table.on(TellOfDeparture, alerts.departure)
    table.on(PostReport, WeeklyReports(store, cases, slack, support).post)
    _follow_people(table, Presence(store, cases, slack, support, publish_home))
    _hand_over(table, HandingOver(store, cases, slack, support))
    table.on(Repair, repairs.customers)
    table.on(RepairReviews, repairs.reviews)
    table.on(AskAgain, repairs.ask_again)
    table.on(ShowInFull, submissions.in_full)
    table.on(ShowDifferences, submissions.differences)
    table.on(ShowTaskInFull, submissions.task)
    table.on(SendCopied, files.copied)
    table.on(SendSession, sessions.tell)
    table.on(AttachSession, sessions.attach)
    table.on(AddBookmark, channels.bookmark)
    table.on(RememberMembers, channels.members)
    table.on(MoveMessages, channels.move)
    table.on(SendExport, files.export)
    table.on(ShareExport, files.share_export)
    table.on(SendReceipt, files.receipt)
    table.on(DeleteFile, files.delete)
    table.on(RequestAccess, requests.request)
    table.on(FileRequest, requests.file, requests.given_up)
    table.on(ShowReadyText, ready_texts.show)
    table.on(TellOfTicket, TicketNews(threads).tell)
    table.on(FileAnswer, ticket_answers.file, ticket_answers.given_up)
    _ask_pismo(table, store, cases, threads, pismo)
    table.check(EFFECTS)
    return table


def _follow_people(table: Handlers, presence: Presence) -> None:
    """Who is there, and what each of them has before them."""
    table.on(WarnOfCompany, presence.warn)
    table.on(ShowDeparture, presence.departure)
    table.on(FollowMembers, presence.follow_members)
    table.on(DrawHome, presence.home)


def _hand_over(table: Handlers, handing_over: HandingOver) -> None:
    table.on(HandOver, handing_over.in_one)
    table.on(HandOverEverywhere, handing_over.in_all)
    table.on(TellHandedOver, handing_over.tell)


def _ask_pismo(table: Handlers, store: Store, cases: Cases, threads: Threads, pismo: PismoAccess) -> None:
    """What is done at Pismo with a pasted token."""
    proofs = Proofs(store, cases, threads, pismo.environments, pismo.tokens)
    table.on(RunProof, proofs.run, proofs.given_up)
    table.on(ReportProof, proofs.report)
    creations = ProgramCreations(store, cases, pismo.environments, pismo.tokens)
    table.on(CreateProgram, creations.run, creations.given_up)
    checks = SetupCheckRuns(store, cases, threads, pismo.environments, pismo.tokens)
    table.on(RunSetupCheck, checks.run, checks.given_up)
    table.on(ReportSetupCheck, checks.report)
    moves = ProgramMoves(store, cases, threads, pismo.environments, pismo.tokens)
    table.on(MoveProgram, moves.run, moves.given_up)
    table.on(ReportMove, moves.report)
