"""The customers that the benchmark copies are as good as those that the use cases begin, and its stand-in for Slack lets the bot start."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.customers import Example, Ids, fill_in
from bench.example import STEP, example
from bench.servers import Baselines
from bench.slack import SUPPORT, Calls
from bench.wire import Serving
from bot.slack.lookups import Lookups
from bot.slack.support_channel import fault_of
from flows.cases.access import Access
from flows.cases.case import Cases
from flows.cases.fill import DraftKey
from flows.model import Draft, Submission
from flows.people import Who
from flows.rules import Rules
from flows.state import StepState
from storage import sealing
from storage.migrate import upgrade
from storage.sealing import Keyring, new_key
from storage.store import Store


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path}/onboarding.db"
    upgrade(url)
    return url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    with sealing.using(Keyring.parse(new_key())) as keyring:
        store = Store(url, keyring)
        yield store
        await store.close()


async def test_a_copied_customer_can_be_opened_and_sends_what_the_bare_transaction_writes(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: Example = await asyncio.to_thread(example)
    fill_in(url, shown, range(1, 4))
    second = Ids.of(2)
    async with store.read() as unit:
        onboardings = await unit.onboardings()
        onboarding = next(one for one in onboardings if one.id == second.onboarding)
        case = await Cases(Rules(), Access()).look(unit, onboarding.id, Who(onboarding.team_id, second.lead))
        assert [one.lead_id for one in onboardings] == [Ids.of(number).lead for number in (1, 2, 3)]
        assert case.onboarding.customer == "Acme Bank"
        draft = await unit.get(Draft, DraftKey(onboarding.id, STEP.form.id).id)
        assert draft is not None
        assert draft.answers == STEP.form.example
        assert case.record(STEP.id).state is StepState.OPEN

    monkeypatch.setenv("SLACK_API_URL", "none")
    bare = Baselines(shown, url)
    for number in (2, 3):
        bare.write(vars(Ids.of(number)))
    bare.close()
    async with store.read() as unit:
        case = await Cases(Rules(), Access()).look(unit, second.onboarding, Who(onboarding.team_id, second.lead))
        assert case.record(STEP.id).state is StepState.SUBMITTED
        sent = await unit.get(Submission, f"{second.onboarding}:{STEP.id}:1")
        assert sent is not None
        assert sent.answers["official_name"] == STEP.form.example["official_name"]
        assert await unit.get(Draft, DraftKey(second.onboarding, STEP.form.id).id) is None
    async with store.write() as unit:  # the log of a copy is as good as another's
        unit.record(Ids.of(1).onboarding, "onboarding:rename", Who(onboarding.team_id, Ids.of(1).lead))


async def test_the_channel_of_support_in_the_stand_in_is_one_the_bot_starts_with() -> None:
    calls = Calls()
    server = await asyncio.get_running_loop().create_server(lambda: Serving(calls.handle), "127.0.0.1", 0)
    async with server:
        slack = Lookups("xoxb-bench", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/")
        await slack.start()
        assert fault_of(await slack.channel(SUPPORT)) == ""
        await slack.stop()
