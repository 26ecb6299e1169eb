"""A page that can't be looked into is refused at its field; what was screened is kept, what was not is not."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.inspection.inspections import Hindrance, NotLookedInto
from bot.messages.texts import Texts
from playground.acts import example
from playground.slack import FileUpload, Outcome
from playground.slack.screen import tells
from playground.walkthrough import said
from tests.bot.listeners.test_messages_in_channels import supports
from tests.bot.modals.test_bad_input import on_screen, open_form
from tests.bot.workplace import INSPECTIONS, Workplace

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

STUCK = "This is what takes for ever."


async def drafted(office: Workplace, onboarding: str) -> str:
    async with office.bot.store.read() as unit:
        return json.dumps([draft.answers for draft in await unit.drafts(onboarding)])


async def challenge(office: Workplace, onboarding: str) -> Any:
    sent = (await office.snapshot(onboarding)).last("planning")
    return sent.answers["challenges"] if sent is not None else None


async def send(office: Workplace, challenges: str) -> Outcome:
    assert office.ana.view is not None
    return await office.journey.send_page(office.ana, office.ana.view, example("planning") | {"challenges": challenges})


@pytest.mark.parametrize(
    ("job", "hinder", "why"),
    [
        ("screen", INSPECTIONS.stuck, EN("unread.took_too_long")),
        ("look", INSPECTIONS.stuck, EN("unread.took_too_long")),
        ("screen", INSPECTIONS.broken_off, EN("unread.broke_off")),
    ],
)
async def test_what_cannot_be_looked_into_is_refused_at_its_field_and_the_form_goes_on(
    office: Workplace,
    onboarding: str,
    job: str,
    hinder: Callable[[], Awaitable[Any]],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``screen``: it could not be searched for secrets; ``look``: it could, but not checked."""
    run = INSPECTIONS.run

    async def stuck(asked: str, *arguments: Any, **limits: Any) -> Any:
        if STUCK in str(arguments) and asked.endswith((":look", f":{job}")):
            return await hinder()
        return await run(asked, *arguments, **limits)

    monkeypatch.setattr(INSPECTIONS, "run", stuck)
    monkeypatch.setattr(office.slack, "ack_seconds", 60.0)  # how soon the next process is there depends on what else runs
    office.support.messages.clear()
    await open_form(office, "planning")
    refused = await send(office, STUCK)
    ((_, told),) = refused.errors.items()
    await office.slack.until(lambda: supports(office, f"weren't accepted, because {why}"))
    kept = await drafted(office, onboarding)
    if job == "screen":
        assert "wasn't stored" in told
        assert STUCK not in kept
    else:
        assert "is saved" in told
        assert STUCK in kept
    assert (await send(office, "None to speak of.")).closed
    assert await challenge(office, onboarding) == "None to speak of."


async def test_a_slow_file_is_refused_and_what_was_typed_beside_it_is_kept(
    office: Workplace, onboarding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look at the file ends once all the time is over; what was typed has been screened by then."""
    run, screened = INSPECTIONS.run, asyncio.Event()

    async def slow(asked: str, *arguments: Any, **limits: Any) -> Any:
        if asked.endswith("files:look"):
            await screened.wait()
        elif not screened.is_set():
            await run(asked, *arguments, **limits)
            screened.set()
            return None
        raise NotLookedInto(Hindrance.TOOK_TOO_LONG)

    await office.open_step(onboarding, "authentication")
    await office.settled()
    view = await open_form(office, "authentication")
    answers = {**example("authentication"), "method": "oidc"}
    await office.journey.send_page(office.ana, view, answers)
    view = await on_screen(office)
    typed = {**answers, "public_key": "not a key yet", "public_key_file": FileUpload("key.pem", b"nothing")}
    monkeypatch.setattr(INSPECTIONS, "run", slow)
    monkeypatch.setattr(office.slack, "ack_seconds", 60.0)
    refused = await office.journey.send_page(office.ana, view, typed)
    assert [field for field, told in refused.errors.items() if "wasn't stored" in told] == [
        EN("field.authentication.public_key_file.label")
    ]
    assert "not a key yet" in await drafted(office, onboarding)


async def test_who_filled_in_what_could_not_be_looked_into_is_not_asked_to_fill_it_in(
    office: Workplace, onboarding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_work(*_: Any, **__: Any) -> Any:
        raise NotLookedInto(Hindrance.NOT_BEGUN)

    with monkeypatch.context() as patched:
        patched.setattr(INSPECTIONS, "run", at_work)
        before = len(supports(office, "couldn't continue in the form"))
        await open_form(office, "planning")
        refused = await send(office, "None to speak of.")
    assert all(tells(told, said("error.not_looked_into", "error.not_checked")) for told in refused.errors.values()), refused
    assert not tells(str(refused.errors), said("error.missing", "error.too_short"))
    await office.settled()
    assert len(supports(office, "couldn't continue in the form")) == before + 1
    assert (await send(office, "None to speak of.")).closed
    assert await challenge(office, onboarding) == "None to speak of."
