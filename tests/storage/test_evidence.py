"""Whatever is changed in an evidence pack is found by whoever has nothing but the pack; and what it can't show, it does not claim."""

import json
import re
import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.people import SYSTEM
from storage.accept import accept
from storage.archive import MOST_FILES, UnreadableArchiveError, unzipped, zipped
from storage.erase import erase
from storage.evidence import Made, packed
from storage.export import Export, LogState, export
from storage.sealing import Keyring, new_key, using
from storage.store import Store
from storage.verify_pack import UnreadablePackError, verify_pack
from tests.storage.example import EMAIL, KEYRING, NOW, SECRET, raw, whole

MADE = Made(NOW, "THOME/UOWNER", "the bot")
ONLY_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def small() -> bytes:
    """Of an onboarding in which nothing has happened yet."""
    exported = Export('{"onboarding": {"id": "onb_1"}, "events": []}', {"steps": "id\r\n"}, LogState(0, "", ()))
    with using(KEYRING):
        return packed("onb_1", exported, {"README.txt": b"Read me."}, MADE)


SMALL = small()


def wrong_with(content: bytes) -> list[str]:
    try:
        return [line.text for line in verify_pack(content) if line.outcome == "wrong"]
    except (UnreadableArchiveError, UnreadablePackError) as error:
        return [str(error)]


def with_files(change: Callable[[dict[str, bytes]], object]) -> bytes:
    files = unzipped(SMALL)
    change(files)
    return zipped(files)


def swapped(files: dict[str, bytes], one: str = "README.txt", other: str = "steps.csv") -> None:
    files[one], files[other] = files[other], files[one]


@given(at=st.integers(0, len(SMALL) - 1), bits=st.integers(1, 255))
@example(at=0, bits=255)
@example(at=len(SMALL) - 1, bits=1)
def test_any_single_byte_that_is_changed_is_found(at: int, bits: int) -> None:
    assert wrong_with(SMALL) == []
    changed = bytearray(SMALL)
    changed[at] ^= bits
    assert wrong_with(bytes(changed))


@given(cut=st.integers(0, len(SMALL) - 1))
def test_what_is_cut_is_found(cut: int) -> None:
    assert wrong_with(SMALL[:cut])


def test_what_is_wrong_is_named() -> None:
    def added(name: str, content: bytes = b"", how: int = zipfile.ZIP_STORED) -> bytes:
        grown = BytesIO(SMALL)
        with zipfile.ZipFile(grown, "a") as archive:
            archive.writestr(zipfile.ZipInfo(name), content, how)
        return grown.getvalue()

    found = {
        "files: steps.csv is not what was signed": with_files(swapped),
        "files: steps.csv is missing": with_files(lambda files: files.pop("steps.csv")),
        "files: more.csv is not in the manifest": with_files(lambda files: files.update({"more.csv": b""})),
        "manifest.sig is missing, so": with_files(lambda files: files.pop("manifest.sig")),
        "manifest.json is not what the bot writes": with_files(lambda files: files.update({"manifest.json": b"[1]"})),
        "of format 2: another version": with_files(lambda files: files.update({"manifest.json": b'{"format": 2}'})),
        "signature: manifest.sig is not the": with_files(lambda files: files.update({"manifest.sig": bytes(64)})),
        "signature: public-key.pem is no": with_files(lambda files: files.update({"public-key.pem": b"x"})),
        "steps.csv is in it twice": added("steps.cs_").replace(b"steps.cs_", b"steps.csv"),
        "'../steps.csv' is no name": added("../steps.csv"),
        "'s\\x00eps.csv' is no name": SMALL.replace(b"steps.csv", b"s\x00eps.csv"),
        "bomb.csv is compressed": added("bomb.csv", bytes(1_000_000), zipfile.ZIP_DEFLATED),
        "more than 64 files": with_files(lambda files: files.update({f"x{n}.csv": b"" for n in range(MOST_FILES)})),
        "has more than 64": with_files(lambda files: files.update({f"x{n}.csv": b"" for n in range(999)})),
        "archive: from byte 10 on": SMALL[:10] + b"x" + SMALL[11:],
        "not a whole one": SMALL + b"x",
        "no ZIP archive": b"PK" + bytes(100),
    }
    for what, content in found.items():
        assert any(what in line for line in wrong_with(content)), (what, wrong_with(content))


def test_whoever_signs_with_another_key_is_found_only_by_comparing_it() -> None:
    with using(Keyring.parse(new_key())):
        forged = packed("onb_1", Export('{"onboarding": {"id": "onb_1"}, "events": []}', {}, LogState(0, "", ())), {}, MADE)
    assert wrong_with(forged) == []
    assert "note: key: not compared with a published one" in "\n".join(map(str, verify_pack(forged)))
    published = re.search("fingerprint ([0-9a-f]{32})", "\n".join(map(str, verify_pack(SMALL))))
    assert published is not None
    assert {line.outcome for line in verify_pack(SMALL, fingerprint=published[1]) if line.text.startswith("key")} == {"ok"}
    assert {line.outcome for line in verify_pack(forged, fingerprint=published[1]) if line.text.startswith("key")} == {"wrong"}


async def test_a_pack_is_the_same_however_often_it_is_made_and_holds_what_its_log_needs(store: Store) -> None:
    onboarding_id = await whole(store)
    made = [packed(onboarding_id, await export(store, onboarding_id), {}, MADE) for _ in range(2)]
    assert made[0] == made[1]
    lines = [str(line) for line in verify_pack(made[0])]
    assert "ok: log: 3 entries, each follows from the one before, the last as manifest.json has it" in lines
    assert "note: log: by its maker's word, its MACs held: only who has the keys can verify them, with verify-log" in lines
    assert not any(line.startswith("wrong") for line in lines)


@ONLY_SQLITE
async def test_a_log_that_was_altered_is_not_whitewashed_by_the_signature(store: Store) -> None:
    onboarding_id = await whole(store)

    async def wrong() -> list[str]:
        return wrong_with(packed(onboarding_id, await export(store, onboarding_id), {}, MADE))

    entry = f"{onboarding_id}:2"
    raw(store._url, "UPDATE decisions SET verdict = 'approve'")
    assert await wrong() == [
        f"log: when the pack was made, the bot found: {onboarding_id}: row_changed: decisions/{onboarding_id}:organization:1:UOWNER"
    ]
    raw(store._url, "UPDATE decisions SET verdict = 'request_changes'")
    raw(store._url, "UPDATE audit_events SET user_id = 'U9' WHERE id = :e", e=entry)
    assert "log: entry 2 is not what was written" in await wrong()
    await accept(store, onboarding_id)
    assert "log: entry 2 is not what was written; entry 4 says that this was found and accepted" in await wrong()
    raw(store._url, "DELETE FROM audit_events WHERE onboarding_id = :o AND seq > 3", o=onboarding_id)
    assert "log: it does not end with entry 4 as manifest.json has it" in await wrong()


@ONLY_SQLITE
async def test_of_an_erased_customer_the_rest_can_be_verified(store: Store) -> None:
    onboarding_id = await whole(store)
    await erase(store, onboarding_id, SYSTEM)
    content = packed(onboarding_id, await export(store, onboarding_id), {}, MADE)
    assert SECRET.encode() not in content
    assert EMAIL.encode() not in content
    assert wrong_with(content) == []
    notes = [str(line) for line in verify_pack(content) if line.outcome == "note"]
    assert "note: log: what 3 of its entries changed was erased, so that only the rest of them can be verified" in notes
    assert json.loads(unzipped(content)["manifest.json"])["erased_at"]
