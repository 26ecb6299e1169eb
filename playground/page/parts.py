"""Redraws only what changed, so that typing, focus and scrolling stay where they are."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

OneElement = TypeVar("OneElement", bound=Element)


@dataclass(frozen=True)
class Part:
    """A piece of the page with a ``key`` among its siblings.

    Either ``draw`` fills it, again whenever ``content`` changes, or it consists of ``parts``. ``classes`` and ``props`` are kept
    up to date without redrawing.
    """

    key: Hashable
    content: Any = None
    draw: Callable[[], object] | None = None
    parts: Sequence["Part"] = ()
    tag: str = "div"
    classes: str = ""
    props: Mapping[str, Any] = field(default_factory=dict)


class Parts:
    """What was last drawn into an element."""

    def __init__(self, parent: Element) -> None:
        self.parent = parent
        self._drawn: dict[Hashable, _Drawn] = {}

    def show(self, wanted: Sequence[Part]) -> None:
        """Make these the element's children, in this order."""
        for key in self._drawn.keys() - {part.key for part in wanted}:
            self._drawn.pop(key).element.delete()
        for place, part in enumerate(wanted):
            drawn = self._drawn.get(part.key)
            if drawn is None:
                with self.parent:
                    drawn = self._drawn[part.key] = _Drawn(Frame(part.tag))
            siblings = self.parent.default_slot.children
            if siblings[place] is not drawn.element:
                drawn.element.move(self.parent, target_index=place)
            drawn.show(part)


class Frame(Element):
    """Handles presses on everything drawn inside, by name, since the browser may not know yet that it was redrawn.

    A press on something no longer there goes to whatever has its name now.
    """

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self._acts: dict[str, Callable[[], object]] = {}
        self.props["data-frame"] = True
        self.on("click", self._press, js_handler="(event) => { const name = pressed(event); if (name) emit(name); }")

    def name(self, wanted: str, act: Callable[[], object]) -> str:
        """The name for presses that do this act: ``wanted``, with a number if there are several."""
        same = sum(known.partition("#")[0] == wanted for known in self._acts)
        name = f"{wanted}#{same}" if same else wanted
        self._acts[name] = act
        return name

    def clear(self) -> Self:
        self._acts.clear()
        return super().clear()

    def _press(self, event: GenericEventArguments) -> object:
        act = self._acts.get(str(event.args))
        return act() if act else None


class _Drawn:
    def __init__(self, element: Element) -> None:
        self.element = element
        self.inner = Parts(element)
        self.last = Part(None)

    def show(self, part: Part) -> None:
        last, self.last = self.last, part
        if part.classes != last.classes:
            self.element.classes(replace=part.classes)
        if part.props != last.props:
            for name in last.props.keys() - part.props.keys():
                self.element.props.pop(name, None)
            self.element.props.update(part.props)
        if part.draw is None:
            self.inner.show(part.parts)
        elif last.draw is None or part.content != last.content:
            self.element.clear()
            with self.element:
                part.draw()


class HtmlElement(TextElement):
    """An HTML element; its text is never treated as HTML."""


def element(tag: str, classes: str = "", text: str = "", **props: Any) -> HtmlElement:
    """An underscore in a prop's name becomes a dash: ``aria_label``. A prop that is None is left out."""
    made = HtmlElement(tag=tag, text=text)
    made.classes(classes)
    made.props.update({name.replace("_", "-"): value for name, value in props.items() if value is not None})
    return made


def set_prop(made: Element, name: str, value: Any) -> None:
    """If it differs: whatever is assigned is sent, and the browser reckons the whole page anew."""
    if made.props.get(name) != value:
        made.props[name] = value


def on_press(made: HtmlElement, name: str, act: Callable[[], object]) -> HtmlElement:
    """``act``, which may be a coroutine function, runs at each press on an element; ``name``: what it is called when redrawn."""
    frame = next((above for above in made.ancestors() if isinstance(above, Frame | ui.dialog)), None)
    if not isinstance(frame, Frame):  # no frame handles it, as in a dialog, which is elsewhere in the page
        return made.on("click", lambda _event: act(), args=[])
    made.props["data-press"] = frame.name(name, act)
    return made


def button(text: str, act: Callable[[], object], classes: str = "", *, name: str = "", **props: Any) -> HtmlElement:
    """A plain button; ``act`` may be a coroutine function. ``name``: needed if its text may change when redrawn."""
    return on_press(element("button", classes, text, type="button", **props), name or text or str(props.get("aria_label")), act)


def on_value(made: OneElement, event: str, act: Callable[[str], object]) -> OneElement:
    """``act`` gets the value of a native control at its event."""

    def handle(given: GenericEventArguments) -> object:
        return act(str(given.args))

    return made.on(event, handle, js_handler="(event) => emit(event.target.value)")
