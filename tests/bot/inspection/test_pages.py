"""What a page is called in the worker leads back to it, for every form there is, and the worker reads lists as those forms do."""

import pytest

from bot.inspection.pages import _model, look, name_of
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Answers
from flows.journey import JOURNEYS
from flows.steps.control_center import UserList
from flows.steps.control_center_users import _read, people_listed


def test_each_page_is_found_by_its_name() -> None:
    models = [page.model for form in (*JOURNEYS.all_forms(), *DIALOGS.values()) for page in form.pages]
    assert [model for model in models if _model(name_of(model)) is not model] == []
    assert len(models) > 30


@pytest.mark.parametrize("field", ["people", "people_file"])
def test_a_list_of_people_is_read_as_its_check_reads_it(field: str) -> None:
    text = "Ana Souza; ana@bank.example; Admin"
    answers: Answers = {field: text if field == "people" else {"name": "users.txt", "text": text}}
    _read.cache_clear()
    look(name_of(UserList), answers)
    found = people_listed(answers)
    assert ([person.email for person in found.people], _read.cache_info().hits) == (["ana@bank.example"], 1)
