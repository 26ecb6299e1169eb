"""What a page is called in the worker leads back to it, for every form there is."""

from bot.inspection.pages import _model, name_of
from flows.forms.dialogs import DIALOGS
from flows.journey import JOURNEYS


def test_each_page_is_found_by_its_name() -> None:
    models = [page.model for form in (*JOURNEYS.all_forms(), *DIALOGS.values()) for page in form.pages]
    assert [model for model in models if _model(name_of(model)) is not model] == []
    assert len(models) > 30
