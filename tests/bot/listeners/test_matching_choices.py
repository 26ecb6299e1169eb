"""Which of the offered people, programs and accesses are found by what was typed."""

from bot.listeners.options import MAX_CHOICES, matching

OFFERED = {"U1": "João D’Ávila", "U2": "Ana Müller · ana@bank.example", "U3": "Łukasz São-Paulo"}


def test_names_are_found_by_any_of_their_words_without_accents_and_signs() -> None:
    typed = ["joao", "ÁVILA", "davila joao", "muller", "ana@bank", "lukasz sao paulo", "a", "", " ", "joao muller"]
    assert [[one["value"] for one in matching(OFFERED.items(), query)] for query in typed] == [
        *(["U1"], ["U1"], ["U1"], ["U2"], ["U2"], ["U3"]),
        *(list(OFFERED), list(OFFERED), list(OFFERED)),
        [],
    ]
    assert len(matching(((str(number), "Ana") for number in range(300)), "ana")) == MAX_CHOICES
