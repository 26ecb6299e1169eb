"""Selects: one or several options from a list, found by typing. External lists are fetched from the app at pauses in typing."""

from collections.abc import Iterable
from typing import Any, Final

from nicegui import ui
from nicegui.events import GenericEventArguments

from playground.page.control import Control
from playground.page.text import words_of
from playground.page.words import say
from playground.slack import SlackPerson
from playground.slack.block_kit import Json
from playground.slack.world import Channel, User

Choice = dict[str, Any]
"""`label`, `value` (what `SlackPerson.fill` takes) and `about`; or a line that cannot be chosen: `label` and `line`."""

_OPTION: Final = """
<q-item v-if="props.opt.line" dense role="presentation" class="b-menu-line">{{ props.opt.label }}</q-item>
<q-item v-else v-bind="props.itemProps" :aria-label="props.opt.label" :aria-description="props.opt.about">
  <q-item-section>
    <q-item-label>{{ props.opt.label }}</q-item-label>
    <q-item-label v-if="props.opt.about" caption>{{ props.opt.about }}</q-item-label>
  </q-item-section>
</q-item>
"""
_FILTER: Final = "(query, update) => { update(() => {}); emit(query); }"
_PICKED: Final = """(value) => {
  mounted_app.elements[%(id)d].props["model-value"] = value;
  if (Array.isArray(value)) {
    getElement(%(id)d).updateInputValue("", true);
    getElement(%(id)d).hidePopup();
  }
  emit(value);
}"""
"""The choice is shown at once: the next one may come before the answer to this one."""


class Select:
    def __init__(self, of: Control) -> None:
        self.of = of
        self.many = of.kind.startswith("multi_")
        self.source = of.kind.removeprefix("multi_").removesuffix("_select")
        self._asked = 0
        self._stored: Any = self._chosen()
        made = self.made = ui.element("q-select")
        made.classes("b-typed b-select").props("outlined dense use-input options-dense")
        pause = (
            150 if self.source == "external" else 0
        )  # ms; what is typed and not yet searched opens the list again after a choice
        made.props.update({"for": of.id, "input-debounce": pause, "option-label": "label", "option-value": "value"})
        made.props.update({"behavior": "menu", "popup-content-class": "b-menu", "options": [], "model-value": self._stored})
        if self.many:
            made.props.update({"multiple": True, "use-chips": True, "max-values": of.element.get("max_selected_items", 100)})
        else:
            made.props.update({"fill-input": True, "hide-selected": True})
        made.add_slot("option", _OPTION)
        made.on("filter", self._filter, js_handler=_FILTER)
        made.on("update:model-value", self._pick, js_handler=_PICKED % {"id": made.id})
        self._placeholder()
        of.owns(made)

    def _placeholder(self) -> None:
        words = self.of.placeholder or say(self.of.surface.person, "select_an_option")
        self.made.props["placeholder"] = "" if self._stored else words

    async def _filter(self, event: GenericEventArguments) -> None:
        """A newly opened list shows everything, even if the field still shows the choice."""
        query, chosen = str(event.args or ""), self._stored
        if isinstance(chosen, dict) and query == chosen["label"]:
            query = ""
        self._asked += 1
        asked = self._asked
        found = await self._find(query)
        if asked == self._asked and not self.made.is_deleted:
            self.made.props["options"] = found or [_line(say(self.of.surface.person, "no_results"))]

    async def _find(self, query: str) -> list[Choice]:
        if self.source == "external":
            return await self._search(query)
        wanted = query.casefold().strip()
        return list(_matching(self._offered(), wanted))

    async def _search(self, query: str) -> list[Choice]:
        person, least = self.of.surface.person, self.of.element.get("min_query_length", 3)
        if len(query) < least:
            return [_line(say(person, "type_more", n=least))]
        self.made.props["loading"] = True
        try:
            texts = await person.search(self.of.key, query, self.of.surface.target)
        except (ValueError, LookupError):
            return [_line(say(person, "options_lost"))]
        finally:
            if not self.made.is_deleted:
                self.made.props["loading"] = False
        return [{"label": text, "value": text} for text in texts]

    async def _pick(self, event: GenericEventArguments) -> None:
        before, chosen = self._stored, event.args
        self._show(chosen)
        values = [one["value"] for one in chosen or []] if self.many else chosen["value"] if chosen else None
        if not await self.of.put(values) and not self.made.is_deleted:
            self._show(before)
            self.made.update()

    def _show(self, chosen: Any) -> None:
        """Store it without an update: the browser already shows it."""
        self._stored = chosen
        with self.made.props.suspend_updates():
            self.made.props["model-value"] = chosen
        self._placeholder()

    # -- what there is to choose

    def _offered(self) -> list[Choice]:
        if self.source == "static":
            return list(_options(self.of.element))
        person, world = self.of.surface.person, self.of.surface.world
        if self.source == "users":
            known = [user for user in world.users.values() if _known(person, user) and not (user.is_bot or user.deleted)]
            return [{"label": user.name, "value": user.id, "about": user.team.name} for user in known]
        return [_place(channel) for channel in person.channels() if _listed(self.source, self.of.element, channel)]

    def _chosen(self) -> Any:
        value = self.of.value
        chosen = [self._choice(one) for one in (value if self.many else [value]) if one] if value else []
        return chosen if self.many else next(iter(chosen), None)

    def _choice(self, value: Any) -> Choice:
        if isinstance(value, dict):
            label = words_of(value["text"])
            return {"label": label, "value": value["text"]["text"] if self.source == "external" else value["value"]}
        world = self.of.surface.world
        if user := world.users.get(value):
            return {"label": user.name, "value": value}
        channel = world.channels.get(value)
        return _place(channel) if channel else {"label": value, "value": value}


def select(of: Control) -> None:
    Select(of)


def _options(given: Json) -> Iterable[Choice]:
    for group in given.get("option_groups") or [{"options": given.get("options") or []}]:
        if "label" in group:
            yield _line(words_of(group["label"]))
        for option in group["options"]:
            yield {"label": words_of(option["text"]), "value": option["value"], "about": words_of(option.get("description"))}


def _matching(choices: Iterable[Choice], wanted: str) -> Iterable[Choice]:
    """Those that contain these words, under their groups' headings."""
    heading: Choice | None = None
    for choice in choices:
        if choice.get("line"):
            heading = choice
        elif wanted in choice["label"].casefold():
            if heading:
                yield heading
            heading = None
            yield choice


def _line(words: str) -> Choice:
    return {"label": words, "value": f"line:{words}", "line": True, "disable": True}


def _known(person: SlackPerson, user: User) -> bool:
    """Slack offers people from one's own workspace, and those from others who share a channel with one."""
    return user.team == person.user.team or person.core.world.shares_channel(person.id, user.id)


def _place(channel: Channel) -> Choice:
    return {"label": channel.name if channel.im else f"#{channel.name}", "value": channel.id}


def _listed(source: str, given: Json, channel: Channel) -> bool:
    if source == "channels":
        return not channel.private
    rules = given.get("filter") or {}
    kind = "im" if channel.im else "private" if channel.private else "public"
    outside = channel.is_ext_shared and rules.get("exclude_external_shared_channels")
    return (
        kind in rules.get("include", ["im", "private", "public"])
        and not outside
        and not (channel.im and rules.get("exclude_bot_users"))
    )
