"""What chats, word processors, web pages, and cluster secrets do to a PEM, undone where the meaning is certain, with a note each."""

import base64
import html
import re
from collections.abc import Iterator
from functools import lru_cache

from flows.checks.encodings import codec_of
from flows.checks.key_faults import KeyNote
from flows.checks.readings import UNSEEN

# In this order: note, pattern, replacement.
_REPAIRS = tuple(
    (note, re.compile(pattern), replacement)
    for note, pattern, replacement in (
        (KeyNote.INVISIBLE, f"[{UNSEEN}]", ""),
        (KeyNote.INVISIBLE, "[\u00a0\u2007\u202f\u3000]", " "),
        (KeyNote.HTML, r"</?(?:br|p|div|span|pre|code|tt|font|td|tr)\b[^<>]{0,200}>", "\n"),
        (KeyNote.ESCAPED, r"(?:\\{1,4}r)?\\{1,4}n", "\n"),
        (KeyNote.ESCAPED, "%2[Bb]", "+"),  # in an address
        (KeyNote.ESCAPED, "%2[Ff]", "/"),
        (KeyNote.ESCAPED, "[=%]3[Dd]", "="),  # quoted-printable, too
        (KeyNote.ESCAPED, "%0[AaDd]", "\n"),
        (KeyNote.ESCAPED, "%20", " "),
        (KeyNote.LINE_ENDS, "\r\n?", "\n"),
        (KeyNote.LINE_ENDS, r"_x000D_|\^M(?=\$?(?:\n|\Z))", ""),  # as spreadsheets and terminals show them
        (KeyNote.DASHES, "[‐‑‒–—―−﹣－]+", "-----"),
        (KeyNote.QUOTES, "[“”„‟«»″]", '"'),
    )
)
_FULL_WIDTH = {0xFEE0 + code: chr(code) for code in range(0x21, 0x7F)}
_MARKER = re.compile(r"(?<=-)[\s+_]{0,3}(BEGIN|END)[\s+_]{0,3}(?=[A-Z0-9])([A-Z0-9\s+_#]{1,40})(?=-)", re.IGNORECASE)
_LABELS = {
    label.replace(" ", ""): label
    for label in (
        *("PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", "CERTIFICATE", "X509 CERTIFICATE"),
        *("TRUSTED CERTIFICATE", "PKCS7", "PKCS #7 SIGNED DATA", "CMS", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"),
    )
} | dict.fromkeys(("CERTIFICATESIGNINGREQUEST", "NEWCERTIFICATESIGNINGREQUEST"), "CERTIFICATE REQUEST")
"""By their letters, without the spaces between."""
_HEADERS = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]{0,40}:[^\n]*+(?:\n[ \t]+[^\n]*+)*+\n++)*+")
"""Before the base64, with lines that go on: RFC 1421, as OpenSSL and PGP write them."""
_LINE_WRAPPINGS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^[ \t]*[\"'`]|(?:[\"'`][ \t]*+[,;+.&\\]?|[,;\\]|(?<![ \t])[ \t]++[+.&])[ \t]*+$",  # the lines of a program or a list
        r"=$(?!\n*\Z)",  # quoted-printable
        r"^\+",  # a patch
        r"^[ \t]*\d{1,4}(?:[:.|)][ \t]*|[ \t]+|\Z)",  # with their numbers
    )
)
_NO_BASE64, _RUN = re.compile("[^A-Za-z0-9+/=\n]"), re.compile("[A-Za-z0-9+/]+={0,2}")
_URL_SAFE = str.maketrans("-_", "+/")
_BOM_AS_LATIN_1 = "\xef\xbb\xbf"
_ENTITY = re.compile(r"&(?:#\d{1,5}|#[xX][0-9a-fA-F]{1,4}|gt|lt|amp|quot|nbsp|[mn]dash|hyphen);")
_PEM_IN_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])LS0tLS1CRUdJTi[A-Za-z0-9+/\s]*")
"""``-----BEGIN`` in base64, as Kubernetes and CI systems store it."""


def repaired(text: str) -> tuple[str, tuple[KeyNote, ...]]:
    """The text as it was before, and notes on what was undone."""
    mended, notes = text, []
    if text.startswith(("\ufeff", _BOM_AS_LATIN_1)):
        mended, notes = text.removeprefix(_BOM_AS_LATIN_1), [KeyNote.BOM]
    if _ENTITY.search(mended):
        mended = _ENTITY.sub(lambda entity: _unescaped(entity[0]), mended)
        notes.append(KeyNote.HTML)
    for note, pattern, replacement in _REPAIRS:
        changed = pattern.sub(replacement, mended)
        if (
            changed != mended
            and note not in notes
            and (note is not KeyNote.INVISIBLE or changed != mended.removeprefix("\ufeff"))
        ):
            notes.append(note)
        mended = changed
    mended = _MARKER.sub(_marker, mended if mended.isascii() else mended.translate(_FULL_WIDTH))
    if not mended.endswith("\n"):
        notes.append(KeyNote.FINAL_NEWLINE)
    return mended, tuple(notes)


def _marker(found: re.Match[str]) -> str:
    """BEGIN or END and the label as OpenSSL writes them; what is no label of ours stays as it is."""
    label = _LABELS.get(re.sub(r"[\s+_]", "", found[2]).upper())
    return f"{found[1].upper()} {label}" if label else found[0]


def unwrapped_lines(content: str) -> Iterator[str]:
    """What stands between BEGIN and END, without headers; then as base64 for addresses, without what programs, mails and lists put around
    each line, without any other sign, and of each line between those of BEGIN and END its longest word alone."""
    bare = _HEADERS.sub("", content.lstrip("\n"), count=1)
    yield bare
    yield plain_base64(bare)
    yield from (wrapping.sub("", bare) for wrapping in _LINE_WRAPPINGS)
    yield _NO_BASE64.sub("", bare)
    yield "\n".join(max(_RUN.findall(line), key=len, default="") for line in content.split("\n")[1:-1])


def plain_base64(signs: str) -> str:
    """Base64 for addresses (RFC 4648 §5) as plain base64."""
    return signs.translate(_URL_SAFE)


@lru_cache(maxsize=256)
def _unescaped(entity: str) -> str:
    return html.unescape(entity)


def decoded_pem(text: str) -> str:
    """Every PEM that stands in base64 in the text, or what all of it is the base64 of if that is base64 or a PEM; else empty."""
    if runs := _PEM_IN_BASE64.findall(text):
        return "\n".join(_decoded("".join(run.split())) for run in runs)
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return ""
    inner = content.decode(codec_of(content), "replace").removeprefix("\ufeff")
    return inner if inner.isascii() and ("BEGIN " in inner or inner.lstrip().startswith(("M", "LS0tLS1CRUdJTi"))) else ""


def _decoded(signs: str) -> str:
    """Words that follow the base64 without a sign between become a few wrong characters behind the PEM."""
    return base64.b64decode(signs[: len(signs) // 4 * 4]).decode("utf-8", "replace")
