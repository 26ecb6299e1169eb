"""mrkdwn as people know it, and never an unintended tag or link."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.page.markdown import markdown_html
from playground.page.mrkdwn import SCHEMES, TAGS, to_html
from playground.page.rich_text import rich_html
from playground.slack import SlackPerson, SlackStandIn

NOON = 1_790_000_000
"""Monday, 21 September 2026, 11:13 in São Paulo."""


class Reading(HTMLParser):
    """The tags, addresses and attribute names in a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.words = ""
        self.depth = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ana() -> AsyncIterator[SlackPerson]:
    async with SlackStandIn("a-secret-of-a-test") as slack:
        slack.world.clock = lambda: float(NOON)
        vendor, acme = slack.add_team("Pismo"), slack.add_team("Acme Bank")
        sam = slack.add_person("Sam", vendor)
        ana = slack.add_person("Ana", acme, locale="pt-BR", tz="America/Sao_Paulo")
        slack.add_channel("acme_pismo", vendor, [sam, ana], shared_with=[acme])
        slack.add_channel("support", vendor, [sam], private=True)
        yield ana


def place(ana: SlackPerson, name: str) -> str:
    return next(channel.id for channel in ana.core.world.channels.values() if channel.name == name)


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("*bold* _italic_ ~struck~", "<b>bold</b> <i>italic</i> <s>struck</s>"),
        ("*_both_*", "<b><i>both</i></b>"),
        ("snake_case_name 2*3*4 * not *", "snake_case_name 2*3*4 * not *"),
        ("`*code* &lt;b&gt;`", "<code>*code* &lt;b&gt;</code>"),
        ("a\n```\n*x* = 1\n  y\n```\nb", "a<pre>*x* = 1\n  y</pre>b"),
        ("&gt; one\n> *two*\nthree", "<blockquote>one<br><b>two</b></blockquote>three"),
        ("• one\n• two", "• one<br>• two"),
        ("3 &lt; 4 &amp;amp; <b>", "3 &lt; 4 &amp;amp; &lt;b&gt;"),
        ("10:30:45 :no_such:", "10:30:45 :no_such:"),
        ("<!subteam^S12> <!here>", '<span class="b-mention">@S12</span> <span class="b-mention b-mine">@here</span>'),
        ("<javascript:alert(1)|press> <javascript:alert(1)>", "press &lt;javascript:alert(1)&gt;"),
        ("<!date^x^{time}|then> <!date^99999999999999^{time}|then>", "then then"),
    ],
)
async def test_marks(ana: SlackPerson, typed: str, html: str) -> None:
    assert to_html(typed, ana) == html


async def test_links(ana: SlackPerson) -> None:
    shown = to_html("<https://a.example/x_y_z?a=1&amp;b=2|*here*> https://b.example/p_q_r. <mailto:a@b.example|mail>", ana)
    assert Reading(shown).links == ["https://a.example/x_y_z?a=1&b=2", "https://b.example/p_q_r", "mailto:a@b.example"]
    assert Reading(shown).words == "*here* https://b.example/p_q_r. mail"
    assert Reading(to_html("https://b.example", ana, verbatim=True)).links == []


async def test_mentions_keep_what_she_may_not_see(ana: SlackPerson) -> None:
    shared, hidden = place(ana, "acme_pismo"), place(ana, "support")
    words = Reading(to_html(f"<@{ana.id}> <@U0NOBODY> <#{shared}|x> <#{hidden}> <#C0|old>", ana)).words
    assert words == "@Ana @U0NOBODY #acme_pismo #private-channel #old"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("{date_short_pretty} {time}", "hoje 11:13"),
        ("{date_num}", "2026-09-21"),
        ("{date_long}", "segunda-feira, 21 de setembro de 2026"),
        ("{date_short}, {other}", "21 de set. de 2026, {other}"),
    ],
)
async def test_dates_are_of_the_readers_zone_and_language(ana: SlackPerson, form: str, words: str) -> None:
    shown = to_html(f"<!date^{NOON}^{form}|then>", ana)
    assert Reading(shown).words == words
    assert 'datetime="2026-09-21T11:13:20-03:00"' in shown


async def test_emoji_have_names(ana: SlackPerson) -> None:
    assert to_html(":tada:", ana) == '<span class="b-emoji" role="img" aria-label="tada" title=":tada:">🎉</span>'


async def test_rich_text(ana: SlackPerson) -> None:
    def section(**part: Any) -> dict[str, Any]:
        return {"type": "rich_text_section", "elements": [part]}

    listed = {
        "type": "rich_text_list",
        "style": "ordered",
        "indent": 1,
        "offset": 2,
        "elements": [section(type="text", text="x")],
    }
    strong = section(type="text", text="<a>\nb", style={"bold": True, "code": True})
    link = section(type="link", url="javascript:alert(1)", text="press")
    shown = rich_html({"type": "rich_text", "elements": [strong, listed, link, section(type="hologram")]}, ana)
    assert "<code><b>&lt;a&gt;<br>b</b></code>" in shown
    assert 'start="3"><li>x</li></ol>' in shown
    assert Reading(shown).links == []
    assert Reading(shown).words.endswith("pressUnknown element: hologram")


NASTY = st.lists(
    st.sampled_from(
        [
            *"*_~`<>|&\"'=@#!^: \n",
            "```",
            "&gt;",
            "&lt;",
            "&amp;",
            "javascript:",
            "https://",
            "onclick",
            "<script>",
            "</b>",
            "<img src=x ",
            "\ue000",
            "\ue001",
            "\ue002",
            "0",
            "{time}",
            "<!date^1^",
            "](",
            "[",
            "data:text/html,",
            "JaVaScRiPt:",
            "\t",
            "a",
            "**",
            "# ",
        ]
    )
    | st.text(max_size=4),
    max_size=30,
).map("".join)
SOME = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def safe(html: str, tags: set[str]) -> None:
    read = Reading(html)
    assert read.tags <= tags
    assert read.attributes <= {"href", "target", "rel", "class", "role", "aria-label", "title", "datetime", "style", "start"}
    assert all(re.match(r"[a-z]+", link) and link.partition(":")[0].lower() in SCHEMES for link in read.links)


@SOME
@given(typed=NASTY)
def test_nothing_typed_becomes_a_tag(ana: SlackPerson, typed: str) -> None:
    safe(to_html(typed, ana), set(TAGS))


@SOME
@given(typed=NASTY)
def test_nothing_typed_in_markdown_becomes_a_tag(typed: str) -> None:
    known = [
        "p",
        "br",
        "b",
        "strong",
        "i",
        "em",
        "s",
        "del",
        "strike",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "hr",
        "a",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "span",
    ]
    safe(markdown_html(typed), set(known))


@SOME
@given(typed=NASTY, kind=st.sampled_from(["text", "link", "emoji", "date", "color", "user", "channel", "broadcast", "x"]))
def test_nothing_in_rich_text_becomes_a_tag(ana: SlackPerson, typed: str, kind: str) -> None:
    names = ("text", "url", "name", "unicode", "format", "fallback", "value", "user_id", "channel_id", "range")
    part = {"type": kind, "timestamp": NOON, **dict.fromkeys(names, typed)}
    section = {"type": "rich_text_section", "elements": [part]}
    safe(rich_html({"type": "rich_text", "elements": [section, {"type": typed}]}, ana), {*TAGS, "div", "u"})
