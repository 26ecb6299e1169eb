"""A customer on an older version of the journey reads its texts where they differ from the current ones."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.messages.lists import Asked, ListKind, message, queue
from bot.messages.support import Support
from bot.messages.texts import Texts, languages, overlay
from flows.desk import Need, Page
from tests.bot.messages import samples

TABLES = {
    "en": 'kept = "Kept {what}"\nchanged = "New"\nfew = "Few"\n[age.days]\none = "{n} day"\nother = "{n} days"\n',
    "pt_BR": 'kept = "Mantido {what}"\nchanged = "Novo"\n',
    "en.1": 'changed = "Old"\nfew = "Fewer"\nalone = "Only then"\n[age.days]\nother = "{n} sols"\n',
    "pt_BR.1": 'changed = "Antigo"\n',
    "en.2": 'changed = "Newer"\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TABLES.items():
        (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("language", "journey", "said"),
    [
        ("en", "", ["Kept it", "New", "Few"]),
        ("en", "1", ["Kept it", "Old", "Fewer"]),
        ("en", "2", ["Kept it", "Newer", "Few"]),
        ("en", "3", ["Kept it", "New", "Few"]),
        ("pt_BR", "", ["Mantido it", "Novo", "Few"]),
        ("pt_BR", "1", ["Mantido it", "Antigo", "Fewer"]),  # what the language lacks comes from the version's fallback
        ("pt_BR", "2", ["Mantido it", "Novo", "Few"]),  # the reader's language comes before the version
    ],
)
def test_the_version_s_own_text_goes_first_then_the_language_s(
    folder: Path, language: str, journey: str, said: list[str]
) -> None:
    texts = Texts(language, journey, folder=folder)
    assert [texts("kept", what="it"), texts("changed"), texts("few")] == said
    assert Texts(language, folder=folder).of(journey)("changed") == said[1]


def test_a_text_of_one_version_alone_is_found_in_it_alone(folder: Path) -> None:
    assert Texts("pt_BR", "1", folder=folder)("alone") == "Only then"
    assert not Texts("en", folder=folder).has("alone")
    assert not Texts("en", "2", folder=folder).has("alone")


def test_plurals_of_a_version_go_first_too(folder: Path) -> None:
    texts = Texts("en", "1", folder=folder)
    assert [texts("age.days", n=1), texts("age.days", n=2)] == ["1 day", "2 sols"]


def test_files_of_versions_are_no_languages_and_each_is_of_a_version_there_is() -> None:
    assert all("." not in language for language in languages())
    for language in languages():
        assert overlay(language, samples.JOURNEY.version) == {}  # the current texts are the current version's


def test_support_reads_each_customer_s_steps_by_their_own_version(folder: Path) -> None:
    (folder / "en.1.toml").write_text('[step.planning]\ntitle = "Plans of old"\n')
    (folder / "en.toml").write_text('[step.planning]\ntitle = "Planning"\n')
    look = replace(samples.look("en"), texts=Texts("en", folder=folder))
    rows = samples.waiting(step_id="planning", need=Need.REVIEW)[:1]
    pages = [Page([replace(rows[0], journey=journey)], 0, 1) for journey in ("1", "2")]
    drawn = [message(queue(Asked(ListKind.QUEUE), page, {}, look)).text for page in pages]
    assert ["Plans of old" in text for text in drawn] == [True, False]
    assert ["Planning" in text for text in drawn] == [False, True]


def test_support_s_own_texts_are_of_the_customer_s_version() -> None:
    texts = Support("C1", "pt_BR").texts("1")
    assert (texts.language, texts("state.done")) == ("pt_BR", Texts("pt_BR")("state.done"))
