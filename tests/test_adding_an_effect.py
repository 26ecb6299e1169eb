"""`docs/adding-an-effect.md`, followed from its first line to what people see in a copy of the project."""

from pathlib import Path

import pytest

from tests.followed import Page, changed, run

PAGE = Page("docs/adding-an-effect.md")


@pytest.mark.process
def test_the_page_is_followed_and_the_customer_reads_the_new_message(tmp_path: Path) -> None:
    """The contracts of effects, handlers and texts hold, and so does the page's own test."""
    assert PAGE.text.count("```") == 2 * len(PAGE.blocks)
    PAGE.follow_in(tmp_path)
    assert changed(tmp_path) == PAGE.named
    run(tmp_path, "ruff", "check", *PAGE.named)
    run(tmp_path, "ruff", "format", "--check", *(name for name in PAGE.named if name.endswith(".py")))
    tried = ("tests/bot/jobs/test_farewells.py", "tests/bot/jobs/test_handlers.py", "tests/flows/test_outbox.py")
    spoken = "tests/bot/messages/test_texts.py"
    wanted = "farewells or handler or Goodbye or each_language or places_to_fill"
    run(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", wanted, *tried, spoken)
