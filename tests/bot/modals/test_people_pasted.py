"""Control Center's users in a window: a list that is whole takes two presses, and only what is missing is asked for."""

import json

import pytest

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from playground.slack import FileUpload
from playground.slack.screen import tells
from playground.walkthrough import ready, said
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")

EN = Texts("en")
STEP = "control_center"
FIVE = [f"Person {n}; p{n}@bank.example; {'Admin' if n < 3 else 'Setup viewer, Auditor'}; test; English" for n in range(1, 6)]


async def opened(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, STEP)
    await office.press(office.ana, office.acme, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step=STEP))
    await office.bot.background.drain()
    assert ready(office.ana.view), office.shown(office.ana)


async def send(office: Workplace, **values: object) -> None:
    assert office.ana.view is not None
    await office.journey.type_in(office.ana, office.ana.view, values)
    outcome = await office.ana.submit()
    assert outcome.ok, outcome.errors


async def press(office: Workplace, name: str) -> None:
    assert office.ana.view is not None
    await office.ana.click(office.ana.view, action_id=name)
    await office.bot.background.drain()


async def sent(office: Workplace, onboarding: str) -> list[tuple[str, str, list[str]]]:
    await office.settled()
    last = (await office.snapshot(onboarding)).last(STEP)
    assert last is not None
    return [(user["name"], user["email"], user["roles"]) for user in last.answers["users"]]


async def test_five_pasted_whole_are_pasted_reviewed_and_sent(office: Workplace, onboarding: str) -> None:
    await opened(office, onboarding)
    await send(office, people="\n".join(FIVE))
    shown = office.shown(office.ana)
    assert [f"Person {n} of 5" in shown for n in range(1, 6)] == [True] * 5
    await press(office, f"{Act.PAGE}:0")
    assert "Page 1" not in office.shown(office.ana)  # a number would move with each person
    await send(office)
    assert "Setup viewer, Auditor" in shown or "Auditor, Setup viewer" in shown
    assert (await office.ana.submit()).closed
    assert [user[0] for user in await sent(office, onboarding)] == [f"Person {n}" for n in range(1, 6)]


async def test_the_one_who_lacks_something_is_asked_for_with_what_is_wrong(office: Workplace, onboarding: str) -> None:
    await opened(office, onboarding)
    odd = "Person 2; p2@bank.example; Wizard viewer; test; English"
    await send(office, people="\n".join(["Users of Acme", FIVE[0], odd, *FIVE[2:]]))
    shown = office.shown(office.ana)
    assert "Person 2 of 5" in shown
    assert "Not recognized in the list: Wizard viewer" in shown
    assert f"Roles: {EN('error.missing')}" in shown
    assert tells(shown, said("option.role.controlc-admin"))  # what each role may do
    await send(office, roles=["User manager", "Setup operator"])
    assert f"– Users of Acme – {EN('reason.email_no_address')}" in office.shown(office.ana)
    assert (await office.ana.submit()).closed
    assert ("Person 2", "p2@bank.example", ["user-manager", "controlc-setup-operator"]) in await sent(office, onboarding)


async def test_a_spreadsheet_s_file_and_a_picked_person_go_in_together(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "service_desk", users="Operations Lead <ops@bank.example>")
    await opened(office, onboarding)
    file = FileUpload(
        "users.csv", "E-mail,Nome,Papéis,Ambientes\np1@bank.example,Ana Souza,Administrador,ambos\n".encode("cp850")
    )
    await send(office, people_file=file, known_people=["ops@bank.example"], usual_roles=["Auditor"])
    assert (await office.ana.submit()).closed
    assert await sent(office, onboarding) == [
        ("Ana Souza", "p1@bank.example", ["controlc-admin"]),
        ("Operations Lead", "ops@bank.example", ["controlc-autditor"]),
    ]


async def test_a_list_without_an_administrator_is_kept_and_sent_once_there_is_one(office: Workplace, onboarding: str) -> None:
    await opened(office, onboarding)
    await send(office, people="\n".join(FIVE[2:]))
    assert tells(office.shown(office.ana), said("error.admin_needed", "error.admin_in_list"))
    assert office.ana.view is not None
    assert office.ana.view.get("submit") is None  # nothing to press that does nothing
    await press(office, f"{Act.PAGE}:1")
    assert "Person 1 of 3" in office.shown(office.ana)
    await send(office, roles=["Admin"])
    assert not tells(office.shown(office.ana), said("error.admin_needed", "error.admin_in_list"))
    assert (await office.ana.submit()).closed
    assert ("Person 3", "p3@bank.example", ["controlc-admin"]) in await sent(office, onboarding)


async def test_what_was_understood_is_there_when_the_window_is_opened_again(office: Workplace, onboarding: str) -> None:
    await opened(office, onboarding)
    await send(office, people="\n".join(FIVE))
    office.ana.user.stack.clear()
    await opened(office, onboarding)
    await press(office, f"{Act.PAGE}:0")
    await send(office, people="Late Comer; late@bank.example; Auditor; test; English")
    assert "Person 6 of 6" in office.shown(office.ana)
    assert "p1@bank.example" in json.dumps(office.shown(office.ana))
    assert (await office.ana.submit()).closed
    assert len(await sent(office, onboarding)) == 6
