"""What `check` says of the Service Desk. Nothing is filed: that a request is accepted shows with the first one."""

from collections.abc import AsyncIterator, Iterator

from bot.config.policies import load
from bot.config.settings import Settings
from bot.ops.check_line import Line
from pismo.jsm_errors import ServiceDeskError, ServiceDeskFault
from pismo.jsm_form import NameNotFoundError, RequestFormNames, fill, offered
from pismo.service_desk import RequestForm, ServiceDesk


async def service_desk_lines(settings: Settings) -> AsyncIterator[Line]:
    """Whether each portal has the form for requests, and what the account may do there."""
    if not settings.service_desk_url:
        yield Line.note("Service Desk", "not configured: support gets each request as a text to paste")
        return
    policies = load(settings.config_file).service_desk
    async with ServiceDesk(settings.service_desk_url, settings.service_desk_user, settings.service_desk_token) as client:
        for portal, names in policies.names.items():
            name = f"Service Desk ({portal})"
            try:
                form = await client.form(names)
                for resource in (*names.subtypes, *(one for one, choice in names.choices.items() if choice)):
                    fill(form.fields, names, resource, "-", "-")
            except NameNotFoundError as error:
                there = f"; there is: {', '.join(error.there)}" if error.there else ""
                what = "a field that must be filled" if error.what == "required" else f"no {error.what.replace('_', ' ')}"
                how = f"set the name under [service_desk.{portal}] in CONFIG_FILE, or give the user access to it"
                yield Line(name, f"{what}: {error.name}{there}", how)
            except ServiceDeskError as error:
                yield Line(name, f"it answered {error.status or 'nothing'} ({error.fault})", _mend_desk(error))
                return
            else:
                yield Line(
                    name, f"{names.desk} > {names.request_type} > {names.category} is there, and the bot fills in what it needs"
                )
                for line in _unchosen(name, portal, names, form):
                    yield line
                yield _account(f"{name} account", form)
                if form.adds_participants:
                    yield await _lookup(f"{name} participants", client, form, settings.service_desk_user)
        yield await _comments(client)


def _unchosen(name: str, portal: str, names: RequestFormNames, form: RequestForm) -> Iterator[Line]:
    """The integrations of which the configuration does not say under which category they are requested, and what then happens."""
    unset, pasted = [resource for resource, choice in names.choices.items() if not choice], list[str]()
    for resource in unset:
        try:
            fill(form.fields, names, resource, "-", "-")
        except NameNotFoundError:
            pasted.append(resource)
    where = f"to set one, add choices under [service_desk.{portal}] in CONFIG_FILE; there is: {', '.join(offered(form.fields))}"
    if pasted:
        what = "no category is set, and the form needs one: nothing is filed, support gets the text to paste"
        yield Line.note(name, f"{', '.join(pasted)}: {what}; {where}")
    if filed := [resource for resource in unset if resource not in pasted]:
        yield Line.note(name, f"{', '.join(filed)}: no category is set, filed without one; {where}")


AGENT = "give SERVICE_DESK_USER an agent's or a project role there"


def _account(name: str, form: RequestForm) -> Line:
    """Jira tells what the account may do for others; who may do neither has a customer's role alone, as far as can be seen."""
    if not (form.adds_participants or form.raises_on_behalf):
        what = "may neither add participants nor file on behalf of others, like a customer's account, which cannot file over REST"
        return Line(name, f"{what} (JSDCLOUD-8960)", AGENT)
    may = {"add participants": form.adds_participants, "file on behalf of others": form.raises_on_behalf}
    able = ", ".join(what for what, allowed in may.items() if allowed)
    lacks = ", ".join(what for what, allowed in may.items() if not allowed)
    return Line(name, f"may {able}" + (f"; not {lacks}: the ticket's text then says so" if lacks else ""))


async def _lookup(name: str, client: ServiceDesk, form: RequestForm, address: str) -> Line:
    """Tried with the account's own address; whether it is a customer of the desk does not matter."""
    try:
        await client.account(form, address)
    except ServiceDeskError as error:
        if error.transient:
            return Line(name, f"not tried: it answered {error.status or 'nothing'} ({error.fault})", _mend_desk(error))
        what = f"the account may not look up people: {error.status} ({error.fault}). None is named, support is told whom to add"
        return Line.note(name, f"{what}; to change that, let it view the desk's customers")
    return Line(name, "are looked up by address; support is told of those who are not found")


async def _comments(client: ServiceDesk) -> Line:
    """Tried on the account's own last request."""
    name = "Service Desk comments"
    try:
        last = await client.last()
        if last is None:
            return Line.note(name, "could not be seen: the account has no request yet")
        await client.comments(last.key)
    except ServiceDeskError as error:
        how = _mend_desk(error) if error.transient else f"let the account read and write comments: {AGENT}"
        return Line(name, f"reading them was answered with {error.status or 'nothing'} ({error.fault})", how)
    return Line(name, "can be read")


def _mend_desk(error: ServiceDeskError) -> str:
    if error.transient:
        return "check that this machine reaches SERVICE_DESK_URL; the bot itself starts without and keeps trying"
    if error.fault is ServiceDeskFault.UNAUTHORIZED:
        return "make a new API token for SERVICE_DESK_USER and set it as SERVICE_DESK_TOKEN"
    return "check that SERVICE_DESK_URL is the site's address and the user can see its portals"
