"""What the demo's companies say of themselves is taken by the forms."""

from datetime import UTC, datetime

import pytest

from flows.forms.pages import collect
from flows.forms.step import Situation
from playground.examples import FORMS, STEPS
from playground.own_answers import OWN_ANSWERS

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize("company", OWN_ANSWERS)
def test_each_form_takes_what_a_company_says(company: str) -> None:
    situation = Situation(NOW, NOW.date(), company, "en", "America/Sao_Paulo")
    for form_id, own in OWN_ANSWERS[company].items():
        assert own.keys() <= {name for page in FORMS[form_id].pages for name in page.model.model_fields}, form_id
        if form_id in STEPS:
            _, problems = collect(FORMS[form_id], {**FORMS[form_id].example, **own}, situation)
            assert problems == [], form_id
