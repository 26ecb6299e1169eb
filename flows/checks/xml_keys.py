"""A public RSA key as XML: RSAKeyValue of XML Signature (§4.5.2.2), which .NET writes. Private numbers are refused earlier."""

import base64
import re

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from flows.checks.key_faults import KeyFault, KeyProblem

_NUMBER = re.compile(r"<(?:\w{1,20}:)?(Modulus|Exponent)>\s*+([A-Za-z0-9+/\s]{4,4096}+={0,2})\s*+</")


def is_xml_key(text: str) -> bool:
    return "BEGIN " not in text and "Modulus>" in text


def read_xml_key(text: str) -> bytes:
    """The DER SubjectPublicKeyInfo of the only key in the text. Raises KeyProblem."""
    numbers = _NUMBER.findall(text)
    if len(numbers) > 2:
        raise KeyProblem(KeyFault.SEVERAL, count=-(-len(numbers) // 2))
    try:
        found = {name: int.from_bytes(base64.b64decode(digits)) for name, digits in numbers}
        key = RSAPublicNumbers(found["Exponent"], found["Modulus"]).public_key()
    except (KeyError, ValueError):
        raise KeyProblem(KeyFault.DAMAGED) from None
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
