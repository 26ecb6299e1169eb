"""Every kind of person tries everything there is to do, over signed HTTP in Slack's own shapes.

Who may do what is repeated here, written from the description of the journey and not from the code.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pytest
import pytest_asyncio

from bot.listeners.actions import ALONE
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import languages, table
from bot.modals.subject import FormMeta
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Kind, inputs
from flows.journey import JOURNEYS
from flows.model import StepRecord
from flows.names import folded
from flows.people import Side
from flows.steps.planning import PRODUCTS
from playground.slack import Channel, SlackPerson, View
from playground.slack.payloads import actions_on_view, on_submission
from playground.slack.world import User
from tests.bot.workplace import STEPS, Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")
T = TypeVar("T")

SENT = "organization"
"""The step awaiting a decision."""
SUPPORT, CUSTOMER = {"support"}, {"customer"}
EITHER = SUPPORT | CUSTOMER

PEOPLE = {
    "customer's lead": "customer",
    "colleague in the channel": "customer",
    "colleague who is not in the channel": "",
    "other customer's person": "",
    "guest elsewhere": "",
    "guest who leads another onboarding": "",
    "support": "support",
    "support's second": "support",
    "Pismo's person in the channel": "",
    "somebody unknown": "",
    "Slack itself": "",
    "same user id of another company": "",
}
"""Their sides in Acme's onboarding."""

GUESTS = {
    "guest who leads": "customer",
    "guest beside in the channel": "customer",
    "guest elsewhere": "",
    "customer's lead": "",
    "support": "support",
    "Pismo's person in the channel": "",
}
"""Their sides in the onboarding whose customer's people are guests in Pismo's own workspace."""

BUTTONS: Mapping[Act, set[str]] = {
    Act.OPEN_FORM: EITHER,
    Act.APPROVE: SUPPORT,
    Act.REQUEST_CHANGES: SUPPORT,
    Act.REJECT: SUPPORT,
    Act.CLAIM: SUPPORT,
    Act.AGREE_TO_SKIP: SUPPORT,
    Act.WITHDRAW_SKIP: SUPPORT,
    Act.SNOOZE: EITHER,
    Act.STUCK: CUSTOMER,
    Act.DECLINE_RENEWAL: SUPPORT,
    Act.ANSWER_TICKET: EITHER,
    Act.CHANGE: SUPPORT,
    Act.HAND_OVER: SUPPORT,
    Act.RETRY_EFFECT: SUPPORT,
    Act.SHOW: SUPPORT,
    Act.MATRIX: EITHER,
    Act.MATRIX_PAGE: EITHER,
    Act.CHECKLIST: EITHER,
    Act.ACCEPT_COMPANY: SUPPORT,
    Act.REPORT: SUPPORT,
    Act.ANSWER_CALL: SUPPORT,
    Act.SETTLE_CALL: SUPPORT,
    Act.TAKE_CALL: SUPPORT,
    Act.RELEASE_CALL: SUPPORT,
    Act.ADD_NOTE: SUPPORT,
}
"""TASK depends on the task, COMMAND on what it goes on with, BACK and PAGE on the form they are in; LINK does nothing. LIST, START and
FIND, which are about no onboarding, are support's."""

DIALOG_FOR: Mapping[str, set[str]] = {
    **dict.fromkeys(("start", "choose", "request_changes", "reject", "skip", "reopen", "assign", "change", "hand_over"), SUPPORT),
    **dict.fromkeys(("answer_call", "settle_call", "note", "step_note"), SUPPORT),
    "snooze": EITHER,
    "stuck": CUSTOMER,
    "decline_renewal": SUPPORT,
    "answer_ticket": EITHER,
}
CUSTOMERS_TASKS = (
    "control_center.confirm_access",
    "first_programs.create_in_test",
    "authentication.prove_access",
    "authentication.check_token",
    "authentication.record_upload",
    "authentication.send_production_key",
    "authentication.request_renewal",
    "authentication.request_new_pair",
    "authentication.send_own_renewal",
    *(f"setup_{product}.{task}" for product in PRODUCTS for task in ("check_setup", "update_setup")),
    "production.keys_made",
    "production.move_program",
    "production.prove_access",
    "production.record_upload",
    "production.request_renewal",
)
COMMANDS = (
    "start",
    "status",
    "queue",
    "find acme",
    "matrix acme",
    "parity acme",
    "export acme",
    "repair acme",
    "report acme",
    "assign acme",
    "change acme",
    "hand-over acme",
    "skip acme",
    "reopen acme",
    "help",
    "what",
)
OWN = ("status", "help", "what")
"""What the customer's people type too, and what nobody does."""
OPEN_A_WINDOW = ("start", "assign", "change", "hand-over", "skip", "reopen")
NOT_FOR_THEM = tuple(
    table(language)[f"refused.{key}"]
    for language in languages()
    for key in ("not_in_onboarding", "not_in_support", "support_only", "customer_only")
)
SECRETS = ("Acme Bank", "Guest Credit", "compras@acme.example", "Blue Coop")
"""What no outsider may read in an answer."""


SEES: Mapping[str, set[str]] = {
    "customer's lead": {"Acme Bank"},
    "colleague in the channel": {"Acme Bank"},
    "other customer's person": {"Blue Coop"},
    "guest who leads": {"Guest Credit"},
    "guest who leads another onboarding": {"Guest Credit"},
    "guest beside in the channel": {"Guest Credit"},
    "support": {"Acme Bank", "Guest Credit", "Blue Coop"},
    "support's second": {"Acme Bank", "Guest Credit", "Blue Coop"},
}
"""The customers whose names each reads where they ask for what is theirs; all others read none."""
CUSTOMERS = ("Acme Bank", "Guest Credit", "Blue Coop")
OF_ALL_STAGES = ("known_people", "customers")
OF_ONE = ("grants", "sessions", "differences", "unfiled", "undone", "programs", *OF_ALL_STAGES)
"""Searched choices of one customer, or of support, and those of them that there are at any stage."""
NO_HOME = ("guest who leads another onboarding", "Slack itself", "same user id of another company")
"""Others already open theirs, or they have none."""


def may_use(form: str) -> set[str]:
    if form in DIALOG_FOR:
        return DIALOG_FOR[form]
    return EITHER if "." not in form or form in CUSTOMERS_TASKS else SUPPORT


def form_ids(kind: str, of: str) -> list[str]:
    """Of all dialogs, and a person's share of the steps' and the tasks'."""
    steps = JOURNEYS.latest.steps.values()
    tasks = [task.form.id for step in steps for task in step.tasks if task.form is not None]
    return [*DIALOGS, *share(kind, of, [step.form.id for step in steps]), *share(kind, of, tasks)]


@dataclass
class Setting:
    """Three onboardings: Acme's (shared channel), the guests', Blue Coop's."""

    place: Workplace
    people: dict[str, SlackPerson]
    where: dict[str, Channel]
    acme: str
    guests: str
    guests_channel: Channel
    offered: frozenset[str] = frozenset({"service_desk.file_request", "service_desk.grant_access", "service_desk.refuse_access"})
    """Forms whose own choices exist at this stage."""

    async def quiet(self) -> dict[str, list[tuple[object, ...]]]:
        await self.place.bot.background.drain()
        return self.place.rows()

    def place_of(self, kind: str, of: str) -> Channel:
        """Where a person clicks: the onboarding's channel if they are in it."""
        channel = self.place.acme if of == self.acme else self.guests_channel
        return (
            channel if self.people[kind].id in channel.members and kind != "same user id of another company" else self.where[kind]
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def setting() -> AsyncIterator[Setting]:
    async with Workplace() as place:
        slack = place.slack
        pismo, acme = slack.world.teams[0], slack.world.teams[1]
        elsewhere = slack.add_team("Elsewhere")
        gina, greta = slack.add_person("Gina", pismo, restricted=True), slack.add_person("Greta", pismo, restricted=True)
        carla, uli = slack.add_person("Carla", acme), slack.add_person("Uli", elsewhere)
        robot = SlackPerson(slack, slack.courier, User("USLACK", pismo, "Slack"))
        # The stand-in finds a window by the user's id alone, so these two share theirs.
        double = SlackPerson(slack, slack.courier, User(place.ana.id, elsewhere, "Double", stack=place.ana.user.stack))
        slack.world.users["USLACK"] = robot.user
        cafe = slack.add_channel("cafe", pismo, [carla, place.olga, greta, place.gus, place.pat, uli, place.ana, robot])
        guests = slack.add_channel("guests_pismo", pismo, [place.sam, place.pat, place.gus, gina])
        people = {
            "customer's lead": place.ana,
            "colleague in the channel": place.bruno,
            "colleague who is not in the channel": carla,
            "other customer's person": place.olga,
            "guest elsewhere": greta,
            "guest who leads another onboarding": place.gus,
            "guest who leads": place.gus,
            "guest beside in the channel": gina,
            "support": place.sam,
            "support's second": place.kim,
            "Pismo's person in the channel": place.pat,
            "somebody unknown": uli,
            "Slack itself": robot,
            "same user id of another company": double,
        }
        where = dict.fromkeys(people, cafe) | {"support's second": place.support, "support": place.support}
        first = await place.begin()
        second = await place.begin(guests, place.gus, "Guest Credit")
        for one in (first, second):
            await place.add_steps(one)
        await place.begin(place.blue, place.olga, "Blue Coop")
        for onboarding, lead in ((first, place.ana), (second, place.gus)):
            await place.send(onboarding, "service_desk", lead)
            await place.approve(onboarding, "service_desk")
            await place.send(onboarding, SENT, lead)
        yield Setting(place, people, where, first, second, guests)


def cases(table: Mapping[str, str], of: str) -> list[tuple[str, str, str]]:
    return [(kind, role, of) for kind, role in table.items()]


EVERYONE = pytest.mark.parametrize(("kind", "role", "of"), cases(PEOPLE, "acme") + cases(GUESTS, "guests"))


async def value_of(setting: Setting, onboarding: str, step: str = SENT, task: str = "") -> ButtonValue:
    return value_on((await setting.place.snapshot(onboarding)).steps[step], task)


def value_on(record: StepRecord, task: str = "") -> ButtonValue:
    where = {"onboarding": record.onboarding_id, "step": record.step_id}
    return ButtonValue(**where, revision=record.revision, digest=record.digest[:16], task=task)


@dataclass(frozen=True)
class Pressed:
    """``came``: a window was opened. ``words``: the answer, or what the window says."""

    came: bool
    words: str


async def press(setting: Setting, kind: str, act: Act, value: ButtonValue) -> Pressed:
    person, place = setting.people[kind], setting.place
    person.user.stack.clear()
    said = len(place.answers(person))
    outcome = await place.press(person, setting.place_of(kind, value.onboarding), act, value)
    assert outcome.ok, (act, value, outcome.error)
    await place.bot.background.drain()
    words = "\n".join(place.answers(person)[said:]) + place.shown(person)
    # A window that was opened while the data was late and then shows the refusal doesn't count.
    came = person.view is not None and person.view.data["callback_id"] != "message"
    person.user.stack.clear()
    return Pressed(came, words)


def is_refusal(words: str) -> bool:
    return any(no in words for no in NOT_FOR_THEM)


def share(kind: str, of: str, everything: Sequence[T]) -> Sequence[T]:
    """What one person tries of what is alike, such as all tasks: people of the same side try different thirds, or halves, so that each is
    tried by somebody of each side."""
    sides = PEOPLE if of == "acme" else GUESTS
    alike = [one for one, side in sides.items() if side == sides[kind]]
    parts = min(len(alike), 3)
    return everything[alike.index(kind) % parts :: parts]


def every_button(kind: str, role: str, of: str) -> tuple[list[tuple[Act, str, str]], list[tuple[Act, str, str]]]:
    """All buttons, but of tasks their share, as (act, step, task): those somebody may use, and those they may not."""
    tasks = share(kind, of, [(step.id, task.id) for step in STEPS.values() for task in step.tasks])
    whose = [((act, SENT, ""), allowed) for act, allowed in BUTTONS.items()]
    whose += [((Act.TASK, s, t), EITHER if f"{s}.{t}" in CUSTOMERS_TASKS else SUPPORT) for s, t in tasks]
    whose += [((Act.COMMAND, SENT, verb), SUPPORT) for verb in ("status", "skip")]
    return [b for b, allowed in whose if role in allowed], [b for b, allowed in whose if role not in allowed]


@EVERYONE
async def test_a_button_that_is_not_theirs_changes_and_shows_nothing_and_says_so(
    setting: Setting, kind: str, role: str, of: str
) -> None:
    onboarding = getattr(setting, of)
    before, steps = await setting.quiet(), (await setting.place.snapshot(onboarding)).steps
    for act, step, task in every_button(kind, role, of)[1]:
        got = await press(setting, kind, act, value_on(steps[step], task))
        assert is_refusal(got.words), (act, task, got.words)
        assert not got.came, (act, task)
        assert not any(secret in got.words for secret in SECRETS), (act, task, got.words)
    assert await setting.quiet() == before


@EVERYONE
async def test_a_button_that_is_theirs_is_not_refused_for_who_they_are(setting: Setting, kind: str, role: str, of: str) -> None:
    onboarding = getattr(setting, of)
    for act, step, task in every_button(kind, role, of)[0]:
        before = await setting.quiet()
        got = await press(setting, kind, act, await value_of(setting, onboarding, step, task))
        assert not is_refusal(got.words), (act, task, got.words)
        assert got.came or got.words or setting.place.rows() != before, (act, task)
        await setting.place.settled()


def a_form(setting: Setting, person: SlackPerson, form: str, onboarding: str, slot: int = 0) -> View:
    """A modal as on somebody's screen, with the metadata of a form they may never have been shown."""
    step = form.partition(".")[0] if form not in DIALOGS else SENT
    begun = form not in ("start", "choose")
    meta = FormMeta(form=form, onboarding=onboarding if begun else "", step=step if begun else "", slot=slot)
    page = JOURNEYS.forms(form)[0].pages[0]
    block = {
        "type": "input",
        "block_id": f"{next(iter(inputs(page.model)))[0]}~{page.id}",
        "element": {"type": "plain_text_input"},
    }
    data = {"type": "modal", "private_metadata": meta.model_dump_json(), "blocks": [block], "callback_id": "form"}
    view = View(setting.place.slack.world.new_id("V"), person.user, data, setting.place.slack.world.new_ts(), "")
    person.user.stack[:] = [view]
    return view


@EVERYONE
async def test_a_form_is_taken_from_those_it_is_for_alone(setting: Setting, kind: str, role: str, of: str) -> None:
    person, place = setting.people[kind], setting.place
    for theirs in (False, True):
        before = await setting.quiet()
        for form in (form for form in form_ids(kind, of) if (role in may_use(form)) == theirs):
            view = a_form(setting, person, form, getattr(setting, of))
            outcome = await place.deliver(person, on_submission(place.slack, "view_submission", person.user, view))
            person.user.stack.clear()
            words = json.dumps(outcome.body, ensure_ascii=False)
            assert outcome.ok, (form, outcome.error)
            assert is_refusal(words) != theirs, (form, words)
            assert theirs or not any(secret in words for secret in SECRETS), (form, words)
        assert theirs or await setting.quiet() == before
    await place.settled()


@EVERYONE
async def test_turning_pages_shows_a_form_to_those_it_is_for(setting: Setting, kind: str, role: str, of: str) -> None:
    person, place = setting.people[kind], setting.place
    for act in share(kind, of, [Act.BACK, Act.PAGE, Act.LEAVE_OUT]):
        view = a_form(setting, person, SENT, getattr(setting, of), slot=-1)
        before = await setting.quiet()
        action = {"type": "button", "block_id": "b", "action_id": act, "value": "{}", "action_ts": place.slack.world.new_ts()}
        outcome = await place.deliver(person, actions_on_view(place.slack, person.user, view) | {"actions": [action]})
        assert outcome.ok, act
        after = await setting.quiet()
        words = json.dumps(view.data, ensure_ascii=False)
        person.user.stack.clear()
        assert is_refusal(words) == (role not in EITHER), act
        assert role in EITHER or after == before, act


@EVERYONE
async def test_choices_are_offered_to_those_who_may_see_them(setting: Setting, kind: str, role: str, of: str) -> None:
    """Accesses and sessions belong to one customer; currencies, countries and zones to all, so that each person tries a share of them."""
    person, place = setting.people[kind], setting.place
    searched = [
        (form.id, page.id, name, item.source)
        for form in (*JOURNEYS.all_forms(), DIALOGS["choose"])
        for page in form.pages
        for name, _, item in inputs(page.model)
        if item.kind in (Kind.SEARCH, Kind.SEARCH_MANY)
    ]
    theirs = [one for one in searched if one[-1] in OF_ONE]
    for form, page, name, source in (*theirs, *share(kind, of, [one for one in searched if one not in theirs])):
        view = a_form(setting, person, form, getattr(setting, of))
        payload = actions_on_view(place.slack, person.user, view)
        payload |= {"type": "block_suggestion", "block_id": f"{name}~{page}", "action_id": "value", "value": ""}
        outcome = await place.deliver(person, payload)
        person.user.stack.clear()
        assert outcome.ok, (form, outcome.error)
        if source in OF_ONE:
            there = source in OF_ALL_STAGES or form in setting.offered
            assert bool(outcome.body["options"]) == (role in may_use(form) and there), form
        else:
            assert outcome.body["options"], (form, name)


@pytest.mark.parametrize("kind", dict.fromkeys([*PEOPLE, *GUESTS]))
async def test_support_s_words_are_support_s_and_everybody_s_own_show_what_is_theirs(setting: Setting, kind: str) -> None:
    """Even where Slack would let them type a command, as it does guests and members."""
    person, place = setting.people[kind], setting.place
    supports, sees = PEOPLE.get(kind) == "support", SEES.get(kind, set())
    before = await setting.quiet()

    async def typed(line: str) -> str:
        person.user.stack.clear()
        said = len(place.told(person))
        outcome = await place.deliver_command(person, line, setting.where[kind])
        assert outcome.ok, (line, outcome.error)
        await place.bot.background.drain()
        return json.dumps(outcome.body, ensure_ascii=False) + "".join(place.told(person)[said:])

    for line in COMMANDS:
        words, verb = await typed(line), line.split()[0]
        of_support = any(table(one)["own.for_support"].format(verb=verb) in words for one in languages())
        assert of_support == (not supports and verb not in OWN), (line, words)
        assert (person.view is not None) == (supports and verb in OPEN_A_WINDOW), line
        assert supports or {name for name in CUSTOMERS if name in words} == (sees if verb == "status" else set()), (line, words)
    words = await typed("")
    assert person.view is None or (sees and not supports), words
    assert person.view is not None or words != "null"
    shown = words + place.shown(person)
    assert supports or not any(secret in shown for secret in {*SECRETS} - sees), shown
    person.user.stack.clear()
    assert sees or await setting.quiet() == before
    await place.settled()


@pytest.mark.parametrize("kind", dict.fromkeys([*PEOPLE, *GUESTS]))
async def test_lists_a_start_and_a_search_are_support_s(setting: Setting, kind: str) -> None:
    theirs = PEOPLE.get(kind) == "support"
    list_of = [(Act.LIST, ButtonValue(item=kind, slot=0)) for kind in ("queue", "status")]
    opening = [(Act.START, ButtonValue()), (Act.FIND, ButtonValue()), (Act.CHOOSE, ButtonValue(task="change"))]
    for act, value in (*opening, *list_of):
        pressed = await press(setting, kind, act, value)
        assert is_refusal(pressed.words) != theirs, (act, pressed.words)
        assert pressed.came == (theirs and act is not Act.LIST)
        assert theirs or not any(secret in pressed.words for secret in SECRETS)


@pytest.mark.parametrize("kind", [one for one in dict.fromkeys([*PEOPLE, *GUESTS]) if one not in NO_HOME])
async def test_app_home_shows_each_person_their_own_customers(setting: Setting, kind: str) -> None:
    person = setting.people[kind]
    home = await person.open_home()
    assert home is not None
    shown = json.dumps(home.data)
    assert {name for name in CUSTOMERS if name in shown} == SEES.get(kind, set())


async def test_a_refused_press_in_app_home_is_answered_by_a_direct_message(setting: Setting) -> None:
    person, place = setting.people["colleague who is not in the channel"], setting.place
    await person.open_home()
    assert person.home is not None
    payload = actions_on_view(place.slack, person.user, person.home)
    value = (await value_of(setting, setting.acme)).dump()
    action = {"type": "button", "block_id": "b", "action_id": Act.OPEN_FORM, "value": value, "action_ts": "1.1"}
    await place.deliver(person, payload | {"actions": [action]})
    await asyncio.wait_for(place.bot.background.drain(), 5)
    assert is_refusal(place.answers(person)[-1])


async def test_the_tables_here_speak_of_everything_there_is(setting: Setting) -> None:
    """A new button, dialog or customer task must be added to a table above."""
    assert {*BUTTONS, *ALONE, Act.TASK, Act.COMMAND, Act.BACK, Act.PAGE, Act.LEAVE_OUT} == set(Act)
    assert set(DIALOG_FOR) == set(DIALOGS)
    assert {f"{s.id}.{t.id}" for s in JOURNEYS.latest.steps.values() for t in s.tasks if t.side is Side.CUSTOMER} == set(
        CUSTOMERS_TASKS
    )
    assert folded("Acme") in {folded(line.partition(" ")[2]) for line in COMMANDS}
