"""Whatever is typed, in whichever field or sentence: it adds no formatting, mention, link, emoji or line of its own."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pytest

from bot.messages.blocks import Block, Drawing, clip, comment, drawing, notice
from bot.messages.changes import diff, differences
from bot.messages.review import in_full
from bot.messages.texts import CLOSE, OPEN, Texts, table, typed
from bot.modals.render import review_view
from bot.modals.subject import FormMeta
from flows.checks.visible import visible
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import TYPED, Answers, inputs
from flows.forms.pages import slots
from flows.forms.step import Form
from flows.journey import JOURNEYS
from flows.state import StepState
from playground.slack.checks import check_message, check_view
from tests.bot.messages import samples
from tests.bot.messages.slack_reader import Reading, read, read_mrkdwn
from tests.bot.messages.test_drawings import messages
from tests.bot.messages.test_texts import holes
from tests.flows.steps.filled_forms import example

PLAIN = "Plainword"
HOSTILE = (
    "*bold* _italic_ ~gone~ `code` *_both_*",
    "```a fence```",
    "> *quoted*",
    "&gt; *quoted* &lt;!here&gt; &amp;lt;!here&amp;gt;",
    "<!channel> <!here> <@U0EVIL> <#C0EVIL> <!subteam^S0EVIL|all>",
    "<https://evil.example|Pismo> <mailto:evil|write>",
    "<!date^1773144000^{date_short_pretty}|2030-01-15>",
    ":white_check_mark: done :x: :+1:",
    ":ab: is done :cd: 12:ab:34:",
    "at 12:30:45",
    "https://e.example/_x *bold* https://*bold* <https://x.example/>*b*",
    "@channel @here @everyone #general https://x.example/@channel",
    "Fine.\n*Target go-live date*: 2030-01-15",
    "Fine.\n\n> *State: approved*\n• *Lead*: <@U0EVIL>\n1. :white_check_mark:\n```\nfence",
    "Recife → Olinda → *São Paulo*",
    "Fine.\r*Lead*: x\u2028*Owner*: y\u2029*State*: z\v*A*: b\x85*C*: d",
    "Fine." + "\u00a0" * 80 + "*Target go-live date*: 2030-01-15",
    "\u202e02-51-0302 :etad evil-og tegraT\u202c",
    "שלום 2030 *x*",
    "*\u200bbold*\u200b \u2060*bold*\u2060 _\u00adx_",
    "\ue000*x*\ue001 \ue001*x*\ue000",
    "{0} {customer} {{n}} %s",
    "one *",
    "one `",
    "* * _ _ ~ ~ ` `",
    "x*y*z x_y_z *",
)
FORMS = [*JOURNEYS.all_forms(), *DIALOGS.values()]
EN = Texts("en")
every = pytest.mark.parametrize("said", HOSTILE)
META = FormMeta(form="organization", step="organization", onboarding=samples.ONBOARDING)


def answered(form: Form, said: str, given: Answers | None = None) -> Answers:
    """The form's example with every typed answer replaced."""
    typed = {name for page in form.pages for name, _, item in inputs(page.model) if item.kind in TYPED}

    def one(name: str, value: Any) -> Any:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return [answered(form, said, item) for item in value]
        return said if name in typed and isinstance(value, str) else value

    return {name: one(name, value) for name, value in (example(form) if given is None else given).items()}


def same(hostile: Reading, plain: Reading, typed: str) -> None:
    assert hostile.without(visible(typed)) == plain.without(PLAIN)


def drawn_answers(form: Form, said: str, texts: Texts) -> Iterator[Sequence[Block]]:
    """The answers wherever they are drawn: whole, beside earlier ones, and on a form's last page."""
    answers = answered(form, said)
    sent = samples.submission("planning", answers)
    for part in in_full(form, sent, texts, samples.at(samples.snapshot(StepState.OPEN))):
        yield part.blocks
    order = slots(form, answers)
    view = review_view(form, order, answers, texts, META, ())
    check_view(view)
    yield [{**block, "accessory": {}} for block in view["blocks"]]  # its buttons stand beside other blocks


@cache
def drawn_plain(number: int) -> list[Reading]:
    return [read(blocks) for blocks in drawn_answers(FORMS[number], PLAIN, EN)]


@every
def test_no_answer_looks_like_anything_but_an_answer(said: str) -> None:
    for number, form in enumerate(FORMS):
        for hostile, plain in zip(drawn_answers(form, said, EN), drawn_plain(number), strict=True):
            same(read(hostile), plain, said)


def changes(said: str) -> Iterator[tuple[str, Drawing]]:
    """Of all forms, from another answer to this one."""
    for form in FORMS:
        for drawn in differences(diff(answered(form, "Before"), answered(form, said), form, EN), 2, EN):
            yield f"change of {form.id}", drawn


def lasting(said: str) -> Iterator[tuple[str, Drawing]]:
    """Lasting messages, reminders and lists, with this as the customer's name, every reason, note, reference and answer."""
    made = samples.snapshot(StepState.CHANGES_REQUESTED, said=visible(said))
    for record in made.steps.values():
        record.reason = said
    for step_id, step in samples.JOURNEY.steps.items():
        made.submissions[step_id] = [samples.submission(step_id, answered(step.form, said, samples.sent_answers(step_id)))]
    made.tasks = samples.tasks("done", said)
    made.calls, made.notes = samples.calls(visible(said)), samples.notes(visible(said))
    for grant in made.grants:
        grant.reference = grant.reference and visible(said)
    yield from messages(made, "en")


@cache
def plainly() -> list[tuple[Reading, Reading]]:
    """How they read with a plain word, in blocks and spoken."""
    return [(read(drawn.blocks), read_mrkdwn(drawn.text)) for _, drawn in (*changes(PLAIN), *lasting(PLAIN))]


@every
def test_nothing_typed_shows_in_a_message_but_as_text(said: str) -> None:
    for (name, hostile), (plain, simple) in zip((*changes(said), *lasting(said)), plainly(), strict=True):
        check_message({"text": hostile.text, "blocks": hostile.blocks}, updating=True)
        assert not {OPEN, CLOSE} & set(hostile.text), name
        shown, spoken = read(hostile.blocks), read_mrkdwn(hostile.text)
        assert (shown.marks, spoken.marks) == (plain.marks, simple.marks), name
        if not name.startswith("review"):  # there the notes about addresses differ too
            same(shown, plain, said)


@cache
def sentences() -> dict[str, tuple[set[str], Reading, Reading]]:
    """Those that take something in, with what; and how they read with a plain word, in blocks and spoken."""
    made = {
        key: holes(words) for key, words in table("en").items() if not key.startswith("receipt.")
    }  # those are in a plain file
    drawn = {key: notice(EN.md(key, **dict.fromkeys(asked, PLAIN))) for key, asked in made.items() if asked}
    return {key: (made[key], read(plain.blocks), read_mrkdwn(plain.text)) for key, plain in drawn.items()}


@every
def test_no_sentence_can_be_made_to_say_more(said: str) -> None:
    for key, (asked, plain, simple) in sentences().items():
        hostile = notice(EN.md(key, **dict.fromkeys(asked, said)))
        same(read(hostile.blocks), plain, said)
        spoken = read_mrkdwn(hostile.text)
        assert spoken.marks == simple.marks, key
        assert set(spoken.styled) <= set(simple.styled), key
        assert len([line for line in spoken.lines if line.strip()]) <= len(simple.lines) + table("en")[key].count("{"), key


def test_what_is_harmless_stays_in_one_section_and_all_else_is_shown_as_typed() -> None:
    texts = Texts("en")
    easy = notice(texts.md("note.org_id", org_id="We wait for Crédito & Cia (São Paulo), ana_b@bank.example, 10:30"))
    assert [block["type"] for block in easy.blocks] == ["section"]
    hard = notice(texts.md("note.org_id", org_id="*We* wait"))
    assert hard.blocks[0]["elements"][0]["elements"] == [{"type": "text", "text": "Org ID: *We* wait"}]
    lines = notice(texts.md("note.org_id", org_id="We\n*wait*"))
    assert [element["type"] for element in lines.blocks[0]["elements"]] == ["rich_text_section", "rich_text_quote"]
    assert lines.blocks[0]["elements"][1]["elements"] == [{"type": "text", "text": "We\n*wait*"}]
    assert lines.text.startswith("Org ID:\n&gt; We\n&gt; ")


def test_what_somebody_gave_as_a_reason_is_a_quote_and_no_part_of_the_bots_sentence() -> None:
    shown = notice(EN.md("say.request_changes", by="Ana", reason="The city is missing."))
    before, quote, after = shown.blocks[0]["elements"]
    assert quote == {"type": "rich_text_quote", "elements": [{"type": "text", "text": "The city is missing."}]}
    assert before["elements"][0]["text"].endswith(":")
    assert after["elements"][0]["text"].strip()
    assert ":\n&gt; The city is missing.\n" in shown.text
    spoken = notice(EN.md("note.org_id", org_id="*Write* to ana_b@here.example at 10:30, AB:CD:EF:12:34:56")).text
    assert spoken == "Org ID: *\u200aWrite* to ana_b@here.example at 10:30, AB:CD:EF:12:34:56"


def test_empty_lines_push_nothing_out_of_sight() -> None:
    said = notice(EN.md("say.call_answered", by="Ana", reason="One\n\nTwo" + "\n \u00a0\t" * 900 + "\nThree")).blocks
    assert [part["text"] for block in said for one in block["elements"] for part in one["elements"]][1:] == [
        "One\n\nTwo\n\nThree"
    ]


LINKS = (
    "https://zoom.example/j/1?pwd=-_aB/_room/~x",
    "https://meet.example:8443/~ana/*x*/:ab:/_a_?q=-_#_b",
    "https://teams.example/l/19:meeting_x@thread.v2/0?a=b&c=_d",
)
FINGERPRINT = ":".join(("ab", "cd", "ef", "01") * 8)


@every
def test_no_comment_beside_a_file_can_be_made_to_say_more(said: str) -> None:
    def beside(words: str) -> str:
        return comment(EN.md("say.session", at=EN.at(1_773_144_000), minutes=60, agenda=words, link=LINKS[0]))

    shown, plain = read_mrkdwn(beside(said)), read_mrkdwn(beside(PLAIN))
    assert (shown.marks, shown.styled) == (plain.marks, plain.styled)
    assert len(shown.lines) <= len(plain.lines) + 2


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("agenda", ["Plan", "Goals\n*Plan*\n_Dates_"])
def test_a_comment_beside_a_file_leads_where_it_should_at_each_readers_own_time(link: str, agenda: str) -> None:
    at = EN.at(1_773_144_000)
    words = comment(EN.md("say.session", at=at, minutes=60, agenda=agenda, link=link)).split()
    assert at in " ".join(words)
    assert link.replace("&", "&amp;") in words


@pytest.mark.parametrize("link", LINKS)
def test_a_link_is_whole_at_the_end_of_a_long_agenda_too(link: str) -> None:
    words = EN.md("say.session", at=EN.at(1_773_144_000), minutes=60, agenda="& *x*\n" * 500, link=link)
    assert link.replace("&", "&amp;") in comment(words).split()


def test_fingerprints_can_be_compared_in_whatever_is_read_out() -> None:
    words = notice(EN.md("say.call_answered", by="Ana", reason=f"SHA-256:{FINGERPRINT}, :ab:")).text
    assert FINGERPRINT in words
    assert read_mrkdwn(words.replace(FINGERPRINT, "")).marks == []


def test_a_lone_sign_in_what_was_typed_is_not_taken_for_a_mention_that_was_cut() -> None:
    words = "*x* " + "a" * 300 + "<" + "b" * 195
    assert clip(typed(words + "z" * 9), 500) == f"{OPEN}{words[:497]}{CLOSE}…"
    assert clip(typed("*a < b*") + " and that is all", 18) == typed("*a < b*") + " and tha…"
    assert clip("*Lead*: <@U_ANA>", 12) == "*Lead*:…"


def test_a_cut_sentence_marks_what_is_left_of_the_typed() -> None:
    words = Texts("en").md("say.call_answered", by="Ana", reason="*" * 40) + EN.md("say.call_answered", by="Bob", reason="x\ny")
    for most in range(2, len(words) + 2):
        kept = clip(words, most)
        assert len(kept) <= most
        assert re.fullmatch(rf"[^{OPEN}{CLOSE}]*(?:{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}[^{OPEN}{CLOSE}]*)*", kept)


def test_a_change_shows_which_value_is_the_new_one() -> None:
    long = ("Goals", typed(f"One\n{'two ' * 200}"), typed("One"))
    (shown,) = differences([("City", typed("Recife → Natal"), typed("Olinda")), long], 2, EN)
    assert "City · Before: Recife → Natal · Now: Olinda\nGoals:\n&gt; One\n&gt; two two" in shown.text
    assert shown.text.endswith("… → One")


def test_a_long_text_is_drawn_whole_in_blocks_of_slacks_size() -> None:
    words = "\n".join(f"*line {number}*" for number in range(700))
    shown = notice(Texts("en").md("say.call_answered", by="Ana", reason=words))
    elements = [element for block in shown.blocks for element in block["elements"]]
    quoted = [part["text"] for one in elements if one["type"] == "rich_text_quote" for part in one["elements"]]
    assert "".join(quoted) == words
    assert all(0 < len(part) <= 3000 for part in quoted)
    check_message({"text": shown.text, "blocks": drawing(shown.blocks).blocks}, updating=True)
