"""Sending a form and doing what the app's answer says: close, errors, update, push, clear."""

from typing import Any

from playground.slack.block_kit import Json
from playground.slack.checks import WebApiError, check_errors, check_view
from playground.slack.core import Core
from playground.slack.delivery import Courier
from playground.slack.forms import problems
from playground.slack.payloads import on_submission
from playground.slack.reader import Outcome
from playground.slack.view_methods import push, replace
from playground.slack.world import User, View


async def submit(core: Core, courier: Courier, user: User) -> Outcome:
    """Submits the form on top. The client holds back what it can see is wrong."""
    if not user.stack:
        raise LookupError(f"{user.name} has no form open")
    view = user.stack[-1]
    if not view.data.get("submit"):
        raise LookupError(f"the view {view.title!r} has nothing to submit with")
    if wrong := problems(view.blocks, view.inputs):
        return Outcome(ok=False, error="client_errors", client_errors=wrong, view=view)
    view.errors = {}
    answer = await courier.interact(on_submission(core, "view_submission", user, view))
    outcome = Outcome(answer.ok, answer.ms, answer.status, answer.error, answer.body)
    if answer.ok:
        try:
            _apply(core, user, view, answer.body, outcome)
        except WebApiError as error:
            core.refuse("view_submission", error)
            outcome.ok, outcome.error = False, error.word
    outcome.closed = view not in user.stack
    outcome.view = user.stack[-1] if user.stack else None
    core.changed()
    return outcome


def _apply(core: Core, user: User, view: View, body: Any, outcome: Outcome) -> None:
    if body in (None, "", {}):
        if view in user.stack:
            user.stack.remove(view)
        return
    action = body.get("response_action") if isinstance(body, dict) else None
    if action == "errors":
        view.errors = check_errors(body.get("errors"), view.blocks)
        labels = {block["block_id"]: block["label"]["text"] for block in view.blocks if block["type"] == "input"}
        outcome.ok = False
        outcome.errors = {labels[name]: words for name, words in view.errors.items()}
    elif action == "clear":
        user.stack.clear()
    elif action in {"update", "push"}:
        data: Json = check_view(body.get("view"))
        if view not in user.stack:
            return
        if action == "update":
            replace(core, view, data)
        else:
            push(core, user, data)
    else:
        raise WebApiError("invalid_response_action", ["[ERROR] must be one of: errors, update, push, clear, or an empty body"])


async def close(core: Core, courier: Courier, user: User, *, back: bool) -> Outcome:
    """The X closes all views; `back`, the view's own close button, only the one on top, unless it says `clear_on_close`."""
    if not user.stack:
        raise LookupError(f"{user.name} has no form open")
    stack, top = list(user.stack), user.stack[-1]
    cleared = not back or bool(top.data.get("clear_on_close"))
    told = [view for view in (stack if cleared else [top]) if view.data.get("notify_on_close")]
    user.stack[:] = [] if cleared else stack[:-1]
    core.changed()
    if not told:
        return Outcome(closed=True, view=user.stack[-1] if user.stack else None)
    answer = await courier.interact(on_submission(core, "view_closed", user, told[0]) | {"is_cleared": cleared})
    return Outcome(answer.ok, answer.ms, answer.status, answer.error, closed=True, view=user.stack[-1] if user.stack else None)
