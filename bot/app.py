"""Wires the parts together: store, engine, Slack, Pismo, listeners. Tests build the same bot with their own adapters."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp

from bot.adapters import Adapters
from bot.config.policies import Policies
from bot.config.settings import Settings
from bot.config.version import VERSION
from bot.jobs.chores import Chores, chores
from bot.jobs.executor import Executor
from bot.jobs.failures import Failures, tell_of_altered
from bot.jobs.handlers import PismoAccess, ServiceDeskAccess, handlers
from bot.jobs.runner import Runner
from bot.jobs.ticket_poller import TicketPoller
from bot.jobs.withholding import withholding
from bot.listeners.actions import Buttons
from bot.listeners.app_home import AppHome
from bot.listeners.bolt import Listeners
from bot.listeners.channels import ChannelEvents
from bot.listeners.commands import SlashCommands
from bot.listeners.connections import Connections
from bot.listeners.customer_search import CustomerSearch
from bot.listeners.events import Events
from bot.listeners.lists import SupportLists
from bot.listeners.messages import Messages
from bot.listeners.next_item import NextItem
from bot.listeners.options import Options
from bot.listeners.own_command import Commands, OwnCommand
from bot.listeners.reports import Reports
from bot.messages.support import Support
from bot.messages.texts import for_locale
from bot.modals.fetched import SlackLookups
from bot.modals.inspected import PageInspections
from bot.modals.neighbours import Neighbours
from bot.modals.newcomers import Newcomers
from bot.modals.private_answers import PrivateAnswers
from bot.modals.session import FormSessions
from bot.modals.starting import StartProposals
from bot.modals.submission import FormSubmissions
from bot.modals.windows import Modals
from bot.slack.background import Background
from bot.slack.no_tables import NoTablesKept
from bot.slack.own_channels import OwnChannels
from bot.slack.people import People
from bot.slack.support_channel import SupportChannel
from bot.slack.support_people import SupportPeople
from bot.telemetry import metrics, traces
from flows.cases.access import Access
from flows.cases.case import Cases
from storage.chain import REGISTER
from storage.outbox import Outbox, Pace
from storage.store import Store
from storage.unit import SUPPORT

DRAIN = 6.0
"""Seconds that what follows an acknowledgement may take when the process is told to end."""
NAMED = 5
"""Altered logs that `Bot.notices` names."""
SILENT = 60.0
"""Seconds without any answer of Slack after which `Bot.ready` says so."""


@dataclass(frozen=True)
class Bot:
    """``await start()``, ``await stop()``; ``bolt`` takes requests in between. ``tokens``: pasted for a proof, only in memory."""

    bolt: AsyncApp
    adapters: Adapters
    store: Store
    cases: Cases
    people: People
    support_people: SupportPeople
    support_channel: SupportChannel
    events: Events
    background: Background
    runner: Runner
    poller: TicketPoller
    chores: Chores
    tokens: dict[str, SecretStr] = field(repr=False)

    async def start(self) -> None:
        """Back when what people send can be looked into. Slack need not be reachable yet. Raises UnfitChannelError if it is, and says
        that support's channel is not support's alone."""
        loading = asyncio.create_task(self.adapters.inspections.warm())
        await self.adapters.slack.start()
        await self.support_people.load()
        await self.support_channel.begin()
        await self.runner.start()
        self.chores.start()
        self.background.later(self.events.handle_left())
        await loading

    async def stop(self) -> None:
        """Finish what was acknowledged, then release everything."""
        await self.chores.stop()
        ending = asyncio.create_task(self.runner.stop())  # from now on, no effect begins
        with contextlib.suppress(TimeoutError):  # what was stored goes on at the next start
            async with asyncio.timeout(DRAIN):
                await self.background.drain()
        await ending
        await self.adapters.close()
        await self.store.close()

    def ready(self) -> dict[str, str]:
        """Why the bot is not ready, by part; empty when it is."""
        wrong = {}
        if not self.support_people.refreshed:
            wrong["slack"] = self.support_people.trouble() or "not reached since the start"
        elif (silence := self.adapters.slack.silence) > SILENT:
            wrong["slack"] = f"no answer for {silence:.0f} s; what was asked of it waits"
        if lost := self.events.lost or self.adapters.slack.logged_out:
            wrong["slack"] = f"{lost}: reinstall the app and set its new token"
        if (register := self.store.altered.get(REGISTER)) is not None:
            wrong["audit_log"] = str(register)
        if trouble := self.support_channel.trouble():
            wrong["support_channel"] = trouble
        if trouble := self.runner.trouble():
            wrong["effects"] = trouble
        return wrong

    def notices(self) -> dict[str, str]:
        """What must be looked at though the bot is ready, by part: logs of single customers, and who reads along in support's channel. No
        other process could do any better, so that none is to be taken out for it."""
        altered = sorted((one for one in self.store.altered.values() if one.onboarding_id != REGISTER), key=str)
        more = f"; {len(altered) - NAMED} more" if len(altered) > NAMED else ""
        found = {"audit_log": "; ".join(map(str, altered[:NAMED])) + more} if altered else {}
        if readers := self.support_people.readers:
            found["support_channel"] = (
                f"people in it who are not support and read all answers of all customers: {readers}; remove them"
            )
        return found


def build(settings: Settings, policies: Policies, *, adapters: Adapters | None = None) -> Bot:
    """``adapters``: the real ones unless given."""
    adapters = adapters or Adapters.real(settings)
    policies = replace(policies, rules=replace(policies.rules, secret_field=settings.pismo_oauth2_secret_field))
    slack, rules, channel = adapters.slack, policies.rules, settings.support_channel
    zone = ZoneInfo(rules.support_calendar.timezone)
    store = Store(settings.database_url, settings.keyring, adapters.clock, zone=zone)
    slack.no_tables = NoTablesKept(store)
    access, background = Access(), Background()
    cases = Cases(rules, access)
    people = People(store, slack, access, for_locale=for_locale)
    support_channel = SupportChannel(store, slack, channel)
    support_people = SupportPeople(store, slack, people, access, channel=support_channel, usergroup=settings.support_usergroup)
    tokens: dict[str, SecretStr] = {}

    # -- what people do
    answers, sessions = PrivateAnswers(store, slack, people), FormSessions(cases, people)
    pages = PageInspections(store, slack, rules, adapters.inspections)
    neighbours = Neighbours(store, people, access)
    channels = OwnChannels(slack)
    proposals = StartProposals(store, slack, channels, neighbours, channel)
    newcomers = Newcomers(store, cases, people, background)
    modals = Modals(store, slack, sessions, pages, newcomers, answers, proposals)
    lookups = SlackLookups(store, slack, people, access, neighbours, proposals)
    lists = SupportLists(store, cases, slack, answers)
    searching = CustomerSearch(store, cases, slack, answers, lists)
    following = NextItem(store, cases, slack, answers, channel)
    home = AppHome(store, cases, people, slack, lists, support_people.faults)
    messages = Messages(store, cases, people, slack, adapters.inspections)
    of_channels = ChannelEvents(cases, people, support_people, support_channel, Connections(store, slack, access))
    events = Events(store, cases, people, slack, messages, home, background, of_channels)
    reports = Reports(store, cases, answers)
    commands = SlashCommands(store, cases, modals, answers, lists, reports, background, channels)
    own = OwnCommand(store, cases, people, modals, newcomers, answers, background, commands.verbs)
    listeners = Listeners(
        buttons=Buttons(
            store,
            cases,
            slack,
            modals,
            answers,
            background,
            home=home,
            lists=lists,
            searching=searching,
            following=following,
            reports=reports,
            commands=commands,
        ),
        submissions=FormSubmissions(store, pages, sessions, lookups, answers, rules, tokens),
        options=Options(store, cases, people, answers, proposals, channels),
        commands=Commands(commands, own),
        events=events,
        home=home,
        searching=searching,
        following=following,
        people=people,
        support=support_people,
        background=background,
    )

    # -- what follows a commit, and what recurs
    pismo = PismoAccess(adapters.pismo, tokens)
    service_desk = ServiceDeskAccess(adapters.service_desk, policies.service_desk)
    support = Support(channel, policies.support_language)
    table = handlers(
        store,
        cases,
        slack,
        people,
        support,
        pismo=pismo,
        service_desk=service_desk,
        publish_home=home.publish,
        allows=withholding(support_channel),
        organizer=policies.sessions_organizer,
    )
    failures = Failures(table)
    outbox = Outbox(store, pace=Pace(policies.channel_seconds), lease=policies.lease_seconds)
    followed_by = (failures.tell, failures.alert)
    support_channel.on_open = lambda: outbox.resume(SUPPORT)
    executor = Executor(store, outbox, table.do, patience=adapters.patience, on_failed=followed_by, clock=adapters.clock)
    # On one SQLite file nobody asks for effects beside this process but a command in a terminal.
    poll = policies.sweep_seconds if store.one_writer else policies.poll_seconds
    runner = Runner(outbox, executor.attempt, poll=poll)
    store.on_effects, store.tracing = runner.wake, traces.commit
    metrics.BUILD.info({"version": VERSION})
    metrics.ALTERED_LOGS.set_function(lambda: len(store.altered))
    store.on_altered = lambda error: background.later(tell_of_altered(store, error))
    poller = TicketPoller(store, cases, adapters.service_desk, policies.service_desk, adapters.inspections.text)
    recurring = chores(
        policies, store, cases, outbox, poller, support_channel, support_people, handle_left_events=events.handle_late
    )

    bolt = listeners.bolt(slack.web)
    return Bot(
        bolt,
        adapters,
        store,
        cases,
        people,
        support_people,
        support_channel,
        events,
        background,
        runner,
        poller,
        Chores(recurring),
        tokens,
    )
