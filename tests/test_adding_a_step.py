"""`docs/adding-a-step.md`, followed from its first line to the rehearsal in a copy of the project."""

import re
from pathlib import Path

import pytest

from tests.followed import Page, changed, run

PAGE = Page("docs/adding-a-step.md")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the new step."""
    target = tmp_path_factory.mktemp("newcomer")
    PAGE.follow_in(target)
    return target


def test_every_block_of_the_document_is_followed() -> None:
    assert PAGE.text.count("```") == 2 * len(PAGE.blocks)
    assert {block.language for block in PAGE.blocks} == {"python", "text", "toml", "sh"}


def test_nothing_but_the_named_files_is_touched(copy: Path) -> None:
    assert changed(copy) == PAGE.named


@pytest.mark.process
def test_the_new_step_is_well_formed(copy: Path) -> None:
    run(copy, "ruff", "check", "flows", "bot")
    run(copy, "ruff", "format", "--check", "flows", "bot")


@pytest.mark.process
def test_the_new_step_goes_through_what_every_step_does(copy: Path) -> None:
    """The contracts of forms, texts, journeys and start-up."""
    tried = ("tests/flows/test_steps.py", "tests/flows/steps/test_step_examples.py", "tests/flows/steps/test_step_texts.py")
    run(copy, "pytest", "-q", "-p", "no:cacheprovider", "-k", "training or texts", *tried)


@pytest.mark.process
def test_the_rehearsal_goes_through_the_new_step(copy: Path) -> None:
    told = run(copy, "playground.rehearse", "--to", "training")
    assert re.search(r"— \d+\. Training", told)
    assert re.search(r"\d+\. Training – done", told)
