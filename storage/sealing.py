"""Encryption at rest: AES-256-GCM (NIST SP 800-38D) of single fields, each bound to its table, row, and column.

Stored form: ``v1.<key id>.<base64url of a 12-byte nonce and the ciphertext with its tag>``. A value moved to another row or
column is refused. Keys for message authentication are derived from the same secrets by HKDF (RFC 5869), one per purpose.
"""

import base64
import binascii
import hmac
import os
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = "v1"
KEY_ID = re.compile("[A-Za-z0-9-]{1,32}")
_KEY = re.compile(rf"({KEY_ID.pattern}):([A-Za-z0-9+/_-]{{43}}=?)")
_NAMES = re.compile(rf"{VERSION}\.({KEY_ID.pattern})\.")


class SealError(Exception):
    """A stored value can't be sealed or opened: unknown key, changed or moved ciphertext. Says where, never what."""


class UnknownKey(SealError):  # noqa: N818  reads as what happened
    """The keyring lacks a key, or has another one under its id. ``key_ids``: which."""

    def __init__(self, text: str, *key_ids: str) -> None:
        super().__init__(text)
        self.key_ids = key_ids


class KeyringError(ValueError):
    """The key list is unusable. Says which entry and why, never the key."""


@dataclass(frozen=True)
class Place:
    """Where a sealed value lives."""

    table: str
    column: str
    row: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {printable(self.row)}"

    @property
    def associated_data(self) -> bytes:
        # Table and column names contain no slash, so two places never give the same bytes.
        return f"{VERSION}/{self.table}/{self.column}/{self.row}".encode()


@dataclass(frozen=True)
class Plain:
    """A text on its way to the database, sealed when it is bound to a statement."""

    text: str = field(repr=False)
    place: Place


@dataclass(frozen=True)
class _Key:
    id: str
    secret: bytes = field(repr=False)
    cipher: AESGCM = field(repr=False)

    def derived(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=f"onboarding/{purpose}".encode()).derive(self.secret)


class Keyring:
    """The newest key seals; every key opens."""

    def __init__(self, keys: list[_Key]) -> None:
        self._keys = {key.id: key for key in keys}
        self._newest = keys[0]
        self._derived: dict[tuple[str, str], bytes] = {}

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """From ``ENCRYPTION_KEYS``: ``id:base64 of 32 bytes`` entries, newest first, separated by commas or whitespace.

        Raises KeyringError.
        """
        keys: list[_Key] = []
        for number, entry in enumerate(re.split(r"[\s,]+", text.strip()), start=1):
            match = _KEY.fullmatch(entry)
            if match is None:
                raise KeyringError(f"key {number} is not of the form id:base64 of 32 bytes")
            if match[1] in {key.id for key in keys}:
                raise KeyringError(f"key {number} has the id of another key")
            secret = _bytes(match[2])
            if len(secret) != 32:
                raise KeyringError(f"key {number} does not have 32 bytes")
            keys.append(_Key(match[1], secret, AESGCM(secret)))
        return cls(keys)

    @property
    def newest(self) -> str:
        """The id of the key that seals."""
        return self._newest.id

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._keys)

    @property
    def prefix(self) -> str:
        """How every value sealed with the newest key starts."""
        return f"{VERSION}.{self.newest}."

    def without(self, key_ids: Collection[str]) -> "Keyring":
        """To read with: what these keys sealed counts as sealed with keys that aren't here."""
        left = Keyring(list(self._keys.values()))
        left._keys = {key_id: key for key_id, key in self._keys.items() if key_id not in key_ids}
        return left

    def seal(self, plain: Plain) -> str:
        nonce = os.urandom(12)
        sealed = nonce + self._newest.cipher.encrypt(nonce, plain.text.encode(), plain.place.associated_data)
        return self.prefix + base64.urlsafe_b64encode(sealed).decode()

    def open(self, stored: str, place: Place) -> str:
        """The plaintext. Raises SealError; UnknownKey if it names a key that isn't here."""
        key_id = key_of(stored)
        if not key_id:
            raise SealError(f"{place}: changed, or never sealed")
        key = self._keys.get(key_id)
        if key is None:
            raise UnknownKey(f"{place}: sealed with the key {key_id}, which the bot lacks", key_id)
        try:
            sealed = _bytes(stored.rpartition(".")[2])
            return key.cipher.decrypt(sealed[:12], sealed[12:], place.associated_data).decode()
        except (InvalidTag, ValueError):
            raise SealError(f"{place}: changed, or moved from another place") from None

    def mac(self, purpose: str, text: str) -> str:
        """``v1.<key id>.<64 hex digits>``: an HMAC-SHA256 under a key used only for this purpose."""
        return self._mac(self._newest, purpose, text)

    def mac_of(self, key_id: str, purpose: str, text: str) -> str:
        """The same with another of the keys."""
        return self._mac(self._keys[key_id], purpose, text)

    def genuine(self, purpose: str, text: str, mac: str) -> bool:
        """Whether one of the keys made this MAC for this text."""
        key = self._keys.get(key_of(mac))
        return key is not None and hmac.compare_digest(self._mac(key, purpose, text).encode(), mac.encode())

    def secret_for(self, purpose: str, key_id: str) -> bytes:
        """32 bytes derived from one of the keys, for one purpose alone: whoever learns them learns neither the key nor another's.

        Raises KeyError.
        """
        return self._keys[key_id].derived(purpose)

    def knows(self, stored: str) -> bool:
        """Whether the key that made this MAC or sealed this value is in the keyring."""
        return key_of(stored) in self._keys

    def _mac(self, key: _Key, purpose: str, text: str) -> str:
        derived = self._derived.get((key.id, purpose))
        if derived is None:
            derived = self._derived[key.id, purpose] = key.derived(purpose)
        return f"{VERSION}.{key.id}.{hmac.digest(derived, text.encode(), 'sha256').hex()}"


def key_of(stored: object) -> str:
    """The id of the key that a sealed value or a MAC names; empty if it names none, or is no text."""
    match = _NAMES.match(stored) if isinstance(stored, str) else None
    return match[1] if match else ""


def printable(name: object) -> str:
    """As messages show an id or a name: one that somebody else wrote can't move a terminal's cursor, and so hide what is said of it."""
    text = str(name)
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def new_key() -> str:
    """A new key in the format of ``ENCRYPTION_KEYS``."""
    return f"k{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _bytes(text: str) -> bytes:
    """From base64 in either alphabet, padded or not. Raises ValueError."""
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None


class _InUse:
    keyring: Keyring | None = None


def use(keyring: Keyring | None) -> None:
    """Set this process's keyring: rows open their sealed fields with it wherever they are read."""
    _InUse.keyring = keyring


def current() -> Keyring:
    """Raises SealError if no keyring is in use."""
    if _InUse.keyring is None:
        raise SealError("no keyring is in use")
    return _InUse.keyring


@contextmanager
def using(keyring: Keyring) -> Iterator[Keyring]:
    """Use another keyring for a while."""
    before = _InUse.keyring
    use(keyring)
    try:
        yield keyring
    finally:
        use(before)
