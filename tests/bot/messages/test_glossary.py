"""The languages keep to the glossary."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.messages.texts import languages, table

GLOSSARY = Path(__file__).parents[3] / "docs" / "languages.md"


def unwanted() -> Iterator[tuple[str, str]]:
    """(language, word) of the glossary's last table."""
    rows = GLOSSARY.read_text().partition("## Words that don't stand in the texts")[2]
    for language, words in re.findall(r"^\| (\w+) \| (.+) \|$", rows, re.MULTILINE):
        if language in languages():
            yield from ((language, word) for word in words.split(" · "))


def test_each_language_has_its_words() -> None:
    assert {language for language, _ in unwanted()} == set(languages())


@pytest.mark.parametrize("language", languages())
def test_no_text_has_a_word_that_the_glossary_rules_out(language: str) -> None:
    words = "|".join(re.escape(word) for of, word in unwanted() if of == language)
    ruled_out = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
    assert {key: found[0] for key, text in table(language).items() if (found := ruled_out.search(text))} == {}
