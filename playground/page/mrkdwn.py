"""Slack's mrkdwn as HTML, safe whatever was typed: only the tags in `TAGS`, only links in `SCHEMES`."""

import re
from html import escape
from typing import Final
from urllib.parse import urlsplit

from playground.page.emoji import emoji
from playground.page.moments import full, moment_of, spelled
from playground.slack.reader import Reader

TAGS: Final = ("a", "b", "blockquote", "br", "code", "i", "pre", "s", "span", "time")
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})

_ATOM: Final = re.compile(
    r"```\n?(?P<fence>.+?)\n?```"
    r"|`(?P<code>[^`\n]+)`"
    r"|<(?P<token>[^<>\n]+)>"
    r"|(?P<url>\bhttps?://[^\s<>|\"`]+[^\s<>|\"`.,:;!?)\]}'*_~])",
    re.DOTALL,
)
_EMPHASIS: Final = re.compile(r"(?<![\w*_~])([*_~])(?=\S)((?:(?!\1)[^\n])+?)(?<=\S)\1(?![\w*~])")
_STYLES: Final = {"*": "b", "_": "i", "~": "s"}
_EMOJI: Final = re.compile(r":([a-z0-9_+-]+):(?::skin-tone-\d:)?")
_QUOTE: Final = re.compile(r"(?:^(?:>|&gt;).*(?:\n|\Z))+", re.MULTILINE)
_KEPT: Final = re.compile("[\ue000\ue002](\\d+)\ue001")
_PRIVATE: Final = re.compile("[\ue000-\ue002]")
_BESIDE_FENCE: Final = re.compile("\n?(\ue002\\d+\ue001)\n?")


def to_html(text: str, reader: Reader, *, verbatim: bool = False) -> str:
    """mrkdwn as `reader` reads it: names she may see, dates in her zone. `verbatim`: bare URLs are not linked."""
    parts = _Parts(reader, verbatim=verbatim)
    return parts.back(parts.lines(parts.take_out(_PRIVATE.sub("", text))))


def plain_html(text: str, *, with_emoji: bool = True) -> str:
    """`plain_text`: as it is, except for emoji."""
    safe = escape(text, quote=False)
    return _EMOJI.sub(_emoji, safe) if with_emoji else safe


def unescaped(text: str) -> str:
    """Only the three entities that Slack knows are unescaped."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def safe_url(url: str) -> str | None:
    """The URL, if it may be a link."""
    url = url.strip()
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        return None
    return url if scheme in SCHEMES and url.isprintable() else None


def anchor(url: str, label: str) -> str:
    """A link, or only the label if the URL may not be one. Neither argument is HTML yet."""
    address = safe_url(url)
    words = escape(label or url, quote=False)
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer">{words}</a>' if address else words


def person_mention(user_id: str, reader: Reader) -> str:
    user = reader.core.world.users.get(user_id)
    return _mention(f"@{user.name if user else user_id}", mine=user_id == reader.id)


def channel_mention(channel_id: str, reader: Reader, label: str = "") -> str:
    """The name of a channel she is not in stays hidden."""
    channel = reader.core.world.channels.get(channel_id)
    if channel is None:
        return _mention(f"#{label or channel_id}")
    hidden = channel.private and reader.id not in channel.members
    return _mention("#private-channel" if hidden else f"#{channel.name}")


def group_mention(words: str) -> str:
    return _mention("@" + words.lstrip("@"), mine=words in {"here", "channel", "everyone"})


def date_html(seconds: str, form: str, reader: Reader, fallback: str = "", url: str = "") -> str:
    """A moment in the reader's zone, or the fallback."""
    at = float(seconds) if re.fullmatch(r"\d{1,12}", seconds) else None
    moment = moment_of(at, reader) if at is not None else None
    words = spelled(form, at, reader) if at is not None else None
    if moment is None or words is None:
        return escape(fallback, quote=False)
    inner = anchor(url, words) if url else escape(words, quote=False)
    return f'<time datetime="{moment.isoformat()}" title="{escape(full(moment, reader))}">{inner}</time>'


def emoji_html(name: str, sign: str) -> str:
    return f'<span class="b-emoji" role="img" aria-label="{escape(name)}" title=":{escape(name)}:">{sign}</span>'


def _emoji(found: re.Match[str]) -> str:
    sign = emoji(found[1])
    return emoji_html(found[1], sign) if sign else found[0]


def _mention(words: str, *, mine: bool = False) -> str:
    return f'<span class="b-mention{" b-mine" if mine else ""}">{escape(words, quote=False)}</span>'


class _Parts:
    """Code, links and mentions are taken out first, so that no emphasis is looked for inside them."""

    def __init__(self, reader: Reader, *, verbatim: bool) -> None:
        self.reader, self.verbatim = reader, verbatim
        self.kept: list[str] = []

    def keep(self, html: str, mark: str = "\ue000") -> str:
        self.kept.append(html)
        return f"{mark}{len(self.kept) - 1}\ue001"

    def back(self, html: str) -> str:
        return _KEPT.sub(lambda found: self.kept[int(found[1])], html)

    def take_out(self, text: str) -> str:
        return _ATOM.sub(self._atom, text)

    def _atom(self, found: re.Match[str]) -> str:
        if found["fence"]:
            return self.keep(f"<pre>{self._code(found['fence'])}</pre>", "\ue002")
        if found["code"]:
            return self.keep(f"<code>{self._code(found['code'])}</code>")
        if found["token"]:
            return self.keep(self._token(found["token"]))
        return found[0] if self.verbatim else self.keep(anchor(unescaped(found["url"]), ""))

    def _code(self, text: str) -> str:
        """In code, emphasis marks are plain characters; links and mentions are still resolved."""
        pieces = re.split(r"<([^<>\n]+)>", text)
        shown = (
            self._token(piece) if number % 2 else escape(unescaped(piece), quote=False) for number, piece in enumerate(pieces)
        )
        return "".join(shown)

    def _token(self, token: str) -> str:
        body, _, label = token.partition("|")
        body, label = unescaped(body), unescaped(label)
        if body.startswith("@"):
            return person_mention(body[1:], self.reader)
        if body.startswith("#"):
            return channel_mention(body[1:], self.reader, label)
        if body.startswith("!date^"):
            seconds, form, url = [*body.split("^", 3)[1:], "", ""][:3]
            return date_html(seconds, form, self.reader, label, url)
        if body.startswith("!"):
            return group_mention(label or body[1:].removeprefix("subteam^"))
        return anchor(body, label) if safe_url(body) or label else escape(f"<{body}>", quote=False)

    def lines(self, text: str) -> str:
        """Quotes as blocks, everything else line by line."""
        done, end = [], 0
        for quote in _QUOTE.finditer(text):
            done.append(self._prose(text[end : quote.start()].removesuffix("\n")))
            inner = "\n".join(re.sub(r"^(?:>|&gt;) ?", "", line) for line in quote[0].removesuffix("\n").split("\n"))
            done.append(f"<blockquote>{self._prose(inner)}</blockquote>")
            end = quote.end()
        return "".join([*done, self._prose(text[end:])])

    def _prose(self, text: str) -> str:
        safe = escape(unescaped(_BESIDE_FENCE.sub(r"\1", text)), quote=False)
        html = _EMOJI.sub(lambda found: self.keep(_emoji(found)), safe)
        return _emphasized(html).replace("\n", "<br>")


def _emphasized(html: str) -> str:
    def style(found: re.Match[str]) -> str:
        tag = _STYLES[found[1]]
        return f"<{tag}>{_emphasized(found[2])}</{tag}>"

    return _EMPHASIS.sub(style, html)
