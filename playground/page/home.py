"""The app's home tab of one person."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from playground.page import messages
from playground.page.blocks import draw as draw_blocks
from playground.page.parts import Part, element
from playground.page.surface import Surface
from playground.slack import View

if TYPE_CHECKING:
    from playground.page.workspace import Side


def parts(side: "Side") -> Iterator[Part]:
    yield Part("head", None, partial(_head, side), tag="header", classes="place-head")
    home = side.person.home
    drawn = partial(_home, side, home) if home else partial(element, "p", "beginning", "The app has not published a home yet.")
    content = [
        Part("home", home and (home.id, home.hash), drawn, classes="home", props={"lang": side.person.user.locale or "en-US"})
    ]
    if home and (warning := side.warnings.get(home.id)):
        content.append(
            Part("warning", warning, partial(element, "span", "", warning), classes="warning", props={"role": "alert"})
        )
    yield Part(
        "scroll", classes="scroll scroll-home", props={"tabindex": "0", "role": "group", "aria-label": "App Home"}, parts=content
    )


def _head(side: "Side") -> None:
    messages.avatar(side, side.slack.bot_user_id)
    element("h2", "place-title", side.slack.bot_name)
    element("span", "app-badge", "APP")
    element("span", "members", "Home")


def _home(side: "Side", home: View) -> None:
    draw_blocks(home.blocks, Surface(side.person, home, side.slack.world, partial(side.run, home.id)))
