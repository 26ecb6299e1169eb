"""The `markdown` block: CommonMark rendered by markdown2, keeping only known tags and attributes."""

from html import escape
from html.parser import HTMLParser
from typing import Final

import markdown2  # type: ignore[import-untyped, unused-ignore]

from playground.page.mrkdwn import plain_html, safe_url

_TAGS: Final = frozenset(
    (
        *("p", "br", "b", "strong", "i", "em", "s", "del", "strike", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
    )
)
_VOID: Final = frozenset({"br", "hr"})
_EXTRAS: Final = ["fenced-code-blocks", "tables", "strike", "cuddled-lists", "break-on-newline", "code-friendly"]
_HEADINGS: Final = {f"h{level}" for level in range(1, 7)}


def markdown_html(text: str) -> str:
    """Safe HTML; HTML in the text is treated as text."""
    cleaner = _Cleaner()
    cleaner.feed(str(markdown2.markdown(escape(text, quote=False).replace("&gt;", ">"), extras=_EXTRAS)))
    cleaner.close()
    return cleaner.html


class _Cleaner(HTMLParser):
    """Headings become paragraphs that look like headings: a message must not break the page's outline."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._done: list[str] = []
        self._open: list[str] = []

    @property
    def html(self) -> str:
        return "".join([*self._done, *(f"</{tag}>" for tag in reversed(self._open))])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img":
            self._done.append(escape(given.get("alt") or "", quote=False))
        if tag not in _TAGS:
            return
        more = ""
        if tag == "a":
            address = safe_url(given.get("href") or "")
            more = f' href="{escape(address)}" target="_blank" rel="noopener noreferrer"' if address else ""
        elif tag in _HEADINGS:
            more, tag = f' class="b-{tag}"', "p"
        self._done.append(f"<{tag}{more}>")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        tag = "p" if tag in _HEADINGS else tag
        if tag in self._open:
            while (last := self._open.pop()) != tag:
                self._done.append(f"</{last}>")
            self._done.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        in_code = "code" in self._open or "pre" in self._open
        self._done.append(plain_html(data, with_emoji=not in_code))
