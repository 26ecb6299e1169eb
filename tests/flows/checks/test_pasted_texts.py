"""Secrets are found in the many ways people paste them, and what merely speaks of secrets passes."""

import pytest

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
