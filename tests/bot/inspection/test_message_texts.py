"""Wherever a message can hold text, a secret in it is found; looking has bounds, and says so where it meets them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.inspection.messages import MAX_DEPTH, MAX_TEXTS, look, texts_in

KEY = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def rich(*elements: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def text_of(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def found_in(message: Mapping[str, Any]) -> list[str]:
    """All of which was looked into."""
    result = look(message, None)
    assert result["unread"] == []
    return result["found"]


HALF = len(KEY) // 2
CELLS = [[{"type": "raw_text", "text": "note"}, {"type": "raw_text", "text": KEY}]]
BLOCKS: dict[str, Sequence[Mapping[str, Any]]] = {
    "preformatted": [rich({"type": "rich_text_preformatted", "elements": [text_of(KEY)]})],
    "styled in two": [rich({"type": "rich_text_section", "elements": [text_of(KEY[:HALF]), text_of(KEY[HALF:])]})],
    "a section": [section(KEY)],
    "a line in each block": [section(line) for line in KEY.splitlines()],
    "context": [{"type": "context", "elements": [{"type": "mrkdwn", "text": KEY}]}],
    "a table": [{"type": "table", "rows": CELLS}],
    "markdown": [{"type": "markdown", "text": KEY}],
    "of tomorrow": [{"type": "fold", "inside": {"leaves": [{"words": KEY}]}}],
}


@pytest.mark.parametrize("blocks", BLOCKS.values(), ids=BLOCKS)
def test_in_blocks_alone(blocks: Sequence[Mapping[str, Any]]) -> None:
    assert found_in({"text": "", "blocks": blocks}) == ["private_key"]


def forwarded(**more: Any) -> dict[str, Any]:
    return {
        "is_share": True,
        "is_msg_unfurl": True,
        "author_id": "U0OTHER",
        "channel_id": "C0OTHER",
        "fallback": "[a message]",
    } | more


FORWARDED = {
    "text": forwarded(text=KEY),
    "fallback": forwarded(fallback=KEY),
    "fields": forwarded(fields=[{"title": "key", "value": KEY, "short": False}]),
    "message_blocks": forwarded(message_blocks=[{"team": "T0", "message": {"blocks": [section(KEY)]}}]),
}


@pytest.mark.parametrize("attachment", FORWARDED.values(), ids=FORWARDED)
def test_in_a_forwarded_message(attachment: Mapping[str, Any]) -> None:
    assert found_in({"text": "See here", "attachments": [attachment]}) == ["private_key"]


@pytest.mark.parametrize("name", ["name", "title", "preview"])
def test_in_what_is_told_of_a_file(name: str) -> None:
    told = {"id": "F1", "url_private": "https://files.slack.com/x?password=Tr0ub4dor-and-3", name: "password=Tr0ub4dor-and-3.txt"}
    assert look({"files": [told]}, None)["found"] == ["password"]
    assert look({"files": [{**told, name: "plan.txt"}]}, None)["found"] == []


def test_a_password_beside_its_name_in_a_row_and_in_a_field() -> None:
    row = [{"type": "raw_text", "text": "Password"}, {"type": "raw_text", "text": "Tr0ub4dor-and-3"}]
    assert look({"blocks": [{"type": "table", "rows": [row]}]}, None)["found"] == ["password"]
    field = {"title": "Password", "value": "Tr0ub4dor-and-3", "short": True}
    assert look({"attachments": [{"fields": [field]}]}, None)["found"] == ["password"]


PARTED: dict[str, Sequence[Mapping[str, Any]]] = {
    "preformatted under its name": [
        rich(
            {"type": "rich_text_section", "elements": [text_of("a senha é:")]},
            {"type": "rich_text_preformatted", "elements": [text_of("Prim4vera@2026")]},
        )
    ],
    "a block under its name": [section("*Client secret*"), section("`k3J9sd82LLmz0Qpw8x7`")],
    "fields": [
        {
            "type": "section",
            "fields": [{"type": "mrkdwn", "text": "*Password*"}, {"type": "mrkdwn", "text": "Prim4vera@2026"}],
        }
    ],
    "in the row under its name": [
        {
            "type": "table",
            "rows": [
                [{"type": "raw_text", "text": text} for text in row]
                for row in (["User", "Password", "Since"], ["ana", "Prim4vera@2026", "May"], ["bo", "Out0no@2026", "June"])
            ],
        }
    ],
}


@pytest.mark.parametrize("blocks", PARTED.values(), ids=PARTED)
def test_a_secret_apart_from_its_name(blocks: Sequence[Mapping[str, Any]]) -> None:
    assert len(found_in({"text": "", "blocks": blocks})) == 1


def test_a_title_names_what_is_in_the_text_of_an_attachment() -> None:
    attachment = {"title": "Password", "fallback": "[a note]", "text": "Prim4vera@2026"}
    assert found_in({"text": "", "attachments": [attachment]}) == ["password"]


def test_words_in_blocks_beside_each_other_are_no_secret() -> None:
    words = ["Forgot your password?", "Ask support for a new one", "*Client secret*", "It is in our vault", "Password", "not set"]
    assert found_in({"text": "", "blocks": [section(text) for text in words]}) == []


def test_of_an_edited_message_what_it_was_not_before() -> None:
    before = {"text": KEY, "ts": "1.0"}
    assert look({**before, "attachments": [{"title": "a preview"}]}, before)["found"] == []
    assert look({**before, "text": "password=Tr0ub4dor-and-3"}, before)["found"] == ["password"]


def test_what_slack_makes_up_is_no_text() -> None:
    ids = {"ts": "4111111111.111111", "client_msg_id": "4111111111111111", "user": "U4111", "channel": "4111111111111111"}
    assert texts_in({**ids, "text": "Good morning"}) == (["Good morning"], set())


def test_depth_and_number_have_bounds() -> None:
    deep: Any = "the innermost"
    for _ in range(MAX_DEPTH * 50):
        deep = {"inside": deep}
    assert texts_in({"blocks": [deep], "text": "above"}) == (["above"], {"too_deep"})
    texts, unread = texts_in({"blocks": [{"text": str(n)} for n in range(MAX_TEXTS + 1)]})
    assert (len(texts), unread) == (MAX_TEXTS, {"too_many"})
