"""A workplace whose Pismo is over TLS, and a customer with keys of their own who brings one onboarding up to the proof of access."""

import ssl
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from bot.buttons import Act
from bot.settings import Settings
from flows import starting
from flows.fields import Answers
from flows.form import collect
from flows.journey import CURRENT, JOURNEYS
from flows.onboarding import situation
from flows.steps.organization import to_org_details
from playground.acts import example
from playground.journey import RefusedError, action_id, ready
from playground.pismo import Authority, PismoStandIn, Sandbox, Signer
from playground.pismo.authority import key_pem, new_key, signing_request
from playground.pismo.world import Org
from playground.slack import Message, Person
from tests.bot.workplace import Workplace, who

STEP = "authentication"
SUBJECT = {"C": "BR", "ST": "SP", "L": "São Paulo", "O": "Example Bank S.A.", "serialNumber": "11.222.333/0001-81"}
TOKEN_PATHS = {
    "basic": "/passport/v2/s2s/access-token",
    "oidc": "/passport/v1/oauth2/token",
    "oauth2": "/passport/v2/oauth/token",
}


class ProofPlace(Workplace):
    """Tries again at once, and gives up after the third time."""

    def __init__(self) -> None:
        super().__init__(tls=True)

    def settings(self) -> Settings:
        return super().settings().model_copy(update={name.lower(): value for name, value in self.sandbox.settings.items()})

    async def start_bot(self) -> None:
        await super().start_bot()
        self.bot.effects._wait = lambda _attempt: 0.02
        self.bot.effects._most_attempts = 3
        self.bot.pismo._timeout = 0.5
        settings = self.sandbox.settings
        context = ssl.create_default_context(cafile=settings["PISMO_CA_FILE"])
        context.load_cert_chain(settings["PISMO_CLIENT_CERT"], settings["PISMO_CLIENT_KEY"])
        await self.bot.pismo.aclose()
        self.bot.pismo._http = httpx.AsyncClient(base_url=self.pismo.url, verify=context, timeout=0.5)


class Machine:
    """The customer's own: keys and secrets that never leave it, and the commands that are run on it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.signer, self.key = sandbox, Signer(), new_key()
        self.csr = signing_request(self.key, **SUBJECT)
        self.certificate = ""

    async def ask(self, pismo: PismoStandIn, method: str, body: Mapping[str, str]) -> httpx.Response:
        """The call for a token, with the customer's own client certificate."""
        context = ssl.create_default_context(cadata=self.sandbox.authority.pem if self.sandbox.authority else None)
        files = (self.sandbox.folder / "customer.pem", self.sandbox.folder / "customer.key")
        files[0].write_text(self.certificate or pismo.issue_certificate(self.csr))
        files[1].write_text(key_pem(self.key))
        context.load_cert_chain(*files)
        async with httpx.AsyncClient(verify=context, base_url=pismo.url) as http:
            content: dict[str, Any] = {"data": body} if method == "oauth2" else {"json": body}
            return await http.post(TOKEN_PATHS[method], **content)


class Acme:
    """One onboarding of Acme Bank, and what its people and support do with it."""

    def __init__(self, place: ProofPlace, onboarding: str) -> None:
        self.place, self.onboarding, self.machine = place, onboarding, Machine(place.sandbox)
        self.journey, self.pismo = place.journey, place.pismo
        self.org_id = ""
        self.access_key = ("", "")
        self.hidden: Org

    # -- up to the proof

    @property
    def authority(self) -> Authority:
        assert self.place.sandbox.authority is not None
        return self.place.sandbox.authority

    async def asks_for_an_organization(self) -> None:
        """Sent and approved, and made at Pismo; its org ID is not recorded yet."""
        place = self.place
        await place.send(self.onboarding, "organization")
        await place.approve(self.onboarding, "organization")
        details = (await place.snapshot(self.onboarding)).submissions["organization"][0].answers
        self.org_id = self.pismo.create_org(to_org_details(details))
        self.access_key = self.pismo.mint_access_key(self.org_id)

    async def gets_an_organization(self) -> None:
        await self.asks_for_an_organization()
        await self.place.do(self.onboarding, "organization", "record_org_id", {"org_id": self.org_id})

    def answers(self, method: str = "basic", **changed: Any) -> Answers:
        asked = {"method": method, "mtls": "csr", "public_key": self.machine.signer.public_key, "csr": self.machine.csr}
        return {**example(STEP), **asked, **changed}

    async def is_approved(self, method: str = "basic") -> None:
        """Authentication is sent and approved, by the use cases themselves."""
        await self.gets_an_organization()
        await self.place.send(self.onboarding, STEP, **self.answers(method))
        await self.place.approve(self.onboarding, STEP, self.place.sam, self.place.kim)

    async def is_set_up(self, method: str = "basic") -> None:
        """Support has done its part too."""
        await self.is_approved(method)
        await self.support_sets_up(method)

    async def support_sets_up(self, method: str) -> None:
        signer = self.machine.signer
        if method == "oidc":
            self.pismo.register_public_key(self.org_id, signer.public_key, signer.iss, signer.sub, signer.aud)
            await self.support_does("upload_key", {"status": "active"})
            await self.support_does("record_claims", {"iss": signer.iss, "sub": signer.sub, "aud": signer.aud})
        self.machine.certificate = self.pismo.issue_certificate(self.machine.csr)
        await self.support_does("attach_certificate", {"certificate": self.machine.certificate})

    async def support_does(self, task: str, answers: Answers) -> None:
        """A task by the use case itself, checked as its sent form is."""
        form = next(one.form for one in JOURNEYS[CURRENT].steps[STEP].tasks if one.id == task)
        assert form is not None
        snapshot = await self.place.snapshot(self.onboarding)
        at = situation(snapshot, self.place.rules.rules, datetime.now(UTC), who(self.place.sam))
        clean, problems = collect(form, answers, at)
        assert not problems, problems
        await self.place.do(self.onboarding, STEP, task, clean)

    # -- forms

    def opens(self, task: str = "") -> Callable[[], Any]:
        target: Callable[[], Message] = lambda: self.journey.lasting("step", STEP)  # noqa: E731
        return self.journey.opens(self.place.ana, target, Act.TASK if task else Act.OPEN_FORM, task)

    async def is_refused(self, answers: Answers) -> str:
        """What Ana reads when she sends authentication with these answers."""
        return await self._refusal(self.place.ana, self.opens(), answers)

    async def sends(self, answers: Answers) -> None:
        """In the form that is open, or in a new one."""
        await self.journey.send_step(self.place.ana, STEP, answers)

    async def reviews(self, answers: Answers) -> str:
        """All that stands on Ana's last page, before she sends authentication with these answers; she leaves it there."""
        pages = len([page for page in JOURNEYS[CURRENT].steps[STEP].form.pages if page.when(answers)])
        seen = ""

        def look() -> bool:
            nonlocal seen
            seen = self.place.shown(self.place.ana)
            return False

        await self.journey.fill_form(self.place.ana, self.opens(), answers, look, stop_at=pages)
        return seen

    async def support_is_refused(self, step: str, task: str, answers: Answers) -> str:
        """What Sam reads when he sends the form of a task with these answers."""
        sam = self.place.sam
        opens = self.journey.opens(sam, lambda: self.journey.lasting("review", step), Act.TASK, task)
        return await self._refusal(sam, opens, answers)

    async def support_sends(self, step: str, task: str, answers: Answers) -> None:
        async def done() -> bool:
            snapshot = await self.place.snapshot(self.onboarding)
            return any(record.task_id == task and record.state == "done" for record in snapshot.tasks)

        await self.journey.task(self.place.sam, "review", step, task, answers, lambda: self.place.sam.view is None)
        await self.place.slack.until(done)
        await self.place.settled()

    async def _refusal(self, person: Person, opens: Callable[[], Awaitable[Any]], answers: Answers) -> str:
        try:
            await self.journey.fill_form(person, opens, answers, lambda: False)
        except RefusedError as refused:
            return str(refused)
        raise AssertionError("it was taken")

    # -- the proof

    async def token(self, method: str = "basic", pismo: PismoStandIn | None = None, **body: str) -> str:
        """What the command on the customer's machine prints."""
        answer = await self.ask_for_token(method, pismo, **body)
        assert answer.status_code == 201, answer.text
        return str(answer.json().get("access_token") or answer.json()["token"])

    async def ask_for_token(self, method: str = "basic", pismo: PismoStandIn | None = None, **body: str) -> httpx.Response:
        key, secret = self.access_key
        basic = {"server_key": key, "server_secret": secret}
        client = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret, "scope": "pismo-v1:admin:rw"}
        usual = {"basic": basic, "oauth2": client, "oidc": {"token": self.machine.signer.assertion(self.org_id)}}[method]
        return await self.machine.ask(pismo or self.pismo, method, usual | body)

    async def proves(self, token: str, environment: str = "test") -> str:
        """Ana pastes a token and presses; what the thread then says anew."""
        before = len(self.journey.thread("step", STEP))
        step = self.journey.lasting("step", STEP)
        name = action_id(step.blocks, Act.TASK, "prove_access")
        assert name is not None, "no button for the proof"
        await self.place.ana.click(step, action_id=name)
        await self.place.slack.until(lambda: ready(self.place.ana.view))
        assert self.place.ana.view is not None
        await self.journey.type_in(self.place.ana, self.place.ana.view, {"environment": environment, "token": token})
        outcome = await self.place.ana.submit()
        assert outcome.ok, outcome
        await self.place.settled()
        assert self.place.bot.desk.tokens == {}
        return "\n".join(message.text for message in self.journey.thread("step", STEP)[before:])

    @property
    def said(self) -> str:
        return "\n".join(message.text for message in self.journey.thread("step", STEP))

    async def closes(self) -> None:
        for person in (self.place.ana, self.place.sam):
            if person.view is not None:
                await person.close()
        rules = self.place.rules.rules
        await self.place.bot.desk.transact(lambda unit: starting.close(unit, rules, self.onboarding, who(self.place.sam)))
        await self.place.settled()
