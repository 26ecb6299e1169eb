"""views.*: modals on a person's screen and their home tab."""

from typing import Any

from playground.slack.block_kit import Json
from playground.slack.checks import HOME, MODAL, WebApiError, check_view, with_ids
from playground.slack.core import Core
from playground.slack.forms import carry_over, initial_state
from playground.slack.payloads import view_json
from playground.slack.registry import method, need
from playground.slack.world import User, View


def new_view(core: Core, user: User, data: Json, previous: View | None = None) -> View:
    """A view made from what the app sent, already checked.

    Raises:
        WebApiError: duplicate_external_id.

    """
    _external(core, data, None)
    data = {**data, "blocks": with_ids(data["blocks"], core.world.new_id)}
    name = core.world.new_id("V")
    return View(
        name,
        user,
        data,
        core.world.new_ts(),
        previous.root_id if previous else name,
        previous.id if previous else None,
        initial_state(data),
    )


def replace(core: Core, view: View, data: Json) -> None:
    """What was typed stays where block_id and action_id are unchanged; the hash is new."""
    _external(core, data, view)
    old = view.inputs
    view.data = {**data, "blocks": with_ids(data["blocks"], core.world.new_id)}
    view.inputs = carry_over(old, view.data)
    view.errors = {}
    view.hash = core.world.new_ts()
    core.changed()


def _external(core: Core, data: Json, own: View | None) -> None:
    wanted = data.get("external_id")
    if wanted and any(view.data.get("external_id") == wanted and view is not own for view in core.world.views()):
        raise WebApiError("duplicate_external_id")


@method("views.open")
def open_view(core: Core, args: Json) -> Json:
    data, trigger = need(args, "view", "trigger_id")
    data = check_view(data, MODAL)
    user = core.use_trigger(trigger).user
    view = new_view(core, user, data)
    user.stack[:] = [view]
    core.changed()
    return {"view": view_json(core, view)}


@method("views.push")
def push_view(core: Core, args: Json) -> Json:
    data, name = need(args, "view", "trigger_id")
    data = check_view(data, MODAL)
    trigger = core.use_trigger(name)
    if trigger.view_id is None or all(view.id != trigger.view_id for view in trigger.user.stack):
        raise WebApiError("invalid_trigger_id")
    return {"view": view_json(core, push(core, trigger.user, data))}


def push(core: Core, user: User, data: Json) -> View:
    if len(user.stack) >= 3:
        raise WebApiError("push_limit_reached")
    view = new_view(core, user, data, user.stack[-1])
    user.stack.append(view)
    core.changed()
    return view


@method("views.update")
def update_view(core: Core, args: Json) -> Json:
    (data,) = need(args, "view")
    view = _wanted(core, args)
    data = check_view(data, view.data["type"])
    if args.get("hash") and args["hash"] != view.hash:
        raise WebApiError("hash_conflict")
    replace(core, view, data)
    return {"view": view_json(core, view)}


def _wanted(core: Core, args: Json) -> View:
    if args.get("view_id"):
        view: View | None = core.world.view(args["view_id"])
    elif args.get("external_id"):
        view = next((view for view in core.world.views() if view.data.get("external_id") == args["external_id"]), None)
    else:
        raise WebApiError("invalid_arguments", ["[ERROR] missing required field: view_id or external_id"])
    if view is None:
        raise WebApiError("not_found")
    return view


@method("views.publish")
def publish_view(core: Core, args: Json) -> Json:
    data, user_id = need(args, "view", "user_id")
    user: Any = core.user(user_id)
    data = check_view(data, HOME)
    if args.get("hash") and user.home and args["hash"] != user.home.hash:
        raise WebApiError("hash_conflict")
    if user.home is None:
        user.home = new_view(core, user, data)
        core.changed()
    else:
        replace(core, user.home, data)
    return {"view": view_json(core, user.home)}
