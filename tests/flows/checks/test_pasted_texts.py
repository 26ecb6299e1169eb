"""Secrets are found in the many ways people paste them, and what merely speaks of secrets passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.checks.guard import find_secrets, redact
from tests.flows.checks import pasted_texts


@pytest.mark.parametrize("seed", [1, 5000])
def test_a_pasted_secret_is_found_and_cut_out(seed: int) -> None:
    texts = pasted_texts.secrets(seed)
    assert len(texts) >= 120
    assert [text for text in texts if not find_secrets(text)] == []
    assert [text for text in texts if find_secrets(redact(text))] == []


@pytest.mark.parametrize("seed", [1, 5000])
def test_what_speaks_of_secrets_passes(seed: int) -> None:
    texts = pasted_texts.innocent(seed)
    assert len(texts) >= 66
    assert {text: find_secrets(text) for text in texts if find_secrets(text)} == {}


AROUND = pasted_texts.innocent(7)
PLANTED = [
    "client_secret: aG9sZCBvbiB0byB5b3Vy8Q",
    "senha: Tr0ub4dor&3x",
    '{"key": "password", "value": "Tr0ub4dor&3x"}',
    "curl -u acme:Tr0ub4dor&3x https://sandbox.example",
    "glpat-a1B2a1B2a1B2a1B2a1B2",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----",
    "4111 1111 1111 1111",
]


@given(st.lists(st.sampled_from(AROUND), max_size=6), st.sampled_from(PLANTED), st.integers(0, 10_000), st.booleans())
def test_a_secret_is_found_wherever_it_is_planted(around: list[str], secret: str, place: int, on_lines: bool) -> None:
    lines = "\n\n".join(around).split("\n")
    at = place % (len(lines) + 1)
    text = "\n".join([*lines[:at], *(["", secret, ""] if on_lines else [secret]), *lines[at:]])
    assert find_secrets(text)
    assert secret not in redact(text)


@given(st.text(max_size=300) | st.lists(st.sampled_from(AROUND + PLANTED), max_size=4).map("".join))
def test_no_text_breaks_it(text: str) -> None:
    assert all(0 <= finding.span[0] < finding.span[1] <= len(text) for finding in find_secrets(text))
    assert find_secrets(redact(text)) == ()
