"""The text of a file that is no archive: in any encoding, in an office document, or between the bytes of a binary file."""

import quopri
import re
from collections.abc import Iterator

_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE, _HEAD = 400, 64  # bytes
_PICTURES = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"\0\0\1\0",
    b"OggS",
    b"ID3",
    b"wOF2",
    b"fLaC",
    b"\x1aE\xdf\xa3",
)
_PRIVATE, _LONGEST_KEY = b"PRIVATE KEY", 16_000
_PRINTABLE = re.compile(rb"[\x20-\x7e\t\r\n\xa0-\xff]{6,}+")
_WIDE = (
    (re.compile(rb"(?:[\x20-\x7e\t\r\n]\0){6,}+"), "utf-16-le"),
    (re.compile(rb"(?:\0[\x20-\x7e\t\r\n]){6,}+"), "utf-16-be"),
)
_HTML = re.compile("</(?:td|th|dd|li|p)>")
_RTF_LINE, _RTF_CELL = re.compile(r"\\(?:par|line|row)\b ?"), re.compile(r"\\(?:cell|tab)\b ?")
_RTF = re.compile(r"\\[a-z]{1,32}+-?\d{0,9}+ ?|\\\*|[{}]")
_OFFICE = re.compile(r"<(?:w:t|a:t|si>|sst|worksheet|office:|text:p)")
_LINE_END = re.compile(
    r"</(?:w:p|a:p|text:p|text:h|si|row|table:table-row|a:tr|w:tr)>|<(?:w|a):br ?/>|<text:line-break ?/>|</(?:tr|p|li|dd)>|<br ?/?>"
)
_CELL_END = re.compile(r"</(?:c|td|th|dt|w:tc|a:tc|table:table-cell)>|<w:tab ?/>|<text:tab ?/>")
_BEFORE_CELL_END = re.compile(r"</(?:w|a|text):p>\s{0,9}(?=(?:</(?:w|a):tc>|</a:txBody>\s{0,9}</a:tc>|</table:table-cell>))")
_TAG = re.compile(r"<[^<>]{1,4000}+>")
_CELL = re.compile(r"""<c [^<>]{0,200}?t="s"[^<>]{0,200}+><v>(\d{1,7})</v>""")


def text_of(content: bytes) -> str:
    """UTF-8, UTF-16, or UTF-32, with a byte order mark or without; whatever cannot be decoded becomes a sign of its own."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    sample = content[: min(_SAMPLE, len(content) // 4 * 4)]
    if not sample or 0 not in sample:
        return content.decode("utf-8", "replace")
    zeros = [sample[at::4].count(0) * 2 > len(sample[at::4]) for at in range(4)]
    match zeros:
        case [False, True, True, True]:
            return content.decode("utf-32-le", "replace")
        case [True, True, True, False]:
            return content.decode("utf-32-be", "replace")
        case [False, True, False, True]:
            return content.decode("utf-16-le", "replace")
        case [True, False, True, False]:
            return content.decode("utf-16-be", "replace")
    return content.decode("utf-8", "replace")


def is_picture(content: bytes) -> bool:
    """A picture, a film, a sound, or a font: what they show or say cannot be read."""
    if b"\0" not in content[:_HEAD]:  # a text that begins with the same letters
        return False
    return content.startswith(_PICTURES) or content[4:8] == b"ftyp" or content[:4] == b"RIFF"


def texts_of(content: bytes) -> Iterator[str]:
    """The ways to read a file; the first one is the text itself, if it is one."""
    if is_picture(content):
        yield from _appended(content)
        return
    text = text_of(content)
    office = _office_text(text) if _OFFICE.search(text) else None
    if office is not None:
        yield office
    elif "\0" not in text:
        yield text
        if _HTML.search(text):
            yield _office_text(text)
        if text.startswith("{\\rtf"):
            yield _RTF.sub("", _RTF_CELL.sub("\t", _RTF_LINE.sub("\n", text)))
        if "quoted-printable" in text:  # an e-mail, whose lines are broken anywhere
            yield text_of(quopri.decodestring(content))
    else:  # text between the bytes of a binary file
        yield b"\n".join(_PRINTABLE.findall(content)).decode("latin-1")
        for wide, encoding in _WIDE:
            yield "\n".join(found.decode(encoding) for found in wide.findall(content))


def _appended(picture: bytes) -> Iterator[str]:
    """A private key in a picture's comments or behind it."""
    at = picture.find(_PRIVATE)
    if at >= 0:
        yield b"\n".join(_PRINTABLE.findall(picture[max(0, at - 40) : at + _LONGEST_KEY])).decode("latin-1")


def _office_text(xml: str) -> str:
    """Strings that formatting splits are one again; a table's cells are parted by tabs."""
    xml = _BEFORE_CELL_END.sub("", xml)
    return _TAG.sub("", _CELL_END.sub("\t", _LINE_END.sub("\n", xml)))


_MAX_CELLS, _MAX_SHOWN = 20_000, 100
"""Cells of a sheet in which texts are shown, and characters of each: one long text may stand in every cell."""


class Workbook:
    """Of a workbook, the texts stand in one file and the cells that show them in others: they are brought together at the end."""

    def __init__(self) -> None:
        self._strings: list[str] = []
        self._sheets: list[str] = []

    def texts(self, name: str, content: bytes) -> Iterator[str]:
        """As `texts_of`."""
        if name.endswith("xl/sharedStrings.xml"):
            self._strings = [
                _TAG.sub("", string.partition("</si>")[0]) for string in re.split("<si(?: [^<>]{0,99})?>", text_of(content))[1:]
            ]
        elif "xl/worksheets/" in name:
            self._sheets.append(text_of(content))
        else:
            yield from texts_of(content)

    def tables(self) -> Iterator[str]:
        """The sheets with their texts in place, and all texts, some of which may be in no sheet."""
        yield "\n".join(self._strings)
        for sheet in self._sheets:
            yield _office_text(_CELL.sub(self._shown, sheet, count=_MAX_CELLS))

    def _shown(self, cell: re.Match[str]) -> str:
        number = int(cell[1])
        return f"<c><v>{self._strings[number][:_MAX_SHOWN] if number < len(self._strings) else ''}</v>"
