"""What can be seen of a text, sign by sign."""

import unicodedata

from flows.checks.visible import visible


def test_signs_of_latin_and_usual_punctuation_are_kept_and_what_hides_among_them_is_cut() -> None:
    for code in (*range(0xA1, 0x180), *range(0x200B, 0x2028), *range(0x202A, 0x202F)):
        sign = chr(code)
        hides = unicodedata.category(sign) == "Cf"
        assert visible(f"a{sign}b") == ("ab" if hides else f"a{sign}b"), hex(code)
        assert visible(f"e\u0301{sign}") == ("\u00e9" if hides else f"\u00e9{sign}"), hex(code)
