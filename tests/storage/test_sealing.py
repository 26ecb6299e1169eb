"""What is in the database reveals nothing, cannot be moved, and survives a change of keys."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.model import Draft, Person, Submission
from storage import published_keys
from storage.chain import Flaw
from storage.columns import canonical
from storage.rotate import rotate
from storage.sealing import Keyring, KeyringError, Place, Plain, SealError, current, new_key, using
from storage.store import Store
from storage.verify import verify
from tests.storage.example import EMAIL, KEYRING, LEAD, SECRET, dump, raw, submission, whole

PLACE = Place("submissions", "answers", "a:b:1")


@given(st.text(), st.text(min_size=1))
def test_a_sealed_text_opens_in_its_place_alone(text: str, elsewhere: str) -> None:
    sealed = KEYRING.seal(Plain(text, PLACE))
    assert KEYRING.open(sealed, PLACE) == text
    for place in (
        Place("drafts", "answers", PLACE.row),
        Place(PLACE.table, "reason", PLACE.row),
        Place(PLACE.table, "answers", elsewhere),
    ):
        if place != PLACE:
            with pytest.raises(SealError):
                KEYRING.open(sealed, place)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_bit_is_refused(index: int, change: int) -> None:
    prefix, body = KEYRING.prefix, KEYRING.seal(Plain(SECRET, PLACE)).removeprefix(KEYRING.prefix)
    sealed = bytearray(base64.urlsafe_b64decode(body))
    sealed[index % len(sealed)] ^= change
    with pytest.raises(SealError) as caught:
        KEYRING.open(prefix + base64.urlsafe_b64encode(sealed).decode(), PLACE)
    assert SECRET not in str(caught.value)


@given(st.text())
def test_garbage_is_refused_with_a_place_and_without_its_text(garbage: str) -> None:
    for stored in (garbage, KEYRING.prefix + garbage):
        with pytest.raises(SealError) as caught:
            KEYRING.open(stored, PLACE)
        assert str(caught.value).startswith("submissions.answers of a:b:1: ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "key 1 is not of the form"),
        ("justakey", "key 1 is not of the form"),
        pytest.param(f"{new_key()}, k1:tooshort=", "key 2 is not of the form", id="second-too-short"),
        ("k1:" + base64.b64encode(b"x" * 31).decode(), "key 1 is not of the form"),
        ("k1:" + "A" * 42 + "B=,k1:" + "A" * 43 + "=", "key 2 has the id of another key"),
    ],
)
def test_unusable_keys_are_named_by_their_place(text: str, why: str) -> None:
    with pytest.raises(KeyringError, match=why) as caught:
        Keyring.parse(text)
    assert "tooshort" not in str(caught.value)


def test_keys_are_parted_by_commas_or_lines_and_the_first_seals() -> None:
    old, new = new_key(), new_key()
    for text in (f"{new},{old}", f" {new}\n{old} "):
        ring = Keyring.parse(text)
        assert ring.newest == new.partition(":")[0]
        assert ring.open(Keyring.parse(old).seal(Plain("x", PLACE)), PLACE) == "x"


def test_without_a_keyring_nothing_opens_and_nothing_shows() -> None:
    for secret in (SECRET, "Plans of Acme Bank"):
        draft = Draft(id="d", onboarding_id="o", form="f", answers={"goal": secret})
        draft.answers["goal"] = "changed in a copy"
        assert draft.answers == {"goal": secret}
        assert secret not in repr(draft.__dict__)


async def test_the_database_shows_no_personal_data(store: Store) -> None:
    await whole(store)
    seen = dump(store._url)
    for secret in (SECRET, SECRET.split()[0], canonical(SECRET), EMAIL, EMAIL.partition("@")[0]):
        assert secret not in seen


async def test_a_value_moved_to_another_row_or_column_is_refused(store: Store) -> None:
    first, second = await whole(store), await whole(store)
    move = "UPDATE submissions SET answers = (SELECT answers FROM submissions WHERE id = :a) WHERE id = :b"
    raw(store._url, move, a=f"{first}:organization:1", b=f"{second}:organization:1")
    raw(store._url, "UPDATE onboardings SET customer = (SELECT reason FROM decisions LIMIT 1) WHERE id = :a", a=first)
    async with store.read() as unit:
        one, other = await unit.snapshot(first), await unit.snapshot(second)
        assert one is not None
        assert other is not None
        with pytest.raises(SealError, match=f"onboardings.customer of {first}"):
            _ = one.onboarding.customer
        with pytest.raises(SealError, match=f"submissions.answers of {second}"):
            _ = other.submissions["organization"][0].answers
        assert one.submissions["organization"][0].answers["contact"] == EMAIL


async def test_rotation_seals_everything_anew_and_goes_on_where_it_stopped(store: Store) -> None:
    old_key, fresh_key = new_key(), new_key()
    old, both, fresh = Keyring.parse(old_key), Keyring.parse(f"{fresh_key},{old_key}"), Keyring.parse(fresh_key)
    with using(old):
        onboarding_id = await whole(store)
        await whole(store)
    with using(both):
        async with store.write() as unit:
            unit.add(submission(onboarding_id, 2, sealed="with the new key already"))
            unit.record(onboarding_id, "step:organization:submit", LEAD)
        rotated = await rotate(store, batch=2)
        assert rotated.rows["submissions"] == 2
        assert rotated.rows["audit_events"] == 6 + 2  # six of the onboardings, two of the register
        assert (rotated.heads, rotated.refused) == (2, [])  # one was written with the new key already
        again = await rotate(store)
        assert (sum(again.rows.values()), again.heads) == (0, 0)
    assert f"v1.{old.newest}." not in dump(store._url)
    with using(old):
        signed_before = published_keys.own()
    with using(fresh):
        assert await verify(store) == []
        async with store.read() as unit:
            assert await published_keys.retired(unit.connection) == signed_before
            row = await unit.get(Submission, f"{onboarding_id}:organization:1")
            person = await unit.get(Person, str(LEAD))
        assert row is not None
        assert person is not None
        assert row.answers == {"legal_name": SECRET, "contact": EMAIL}
        assert person.name == SECRET


async def test_rotation_ends_and_seals_the_rest_anew_though_ids_are_no_text(sqlite_url: str) -> None:
    old_key, fresh_key = new_key(), new_key()
    with using(Keyring.parse(old_key)) as old:
        store = Store(sqlite_url, old)
        await whole(store)
        await whole(store)
    raw(sqlite_url, "UPDATE grants SET id = CAST(x'ff' AS TEXT) WHERE rowid = 1")
    raw(sqlite_url, "UPDATE grants SET name = x'ff' WHERE rowid = 2")
    with using(Keyring.parse(f"{fresh_key},{old_key}")):
        rotated = await rotate(store, batch=1)
    await store.close()
    assert rotated.rows["grants"] == 1
    assert rotated.unreadable[:1] == ["grants.email of \ufffd: changed, or moved from another place"]
    assert not raw(sqlite_url, "SELECT 1 FROM grants WHERE rowid = 2 AND email LIKE :p", p=f"v1.{old.newest}.%")


async def test_rotation_does_not_bless_a_head_that_was_changed(store: Store) -> None:
    onboarding_id = await whole(store)
    raw(store._url, "UPDATE audit_heads SET events = 2 WHERE onboarding_id = :o", o=onboarding_id)
    with using(Keyring.parse(f"{new_key()},{_text_of(current())}")):
        rotated = await rotate(store)
        assert rotated.refused == [onboarding_id]
        assert Flaw.HEAD_CHANGED in {finding.flaw for finding in await verify(store)}


def _text_of(keyring: Keyring) -> str:
    key = keyring._newest
    return f"{key.id}:{base64.b64encode(key.secret).decode()}"
