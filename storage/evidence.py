"""An evidence pack: the export of an onboarding as one archive whose manifest names each file by its digest, and is signed.

``manifest.json`` (JSON with sorted keys) says what it is about and lists each other file; ``manifest.sig`` is the Ed25519 signature of
exactly its bytes; ``public-key.pem`` verifies that, and ``SHA256SUMS`` has the digests once more, as ``sha256sum -c`` reads them.
`storage.verify_pack` verifies it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from storage.archive import zipped
from storage.export import Export
from storage.sealing import current
from storage.signing import public_key, sign

FORMAT = 1
MANIFEST, SIGNATURE, PUBLIC_KEY, SUMS = "manifest.json", "manifest.sig", "public-key.pem", "SHA256SUMS"
EXPORT = "export.json"
UNSIGNED = frozenset({MANIFEST, SIGNATURE})
"""What the manifest can't list."""


@dataclass(frozen=True)
class Made:
    """``by``: ``<team id>/<user id>`` of who asked for it; whoever made it in a terminal has none. ``program``: name and version."""

    at: datetime
    by: str
    program: str


def packed(onboarding_id: str, exported: Export, more: Mapping[str, bytes], made: Made) -> bytes:
    """``more``: files beside those of the export, by name. Signed by the newest key."""
    key_id = current().newest
    key = public_key(key_id)
    files = {**more, EXPORT: exported.json.encode(), PUBLIC_KEY: key.pem}
    # Spreadsheets read accents in a CSV file only behind a byte order mark.
    files |= {f"{name}.csv": text.encode("utf-8-sig") for name, text in exported.csv.items()}
    files[SUMS] = "".join(f"{sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
    manifest = {
        "format": FORMAT,
        "onboarding": onboarding_id,
        "customer": exported.customer,
        "erased_at": _utc(exported.erased_at),
        "made_at": _utc(made.at),
        "made_by": made.by,
        "program": made.program,
        "files": [{"path": name, "size": len(files[name]), "sha256": sha256(files[name]).hexdigest()} for name in sorted(files)],
        "log": {"count": exported.log.count, "hash": exported.log.hash, "flaws": list(exported.log.flaws)},
        "unreadable": list(exported.unreadable),
        "key": {"id": key_id, "public": key.raw.hex(), "fingerprint": key.fingerprint},
    }
    text = (json.dumps(manifest, sort_keys=True, indent=1) + "\n").encode()
    return zipped({**files, MANIFEST: text, SIGNATURE: sign(text)})


def _utc(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
