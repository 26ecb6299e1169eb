"""An org ID that another customer has takes a reason, also where that customer's row is damaged, until it was corrected there."""

from functools import partial
from pathlib import Path

from sqlalchemy import update

from flows.cases import shared
from flows.cases.case import Case
from flows.forms.fields import Answers
from flows.problems import Problem
from flows.state import StepState
from flows.steps.org_details import org_id
from storage.tables import onboardings
from storage.unit import Unit
from tests.flows.cases.casework import case_book

ORG = {"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"}


async def test_a_customer_whose_name_cannot_be_read_keeps_no_other_from_its_org_id(tmp_path: Path) -> None:
    async with case_book(tmp_path) as book:
        first = await book.start()
        await book.skip("planning")
        await book.send("organization")
        await book.approve("organization")
        await book.task("organization", "record_org_id", ORG)

        async def damage(unit: Unit) -> None:
            await unit.connection.execute(update(onboardings).where(onboardings.c.id == first).values(customer="v1.x.AAAAAAAA"))

        await book.do(damage)
        await book.start("C2", "Blue Coop")

        async def told(case: Case) -> list[Problem]:
            step = case.step("organization")
            return list(await shared.unexplained(case, step, step.task("record_org_id"), ORG))

        (problem,) = await book.act(told)
        assert (problem.field, problem.key) == ("shared_reason", "org_id_shared")
        assert first in str(problem.params)


async def test_an_org_id_that_was_recorded_wrongly_is_corrected_and_free_for_whose_it_is(tmp_path: Path) -> None:
    async with case_book(tmp_path) as book:
        await book.start()
        await book.skip("planning")
        await book.send("organization")
        await book.approve("organization")
        await book.task("organization", "record_org_id", ORG)
        right = {"org_id": "TN-44778262-f4f0-464d-b4c6-a14e2dc6f4be"}
        await book.task("organization", "correct_org_id", right)
        assert await book.act(lambda case: org_id(case.situation)) == right["org_id"]
        assert (await book.step("organization")).state is StepState.DONE
        await book.start("C2", "Blue Coop")

        async def told(case: Case, answers: Answers) -> list[Problem]:
            step = case.step("organization")
            return list(await shared.unexplained(case, step, step.task("record_org_id"), answers))

        assert await book.act(partial(told, answers=ORG)) == []
        assert await book.act(partial(told, answers=right)) == [
            Problem("shared_reason", "org_id_shared", {"customer": "Acme Bank"})
        ]
