"""What buttons carry: a versioned value, so that a button posted by an older version works or is answered, never dead."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

VERSION = 1


class Act(StrEnum):
    """The first part of every action id."""

    OPEN_FORM = "open_form"
    TASK = "task"
    BACK = "back"
    PAGE = "page"
    LEAVE_OUT = "leave_out"
    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    REJECT = "reject"
    CLAIM = "claim"
    AGREE_TO_SKIP = "agree_to_skip"
    WITHDRAW_SKIP = "withdraw_skip"
    SNOOZE = "snooze"
    STUCK = "stuck"
    DECLINE_RENEWAL = "decline_renewal"
    RETRY_EFFECT = "retry_effect"
    SHOW = "show"
    MATRIX = "matrix"
    MATRIX_PAGE = "matrix_page"
    CHECKLIST = "checklist"
    ACCEPT_COMPANY = "accept_company"
    REPORT = "report"
    COMMAND = "command"
    CHOOSE = "choose"
    ANSWER_TICKET = "answer_ticket"
    ANSWER_CALL = "answer_call"
    SETTLE_CALL = "settle_call"
    TAKE_CALL = "take_call"
    RELEASE_CALL = "release_call"
    ADD_NOTE = "add_note"
    CHANGE = "change"
    HAND_OVER = "hand_over"
    LIST = "list"
    START = "start"
    FIND = "find"
    LINK = "link"


class OldButton(Exception):  # noqa: N818  an answer, not a failure
    """A value that is no longer understood: the person is told so."""


class ButtonValue(BaseModel):
    """Short names in the JSON: a value has at most 2,000 characters. Only ids and numbers, nothing personal."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    v: int = 1  # a value without a version is from the first one
    onboarding: Annotated[str, Field(max_length=64)] = ""
    step: Annotated[str, Field(max_length=64)] = ""
    revision: int = 0
    digest: Annotated[str, Field(max_length=64)] = ""
    task: Annotated[str, Field(max_length=64)] = ""
    item: Annotated[str, Field(max_length=128)] = ""
    slot: int = 0
    only: Annotated[str, Field(max_length=16)] = ""
    search: Annotated[str, Field(max_length=64)] = ""

    def dump(self) -> str:
        return self.model_copy(update={"v": VERSION}).model_dump_json(exclude_defaults=True)


def parse(value: str) -> ButtonValue:
    """Raises OldButton for what cannot be read, or comes from a newer version."""
    try:
        read = ButtonValue.model_validate_json(value or "{}")
    except ValidationError:
        raise OldButton from None
    if read.v > VERSION:
        raise OldButton
    return read
