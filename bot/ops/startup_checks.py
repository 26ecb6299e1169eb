"""Checks before anything else that the texts, forms, buttons and manifest entries that the code refers to are there, so that
nobody finds one missing in the middle of a journey."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError

from bot.config.settings import Settings
from bot.jobs.handlers import PismoAccess, ServiceDeskAccess, handlers
from bot.jobs.registry import HandlersError
from bot.listeners.actions import ACTIONS, ALONE
from bot.listeners.events import HANDLED
from bot.messages.buttons import Act
from bot.messages.texts import Texts, languages, overlay, table
from bot.modals.dialogs import DIALOG_DOES
from bot.modals.render import page_view
from bot.modals.subject import DIALOG_MAY, FormMeta
from bot.ops.manifest import manifest_file
from flows.forms.dialogs import CHOOSE, DIALOGS, START
from flows.forms.fields import CATALOGS, Answers, inputs, max_length, words_of
from flows.forms.pages import slots
from flows.forms.step import Form, Situation, Step
from flows.journey import JOURNEYS, Journey, Journeys
from storage.store import Store
from storage.verify_rows import is_explained

COMMAND = "/onboarding"
IN_MODALS = (Act.BACK, Act.PAGE, Act.LEAVE_OUT)
"""Buttons that `Modals.turn_back` handles; a LINK is opened by Slack itself."""

# Slack's limits for what a text becomes: a modal's title and submit, an option, a button, a placeholder, a label and a hint.
TITLE, OPTION, BUTTON, PLACEHOLDER, LABEL, VIEW_BLOCKS, ID, METADATA = 24, 75, 75, 150, 2000, 100, 255, 3000

HOW_STRANDED = "run the version of the bot that has it; in a newer one, put it back into JOURNEYS of flows/journey.py"
NAMED = 10
"""How many onboardings of a missing journey are named."""

Fault = str


class VerificationError(Exception):
    """``faults``: everything that is wrong, one per line in the exception's text."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def verify(
    journeys: Iterable[Journey] = tuple(JOURNEYS.versions.values()),
    dialogs: Iterable[Form] = tuple(DIALOGS.values()),
    *,
    actions: Collection[Act] = ACTIONS,
    may: Collection[str] = DIALOG_MAY,
    spoken: Callable[[], Sequence[str]] = languages,
    words: Callable[[str], Mapping[str, str]] = table,
    manifest: Path | None = None,
) -> None:
    """Raises VerificationError. ``actions``: the buttons that are handled. ``may``: the dialogs whose users are known.
    ``spoken``: the languages that have texts; ``words``: a language's texts by key. ``manifest``: by default the app's own, if any.
    """
    dialogs, found = tuple(dialogs), list[Fault]()
    found += _unknown(spoken())
    for journey in journeys:
        forms = [*dialogs, *(form for step in journey.steps.values() for form in _forms(step))]
        for language in spoken():
            found += _missing(journey, forms, language, {**words(language), **overlay(language, journey.version)})
        found += [fault for form in forms for fault in _past_limits(form, journey)]
    found += [f"button {act.value}: nothing handles it" for act in Act if act not in (*actions, *IN_MODALS, *ALONE)]
    found += [f"dialog {form.id}: nothing says who may use it" for form in dialogs if form.id not in may]
    done = {*DIALOG_DOES, START, CHOOSE}  # the last two are about no onboarding yet: `bot.modals.submission` carries them out
    found += [f"dialog {form.id}: nothing is done with it" for form in dialogs if form.id not in done]
    found += _handler_faults()
    found += _manifest_faults(manifest or manifest_file())
    if found:
        raise VerificationError(dict.fromkeys(found))


def _forms(step: Step) -> list[Form]:
    return [step.form, *(task.form for task in step.tasks if task.form is not None)]


# -- customers


async def stranded(settings: Settings, journeys: Journeys = JOURNEYS) -> list[Fault]:
    """Onboardings that began on a version of the journey that this code lacks: nobody could go on with them, and their pending
    effects would be given up for good. Without those whose row was altered, which keeps nobody else waiting. Raises Unavailable."""
    store, found = Store(settings.database_url, settings.keyring), list[Fault]()
    try:
        async with store.read() as unit:
            for version, ids in sorted((await unit.journeys()).items()):
                lacking = [] if version in journeys.versions else [one for one in ids if await is_explained(unit.connection, one)]
                if lacking:
                    found.append(f"this version of the bot lacks the journey {version}, on which {_named(lacking)} began")
    finally:
        await store.close()
    return found


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{len(ids)} onboarding{'' if len(ids) == 1 else 's'} ({', '.join(ids[:NAMED])}{more})"


# -- words


def _unknown(spoken: Iterable[str]) -> Iterator[Fault]:
    """Dates, numbers and the languages' own names are written as CLDR has them, by way of Babel."""
    for language in spoken:
        try:
            Locale.parse(language)
        except (UnknownLocaleError, ValueError):
            yield f"{language}: CLDR doesn't know this language; its file of texts is named as CLDR names it"


def _missing(journey: Journey, forms: list[Form], language: str, words: Mapping[str, str]) -> Iterator[Fault]:
    """Texts that are missing, or too long for where Slack shows them."""
    steps = journey.steps.values()
    needed = [key for step in steps for key in _keys_of_step(step)] + [key for form in forms for key in _keys_of_form(form)]
    for key, most in needed:
        if key not in words:
            yield f"{language}: the text {key} is missing"
        elif len(words[key]) > most:
            yield f"{language}: the text {key} has {len(words[key])} characters; Slack takes {most}"
    for form in forms:
        for key, most in _optional_keys(form):
            if len(words.get(key, "")) > most:
                yield f"{language}: the text {key} has {len(words[key])} characters; Slack takes {most}"


def _keys_of_step(step: Step) -> Iterator[tuple[str, int]]:
    yield f"step.{step.id}.title", LABEL
    yield f"step.{step.id}.about", LABEL
    yield from ((f"effect.{effect.kind}", LABEL) for effect in (*step.on_open, *step.on_approval))
    yield from ((f"link.{key}", BUTTON) for key, _ in step.links(_nothing_known()))
    if step.covers is not None:
        covers = step.covers
        yield from ((f"say.{key}", LABEL) for key in (covers.lacking, f"{covers.lacking}_here", covers.gone, covers.unplanned))
    for task in step.tasks:
        yield f"task.{step.id}.{task.id}.title", LABEL
        yield f"task.{step.id}.{task.id}.button", BUTTON
        yield f"task.{step.id}.{task.id}.past", LABEL
        yield f"task.{step.id}.{task.id}.done", LABEL
        yield from ((f"resource.{resource}", OPTION) for resource in task.resource)
        yield from ((f"grant.{state}", OPTION) for state in (*task.grant_from, task.grant_to) if state)
        if task.expires:
            yield from ((f"task.{step.id}.{task.id}.{when}", LABEL) for when in ("expires.one", "expires.other", "expired"))
        if task.effect:
            yield f"effect.{task.effect.kind}", LABEL


def _keys_of_form(form: Form) -> Iterator[tuple[str, int]]:
    yield f"form.{form.id}.title", TITLE
    for page in form.pages:
        if len(form.pages) > 1 or form.review:
            yield f"page.{form.id}.{page.id}.title", OPTION
        if page.to_correct:
            yield f"page.{form.id}.{page.id}.item", OPTION
        for name, _, item in inputs(page.model):
            yield f"{words_of(form.id, name, item)}.label", LABEL
            yield from ((f"choice.{item.choices or name}.{option}", OPTION) for option in item.options)
        yield from ((f"say.{script.key}", LABEL) for script in page.scripts({}, _nothing_known()))


def _optional_keys(form: Form) -> Iterator[tuple[str, int]]:
    yield f"form.{form.id}.submit", TITLE
    for page in form.pages:
        for name, _, item in inputs(page.model):
            yield f"{words_of(form.id, name, item)}.hint", LABEL
            yield f"{words_of(form.id, name, item)}.placeholder", PLACEHOLDER
            yield from ((f"option.{item.choices or name}.{option}", OPTION) for option in item.options)


def _nothing_known() -> Situation:
    now = datetime.now(UTC)
    return Situation(now, now.date(), "", "en", "UTC")


# -- views


def _past_limits(form: Form, journey: Journey) -> Iterator[Fault]:
    """Draws each page with the form's example, without the long lists: their names take longer to load than all the rest."""
    left_out = {name for page in form.pages for name, _, item in inputs(page.model) if item.source in CATALOGS}
    answers = {name: value for name, value in form.example.items() if name not in left_out and value != "*"}
    yield from _long_examples(form)
    order = slots(form, answers)
    meta = FormMeta(form=form.id, onboarding="x" * 64, step="x" * 64, item="x" * 128, digest="x" * 64)
    texts = Texts("en", journey.version)
    offered = {"steps": {step_id: texts(f"step.{step_id}.title") for step_id in journey.steps}}
    for index, slot in enumerate(order):
        try:
            view = page_view(form, order, index, answers, texts, meta.on(index), offered=offered)
        except (KeyError, TypeError, ValueError) as error:
            yield f"form {form.id}, page {slot.name}: it cannot be drawn ({type(error).__name__})"
            continue
        yield from (f"form {form.id}, page {slot.name}: {wrong}" for wrong in _faults_of_view(view))


def _long_examples(form: Form) -> Iterator[Fault]:
    """Examples that the renderer would cut."""
    for page in form.pages:
        for name, info, _ in inputs(page.model):
            most, value = max_length(info), form.example.get(name)
            if most is not None and isinstance(value, str) and len(value) > most:
                yield f"form {form.id}: the example of {name} has {len(value)} characters; the field takes {most}"


def _faults_of_view(view: Answers) -> Iterator[Fault]:
    blocks: list[dict[str, Any]] = view["blocks"]
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(blocks) >= VIEW_BLOCKS:
        yield f"{len(blocks)} blocks or more; Slack takes {VIEW_BLOCKS}"
    if len(view["private_metadata"]) > METADATA:
        yield f"{len(view['private_metadata'])} characters of private_metadata; Slack takes {METADATA}"
    if len(set(ids)) < len(ids) or any(len(block_id) > ID for block_id in ids):
        yield f"block ids that are not unique, or longer than {ID}"
    for block in blocks:
        options = block.get("element", {}).get("options", ())
        most = 100 if block.get("element", {}).get("type", "").endswith("static_select") else 10
        if len(options) > most or len({option["value"] for option in options}) < len(options):
            yield f"{block['block_id']} has {len(options)} options, some perhaps twice; Slack takes {most} different ones"
        if any(len(option["value"]) > PLACEHOLDER for option in options):
            yield f"{block['block_id']} has an option whose value is longer than {PLACEHOLDER}"


# -- effects


def _handler_faults() -> Iterator[Fault]:
    """Effects without a handler, and handlers without an effect. Only the table is built: nothing is called."""
    none: Any = None
    try:
        pismo, service_desk = PismoAccess(none, {}), ServiceDeskAccess(None, none)
        handlers(none, none, none, none, none, pismo=pismo, service_desk=service_desk, publish_home=none, allows=none)
    except HandlersError as error:
        yield f"handlers of effects: {error}"


# -- the manifest


def _manifest_faults(path: Path) -> Iterator[Fault]:
    """Nothing if the file isn't there: the bot runs without it."""
    if not path.is_file():
        return
    import yaml  # noqa: PLC0415  only needed here

    try:
        written = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  both are safe
        events = {event.partition(".")[0] for event in written["settings"]["event_subscriptions"]["bot_events"]}
        commands = {command["command"] for command in written["features"]["slash_commands"]}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        yield f"{path.name} is not a manifest ({type(error).__name__})"
        return
    yield from (f"{path.name}: the event {event} is missing" for event in HANDLED if event not in events)
    yield from (f"{path.name}: the event {event} is handled by nothing" for event in sorted(events - set(HANDLED)))
    if COMMAND not in commands:
        yield f"{path.name}: the command {COMMAND} is missing"
