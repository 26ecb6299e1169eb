"""Files for the guard to look into, made at run time."""

import base64
import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from tests.flows.checks.made_secrets import LOCK, private_pems, public_texts, rsa_key

SECRET = "client_secret: aG9sZCBvbiB0byB5b3Vy8Q\n"
WORDS = "Prepaid cards first, credit in the second quarter.\n"


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.comment = comment
    return made.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return made.getvalue()


def encrypted_zip() -> bytes:
    """A ZIP whose member says that it is encrypted."""
    made = bytearray(zipped({"notes.txt": b"\x8f\x02" * 40}, zipfile.ZIP_STORED))
    made[6] |= 1
    return bytes(made)


def docx(*paragraphs: str) -> bytes:
    """Each paragraph in runs of three characters, as formatting and spelling leave them."""
    runs = "".join(
        "<w:p>" + "".join(f"<w:r><w:t>{text[at : at + 3]}</w:t></w:r>" for at in range(0, len(text), 3)) + "</w:p>"
        for text in paragraphs
    )
    xml = f'<?xml version="1.0"?><w:document xmlns:w="w"><w:body>{runs}</w:body></w:document>'
    return zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": xml.encode()})


def xlsx(*cells: str) -> bytes:
    """One row."""
    strings = "".join(f"<si><t>{cell}</t></si>" for cell in reversed(cells))
    row = "".join(f'<c r="A{at}" t="s"><v>{len(cells) - 1 - at}</v></c>' for at in range(len(cells)))
    return zipped(
        {
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="x"><sheetData><row r="1">{row}</row></sheetData></worksheet>'.encode(),
            "xl/sharedStrings.xml": f'<sst xmlns="x">{strings}</sst>'.encode(),
        }
    )


def pdf(text: str) -> bytes:
    shown = zlib.compress(f"BT /F1 12 Tf 72 720 Td [({text[:5]}) -12 ({text[5:]})] TJ ET\n".encode())
    return (
        b"%PDF-1.7\n1 0 obj\n<</Length "
        + str(len(shown)).encode()
        + b"/Filter/FlateDecode>>\nstream\n"
        + shown
        + b"\nendstream\n"
    )


def secret_files() -> dict[str, bytes]:
    pkcs8 = private_pems()["pkcs8"].encode()
    der = rsa_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    sec1 = ec.derive_private_key(0x5EED << 224, ec.SECP256R1()).private_bytes(
        Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    pkcs1 = rsa_key().private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    store = pkcs12.serialize_key_and_certificates(b"acme", rsa_key(), None, None, LOCK)
    text = (WORDS * 20 + SECRET + WORDS * 20).encode()
    wide = text.decode()
    return {
        "two.zip": zipped({"inner.zip": zipped({"notes.txt": text})}),
        "stored.zip": zipped({"inner.zip": zipped({"notes.txt": text}, zipfile.ZIP_STORED)}, zipfile.ZIP_STORED),
        "bzip2.zip": zipped({"notes.txt": text}, zipfile.ZIP_BZIP2),
        "lzma.zip": zipped({"notes.txt": text}, zipfile.ZIP_LZMA),
        "four.zip": zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({"notes.txt": text})})})}),
        "comment.zip": zipped({"notes.txt": WORDS.encode()}, comment=SECRET.encode()),
        "names.zip": zipped({"password=Xy9kLm2Qp.txt": b""}),
        "no directory.zip": zipped({"notes.txt": text})[:-80],
        "behind.bin": b"MZ" + bytes(300) + zipped({"notes.txt": text}),
        "behind.png": b"\x89PNG\r\n\x1a\n" + bytes(300) + zipped({"key.pem": pkcs8}),
        "notes.tar": tarred({"plan.txt": WORDS.encode(), "notes.txt": text}),
        "notes.tar.bz2": bz2.compress(tarred({"notes.txt": text})),
        "notes.tar.xz": lzma.compress(tarred({"notes.txt": text})),
        "notes.tar.lzma": lzma.compress(tarred({"notes.txt": text}), lzma.FORMAT_ALONE),
        "notes.tgz": gzip.compress(tarred({"notes.zip": zipped({"notes.txt": text})})),
        "two streams.gz": gzip.compress(WORDS.encode()) + gzip.compress(text),
        "der.tar": tarred({"key": der}),
        "p12.tar": tarred({"plan.txt": WORDS.encode(), "store": store}),
        "p12.tar.gz": gzip.compress(tarred({"store": store})),
        "der.gz": gzip.compress(der),
        "within.bin": bytes(300) + sec1 + bytes(300),
        "within rsa.bin": bytes(300) + pkcs1 + bytes(300),
        "be.txt": wide.encode("utf-16-be"),
        "le marked.txt": wide.encode("utf-16"),
        "utf32.txt": wide.encode("utf-32"),
        "utf32 le.txt": wide.encode("utf-32-le"),
        "utf32 be.txt": wide.encode("utf-32-be"),
        "safe.kdbx": b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5" + bytes(60),
        "safe": b"\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5" + bytes(60),
        "store": b"\0\0\0\2\0\0\0\x14" + bytes(range(20)) * 4,
        "access.docx": docx("Access to the sandbox", SECRET.strip(), "Thank you"),
        "access.xlsx": xlsx("client_secret", "aG9sZCBvbiB0byB5b3Vy8Q"),
        "access.pdf": pdf(SECRET.strip()),
        "records.bin": bytes(40) + b"\x01\x02" + SECRET.encode() + bytes(40),
        "message.doc": b"\xd0\xcf\x11\xe0" + bytes(60) + SECRET.encode("utf-16-le") + b"\1\2\3" * 9,
        "ring.gpg": b"\x95\x03\x98\x04" + bytes(range(60)),
        "attachment.eml": b"MIME-Version: 1.0\n\n" + base64.encodebytes(zipped({"notes.txt": text})),
        "soft breaks.eml": b"Content-Transfer-Encoding: quoted-printable\n\nSenha do port=\nal: Tr0ub4=\ndor=213x\n",
        "note.rtf": rb"{\rtf1\ansi\deff0 {\b Password:} Tr0ub4dor&3x\par}",
        "page.html": b"<table><tr><td>User</td><td>ana</td></tr><tr><td>Password</td><td>Tr0ub4dor3x</td></tr></table>",
        "BM.txt": b"BM Bank, " + SECRET.encode(),
        "password=Xy9kLm2Qp.txt": b"",
    }


def innocent_files() -> dict[str, bytes]:
    public = public_texts()["rsa certificate"].encode()
    return {
        "plan.docx": docx("Plan", WORDS.strip(), "A senha expira em 90 dias."),
        "people.xlsx": xlsx("e-mail", "ana@acme.example", "Ana"),
        "plan.pdf": pdf(WORDS.strip()),
        "certificates.zip": zipped({"chain.pem": public * 3, "more.zip": zipped({"leaf.pem": public})}),
        "certificates.tar.xz": lzma.compress(tarred({"leaf.pem": public})),
        "photo.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + SECRET.encode(),  # what a picture says is not read
        "BZ.txt": b"BZhello, this is only a text.\n",
        "plan.rtf": rb"{\rtf1\ansi\deff0 {\b Plan:} Prepaid cards first\par}",
        "plan.html": b"<table><tr><td>Password</td><td>every 90 days</td></tr></table>",
        "plan be.txt": WORDS.encode("utf-16-be"),
        "plan.txt": WORDS.encode("utf-32"),
    }
