"""What an onboarding was started with is changed: the log has old and new, and each reads what concerns them."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from flows.cases.change import Particulars, change
from flows.cases.naming import namesakes
from flows.forms.dialogs import DIALOGS
from flows.model import AuditEvent
from storage.tables import audit_events
from tests.flows.cases.casework import COLLEAGUE, KIM, LEAD, OWNER, CaseBook, case_book

NOW = Particulars("Acme Bank", LEAD, OWNER.user_id, "en", None)


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path) as book:
        await book.start()
        yield book


async def logged(acme: CaseBook) -> dict[str, dict[str, Any]]:
    """By tag, what the log has of the onboarding itself."""
    async with acme.store.read() as unit:
        found = (await unit.session.scalars(select(AuditEvent).where(audit_events.c.onboarding_id == acme.id))).all()
        return {event.tag.removeprefix("onboarding:"): {**event.facts, **event.changes} for event in found}


async def test_whatever_differs_is_written_with_old_and_new_and_told(acme: CaseBook) -> None:
    await acme.act(partial(change, wanted=NOW))
    assert {"lead", "owner", "language", "rename", "go_live"}.isdisjoint(await logged(acme))
    await acme.news("say", "draw", "home")
    wanted = Particulars("Acme Pay", COLLEAGUE, KIM.user_id, "pt_BR", date(2027, 1, 15))
    await acme.act(partial(change, wanted=wanted), KIM)
    log = await logged(acme)
    old_and_new = {tag: (log[tag]["from"], log[tag]["to"]) for tag in ("lead", "owner", "language", "rename", "go_live")}
    assert old_and_new == {
        "lead": (LEAD.user_id, COLLEAGUE.user_id),
        "owner": (OWNER.user_id, KIM.user_id),
        "language": ("en", "pt_BR"),
        "rename": ("Acme Bank", "Acme Pay"),
        "go_live": ("", "2027-01-15"),
    }
    news = [effect.arguments for effect in await acme.news("say", "home")]
    told = {(one["where"], one["key"]): one["mention"] for one in news if "key" in one}
    assert told == {
        ("customer_channel", "language_changed"): [],
        ("customer_channel", "renamed"): [],
        ("support_channel", "renamed_here"): [],
        ("customer_channel", "lead_changed"): [COLLEAGUE.user_id],
        ("support_channel", "owner_changed"): [KIM.user_id],
        ("customer_channel", "contact_changed"): [],
        ("customer_channel", "go_live_set"): [],
    }
    assert {one["user"] for one in news if "key" not in one} == {LEAD.user_id, COLLEAGUE.user_id}
    sent = await acme.wait(2)
    assert {one.user for one in sent} == {COLLEAGUE.user_id}


async def test_a_new_go_live_date_is_told_where_what_is_to_begin_by_when_hangs_on_it(acme: CaseBook) -> None:
    await acme.send("planning", products=["card_issuing"])
    await acme.approve("planning")
    steps = list((await acme.snapshot()).steps)
    await acme.skip(*(step for step in steps if not step.startswith(("setup_", "production", "next_steps"))))
    await acme.said()
    day = (await acme.snapshot()).onboarding.go_live
    assert day is not None
    await acme.act(partial(change, wanted=replace(NOW, go_live=day.replace(year=day.year + 1))))
    (told,) = [one.arguments for one in await acme.news("say")]  # once, in the channel, and nobody is called
    assert (told["where"], told["key"], told["mention"]) == ("customer_channel", "go_live_changed_with", [])
    assert "setup_card_issuing" in told["params"]["steps"]


async def test_a_form_left_half_way_puts_nothing_back_that_was_changed_since(acme: CaseBook) -> None:
    form = DIALOGS["change"]
    before = await acme.act(lambda case: form.prefill(case.situation))
    draft = json.loads(json.dumps({**before, "customer": "Acme Pay"}))
    await acme.act(partial(change, wanted=replace(NOW, lead=COLLEAGUE)))
    since = await acme.act(lambda case: form.since(draft, acme.now, case.situation))
    assert {**draft, **since}["lead"] == COLLEAGUE.user_id
    assert {**draft, **since}["customer"] == "Acme Pay"  # what was typed stays
    assert await acme.act(lambda case: form.since({**draft, **since}, acme.now, case.situation)) == {}


async def test_an_equal_name_is_another_customers(acme: CaseBook) -> None:
    first = acme.id
    await acme.start("C2", "Blue Coop")
    async with acme.store.read() as unit:
        names = ("ACME bank", "Blue Coop", "New")
        taken = {name: await namesakes(unit, name, other_than=acme.id) for name in names}
    assert taken == {"ACME bank": ["C1"], "Blue Coop": [], "New": []}
    assert first != acme.id
