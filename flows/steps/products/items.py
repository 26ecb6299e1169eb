"""What a product needs before go-live: the items of its set-up, where each stands, and when work on it must begin."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from flows.business_time import Calendar, business_days_before
from flows.forms.fields import MAX_LENGTH, Answers, Input, Kind
from flows.forms.step import ReadingKind, Situation
from flows.steps.authentication.proofs import environment_of

DOCS = "https://developers.pismo.io/pismo-docs/docs"
NEAR = timedelta(days=14)
"""So long before work must begin, the customer is warned."""
TOLD = ("done", "missing", "missing_optional")
"""The outcomes of a check that tell whether an item is at Pismo."""

Owner = Literal["you", "you_and_support", "support", "you_and_network", "third_party"]


class ItemStanding(StrEnum):
    """Where an item stands, as the customer says."""

    DONE = "done"
    IN_HAND = "in_hand"
    NOT_STARTED = "not_started"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True)
class SetupItem:
    """``id``: also the form's field. ``words``: the name of its texts, under ``field.setup``. ``page``: its page of Pismo's guide.

    ``days``: business days that work on it takes: those of Pismo's guide where it says, else what is to be planned for (docs/decisions
    0021). ``optional``: the step can end without it. ``reading``: what is read at Pismo to verify it. ``types``: of programs, those that
    tell of this product, where none was approved for it; ``cards``: and it has a brand and a BIN; ``places``: and each is named with its
    country, currency and time zone.
    """

    id: str
    owner: Owner
    days: int
    page: str
    words: str = ""
    optional: bool = False
    reading: ReadingKind | None = None
    types: tuple[str, ...] = ()
    cards: bool = False
    places: bool = False

    @property
    def link(self) -> tuple[str, str]:
        """The key of its words, and the address."""
        return f"setup_{self.page.replace('-', '_')}", f"{DOCS}/{self.page}"

    @property
    def label(self) -> str:
        return f"field.setup.{self.words or self.id}.label"


def asked(words: str) -> Input:
    """The field of an item with these texts."""
    return Input(Kind.CHOICE, tuple(one.value for one in ItemStanding), choices="setup_standing", words=f"setup.{words}")


Help = Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.LONG_TEXT, words="setup.help")]
"""What the customer wants to ask, on the same page."""


def said(situation: Situation, step_id: str) -> Answers:
    """What the customer said last, with the form or since."""
    updates = situation.items.get(f"{step_id}.update_setup", ())
    return {**situation.answers.get(step_id, {}), **(updates[-1][1] if updates else {})}


def verified(situation: Situation, step_id: str, which: str = "") -> frozenset[str]:
    """The items that are at Pismo, as the last check that could tell found in some environment. ``which``: the marketplace's ID, as said
    last: another one that was found is none of these."""
    return frozenset(item for (_, item), there in _told(situation, step_id, which).items() if there)


def missed(situation: Situation, step_id: str, which: str = "") -> frozenset[str]:
    """The items that a check looked for in vain after the customer said where they stand."""
    updates = situation.items.get(f"{step_id}.update_setup", ())
    sent = situation.sent_at.get(step_id)
    said_at = situation.done_at.get(f"{step_id}.update_setup:{updates[-1][0]}") if updates else sent
    told = _told(situation, step_id, which, said_at)
    return frozenset(item for _, item in told) - verified(situation, step_id, which)


def _told(situation: Situation, step_id: str, which: str, since: datetime | None = None) -> dict[tuple[str, str], bool]:
    """By environment and item, whether the last check that could tell found it."""
    checks, last = f"{step_id}.check_setup", dict[tuple[str, str], bool]()
    for name, found in situation.items.get(checks, ()):
        at = situation.done_at.get(f"{checks}:{name}")
        if since is not None and at is not None and at < since:
            continue
        for line in found.get("lines", ()):
            if line["outcome"] in TOLD and line["params"].get("number", which) == which:
                last[environment_of(found), line["check"]] = line["outcome"] == "done"
    return last


def standing(item: SetupItem, answers: Mapping[str, object], found: frozenset[str] = frozenset()) -> ItemStanding:
    """``found``: the verified items. An item of which nothing was said is not started."""
    given = answers.get(item.id)
    if item.id in found and given != ItemStanding.NOT_NEEDED:
        return ItemStanding.DONE
    return ItemStanding(str(given)) if given in tuple(ItemStanding) else ItemStanding.NOT_STARTED


def waits(item: SetupItem, now: ItemStanding) -> bool:
    """Whether the step waits for it."""
    return not item.optional and now in (ItemStanding.IN_HAND, ItemStanding.NOT_STARTED)


def go_live(situation: Situation) -> date | None:
    """The onboarding's date; until it has one, that of planning."""
    planned = situation.get("planning", "go_live")
    return situation.go_live or (date.fromisoformat(planned) if planned else None)


def start_by(item: SetupItem, situation: Situation) -> date | None:
    """The last day on which work can begin, in business days of the customer's country and state; None without a go-live date."""
    day = go_live(situation)
    country, state = (situation.get("organization", name) or None for name in ("country", "state"))
    calendar = Calendar(situation.timezone, country=country, subdivision=state)
    return business_days_before(calendar, day, item.days) if day is not None else None
