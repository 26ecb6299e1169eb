"""The rehearsal's second customer: one product, the Basic method, and no mishaps. Its people never see the first one's data."""

from collections.abc import Callable
from typing import Any

from flows.steps.org_details import to_org_details
from playground.acts import SUBJECT, Acts, example
from playground.companies import second_company
from playground.office import Office
from playground.pismo import Machine
from playground.walkthrough import Walkthrough


class CalmActs(Acts):
    """Everything is right at the first try."""

    async def organization(self) -> None:
        await self.heading("organization")
        answers = example("organization")
        await self.journey.send_step(self.lead, "organization", answers)
        await self.approve(self.kim, "organization")
        self.org_id = self.office.pismo.create_org(to_org_details({**answers, "number": int(answers["number"])}))
        await self.support_task(self.sam, "organization", "record_org_id", self.done("organization"), org_id=self.org_id)

    async def authentication(self) -> None:
        await self.heading("authentication", "with an access key, which never leaves the customer")
        machine, pismo = Machine(**SUBJECT), self.office.pismo
        answers = {**self.answers("authentication"), "mtls": "csr", "csr": machine.csr}
        await self.journey.send_step(self.lead, "authentication", answers)
        one = lambda: self.journey.says("review", "authentication", "1 of 2 approvals")  # noqa: E731
        await self.journey.approve(self.sam, "authentication", one)
        await self.approve(self.kim, "authentication")
        machine.receive(pismo, self.org_id)
        attached = lambda: self.journey.says("review", "authentication", "Attach the certificate: done")  # noqa: E731
        signed = {"certificate": machine.certificate}
        await self.support_task(self.sam, "authentication", "attach_certificate", attached, **signed)
        self.tell(self.lead.name, "gets an access token with the access key on her own machine")
        token = {"environment": "test", "token": await machine.token(pismo, "basic", self.org_id)}
        await self.journey.task(self.lead, "step", "authentication", "prove_access", token, self.done("authentication"))


CALM: tuple[Callable[[CalmActs], Any], ...] = (
    CalmActs.start,
    CalmActs.planning,
    CalmActs.organization,
    CalmActs.service_desk,
    CalmActs.environments,
    CalmActs.control_center,
    CalmActs.first_programs,
    CalmActs.authentication,
    CalmActs.other_steps,
    CalmActs.production,
    CalmActs.next_steps,
)


async def play_second(office: Office, tell: Callable[[str, str], None]) -> None:
    """All of it, then the log of both. Raises whatever stopped an act from coming true."""
    company = second_company(office)
    acts = CalmActs(Walkthrough(office, tell, channel=company.channel), company)
    for act in CALM:
        await act(acts)
    await acts.verified()
