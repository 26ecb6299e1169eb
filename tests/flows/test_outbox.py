"""Effects as values: stored and read back unchanged, refused if unreadable, and never misspelt."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.executor import LASTS
from flows.outbox import (
    EFFECTS,
    KINDS,
    AddBookmark,
    Alert,
    Draw,
    Effect,
    LastingMessage,
    Room,
    Say,
    UnreadableEffectError,
    dump,
    load,
)

ROOT = Path(__file__).parents[2]
EXAMPLES: dict[str, Any] = {"what": "card", "where": "customer", "params": {"reason": "Why not?", "n": 3}}


def example(kind: type[Effect]) -> Effect:
    """One with something in every field."""
    made: Effect = kind(**{one.name: EXAMPLES.get(one.name, _value(str(one.type))) for one in fields(kind)})
    return made


def _value(annotation: str) -> Any:
    if "tuple[int" in annotation:
        return (1, 2)
    if "tuple" in annotation:
        return ("a", "b")
    if annotation == str(int):
        return 2
    return True if "bool" in annotation else "text"


@pytest.mark.parametrize("kind", EFFECTS, ids=lambda kind: kind.__name__)
def test_what_is_stored_is_read_back_alike(kind: type[Effect]) -> None:
    effect = example(kind)
    stored = json.loads(json.dumps(dump(effect)))
    assert load(kind.kind, stored) == effect
    assert stored["v"] == kind.version


def test_no_two_kinds_have_one_name() -> None:
    assert len(KINDS) == len(EFFECTS)


@pytest.mark.parametrize("kind", EFFECTS, ids=lambda kind: kind.__name__)
def test_what_a_newer_version_wrote_is_refused_and_what_is_here_is_taken(kind: type[Effect]) -> None:
    stored = dump(example(kind))
    with pytest.raises(UnreadableEffectError, match=kind.kind):
        load(kind.kind, {**stored, "v": kind.version + 1})
    assert load(kind.kind, stored)


def test_what_cannot_be_read_is_refused_without_what_was_in_it() -> None:
    unreadable: list[tuple[str, dict[str, Any]]] = [
        ("nothing", {"v": 1}),
        ("say", {"v": 1, "key": "x"}),
        ("draw", {"v": 1, "what": "secret words"}),
        ("draw", {"v": 2, "what": "card"}),
        ("draw", {"v": "1", "what": "card"}),
        ("draw", {"v": 0, "what": "card"}),
        ("draw", {"v": None, "what": "card"}),
        ("draw", {"v": 1, "what": "card", "of_later": "secret words"}),
    ]
    for kind, stored in unreadable:
        with pytest.raises(UnreadableEffectError) as refused:
            load(kind, stored)
        assert str(refused.value) == kind


@given(
    st.dictionaries(
        st.text(max_size=8), st.none() | st.text(max_size=8) | st.integers() | st.lists(st.text(max_size=3), max_size=2)
    )
)
def test_any_stored_fields_are_read_or_refused(stored: dict[str, Any]) -> None:
    for kind in EFFECTS:
        try:
            read = load(kind.kind, stored)
        except UnreadableEffectError:
            continue
        assert isinstance(read, kind)
        assert stored.keys() <= dump(read).keys()


def test_what_waits_for_others_than_slacks_channels_has_a_lane_of_its_own() -> None:
    lanes = {kind.kind: kind.lane for kind in EFFECTS if kind.lane}
    assert lanes == {
        "follow_members": "people",
        "hand_over": "hand_over",
        "hand_over_everywhere": "hand_over",
        "file_access_request": "service_desk",
        "create_program": "programs",
        "file_answer": "service_desk",
        "proof": "proof",
        "setup_check": "setup_check",
        "session_file": "files",
        "program_move": "transfer",
        "tell": "private",
        "people": "people",
        "export": "export",
        "share_export": "export",
        "delete_file": "secrets",
        "repair_reviews": "support",
        "home": "home",
    }


def test_each_message_goes_to_one_side() -> None:
    said = {where: Say(where=where, key="x", params={}).side for where in get_args(Room)}
    assert said == {
        "customer": "customer",
        "support": "support",
        "customer_channel": "customer",
        "support_channel": "support",
    }
    drawn = {what: Draw(what=what, step="planning").side for what in get_args(LastingMessage)}
    assert drawn == {"card": "customer", "step": "customer", "review": "support"}
    assert AddBookmark().side == ""


def test_only_drawings_of_the_same_message_will_do_for_each_other() -> None:
    same = {Draw(what=what, step=step).same for what in get_args(LastingMessage) for step in ("planning", "organization")}
    assert len(same) == 6
    assert Draw(what="step", step="planning").same in same
    assert Say(where="customer", key="x", params={}).same == ""


def test_support_hears_of_what_was_given_up_for_longer_than_anything_is_tried() -> None:
    longest = max(kind.lasts or LASTS for kind in EFFECTS if kind is not Alert)
    assert Alert.lasts is not None
    assert Alert.lasts > 2 * longest


MISSPELT = """\
from flows.cases.case import Case
from flows.outbox import Draw, RunProof, Say, Sya
from flows.forms.step import Step
from flows.steps.planning import STEP


def ask(case: Case) -> None:
    case.ask(Draw(what="crad"))
    case.ask(Say(where="customer", stpe="planning", key="x", params={}))
    case.ask(RunProof(step="authentication"))
    case.say("everywhere", "planning", "submitted")


WRONG = Step("x", STEP.form, on_open=("commands",))
"""


@pytest.mark.process
def test_a_misspelt_kind_or_argument_does_not_pass_the_type_check(tmp_path: Path) -> None:
    source = tmp_path / "misspelt.py"
    source.write_text(MISSPELT)
    command = [sys.executable, "-m", "mypy", "--no-color-output", "--config-file", str(ROOT / "pyproject.toml"), str(source)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)  # noqa: S603  our own command
    # For a file that it has seen before, it may report the old path.
    wrong = {int(line) for line in re.findall(rf"{source.name}:(\d+): error:", ran.stdout)}
    lines = MISSPELT.splitlines()
    assert {lines[number - 1].strip() for number in wrong} == {
        "from flows.outbox import Draw, RunProof, Say, Sya",
        'case.ask(Draw(what="crad"))',
        'case.ask(Say(where="customer", stpe="planning", key="x", params={}))',
        'case.say("everywhere", "planning", "submitted")',
        'WRONG = Step("x", STEP.form, on_open=("commands",))',
    }, ran.stdout
