"""What a modal carries along, and how its inputs are called."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.messages.buttons import VERSION
from flows.forms.fields import Input, inputs
from flows.forms.pages import Slot
from flows.forms.step import Form
from flows.problems import Refused

CALLBACK = "form"
ACTION = "value"


class FormMeta(BaseModel):
    """What a modal carries along (``private_metadata``): ids and numbers alone. ``digest``: of the revision a decision names.

    ``page``, ``draft``: the page's name and the version of what it shows (`flows.forms.drafts`). ``anew``: how often a page was drawn again
    with other values in its fields.
    """

    model_config = ConfigDict(extra="ignore")

    v: int = 1
    form: str
    onboarding: str = ""
    step: str = ""
    item: str = ""
    slot: int = 0
    revision: int = 0
    digest: str = ""
    page: str = ""
    draft: str = ""
    anew: int = 0

    def on(self, slot: int, page: str = "", draft: str = "", *, anew: bool = False) -> "FormMeta":
        return self.model_copy(update={"slot": slot, "page": page, "draft": draft, "anew": self.anew + anew})


def meta_of(view: Mapping[str, Any]) -> FormMeta:
    """Raises Refused("gone") for a modal that can't be read any more, or comes from a newer version."""
    try:
        meta = FormMeta.model_validate_json(str(view.get("private_metadata") or ""))
    except ValidationError:
        raise Refused("gone") from None
    if meta.v > VERSION:
        raise Refused("gone")
    return meta


def block_id(name: str, slot: Slot, anew: int = 0) -> str:
    return f"{name}~{slot.name}~{anew}" if anew else f"{name}~{slot.name}"


def field_name(block: str) -> str:
    return block.partition("~")[0]


def field_of(form: Form, block: str) -> Input:
    """The input that a block asks for; KeyError where there is none."""
    for page in form.pages:
        for name, _, item in inputs(page.model):
            if name == field_name(block):
                return item
    raise KeyError(block)
