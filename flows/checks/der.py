"""The outermost part of DER (X.690): what a binary file is, and where its first value ends."""

SEQUENCE = 0x30


def body(der: bytes) -> tuple[int, int] | None:
    """Where a SEQUENCE's content begins and ends; the end may lie behind what is there. None for anything else.

    An indefinite length (BER), or one of more than four bytes, counts as anything else.
    """
    if len(der) < 2 or der[0] != SEQUENCE:
        return None
    if der[1] < 0x80:
        return 2, 2 + der[1]
    size = der[1] & 0x7F
    if not 1 <= size <= 4 or len(der) < 2 + size:
        return None
    return 2 + size, 2 + size + int.from_bytes(der[2 : 2 + size])


def is_der(content: bytes) -> bool:
    """Whether a file is binary ASN.1, perhaps cut short. A text may begin with the same sign, ``0``."""
    if content[:1] != b"0" or len(content) < 2:
        return False
    if content[1] >= 0x80:  # a length that no text has
        return content[1] <= 0x84
    return body(content) == (2, len(content)) and any(byte < 9 for byte in content)
