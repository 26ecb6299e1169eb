"""A PEM as a setting holds it: the path of a file, or the text itself, perhaps in one line, in quotes, in base64, as DER, or within
what another program made of it."""

import base64
import re
from pathlib import Path
from urllib.parse import unquote

_BEGIN = "-----BEGIN "
_BASE64 = re.compile(r"[A-Za-z0-9+/_\s-]{40,}={0,2}\s*")
"""Also base64url (RFC 4648 §5), and without the signs that fill it up."""
_PATH_MOST = 1000
"""Longer than any path that somebody writes."""
_AROUND = " \t\r\n\"'\u00a0\u200b\ufeff"
_ESCAPED = re.compile(r"(?:\\{1,4}r)?\\{1,4}n")
_QUOTED = re.compile(r"^(?:> ?)+|,$")
"""What a mail program puts before lines, and JSON behind them."""
_BEGINS = re.compile(r"[ \t]*(?=-----BEGIN )")
_ENDS = re.compile(r"(-----END [A-Z0-9 ]{1,40}-----)")
_OTHER_FORM = re.compile(r"-----BEGIN (?:PKCS7|OPENSSH PRIVATE KEY)-----")
_DER = b"\x30"
"""How a certificate, a key and an archive of both begin in it: with the tag of a sequence (X.690)."""
_PKCS12 = "holds a PKCS #12 archive (.p12, .pfx): write it as PEM, e.g. with openssl pkcs12 -nodes -in ARCHIVE -out PEM"
_ONE_LINE = re.compile(r"(-----BEGIN [A-Z0-9 ]{1,40}-----)[ \t]*([A-Za-z0-9+/= \t]+?)[ \t]*(-----END [A-Z0-9 ]{1,40}-----)")


class UnreadablePem(ValueError):  # noqa: N818  an answer to whoever installs
    """``why``: as `bot check` says it, without anything of the value."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def is_text(value: str) -> bool:
    """Whether it is the PEM itself, or was meant to be, not a path."""
    text = _without_percents(value).strip(_AROUND)
    try:
        return "BEGIN " in text or "\n" in text or len(text) > _PATH_MOST or bool(_in_base64(text))
    except UnreadablePem:
        return True


def read_pem(value: str) -> str:
    """The PEM's text, with lines; empty for an empty value. Raises UnreadablePem."""
    if not value.strip(_AROUND):
        return ""
    return _plain(value if is_text(value) else _of_file(value))


def file_of(value: str) -> Path:
    """The file that a path names. Raises RuntimeError where there is no home directory."""
    return Path(value.strip(_AROUND).removeprefix("file://")).expanduser()


def _of_file(value: str) -> str:
    try:
        content = file_of(value).read_bytes()
    except FileNotFoundError:
        raise UnreadablePem("names a file that does not exist") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise UnreadablePem(f"names a file that cannot be read ({getattr(error, 'strerror', None) or 'no path'})") from None
    if content.startswith(_DER) and (pem := _of_der(content)):
        return pem
    text = content.decode(_encoding(content), "replace")
    if not text.strip(_AROUND):
        raise UnreadablePem("names an empty file")
    return text


def _encoding(content: bytes) -> str:
    """UTF-16 is known by its mark or, without one, by where in the two bytes of a character the zero is."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    place = content.find(_BEGIN.encode("utf-16-le"))
    return "utf-8-sig" if place < 0 else "utf-16-be" if place % 2 else "utf-16-le"


def _plain(text: str) -> str:
    text = _without_percents(text)
    text = (text if _BEGIN in text else _in_base64(text)).strip(_AROUND)
    if _BEGIN not in text:
        raise UnreadablePem("holds no PEM: it has no line -----BEGIN …-----")
    text = _ESCAPED.sub("\n", text).replace("\r\n", "\n").replace("\r", "\n")
    text = _ENDS.sub(r"\1\n", _BEGINS.sub("\n", text))
    text = "\n".join(_QUOTED.sub("", line.strip(_AROUND)).strip(_AROUND) for line in text.split("\n"))
    if "Proc-Type:" not in text:  # behind such a head there has to be a blank line (RFC 1421, 4.4)
        text = re.sub(r"\n{2,}", "\n", text).lstrip("\n")
    text = _ONE_LINE.sub(lambda found: f"{found[1]}\n{_in_lines(found[2])}\n{found[3]}\n", text)
    if _OTHER_FORM.search(text):
        from pismo.other_forms import rewritten  # noqa: PLC0415  loads cryptography, which few values need

        return rewritten(text)
    return text


def _without_percents(text: str) -> str:
    """Of what was made ready for an address."""
    return unquote(text) if "%0a" in text.casefold() else text


def _in_lines(signs: str) -> str:
    whole = "".join(signs.split())
    return "\n".join(whole[place : place + 64] for place in range(0, len(whole), 64))


def _in_base64(value: str) -> str:
    """What a cluster's or a CI's secret holds; empty if it is none of those."""
    if not _BASE64.fullmatch(value.strip(_AROUND)):
        return ""
    try:
        signs = "".join(value.split()).strip(_AROUND).rstrip("=").replace("-", "+").replace("_", "/")
        content = base64.b64decode(signs + "=" * (-len(signs) % 4), validate=True)
        text = "" if content.startswith(_DER) else content.decode("utf-8-sig")
    except ValueError:
        return ""
    if content.startswith(_DER):
        return _of_der(content)
    return text if _BEGIN in text else _in_base64(text)  # some tools encode a secret that is encoded already


def _of_der(content: bytes) -> str:
    """Empty if it is no DER of a certificate or a key. Raises UnreadablePem for an archive of them, which takes a password."""
    from pismo.der import is_pkcs12, pem_of  # noqa: PLC0415  loads cryptography, which few values need

    if is_pkcs12(content):
        raise UnreadablePem(_PKCS12)
    return pem_of(content)
