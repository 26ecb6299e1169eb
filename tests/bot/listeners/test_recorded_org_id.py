"""The org ID: typed in from the details in the platform's own terms, shown to both sides, and told if another customer has it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from bot.messages.buttons import Act
from flows.cases import manage
from playground.slack import SeenMessage, SlackPerson
from playground.walkthrough import FormRefusedError
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORG_ID = "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"
TYPED_LATE = "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4b0"


async def approved(office: Workplace, onboarding: str, **changed: Any) -> None:
    await office.send(onboarding, "organization", **changed)
    await office.approve(onboarding, "organization")


def opens(office: Workplace, task: str, person: SlackPerson | None = None) -> Callable[[], Any]:
    return office.journey.opens(person or office.sam, lambda: office.journey.lasting("review", "organization"), Act.TASK, task)


async def support_does(office: Workplace, task: str, **answers: Any) -> None:
    """Sam goes through the window's pages and sends it."""
    gone = lambda: f'"task":"{task}"' not in str(office.journey.lasting("review", "organization").blocks)  # noqa: E731
    await office.journey.fill_form(office.sam, opens(office, task), answers, gone)
    await office.settled()


def _shows(office: Workplace, words: str, person: SlackPerson | None = None) -> bool:
    return words in office.shown(person or office.sam)


def shown(office: Workplace, kind: str, step: str = "") -> str:
    return SeenMessage.of(office.journey.lasting(kind, step)).shown


async def test_support_types_from_the_window_and_both_sides_read_the_org_id_where_they_look(
    office: Workplace, onboarding: str
) -> None:
    await approved(office, onboarding, zipcode="01310100")
    await opens(office, "record_org_id")()
    seen = ""
    for page in ("Company", "Address", "Settings"):
        await office.slack.until(partial(_shows, office, page))
        seen += office.shown(office.sam)
        await office.sam.submit()
    assert all(f'"initial_value": "{value}"' in seen for value in ("Example Bank S.A.", "01310-100", "986", "BRA"))
    office.sam.user.stack.clear()
    await opens(office, "record_org_id", office.kim)()
    await office.slack.until(partial(_shows, office, "Configurações", office.kim))  # where the pages were left
    await support_does(office, "record_org_id", org_id=ORG_ID)
    assert office.kim.view is not None
    await office.journey.send_page(office.kim, office.kim.view, {"org_id": TYPED_LATE})
    for words in ("já fez isto", office.sam.id, ORG_ID, TYPED_LATE):
        assert words in office.shown(office.kim)
    office.kim.user.stack.clear()
    for kind, step in (("card", ""), ("step", "organization"), ("review", "organization")):
        assert ORG_ID in shown(office, kind, step)
    [task] = [task for task in (await office.snapshot(onboarding)).tasks if task.task_id == "record_org_id"]
    assert task.answers["details"]["currency_numeric_code"] == "986"
    assert "official_name" not in task.answers


async def test_another_legal_name_is_changed_at_pismo_before_the_step_is_done_again(office: Workplace, onboarding: str) -> None:
    await approved(office, onboarding)
    await office.do(onboarding, "organization", "record_org_id", {"org_id": "TN_OWN"})
    assert await office.state(onboarding, "organization") == "done"
    await office.act(onboarding, lambda case: manage.reopen(case, "organization", "The company was renamed."), office.sam)
    await approved(office, onboarding, official_name="Example Holding S.A.")
    assert await office.state(onboarding, "organization") == "fulfilling"
    assert "Mark as updated at Pismo" in shown(office, "review", "organization")
    with pytest.raises(FormRefusedError):
        await support_does(office, "update_organization")
    assert "official_name: Example Bank S.A. → Example Holding S.A." in office.shown(office.sam)
    office.sam.user.stack.clear()
    await support_does(office, "update_organization", changed=["yes"])
    assert await office.state(onboarding, "organization") == "done"


async def test_the_same_org_id_for_two_customers_takes_a_reason_that_only_support_reads(
    office: Workplace, onboarding: str
) -> None:
    shared = "TN-00000000-f4f0-464d-b4c6-a14e2dc6f4be"
    await office.do(await _other(office), "organization", "record_org_id", {"org_id": shared})
    await approved(office, onboarding)
    with pytest.raises(FormRefusedError, match="Blue Coop already has this org ID"):
        await support_does(office, "record_org_id", org_id=f" {shared.lower()} ")
    office.sam.user.stack.clear()
    assert await office.state(onboarding, "organization") == "fulfilling"
    await support_does(office, "record_org_id", org_id=shared, shared_reason="Both belong to one group.")
    assert await office.state(onboarding, "organization") == "done"
    assert "Both belong to one group." in shown(office, "review", "organization")
    customers = "\n".join(SeenMessage.of(message).shown for message in office.acme.messages)
    assert shared in customers
    assert "Blue Coop" not in customers
    assert "one group" not in customers
    async with office.bot.store.read() as unit:
        assert len(await unit.identified("organization.org_id", shared)) == 2


async def _other(office: Workplace) -> str:
    onboarding = await office.begin(office.blue, office.olga, "Blue Coop")
    await office.send(onboarding, "organization", office.olga)
    await office.approve(onboarding, "organization")
    return onboarding
