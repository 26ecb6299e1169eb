"""What can be wrong with a key, CSR, or certificate, and what was repaired in it: keys of texts."""

from enum import StrEnum

from flows.checks.unreadable import Unreadable


class KeyFault(StrEnum):
    PRIVATE_KEY = "private_key"  # whoever sent it must revoke it
    EMPTY = "key_empty"
    TOO_LONG = "key_too_long"
    NOT_PEM = "key_not_pem"
    SSH = "key_ssh"  # OpenSSH's own format
    TRUNCATED = "key_truncated"
    DAMAGED = "key_damaged"
    UNUSUAL = "key_unusual"  # decoded, but not as the standard says
    TOO_MANY = "key_too_many"  # count, maximum
    NO_CERTIFICATE = "key_no_certificate"  # a PKCS #7 without any
    SEVERAL = "key_several"
    WRONG_BLOCK = "key_wrong_block"  # expected, found: the words after BEGIN
    WRONG_TYPE = "key_wrong_type"  # type
    JWK = "key_jwk"  # JSON that isn't an RSA key
    JWK_USE = "key_jwk_use"  # use
    JWK_ALG = "key_jwk_alg"  # alg
    TOO_SMALL = "key_too_small"  # bits, minimum
    TOO_LARGE = "key_too_large"  # bits, maximum
    WRONG_CURVE = "csr_wrong_curve"  # curve
    WEAK_HASH = "csr_weak_hash"  # hash
    BAD_SIGNATURE = "csr_bad_signature"


class KeyNote(StrEnum):
    """What was repaired or converted, for display."""

    BOM = "key_note_bom"
    LINE_ENDS = "key_note_line_ends"
    FINAL_NEWLINE = "key_note_final_newline"
    DASHES = "key_note_dashes"
    QUOTES = "key_note_quotes"
    INVISIBLE = "key_note_invisible"
    HTML = "key_note_html"
    ESCAPED = "key_note_escaped"
    INDENTED = "key_note_indented"
    ONE_LINE = "key_note_one_line"
    SURROUNDED = "key_note_surrounded"
    NO_HEADER = "key_note_no_header"
    BINARY = "key_note_binary"
    FROM_PKCS1 = "key_note_from_pkcs1"
    FROM_CERTIFICATE = "key_note_from_certificate"
    FROM_JWK = "key_note_from_jwk"
    FROM_XML = "key_note_from_xml"
    FROM_BASE64 = "key_note_from_base64"
    FROM_PKCS7 = "key_note_from_pkcs7"
    VERSION = "key_note_version"
    ASKS_AUTHORITY = "key_note_asks_authority"
    ASKS_OTHER_USE = "key_note_asks_other_use"
    CHALLENGE = "key_note_challenge"  # a password in a CSR


NOT_MENDED = frozenset({KeyNote.VERSION, KeyNote.ASKS_AUTHORITY, KeyNote.ASKS_OTHER_USE, KeyNote.CHALLENGE})
"""What is odd and stays: whoever signs must look at it."""


class KeyProblem(Unreadable):
    """Why a key, CSR, or certificate is refused: ``key`` is a KeyFault."""
