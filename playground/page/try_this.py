"""The strip of things to try, in the language of the browser, each with a button that leads there. It is closed, and remembered as closed,
by static/page.js."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from playground.companies import third_company
from playground.customers import crowded
from playground.office import Office
from playground.page.parts import element
from playground.page.words import in_language
from playground.slack import Channel, Message, SlackPerson
from playground.walkthrough import Walkthrough


@dataclass(frozen=True)
class Tip:
    """``key``: of its words. ``person``: who does it, in ``channel`` or, without one, in App Home, at ``message``. Without a person it is
    done in the demo's pane: ``press`` is the move of the clock whose button it is."""

    key: str
    person: SlackPerson | None = None
    channel: Channel | None = None
    message: Message | None = None
    press: str = ""

    def words(self, language: str) -> str:
        return in_language(language, f"try.{self.key}")


def tips(office: Office) -> list[Tip]:
    """What there is to try now: the story of the first customers, or support's lists where there are many and no story."""
    if crowded(office.slack) and not office.acme.messages:
        return [Tip("lists", office.sam), Tip("queue", office.sam, office.support)]
    third = third_company(office)
    return [
        Tip("approve", office.sam, office.support, _lasting(office, office.acme, "review", "organization")),
        Tip("card", office.ana, office.acme, _lasting(office, office.acme, "card")),
        Tip("planning", office.olga, office.blue, _lasting(office, office.blue, "step", "planning")),
        Tip("clock", press="+1 business day"),
        *([Tip("spanish", office.sam, third.channel)] if third else []),
    ]


def _lasting(office: Office, channel: Channel, kind: str, step: str = "") -> Message | None:
    found = Walkthrough(office, channel=channel).all_lasting(kind, step)
    return found[-1] if found else None


def draw(office: Office, language: str, go: Callable[[Tip], object]) -> None:
    """The strip, at the current place in the page. ``go`` gets a tip as things are when its button is pressed."""

    def press(key: str, _event: object) -> None:
        for tip in tips(office):
            if tip.key == key:
                go(tip)

    with element("section", "try", lang=language, aria_label=in_language(language, "try.name")):
        with element("ol", "try-list"):
            for tip in tips(office):
                with element("li", "try-tip"):
                    words = element("span", "", tip.words(language))
                    leads = element("button", "try-go", in_language(language, "try.go"), type="button")
                    leads.props["aria-describedby"] = words.html_id
                    leads.on("click", partial(press, tip.key), args=[])
        close = in_language(language, "try.close")
        element("button", "corner", "×", type="button", aria_label=close, title=close).on("click", js_handler="() => closeTry()")


def switch(language: str) -> None:
    """The button that opens the strip again, and closes it."""
    made = element("button", "try-switch", in_language(language, "try.name"), type="button", lang=language, aria_expanded="true")
    made.on("click", js_handler='() => showTry(document.documentElement.classList.contains("try-closed"))')
