"""How much a customer has to go through: `docs/performance.md` has the figures of before."""

from playground.count import OPENID, Counted, counted


def test_all_forms_take_sixteen_windows_at_most() -> None:
    forms, _tasks = counted()
    assert sum(forms, Counted("all")).windows <= 16
    assert {form.what: form.windows for form in forms}["organization"] == 4  # whose answers stand on several pages are read again
    assert sum(counted(OPENID)[0], Counted("all")).windows <= 23
