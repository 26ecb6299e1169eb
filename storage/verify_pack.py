"""Verifies an evidence pack (`storage.evidence`) with nothing but its bytes: no database, no keys.

What a signature can't say, a pack doesn't: that the key is Pismo's, for which it is compared with one that was published; and that the
entries of the log were written by the bot one by one. For that, each has a MAC, which takes the secret keys: the bot checks them when it
makes the pack, and the manifest says what it found.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from storage.archive import unzipped, zipped
from storage.chain import ACCEPT, digest_of, hash_fits
from storage.columns import canonical, loads
from storage.evidence import EXPORT, FORMAT, MANIFEST, PUBLIC_KEY, SIGNATURE, UNSIGNED
from storage.sealing import printable
from storage.signing import VerifyingKey

Outcome = Literal["ok", "wrong", "note"]
NAMED = 20
"""Entries of a log that are named one by one, at most."""


class UnreadablePackError(ValueError):
    """Nothing can be said about it. Says why."""


@dataclass(frozen=True)
class PackLine:
    outcome: Outcome
    text: str

    def __str__(self) -> str:
        return printable(f"{self.outcome}: {self.text}")


@dataclass(frozen=True)
class _Manifest:
    """``files``: by name, their size in bytes and digest. ``entries``, ``last``: where the log was. ``flaws``: what the bot found wrong."""

    onboarding: str
    files: Mapping[str, tuple[int, str]]
    entries: int
    last: str
    flaws: Sequence[str]
    unreadable: Sequence[str]
    erased: bool
    key_id: str
    public: bytes


def verify_pack(content: bytes, *, key: VerifyingKey | None = None, fingerprint: str = "") -> list[PackLine]:
    """What holds and what doesn't, in the order in which one rests on the other. ``key``, ``fingerprint``: of the published key, where it
    is known. Raises UnreadablePackError, and UnreadableArchiveError for what isn't even an archive."""
    files = unzipped(content)
    if lacking := sorted({MANIFEST, SIGNATURE, PUBLIC_KEY} - files.keys()):
        raise UnreadablePackError(f"{', '.join(lacking)} is missing, so it is no evidence pack, or not a whole one")
    manifest = _read(files[MANIFEST])
    wrong = _wrong_files(files, manifest)
    lines = [_archive(content, files), *_signature(files, manifest), *_whose(files, key, fingerprint), *wrong]
    if not wrong:
        lines.append(PackLine("ok", f"files: {len(manifest.files)}, all as they were signed"))
    if EXPORT not in files or any(EXPORT in line.text for line in wrong):
        return [*lines, PackLine("wrong", "log: it cannot be read from a file that is not as it was signed")]
    return [*lines, *_log(files[EXPORT], manifest)]


def _read(text: bytes) -> _Manifest:
    try:
        found = loads(text.decode())
        version = found["format"]
        manifest = _manifest(found) if version == FORMAT else None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UnreadablePackError(f"{MANIFEST} is not what the bot writes") from None
    if manifest is None:
        raise UnreadablePackError(f"{MANIFEST} is of format {version!r}: another version of the bot made it, and can verify it")
    return manifest


def _manifest(found: Mapping[str, Any]) -> _Manifest:
    """Raises AttributeError, KeyError, TypeError or ValueError."""
    return _Manifest(
        onboarding=str(found["onboarding"]),
        files={str(one["path"]): (int(one["size"]), str(one["sha256"])) for one in found["files"]},
        entries=int(found["log"]["count"]),
        last=str(found["log"]["hash"]),
        flaws=[str(one) for one in found["log"]["flaws"]],
        unreadable=[str(one) for one in found["unreadable"]],
        erased=found["erased_at"] is not None,
        key_id=str(found["key"]["id"]),
        public=bytes.fromhex(found["key"]["public"]),
    )


def _archive(content: bytes, files: Mapping[str, bytes]) -> PackLine:
    right = zipped(files)
    if right == content:
        return PackLine("ok", f"archive: {len(files)} files, packed as the bot packs them")
    first = next((at for at, (one, other) in enumerate(zip(content, right, strict=False)) if one != other), len(right))
    return PackLine("wrong", f"archive: from byte {first} on it is not packed as the bot packs these files")


def _signature(files: Mapping[str, bytes], manifest: _Manifest) -> Iterator[PackLine]:
    try:
        public = VerifyingKey.of_pem(files[PUBLIC_KEY])
    except ValueError:
        yield PackLine("wrong", f"signature: {PUBLIC_KEY} is no Ed25519 public key")
        return
    if public.raw != manifest.public:
        yield PackLine("wrong", f"signature: {PUBLIC_KEY} is not the key that {MANIFEST} names")
    if public.signed(files[MANIFEST], files[SIGNATURE]):
        yield PackLine("ok", f"signature: {MANIFEST} is signed by the key {manifest.key_id}, fingerprint {public.fingerprint}")
    else:
        yield PackLine("wrong", f"signature: {SIGNATURE} is not the signature of {MANIFEST} by {PUBLIC_KEY}")


def _whose(files: Mapping[str, bytes], key: VerifyingKey | None, fingerprint: str) -> Iterator[PackLine]:
    try:
        public = VerifyingKey.of_pem(files[PUBLIC_KEY])
    except ValueError:
        return
    if key is None and not fingerprint:
        yield PackLine(
            "note", "key: not compared with a published one, so anybody may have signed it - give --key or --fingerprint"
        )
    elif (key is None or key == public) and fingerprint in ("", public.fingerprint):
        yield PackLine("ok", "key: the published one that you gave")
    else:
        yield PackLine("wrong", f"key: not the published one that you gave, but another, fingerprint {public.fingerprint}")


def _wrong_files(files: Mapping[str, bytes], manifest: _Manifest) -> list[PackLine]:
    lines = []
    for name, (size, digest) in manifest.files.items():
        if name not in files:
            lines.append(PackLine("wrong", f"files: {name} is missing"))
        elif (len(files[name]), sha256(files[name]).hexdigest()) != (size, digest):
            lines.append(PackLine("wrong", f"files: {name} is not what was signed"))
    extra = sorted(files.keys() - manifest.files.keys() - UNSIGNED)
    return [*lines, *(PackLine("wrong", f"files: {name} is not in the manifest") for name in extra)]


# -- the log


def _log(exported: bytes, manifest: _Manifest) -> Iterator[PackLine]:
    """Its hashes can be computed by anybody. ``exported``: as it was signed."""
    try:
        whole = loads(exported.decode())
        entries, onboarding = [_entry(one) for one in whole["events"]], whole["onboarding"]["id"]
    except (AttributeError, KeyError, TypeError, ValueError):
        yield PackLine("wrong", f"log: the events in {EXPORT} are not what the bot writes")
        return
    wrong = list(_flaws(entries, manifest.onboarding))
    yield from wrong[:NAMED]
    if len(wrong) > NAMED:
        yield PackLine("wrong", f"log: {len(wrong) - NAMED} more of its entries do not hold")
    last = entries[-1] if entries else {"seq": 0, "hash": ""}
    if onboarding != manifest.onboarding:
        yield PackLine("wrong", f"log: {EXPORT} is about another onboarding than {MANIFEST}")
    if (last["seq"], last["hash"]) != (manifest.entries, manifest.last):
        yield PackLine("wrong", f"log: it does not end with entry {manifest.entries} as {MANIFEST} has it")
    elif not wrong:
        yield PackLine("ok", f"log: {len(entries)} entries, each follows from the one before, the last as {MANIFEST} has it")
    if erased := sum(one["salt"] == "" for one in entries):
        yield PackLine(
            "note", f"log: what {erased} of its entries changed was erased, so that only the rest of them can be verified"
        )
    for flaw in manifest.flaws:
        yield PackLine("wrong", f"log: when the pack was made, the bot found: {flaw}")
    for where in manifest.unreadable:
        yield PackLine("note", f"export: damaged when the pack was made, so left empty: {where}")
    if manifest.erased:
        yield PackLine("note", "export: the customer's personal data was erased before the pack was made")
    if not manifest.flaws:
        yield PackLine("note", "log: by its maker's word, its MACs held: only who has the keys can verify them, with verify-log")


def _entry(found: Mapping[str, Any]) -> dict[str, Any]:
    """As `storage.chain.hash_of` takes it. Raises KeyError, TypeError or ValueError."""
    entry = {**found, "at": datetime.fromisoformat(found["at"]), "seq": int(found["seq"])}
    return {name: entry[name] for name in (*_COVERED, "salt", "changes", "hash")}


_COVERED = ("onboarding_id", "seq", "at", "tag", "team_id", "user_id", "facts", "changes_digest", "rows", "previous")


def _flaws(entries: Sequence[Mapping[str, Any]], onboarding_id: str) -> Iterator[PackLine]:
    accepted = {seq: one["seq"] for one in entries if one["tag"] == ACCEPT for seq in _found(one)}
    count, last = 0, ""
    for one in entries:
        seq = one["seq"]
        known = f"; entry {accepted[seq]} says that this was found and accepted" if seq in accepted else ""
        if one["onboarding_id"] != onboarding_id or not hash_fits(one):
            yield PackLine("wrong", f"log: entry {seq} is not what was written{known}")
        elif one["previous"] != last:
            yield PackLine("wrong", f"log: entry {seq} does not follow from the one before{known}")
        elif seq != count + 1 and one["tag"] != ACCEPT:
            yield PackLine("wrong", f"log: before entry {seq}, entries are missing{known}")
        elif not _changes_fit(one):
            yield PackLine("wrong", f"log: what entry {seq} changed is not what was written{known}")
        count, last = seq, one["hash"]


def _found(entry: Mapping[str, Any]) -> Iterator[int]:
    try:
        yield from (int(seq) for _, seq, _ in entry["facts"]["found"])
    except (KeyError, TypeError, ValueError):
        return


def _changes_fit(entry: Mapping[str, Any]) -> bool:
    """Also where they were erased; what was damaged is named elsewhere."""
    salt, changes = entry["salt"], entry["changes"]
    if not salt:
        return salt is None or changes == {}
    return bool(digest_of(str(salt), canonical(changes)) == entry["changes_digest"])
