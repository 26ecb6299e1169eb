"""The receipt: a plain text in the customer's language with all they should keep once the onboarding is closed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.messages.texts import Texts
from flows.cases.matrix import in_order
from flows.forms.step import Situation
from flows.journey import Journey
from flows.model import Expiry, Snapshot
from flows.state import StepState

GIVEN = ("granted", "confirmed")
"""States of an access that somebody has."""


def receipt(
    snapshot: Snapshot,
    journey: Journey,
    texts: Texts,
    situation: Situation,
    *,
    ends: Sequence[Expiry],
    names: Mapping[str, str],
) -> str:
    """``ends``: what must be renewed, soonest first. ``names``: of support's people, by user id, as far as they are known."""
    zone = ZoneInfo(situation.timezone)
    onboarding = snapshot.onboarding
    lines = [texts("receipt.title", customer=onboarding.customer), ""]
    if onboarding.closed_at is not None:
        lines.append(texts("receipt.closed", date=_day(onboarding.closed_at, zone)))
    if onboarding.go_live is not None:
        lines.append(texts("receipt.go_live", date=onboarding.go_live.isoformat()))
    lines.append(texts("receipt.times", zone=situation.timezone))
    lines += _headed(texts("receipt.steps"), _steps(snapshot, journey, texts, situation, names, zone))
    lines += _headed(texts("receipt.access"), _access(snapshot, journey, texts))
    lines += _headed(texts("receipt.next"), _ends(ends, texts))
    return "\n".join(lines) + "\n"


def _headed(title: str, lines: Iterator[str]) -> list[str]:
    return ["", "", title, "=" * len(title), *lines]


def _day(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat()


def _steps(
    snapshot: Snapshot, journey: Journey, texts: Texts, situation: Situation, names: Mapping[str, str], zone: ZoneInfo
) -> Iterator[str]:
    for number, (step_id, step) in enumerate(journey.steps.items(), start=1):
        record = snapshot.steps.get(step_id)
        if record is None:  # somebody deleted its row
            continue
        ended = f", {texts.day(_day(record.changed_at, zone))}" if record.changed_at is not None else ""
        yield ""
        yield f"{number}. {texts(f'step.{step_id}.title')} ({texts(f'state.{record.state.value}')}{ended})"
        if record.state is StepState.SKIPPED and record.reason:
            yield f"   {texts('receipt.skipped', reason=record.reason)}"
        agreed = sorted((d for d in snapshot.decisions if (d.subject, d.verdict) == (step_id, "approve")), key=lambda d: d.at)
        for one in agreed:
            by = names.get(one.user_id) or texts("receipt.somebody")
            yield f"   {texts('receipt.approved', date=_day(one.at, zone), by=by, revision=one.revision)}"
        yield from (f"   {texts(f'note.{note.key}', **note.params)}" for note in step.receipt(situation))


def _access(snapshot: Snapshot, journey: Journey, texts: Texts) -> Iterator[str]:
    given = [grant for grant in in_order(snapshot, journey) if grant.state in GIVEN]
    for grant in given:
        yield f"{grant.email}: {texts(f'resource.{grant.resource}')}, {texts(f'grant.{grant.state}')}"
    if not given:
        yield texts("receipt.nobody")


def _ends(ends: Sequence[Expiry], texts: Texts) -> Iterator[str]:
    for one in ends:
        yield texts("receipt.ends", what=texts(f"step.{one.step_id}.title"), date=one.last_day.isoformat())
    if not ends:
        yield texts("receipt.nothing_ends")
