"""The app's home tab as one person sees it."""

from collections.abc import Iterator
from functools import partial

from playground.page.attempts import Attempts
from playground.page.blocks import draw as draw_blocks
from playground.page.messages import avatar
from playground.page.parts import Part, element
from playground.page.surface import Surface
from playground.page.words import say
from playground.slack import SlackPerson, SlackStandIn, View


def parts(person: SlackPerson, slack: SlackStandIn, attempts: Attempts) -> Iterator[Part]:
    yield Part("head", None, partial(_head, person, slack), tag="header", classes="place-head")
    home = person.home
    drawn = partial(_home, person, slack, attempts, home) if home else partial(element, "p", "beginning", say(person, "no_home"))
    content = [Part("home", home and (home.id, home.hash), drawn, classes="home", props={"lang": person.user.locale or "en-US"})]
    if home and (warning := attempts.warnings.get(home.id)):
        content.append(
            Part("warning", warning, partial(element, "span", "", warning), classes="warning", props={"role": "alert"})
        )
    yield Part(
        "scroll",
        classes="scroll scroll-home",
        props={"tabindex": "0", "role": "group", "aria-label": say(person, "app_home")},
        parts=content,
    )


def _head(person: SlackPerson, slack: SlackStandIn) -> None:
    avatar(slack, slack.bot_user_id)
    element("h2", "place-title", slack.bot_name)
    element("span", "app-badge", "APP")
    element("span", "members", say(person, "home"))


def _home(person: SlackPerson, slack: SlackStandIn, attempts: Attempts, home: View) -> None:
    draw_blocks(home.blocks, Surface(person, home, slack.world, partial(attempts.run, person, home.id)))
