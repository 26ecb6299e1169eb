"""A PEM as a setting holds it: the path of a file, or the text itself, perhaps in one line, in quotes, in base64, or as DER."""

import base64
import re
from pathlib import Path

_BEGIN = "-----BEGIN "
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{40,}={0,2}\s*")
_AROUND = " \t\r\n\"'\u00a0\u200b\ufeff"
_ESCAPED = re.compile(r"(?:\\{1,4}r)?\\{1,4}n")
_JOINED = re.compile(r"(-----END [A-Z0-9 ]{1,40}-----)[ \t]*(?=-----BEGIN )")
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
    """Whether it is the PEM itself, not a path."""
    try:
        return _BEGIN in value or bool(_in_base64(value))
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
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = content.decode("utf-16" if utf16 else "utf-8-sig", "replace")
    if not text.strip(_AROUND):
        raise UnreadablePem("names an empty file")
    return text


def _plain(text: str) -> str:
    text = (text if _BEGIN in text else _in_base64(text)).strip(_AROUND)
    if _BEGIN not in text:
        raise UnreadablePem("holds no PEM: it has no line -----BEGIN …-----")
    text = _ESCAPED.sub("\n", text).replace("\r\n", "\n").replace("\r", "\n")
    text = "\n".join(line.strip(_AROUND) for line in text.split("\n"))
    text = _JOINED.sub(r"\1\n", text)
    return _ONE_LINE.sub(lambda found: f"{found[1]}\n{_in_lines(found[2])}\n{found[3]}\n", text)


def _in_lines(signs: str) -> str:
    whole = "".join(signs.split())
    return "\n".join(whole[place : place + 64] for place in range(0, len(whole), 64))


def _in_base64(value: str) -> str:
    """What a cluster's or a CI's secret holds; empty if it is none of those."""
    if not _BASE64.fullmatch(value.strip(_AROUND)):
        return ""
    try:
        content = base64.b64decode("".join(value.strip(_AROUND).split()), validate=True)
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
