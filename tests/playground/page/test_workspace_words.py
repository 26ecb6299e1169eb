"""Names, times, mentions and unread marks, without a browser."""

import re

import pytest

from playground.page import troubles, words
from playground.page.composer import mentioning, tell
from playground.page.messages import window
from playground.page.reading import Reading
from playground.slack import Message, Outcome, SlackStandIn
from tests.playground.company import Company, field_of, modal

MONDAY = 1_795_392_000.0  # 2026-11-23 00:00 UTC, still Sunday in America
MINUTE, DAY = 60.0, 86_400.0


def test_a_time_is_the_readers_own(company: Company) -> None:
    ts = str(MONDAY + 18 * 60 * MINUTE)

    assert words.time_of_day(company.sam, ts) == "1:00 PM"
    assert words.time_of_day(company.ana, ts) == "15:00"


def test_a_days_divider_is_the_readers_day_in_her_words(company: Company) -> None:
    midnight = str(MONDAY)

    assert words.day(company.sam, midnight, MONDAY) == "Today"
    assert words.day(company.sam, midnight, MONDAY + DAY) == "Yesterday"
    assert words.day(company.sam, midnight, MONDAY + 5 * DAY) == "Sunday, November 22"
    assert words.day(company.ana, midnight, MONDAY + DAY) == "Ontem"
    assert words.day(company.ana, midnight, MONDAY + 5 * DAY) == "domingo, 22 de novembro"
    lucia = company.slack.add_person("Lucía", company.ana.user.team, locale="es-LA", tz="America/Bogota")
    assert words.day(lucia, midnight, MONDAY + DAY) == "Ayer"
    assert words.day(lucia, midnight, MONDAY + 5 * DAY) == "domingo, 22 de noviembre"
    assert words.day(lucia, midnight, MONDAY + 60 * DAY) == "domingo, 22 de noviembre de 2026"
    assert words.when(lucia, midnight, MONDAY + DAY).startswith("22 nov, 7:00")


@pytest.mark.parametrize("language", words.languages())
def test_each_language_says_all_with_the_same_values(language: str) -> None:
    def values(name: str) -> dict[str, list[str]]:
        return {key: sorted(re.findall(r"{\w+}", text)) for key, text in words.table(name).items()}

    assert values(language) == values(words.FALLBACK)


def test_what_a_language_lacks_is_said_in_english() -> None:
    assert words.in_language("fi", "replies", n=2) == words.in_language("en", "replies", n=2) == "2 replies"
    assert re.fullmatch(words.in_any("replies", n=r"\d+"), words.in_language("es", "replies", n=1))


def test_names_become_mentions_and_signs_do_not_become_markup(company: Company) -> None:
    typed = mentioning(company.ana, "Thanks @Sam, @sammy and @Rita: 1 < 2 & <@U1>")

    assert typed == f"Thanks <@{company.sam.id}>, @sammy and @Rita: 1 &lt; 2 &amp; &lt;@U1&gt;"


async def test_only_what_others_said_since_is_unread(company: Company) -> None:
    reading = Reading(company.slack)
    await company.ana.say(company.shared, "Hello")
    assert reading.unread(company.sam, company.shared)
    assert not reading.unread(company.ana, company.shared)

    reading.saw(company.sam, company.shared)
    assert not reading.unread(company.sam, company.shared)
    root = company.shared.messages[-1]
    await company.ana.say(company.shared, "And one more thing", thread=root)
    assert reading.unread(company.sam, company.shared)
    replies = company.shared.messages[-1:]
    assert reading.unread_in_thread(company.sam, root, replies) == 1

    reading.saw_thread(company.sam, company.shared, root.ts)
    assert reading.unread_in_thread(company.sam, root, replies) == 0


def test_what_slack_says_to_one_is_unread_for_her_alone(company: Company) -> None:
    reading = Reading(company.slack)
    tell(company.ana, company.shared, "/onboarding is not a valid command")

    assert reading.unread(company.ana, company.shared)
    assert not reading.unread(company.sam, company.shared)
    assert company.sam.sees(company.shared) == []


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (LookupError("U1"), words.in_language("en", "changed_meanwhile")),
        (ValueError("too long"), "too long"),
        (Outcome(ok=False, error="view_gone"), words.in_language("en", "view_gone")),
        (Outcome(ok=False, error="unheard_of"), "(unheard_of)"),
    ],
)
async def test_what_can_no_longer_be_done_is_said_in_a_sentence(company: Company, raised: Exception | Outcome, told: str) -> None:
    async def act() -> Outcome:
        if isinstance(raised, Outcome):
            return raised
        raise raised

    assert told in await troubles.of(company.sam, act())


async def test_errors_by_label_find_their_fields(company: Company) -> None:
    client = company.client
    await client.views_open(
        trigger_id=company.slack.new_trigger(company.sam.user), view=modal(field_of("a", "Name"), field_of("b", "City"))
    )
    view = company.sam.view
    assert view is not None

    required = words.in_language("en", "required")
    assert troubles.by_block(company.sam, view, {"City": required, "Name": "Too long"}) == {"a": "Too long", "b": required}
    assert troubles.by_block(company.ana, view, {"City": required}) == {"b": words.in_language("pt", "required")}


def test_people_who_left_have_a_name_still(company: Company) -> None:
    slack: SlackStandIn = company.slack

    assert words.author(slack, "UGONE") == "Someone"
    assert words.author(slack, words.SLACKBOT) == "Slackbot"
    assert words.initials("Ana Maria Braga") == "AM"
    assert [words.size(n) for n in (9, 2048, 5 * 1024**2)] == ["9 B", "2 kB", "5.0 MB"]


def test_of_many_messages_those_around_one_are_drawn(company: Company) -> None:
    many = [Message(str(number), company.shared, company.sam.id, "Hello") for number in range(1000)]

    assert [window(many, near) for near in ("", "20", "500", "980")] == [(950, 1000), (0, 50), (475, 525), (950, 1000)]
    assert window(many[:3], "1") == (0, 3)
