"""What one person is told privately names steps as their customer's version of the journey does."""

from pathlib import Path
from typing import Any, cast

from bot.messages.blocks import notice
from bot.messages.texts import Texts
from bot.modals.private_answers import PrivateAnswers
from flows.people import Who
from flows.problems import Refused
from storage.store import Store
from tests.flows.cases.casework import LEAD, case_book
from tests.storage.example import raw

TABLES = {
    "en": '[refused]\nstep_locked = "{step} opens later."\n[step.planning]\ntitle = "Planning"\n',
    "en.2": '[step.planning]\ntitle = "Plans of old"\n[step.survey]\ntitle = "Survey"\n',
}


class Answers(PrivateAnswers):
    """In English, from a folder of texts."""

    def __init__(self, store: Store, folder: Path) -> None:
        nothing: Any = cast(Any, None)
        super().__init__(store, nothing, nothing)
        self._folder = folder

    async def texts(self, who: Who, about: str = "") -> Texts:  # noqa: ARG002
        return Texts("en", folder=self._folder)


async def test_a_refusal_names_the_step_as_the_customer_s_version_does(tmp_path: Path) -> None:
    for name, text in TABLES.items():
        (tmp_path / f"{name}.toml").write_text(text)
    async with case_book(tmp_path) as book:
        await book.start()
        answers = Answers(book.store, tmp_path)

        async def told(step: str, onboarding_id: str) -> str:
            return notice(await answers.explained(LEAD, Refused("step_locked", step=step), onboarding_id)).text

        assert await told("planning", book.id) == "Plans of old opens later."
        assert await told("survey", book.id) == "Survey opens later."
        assert await told("planning", "") == "Planning opens later."
        assert await told("planning", "onb_none") == "Planning opens later."
        raw(book.store._url, "UPDATE onboardings SET started_at = 'x'")
        assert await told("planning", book.id) == "Planning opens later."
